using System.Net.Sockets;
using System.Text;
using HealthExport.Server.Connections;
using HealthExport.Server.Settings;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;

namespace HealthExport.Server.Telemetry;

/// <summary>
/// GET /metrics, for Prometheus, on addresses of its own, where nothing else is: another web server beside the one of
/// the API, so that neither answers for the other, whatever either is asked. Without TLS and keys: keep it to the
/// machine or to a network of its own.
/// </summary>
sealed partial class MetricsEndpoint : IAsyncDisposable
{
    const string Path = "/metrics";
    const int MostConnections = 100;

    readonly MetricsText _text;
    readonly KestrelServer _server;

    MetricsEndpoint(MetricsText text, KestrelServer server) => (_text, _server) = (text, server);

    /// <summary>Where it listens: one that was asked for port 0 has found another.</summary>
    public IReadOnlyCollection<string> Urls { get; private set; } = [];

    /// <summary>Starts to listen.</summary>
    /// <returns>Null where metrics are turned off, or where nobody chose the address and it cannot be had.</returns>
    /// <exception cref="IOException">An address that somebody chose cannot be had.</exception>
    public static async ValueTask<MetricsEndpoint?> StartAsync(
        IServiceProvider services, ServerSettings settings, CancellationToken cancellationToken)
    {
        if (settings.MetricsUrls.Count == 0) return null;
        var loggers = services.GetRequiredService<ILoggerFactory>();
        var text = new MetricsText(services.GetRequiredService<Instruments>());
        var endpoint = new MetricsEndpoint(text, MakeServer(services, settings, loggers));
        try
        {
            await endpoint._server.StartAsync(new Application(text), cancellationToken);
            endpoint.Urls = [.. endpoint._server.Features.GetRequiredFeature<IServerAddressesFeature>().Addresses];
            return endpoint;
        }
        catch (Exception error) when (error is IOException or SocketException)
        {
            await endpoint.DisposeAsync();
            var urls = string.Join(", ", settings.MetricsUrls);
            if (settings.AreMetricsUrlsChosen)
                throw new IOException($"Metrics cannot be served at {urls}: {error.Message}", error);
            NotServed(loggers.CreateLogger<MetricsEndpoint>(), urls, error.Message);
            return null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        // Whoever is being answered has had a second.
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await _server.StopAsync(patience.Token);
        _server.Dispose();
        _text.Dispose();
    }

    static KestrelServer MakeServer(IServiceProvider services, ServerSettings settings, ILoggerFactory loggers)
    {
        var options = new KestrelServerOptions { ApplicationServices = services, AddServerHeader = false };
        options.Limits.MaxConcurrentConnections = MostConnections;
        options.Limits.RequestHeadersTimeout = settings.Http.Headers;
        options.Limits.KeepAliveTimeout = settings.Http.KeepAlive;
        foreach (var url in settings.MetricsUrls)
            Listening.Bind(options, BindingAddress.Parse(url), listen => listen.Protocols = HttpProtocols.Http1);
        return new(
            Options.Create(options), new SocketTransportFactory(Options.Create(new SocketTransportOptions()), loggers),
            loggers);
    }

    [LoggerMessage(1601, LogLevel.Warning, "Metrics are not served at {Urls}: {Cause}")]
    static partial void NotServed(ILogger log, string urls, string cause);

    /// <summary>All that there is at these addresses.</summary>
    sealed class Application(MetricsText text) : IHttpApplication<HttpContext>
    {
        public HttpContext CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

        public async Task ProcessRequestAsync(HttpContext context)
        {
            var (request, response) = (context.Request, context.Response);
            if (request.Path != Path)
            {
                response.StatusCode = StatusCodes.Status404NotFound;
                return;
            }
            if (!HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method))
            {
                response.StatusCode = StatusCodes.Status405MethodNotAllowed;
                response.Headers.Allow = "GET, HEAD";
                return;
            }
            var bytes = Encoding.UTF8.GetBytes(text.Write());
            response.ContentType = MetricsText.MediaType;
            response.ContentLength = bytes.Length;
            response.Headers.XContentTypeOptions = "nosniff";
            if (HttpMethods.IsGet(request.Method)) await response.Body.WriteAsync(bytes, context.RequestAborted);
        }

        public void DisposeContext(HttpContext context, Exception? exception)
        {
        }
    }
}
