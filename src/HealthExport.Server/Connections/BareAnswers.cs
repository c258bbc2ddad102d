using System.Diagnostics;
using HealthExport.Server.Http;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace HealthExport.Server.Connections;

/// <summary>
/// Makes proper answers of those that the web server gives by itself, without a request ever reaching the application:
/// a line or a header that cannot be read or is too large, a version that is none, headers that take too long. They
/// would have no body and no <c>X-Request-Id</c>.
/// </summary>
/// <remarks>
/// The web server offers no place for this, but tells when it rejects a request (the diagnostic event
/// <c>Microsoft.AspNetCore.Server.Kestrel.BadRequest</c>) before it writes its answer. That answer is caught on its way
/// out. HTTP/1 only: HTTP/2 resets the stream or ends the connection, which leaves nothing to answer on.
/// </remarks>
sealed partial class BareAnswers(AnswerHeaders headers, ILogger<BareAnswers> log)
    : IObserver<KeyValuePair<string, object?>>
{
    const string Rejected = "Microsoft.AspNetCore.Server.Kestrel.BadRequest";

    public void Watch(DiagnosticListener diagnostics) => diagnostics.Subscribe(this, name => name == Rejected);

    /// <summary>Must come after TLS: it has to see what is answered, not how that is encrypted.</summary>
    public async Task OnConnectionAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var transport = connection.Transport;
        var writer = new AnswerWriter(transport.Output);
        connection.Transport = new CaughtTransport(transport.Input, writer);
        connection.Features.Set(writer);
        try
        {
            await next(connection);
        }
        finally
        {
            connection.Transport = transport;
        }
    }

    void IObserver<KeyValuePair<string, object?>>.OnNext(KeyValuePair<string, object?> told)
    {
        if (told.Value is not IFeatureCollection request || request.Get<AnswerWriter>() is not { } writer
            || request.Get<IHttp2StreamIdFeature>() is not null
            || request.Get<IHttpResponseFeature>() is not { HasStarted: false } response) return;
        var id = RequestId.Make();
        var asked = request.Get<IHttpRequestFeature>();
        var status = response.StatusCode;
        writer.Replace(
            Problems.Of(status).Problem with { Instance = NamePath(asked) },
            [(RequestId.Header, id), .. headers.Of(isEncrypted: request.Get<ITlsHandshakeFeature>() is not null)],
            hasBody: asked?.Method != HttpMethods.Head,
            () => Refused(status, id));
    }

    void IObserver<KeyValuePair<string, object?>>.OnCompleted()
    {
    }

    void IObserver<KeyValuePair<string, object?>>.OnError(Exception error)
    {
    }

    // Where the line itself could not be read there is none.
    static string? NamePath(IHttpRequestFeature? request) =>
        request?.Path is { Length: > 0 } path ? new PathString(path).ToUriComponent() : null;

    [LoggerMessage(1004, LogLevel.Information, "What was no proper request was answered {Status}, request {RequestId}")]
    partial void Refused(int status, string requestId);
}
