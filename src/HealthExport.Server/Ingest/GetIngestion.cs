using HealthExport.Keys;
using HealthExport.Pushes;
using HealthExport.Server.Http;
using HealthExport.Server.Security;

namespace HealthExport.Server.Ingest;

/// <summary>An ingestion's receipt, with what is known of the push itself.</summary>
/// <param name="Automation">Headers <c>automation-*</c> and <c>session-id</c> as sent, by lower-case name.</param>
sealed record IngestionDetails(
    bool Success, Guid IngestionId, string Status, string? Format, Guid? DuplicateOf, Truncation? Truncated,
    ProcessedCounts? Processed, TotalCounts? Counts, IReadOnlyDictionary<string, ItemCounts>? ByType, PartCounts? Parts,
    IReadOnlyList<ItemError>? Errors, IReadOnlyList<ItemWarning>? Warnings, bool? ErrorsTruncated,
    double? ProcessingTimeMs, DateTimeOffset? QueuedAt, DateTimeOffset? StartedAt, DateTimeOffset? FinishedAt,
    int Attempts, long SizeBytes, string? ContentType, bool HasPayload,
    IReadOnlyDictionary<string, string> Automation);

/// <summary>GET /v1/ingestions/{id}: the receipt, with timings and automation headers.</summary>
static class GetIngestion
{
    public static async Task<IResult> HandleAsync(
        Guid id, Caller caller, IIngestionStore store, CancellationToken cancellationToken)
    {
        var ingestion = await store.FindAsync(caller.UserId, id, cancellationToken);
        if (ingestion is null || !MaySee(caller, ingestion)) return Problems.NotFound();
        return TypedResults.Json(Describe(ingestion), ServerJson.Default.IngestionDetails);
    }

    /// <summary>A key that may only push sees what it pushed itself.</summary>
    static bool MaySee(Caller caller, Ingestion ingestion) =>
        caller.Has(KeyScopes.Read) || ingestion.KeyId == caller.KeyId;

    static IngestionDetails Describe(Ingestion ingestion)
    {
        var answer = IngestionAnswer.Of(ingestion);
        return new(
            answer.Success, answer.IngestionId, answer.Status, answer.Format, answer.DuplicateOf, answer.Truncated,
            answer.Processed, answer.Counts, answer.ByType, answer.Parts, answer.Errors, answer.Warnings,
            answer.ErrorsTruncated, answer.ProcessingTimeMs, ingestion.ReceivedAt.AsTime(),
            ingestion.StartedAt.AsTime(), ingestion.FinishedTime(), ingestion.Attempts, ingestion.SizeBytes,
            ingestion.ContentType, ingestion.HasPayload, ingestion.Headers);
    }
}
