using HealthExport.Audit;
using HealthExport.Server.Http;
using HealthExport.Server.Security;

namespace HealthExport.Server.Audit;

/// <summary>GET /v1/audit: the caller's own trail, newest first, up to this moment as far as this process saw it.
/// </summary>
static class ListAudit
{
    public static readonly string[] Parameters = ["action", "from", "to", "cursor", "limit"];

    static readonly string[] s_actions = [.. AuditAction.All.Select(action => action.Name)];

    // The store is asked after that in any case.
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);

    public static async Task<IResult> HandleAsync(
        HttpContext context, Caller caller, IAuditStore store, AuditTrail trail, TimeProvider clock,
        CancellationToken cancellationToken)
    {
        var query = new QueryReader(context.Request.Query);
        var filter = new AuditFilter(
            caller.UserId, query.Choice("action", s_actions) is { } name ? AuditAction.Find(name) : null,
            query.Instant("from"), query.Instant("to"));
        var cursor = query.Text("cursor");
        var limit = query.Limit();
        if (query.Problem is { } problem) return problem;

        if (cursor is null) await FlushAsync(trail, caller.UserId, clock, cancellationToken);
        var page = await store.ListAsync(filter, cursor, limit, cancellationToken);
        using var rows = new JsonRows(context.Response);
        foreach (var entry in page.Items)
        {
            rows.BeginRow();
            rows.Text("id", entry.Id.ToString());
            rows.Time("created_at", entry.At, 0);
            rows.Text("action", entry.Action.Name);
            rows.Text("key_id", entry.KeyId);
            rows.Text("resource", entry.Resource);
            rows.Text("ip", entry.Address);
            rows.Text("user_agent", entry.UserAgent);
            rows.Text("request_id", entry.RequestId);
            rows.Json("metadata", entry.Metadata);
            await rows.EndRowAsync(cancellationToken);
        }
        await rows.EndAsync(page.NextCursor, cancellationToken);
        return TypedResults.Empty;
    }

    static async ValueTask FlushAsync(
        AuditTrail trail, long userId, TimeProvider clock, CancellationToken cancellationToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using var alarm = clock.CreateTimer(_ => end.Cancel(), null, s_patience, Timeout.InfiniteTimeSpan);
        try
        {
            await trail.FlushAsync(userId, end.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The trail is far behind, or cannot be written.
        }
    }
}
