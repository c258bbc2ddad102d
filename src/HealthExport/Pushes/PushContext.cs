using HealthExport.Time;

namespace HealthExport.Pushes;

/// <summary>What is known of a push beside its bytes; with them it decides what every item means.</summary>
public sealed record PushContext
{
    /// <summary>When the first byte came: what "today" and "more than a year ahead" are measured against.</summary>
    public required Instant ReceivedAt { get; init; }

    /// <summary>
    /// The user's zone, for stamps without an offset; null if the user set none: such items are rejected.
    /// </summary>
    public TimeZoneInfo? Zone { get; init; }

    /// <summary>The media type as sent, with its parameters; null if absent.</summary>
    public string? ContentType { get; init; }

    /// <summary>Header <c>automation-aggregation</c>, as sent.</summary>
    public string? Aggregation { get; init; }

    /// <summary>Header <c>automation-period</c>, as sent.</summary>
    public string? Period { get; init; }
}
