using HealthExport.Time;

namespace HealthExport.Sleep;

/// <summary>An aggregated night or nap, keyed by start and source. Minutes are null where nothing was sent.</summary>
public sealed record SleepSession
{
    public required Instant StartAt { get; init; }
    public required Instant EndAt { get; init; }
    public required short OffsetMinutes { get; init; }
    public Instant InBedStartAt { get; init; } = Instant.None;
    public Instant InBedEndAt { get; init; } = Instant.None;
    public double? InBedMinutes { get; init; }

    /// <summary>max(asleep as sent, total as sent, core + deep + rem), at most the session's length.</summary>
    public double? AsleepMinutes { get; init; }

    public double? CoreMinutes { get; init; }
    public double? DeepMinutes { get; init; }
    public double? RemMinutes { get; init; }
    public double? AwakeMinutes { get; init; }
    public string? Source { get; init; }

    /// <summary>Everything else that was sent, as a JSON object.</summary>
    public string? Extra { get; init; }

    /// <summary>Index of the item within its own array; no part of the row.</summary>
    public int ItemIndex { get; init; }
}
