using HealthExport.Server.Security;

namespace HealthExport.Server.Http;

/// <summary>
/// One line a request: method, route, status, time, request id, key id. The route's pattern, not the path, which may
/// hold what somebody typed there.
/// </summary>
sealed partial class RequestLog(RequestDelegate next, TimeProvider clock, ILogger<RequestLog> log)
{
    /// <summary>What is logged when the client has gone before an answer.</summary>
    const int ClientClosed = 499;

    const string NoRoute = "-";

    public async Task InvokeAsync(HttpContext context)
    {
        var start = clock.GetTimestamp();
        context.Features.Set(new RequestStart(start, clock.GetUtcNow()));
        // The endpoint is gone from the context once routing is re-run for an error; it is asked for at the end.
        try
        {
            await next(context);
        }
        finally
        {
            var status = context.RequestAborted.IsCancellationRequested && !context.Response.HasStarted
                ? ClientClosed
                : context.Response.StatusCode;
            Answered(
                NameMethod(context.Request.Method),
                (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? NoRoute, status,
                clock.GetElapsedTime(start).TotalMilliseconds, context.TraceIdentifier,
                context.Features.Get<Caller>()?.KeyId ?? "-");
        }
    }

    /// <summary>A method is whatever a client writes; only known ones are repeated.</summary>
    static string NameMethod(string method) => method switch
    {
        "GET" or "POST" or "PUT" or "PATCH" or "DELETE" or "HEAD" or "OPTIONS" => method,
        _ => "OTHER",
    };

    [LoggerMessage(1001, LogLevel.Information,
        "{Method} {Route} {Status} in {ElapsedMs:0.0} ms, request {RequestId}, key {KeyId}")]
    partial void Answered(string method, string route, int status, double elapsedMs, string requestId, string keyId);
}

/// <summary>When a request began.</summary>
/// <param name="Timestamp">Of the monotonic clock.</param>
sealed record RequestStart(long Timestamp, DateTimeOffset At);
