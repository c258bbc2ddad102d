using HealthExport.Server.Settings;
using Microsoft.AspNetCore.HttpOverrides;

namespace HealthExport.Server.Http;

/// <summary>
/// Settles who a request comes from before anybody asks: the address of the connection, or, where that is a trusted
/// proxy's, the one that the proxy names. A chain is followed from its end for as long as the hops are trusted, so that
/// what a client wrote at its start counts for nothing.
/// </summary>
static class TrustedProxies
{
    public static IApplicationBuilder UseClientAddress(this IApplicationBuilder app, HttpSettings settings)
    {
        // With nobody in its lists the middleware would believe everybody.
        if (settings.TrustedProxies.Count > 0) app.UseForwardedHeaders(MakeOptions(settings));
        return app.Use((context, next) =>
        {
            // A socket for both families shows IPv4 clients as ::ffff:a.b.c.d. One client has one address.
            if (context.Connection.RemoteIpAddress is { IsIPv4MappedToIPv6: true } mapped)
                context.Connection.RemoteIpAddress = mapped.MapToIPv4();
            return next(context);
        });
    }

    static ForwardedHeadersOptions MakeOptions(HttpSettings settings)
    {
        var options = new ForwardedHeadersOptions
        {
            ForwardedHeaders =
                ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto | ForwardedHeaders.XForwardedHost,
            // As many as are trusted; the header's size is limited.
            ForwardLimit = null,
        };
        // Loopback is in by default; here it is trusted only when named.
        options.KnownProxies.Clear();
        options.KnownIPNetworks.Clear();
        foreach (var network in settings.TrustedProxies) options.KnownIPNetworks.Add(network);
        return options;
    }
}
