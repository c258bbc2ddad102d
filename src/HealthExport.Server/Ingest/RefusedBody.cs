using HealthExport.Server.Http;

namespace HealthExport.Server.Ingest;

/// <summary>
/// Refuses a body while it may still be on its way. Many clients look for an answer only when they have sent
/// everything: the answer goes out at once, then the rest is read and thrown away, within reason. Unless that is known
/// to be little, the connection is closed afterwards, which a client that does listen is told at once.
/// </summary>
sealed class RefusedBody(ProblemResult problem, TimeSpan stall, TimeProvider clock) : IResult
{
    const long DrainBytes = 512L << 20;
    const long LittleBytes = 64 << 10;
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    public async Task ExecuteAsync(HttpContext context)
    {
        if (context.Request.ContentLength is not <= LittleBytes) context.Response.Headers.Connection = "close";
        await problem.ExecuteAsync(context);
        await context.Response.CompleteAsync();
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        patience.CancelAfter(s_patience);
        using var body = new GuardedBody(context.Request.BodyReader, stall, clock, patience.Token);
        try
        {
            for (var drained = 0L; drained < DrainBytes;)
            {
                var read = await body.ReadAsync();
                drained += read.Buffer.Length;
                body.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted) return;
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or StalledBodyException)
        {
            // The client took the answer and left, or dawdles; either way it has been answered.
        }
        context.Abort();
    }
}
