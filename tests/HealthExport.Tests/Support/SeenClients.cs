using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace HealthExport.Tests.Support;

/// <summary>Has a server's answers say, in a header, who it takes their requests to come from.</summary>
static class SeenClients
{
    public const string Header = "X-Seen-Client";

    public static void AddSeenClients(this IServiceCollection services) =>
        services.AddSingleton<IStartupFilter>(new Filter());

    /// <summary>Address, scheme and host, as everything inside the server sees them.</summary>
    public static string SeenClient(this HttpResponseMessage response) => response.Headers.GetValues(Header).Single();

    sealed class Filter : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use((context, then) =>
            {
                // At the start of the answer, when everything before a handler has had its turn.
                context.Response.OnStarting(() =>
                {
                    context.Response.Headers[Header] =
                        $"{context.Connection.RemoteIpAddress} {context.Request.Scheme} {context.Request.Host}";
                    return Task.CompletedTask;
                });
                return then(context);
            });
            next(app);
        };
    }
}
