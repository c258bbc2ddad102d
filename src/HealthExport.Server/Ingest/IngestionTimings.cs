using HealthExport.Pushes;
using HealthExport.Time;

namespace HealthExport.Server.Ingest;

static class IngestionTimings
{
    /// <summary>Of the server's own doings, so in UTC.</summary>
    public static DateTimeOffset? AsTime(this Instant at) => at.IsNone ? null : at.At(0);

    /// <summary>A replay is queued again: its old end is over.</summary>
    public static DateTimeOffset? FinishedTime(this Ingestion ingestion) =>
        ingestion.IsSettled ? ingestion.FinishedAt.AsTime() : null;
}
