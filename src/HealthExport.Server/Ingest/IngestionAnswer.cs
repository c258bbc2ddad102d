using HealthExport.Pushes;
using HealthExport.Server.Http;

namespace HealthExport.Server.Ingest;

/// <summary>An ingestion's receipt as the world reads it; everything counted is null until it is settled.</summary>
/// <param name="Success">True for completed, partial and duplicate.</param>
/// <param name="DuplicateOf">The earlier ingestion of the same bytes, whose counts these are.</param>
/// <param name="ProcessingTimeMs">From the claim to the commit; null until settled.</param>
sealed record IngestionAnswer(
    bool Success, Guid IngestionId, string Status, string? Format, Guid? DuplicateOf, Truncation? Truncated,
    ProcessedCounts? Processed, TotalCounts? Counts, IReadOnlyDictionary<string, ItemCounts>? ByType, PartCounts? Parts,
    IReadOnlyList<ItemError>? Errors, IReadOnlyList<ItemWarning>? Warnings, bool? ErrorsTruncated,
    double? ProcessingTimeMs)
{
    public static IngestionAnswer Of(Ingestion ingestion)
    {
        var receipt = ingestion.IsSettled ? ingestion.Receipt : null;
        return new(
            ingestion.HasTakenEffect, ingestion.Id, IngestionNames.Of(ingestion.Status),
            receipt is null ? null : IngestionNames.Of(receipt.Format), ingestion.DuplicateOf, receipt?.Truncated,
            receipt?.Processed, TotalCounts.Of(receipt), receipt?.ByType, receipt?.Parts, receipt?.Errors,
            receipt?.Warnings, receipt?.ErrorsTruncated, MeasureMs(ingestion));
    }

    /// <summary>200 with the receipt of a push that has taken effect, else 202 and where to look later.</summary>
    public static IResult Respond(Ingestion ingestion) =>
        ingestion.HasTakenEffect
            ? TypedResults.Json(Of(ingestion), ServerJson.Default.IngestionAnswer)
            : Later(ingestion);

    public static IResult Later(Ingestion ingestion) => new LaterResult(ingestion);

    static double? MeasureMs(Ingestion ingestion) =>
        !ingestion.IsSettled || ingestion.FinishedAt.IsNone ? null
        : ingestion.StartedAt.IsNone ? 0
        : Math.Round((ingestion.FinishedAt - ingestion.StartedAt).TotalMilliseconds, 1);

    sealed class LaterResult(Ingestion ingestion) : IResult
    {
        public Task ExecuteAsync(HttpContext context)
        {
            context.Response.Headers.Location = $"/v1/ingestions/{ingestion.Id:D}";
            return TypedResults.Json(Of(ingestion), ServerJson.Default.IngestionAnswer, statusCode: 202)
                .ExecuteAsync(context);
        }
    }
}

/// <summary>Counts of a whole push: received = inserted + updated + unchanged + rejected.</summary>
sealed record TotalCounts(long Received, long Inserted, long Updated, long Unchanged, long Rejected)
{
    public static TotalCounts? Of(Receipt? receipt) => receipt?.Counts is { } counts
        ? new(counts.Received, counts.Inserted, counts.Updated, counts.Unchanged, counts.Rejected)
        : null;
}

/// <summary>The names of statuses and formats in the contract.</summary>
static class IngestionNames
{
    public static IReadOnlyList<string> Statuses { get; } = [.. Enum.GetValues<IngestionStatus>().Select(Of)];

    public static string Of(IngestionStatus status) => status switch
    {
        IngestionStatus.Queued => "queued",
        IngestionStatus.Processing => "processing",
        IngestionStatus.Completed => "completed",
        IngestionStatus.Partial => "partial",
        IngestionStatus.Duplicate => "duplicate",
        IngestionStatus.Failed => "failed",
        _ => throw new ArgumentOutOfRangeException(nameof(status), status, null),
    };

    public static IngestionStatus? Find(string? name) =>
        Enum.GetValues<IngestionStatus>().Where(status => Of(status) == name)
            .Select(status => (IngestionStatus?)status).FirstOrDefault();

    public static string Of(PayloadFormat format) => format switch
    {
        PayloadFormat.HaeJson => "hae_json",
        PayloadFormat.StandardJson => "standard_json",
        PayloadFormat.Ndjson => "ndjson",
        PayloadFormat.HaeCsv => "hae_csv",
        PayloadFormat.Gpx => "gpx",
        _ => throw new ArgumentOutOfRangeException(nameof(format), format, null),
    };
}
