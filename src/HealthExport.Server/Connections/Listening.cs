using System.Net;
using HealthExport.Server.Http;
using HealthExport.Server.Settings;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace HealthExport.Server.Connections;

/// <summary>Where the server listens, and what a connection passes before it is one of HTTP.</summary>
static class Listening
{
    public static void AddListening(this IServiceCollection services, ServerSettings settings)
    {
        services.AddSingleton<AnswerHeaders>().AddSingleton<ConnectionLimits>().AddSingleton<BareAnswers>();
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<TlsCertificate>(provider, settings.Tls));
    }

    /// <exception cref="InvalidSettingException">The certificate cannot be used.</exception>
    public static void Listen(this KestrelServerOptions kestrel, ServerSettings settings)
    {
        var services = kestrel.ApplicationServices;
        var limits = services.GetRequiredService<ConnectionLimits>();
        var bareAnswers = services.GetRequiredService<BareAnswers>();
        var addresses = settings.Urls.Select(BindingAddress.Parse).ToList();
        var certificate = addresses.Exists(IsTls) ? services.GetRequiredService<TlsCertificate>() : null;
        foreach (var address in addresses)
            Bind(kestrel, address, listen =>
            {
                listen.Use(next => connection => limits.OnConnectionAsync(connection, next));
                if (IsTls(address))
                    listen.UseHttps(new TlsHandshakeCallbackOptions
                    {
                        OnConnection = _ => new(certificate!.Options()),
                        HandshakeTimeout = settings.Http.Headers,
                    });
                listen.Use(next => connection => bareAnswers.OnConnectionAsync(connection, next));
            });
    }

    public static bool IsTls(BindingAddress address) =>
        address.Scheme.Equals(Uri.UriSchemeHttps, StringComparison.OrdinalIgnoreCase);

    public static void Bind(KestrelServerOptions kestrel, BindingAddress address, Action<ListenOptions> configure)
    {
        if (address.IsUnixPipe) kestrel.ListenUnixSocket(address.UnixPipePath, configure);
        else if (address.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase))
            kestrel.ListenLocalhost(address.Port, configure);
        else if (IPAddress.TryParse(address.Host, out var ip)) kestrel.Listen(ip, address.Port, configure);
        // A name stands for every address, as * does: only requests say which one they mean.
        else kestrel.ListenAnyIP(address.Port, configure);
    }
}
