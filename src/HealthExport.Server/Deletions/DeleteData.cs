using System.Text.Json.Nodes;
using HealthExport.Audit;
using HealthExport.Deletions;
using HealthExport.Samples;
using HealthExport.Server.Audit;
using HealthExport.Server.Http;
using HealthExport.Server.Security;
using HealthExport.Server.Settings;

namespace HealthExport.Server.Deletions;

/// <summary>
/// DELETE /v1/data: deletes rows by what they are of, who measured them and when. Once it has begun, which is at once,
/// it goes on whatever becomes of the connection, and across a crash.
/// </summary>
static class DeleteData
{
    const string Everything = "*";

    public static readonly string[] Parameters = ["metric", "source", "from", "to", "payloads", "dry_run"];

    static readonly string[] s_truths = ["true", "false"];

    public static async Task<IResult> HandleAsync(
        HttpContext context, Caller caller, IDeletionStore store, PayloadDeletion payloads, DataDeletions deletions,
        AuditTrail trail, ServerSettings settings, CancellationToken cancellationToken)
    {
        var query = new QueryReader(context.Request.Query);
        var metric = query.Text("metric");
        var sent = query.Text("source");
        var source = SourceName.Normalise(sent);
        var span = query.Span();
        var withPayloads = query.Choice("payloads", s_truths) == "true";
        var isDry = query.Choice("dry_run", s_truths) == "true";
        if (sent is not null && source is null) query.Refuse("source", "must name a device or an app.");
        if (metric is null && source is null && span == default)
            query.Refuse(
                "metric", "must be given where neither source nor from nor to is; * stands for everything.");
        if (query.Problem is { } problem) return problem;

        string? name = null;
        if (metric is not (null or Everything))
        {
            name = await DeletionNames.FindAsync(store, caller.UserId, metric, cancellationToken);
            if (name is null)
                return Problems.NotFound(
                    "There is no metric, section or kind of event of this name.",
                    "GET /v1/metrics lists your metrics; sleep, workouts and kinds of events have names, too.");
        }
        var deletion = new Deletion(name, source, span);
        if (isDry)
        {
            var counts = await store.CountAsync(caller.UserId, deletion, cancellationToken);
            PayloadCounts held = withPayloads
                ? new(await payloads.CountAsync(caller.UserId, deletion, long.MaxValue, cancellationToken), 0)
                : new(0, await payloads.CountPossibleAsync(caller.UserId, deletion, long.MaxValue, cancellationToken));
            return TypedResults.Json(
                new DeletionAnswer("dry_run", null, counts.Values.Sum(), counts, held),
                ServerJson.Default.DeletionAnswer);
        }
        var entry = trail.Describe(context, AuditAction.DataDeleted, metadata: Describe(context, name, source));
        var began = await store.BeginAsync(caller.UserId, deletion, withPayloads, entry, CancellationToken.None);
        var state = await deletions.FinishAsync(began, settings.Ingest.Wait);
        var isDone = state.Stage is DeletionStage.Done;
        var kept = withPayloads
            ? 0 : await payloads.CountPossibleAsync(caller.UserId, deletion, state.UpTo, cancellationToken);
        return TypedResults.Json(
            new DeletionAnswer(
                isDone ? "deleted" : "deleting", state.Id, state.Counts.Values.Sum(), state.Counts,
                new(state.Payloads, kept)),
            ServerJson.Default.DeletionAnswer,
            statusCode: isDone ? StatusCodes.Status200OK : StatusCodes.Status202Accepted);
    }

    static JsonObject Describe(HttpContext context, string? name, string? source)
    {
        JsonObject metadata = new() { ["metric"] = name ?? Everything };
        if (source is not null) metadata["source"] = source.Length > 200 ? source[..200] : source;
        foreach (var bound in (string[])["from", "to"])
            if (context.Request.Query[bound] is [{ } text]) metadata[bound] = text;
        return metadata;
    }
}

/// <param name="Status">"deleted", "deleting" while it goes on by itself, "dry_run" where nothing was changed.</param>
/// <param name="DeletionId">Null for a dry run.</param>
/// <param name="Deleted">Rows deleted, of a dry run rows that would be; all, and by what they are of.</param>
sealed record DeletionAnswer(
    string Status, Guid? DeletionId, long Deleted, IReadOnlyDictionary<string, long> ByType, PayloadCounts Payloads);

/// <param name="Deleted">Pushes whose bytes are gone; of a dry run, would be.</param>
/// <param name="Kept">Pushes whose bytes stay, and may hold what was deleted.</param>
sealed record PayloadCounts(int Deleted, int Kept);
