using HealthExport.Time;

namespace HealthExport.Sleep;

/// <summary>What a night is made of.</summary>
public enum SleepBasis : byte
{
    /// <summary>Stages, segment by segment.</summary>
    Segments,

    /// <summary>A night that the phone had added up.</summary>
    Session,
}

/// <summary>
/// One time of sleep: a night, or a nap. Minutes are null where nothing says them; core, deep, rem and what was asleep
/// without a stage add up to asleep, awake and in bed stand beside it.
/// </summary>
public sealed record SleepNight
{
    /// <summary>The local day of waking.</summary>
    public required DateOnly Date { get; init; }

    /// <summary>Falling asleep; going to bed where nothing tells of sleep.</summary>
    public required Instant StartAt { get; init; }

    public required int StartOffset { get; init; }

    /// <summary>Waking for good.</summary>
    public required Instant EndAt { get; init; }

    public required int EndOffset { get; init; }
    public double? InBedMinutes { get; init; }
    public double? AsleepMinutes { get; init; }
    public double? CoreMinutes { get; init; }
    public double? DeepMinutes { get; init; }
    public double? RemMinutes { get; init; }

    /// <summary>Between falling asleep and waking.</summary>
    public double? AwakeMinutes { get; init; }

    /// <summary>Asleep over the time in bed, or over start to end where that is not known or cannot be: 0 to 1.</summary>
    public double? Efficiency { get; init; }

    public string? Source { get; init; }
    public required SleepBasis Basis { get; init; }

    /// <summary>Not the longest sleep of its date; or alone, under three hours and over after noon.</summary>
    public bool IsNap { get; init; }

    /// <summary>The segments, by start; empty for a session.</summary>
    public IReadOnlyList<SleepStage> Stages { get; init; } = [];
}
