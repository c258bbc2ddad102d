using HealthExport.Time;

namespace HealthExport.Sleep;

/// <summary>One segment of sleep, keyed by start, stage and source.</summary>
public sealed record SleepStage
{
    public required Instant StartAt { get; init; }
    public required Instant EndAt { get; init; }
    public required short OffsetMinutes { get; init; }

    /// <summary>
    /// Canonical: in_bed, asleep, awake, core, deep, rem, unspecified; or the text as sent if unmapped.
    /// </summary>
    public required string Stage { get; init; }

    /// <summary>The stage as the phone wrote it, when that is not one of the English spellings.</summary>
    public string? StageAsSent { get; init; }

    public string? Source { get; init; }

    /// <summary>Unknown fields as a JSON object.</summary>
    public string? Extra { get; init; }

    /// <summary>Index of the item within its own array; no part of the row.</summary>
    public int ItemIndex { get; init; }
}
