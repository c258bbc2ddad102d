using HealthExport.People;
using HealthExport.Pushes;
using HealthExport.Stores;

namespace HealthExport.Server.Http;

/// <summary>
/// Turns what goes wrong into problems: exceptions, and error statuses without a body. No exception text goes out, nor,
/// as it may hold what somebody sent, into the log: its type and where it arose have to do.
/// </summary>
sealed partial class Failures(RequestDelegate next, ILogger<Failures> log)
{
    public async Task InvokeAsync(HttpContext context)
    {
        ProblemResult? problem;
        try
        {
            await next(context);
            problem = context.Response.StatusCode >= 400 && !context.Response.HasStarted
                && context.Response.ContentLength is null && context.Response.ContentType is null
                    ? Problems.Of(context.Response.StatusCode)
                    : null;
        }
        // What a client that leaves brings about. Anything else is told although nobody is there to answer.
        catch (Exception e) when (
            context.RequestAborted.IsCancellationRequested && e is OperationCanceledException or IOException)
        {
            return;
        }
        catch (StoreUnavailableException e)
        {
            StoreAway(context.TraceIdentifier, e.InnerException?.GetType().Name ?? "-");
            problem = Problems.Unavailable();
        }
        catch (UserGoneException)
        {
            // Between the check of the key and now.
            problem = Problems.Unauthenticated();
        }
        catch (InvalidCursorException)
        {
            problem = Problems.InvalidParameter(
                "cursor", "was not given out for this list.", "Begin without a cursor.");
        }
        catch (BadHttpRequestException e)
        {
            // The line and the headers were read: what is wrong is how the body comes.
            problem = e.StatusCode == 400 ? MisannouncedBody() : Problems.Of(e.StatusCode);
        }
        // What the web server says of a chunk whose size is no number that it can count to.
        catch (IOException e) when (e.InnerException is OverflowException)
        {
            problem = MisannouncedBody();
            context.Response.Headers.Connection = "close";
        }
        catch (Exception e)
        {
            Failed(context.TraceIdentifier, e.GetType().FullName!, e.StackTrace ?? "");
            problem = Problems.Internal();
        }
        if (problem is null || context.RequestAborted.IsCancellationRequested) return;
        if (context.Response.HasStarted)
        {
            // Half an answer must not look like a whole one.
            context.Abort();
            return;
        }
        // Headers set before the failure (Allow, X-Request-Id) stay.
        context.Response.ContentLength = null;
        await problem.ExecuteAsync(context);
    }

    static ProblemResult MisannouncedBody() =>
        Problems.MalformedBody("The body does not come as the headers announce it.");

    [LoggerMessage(1002, LogLevel.Error, "Request {RequestId} failed with {Exception}{NewLine}{StackTrace}")]
    partial void Failed(string requestId, string exception, string newLine, string stackTrace);

    void Failed(string requestId, string exception, string stackTrace) =>
        Failed(requestId, exception, Environment.NewLine, stackTrace);

    [LoggerMessage(1003, LogLevel.Warning, "The store was away for request {RequestId} ({Cause})")]
    partial void StoreAway(string requestId, string cause);
}
