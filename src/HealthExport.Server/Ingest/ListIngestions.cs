using HealthExport.Keys;
using HealthExport.Pushes;
using HealthExport.Server.Http;
using HealthExport.Server.Security;

namespace HealthExport.Server.Ingest;

/// <summary>One ingestion in a list: how it went, without what it was about.</summary>
sealed record IngestionSummary(
    bool Success, Guid IngestionId, string Status, string? Format, Guid? DuplicateOf, Truncation? Truncated,
    ProcessedCounts? Processed, TotalCounts? Counts, double? ProcessingTimeMs, DateTimeOffset? QueuedAt,
    DateTimeOffset? StartedAt, DateTimeOffset? FinishedAt, int Attempts, long SizeBytes,
    IReadOnlyDictionary<string, string> Automation);

/// <summary>GET /v1/ingestions: newest first.</summary>
static class ListIngestions
{
    public static readonly string[] Parameters = ["status", "from", "to", "cursor", "limit"];

    public static async Task<IResult> HandleAsync(
        HttpContext context, Caller caller, IIngestionStore store, CancellationToken cancellationToken)
    {
        var query = new QueryReader(context.Request.Query);
        var filter = new IngestionFilter(
            IngestionNames.Find(query.Choice("status", IngestionNames.Statuses)), query.Instant("from"),
            query.Instant("to"), caller.Has(KeyScopes.Read) ? null : caller.KeyId);
        var cursor = query.Text("cursor");
        var limit = query.Limit();
        if (query.Problem is { } problem) return problem;

        var page = await store.ListAsync(caller.UserId, filter, cursor, limit, cancellationToken);
        return TypedResults.Json(
            new ListAnswer<IngestionSummary>([.. page.Items.Select(Summarize)], page.NextCursor),
            ServerJson.Default.ListAnswerIngestionSummary);
    }

    static IngestionSummary Summarize(Ingestion ingestion)
    {
        var answer = IngestionAnswer.Of(ingestion);
        return new(
            answer.Success, answer.IngestionId, answer.Status, answer.Format, answer.DuplicateOf, answer.Truncated,
            answer.Processed, answer.Counts, answer.ProcessingTimeMs, ingestion.ReceivedAt.AsTime(),
            ingestion.StartedAt.AsTime(), ingestion.FinishedTime(), ingestion.Attempts, ingestion.SizeBytes,
            ingestion.Headers);
    }
}
