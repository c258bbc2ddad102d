using HealthExport.Time;

namespace HealthExport.Freshness;

/// <summary>What came last, whether more should have come, and which days lack data.</summary>
/// <param name="OffsetMinutes">East of UTC: the person's clock.</param>
/// <param name="LastPushAt">Null if none ever came.</param>
/// <param name="LastSampleAt">When the newest sample begins; null without any.</param>
public sealed record FreshnessReport(
    Instant At, int OffsetMinutes, Instant? LastPushAt, Instant? LastSampleAt,
    IReadOnlyList<MetricFreshness> Metrics, IReadOnlyList<AutomationFreshness> Automations,
    IReadOnlyList<SharedGap> Gaps)
{
    /// <summary>Whether an automation is late. A metric that nobody measures any more is no reason to worry.</summary>
    public bool IsStale => Automations.Any(automation => automation.Staleness.IsStale is true);

    /// <summary>Whether the newest push or the newest sample is older than that, or there is none.</summary>
    public bool IsOlderThan(TimeSpan age) =>
        LastPushAt is not { } push || LastSampleAt is not { } sample || At - push > age || At - sample > age;
}

/// <param name="LastPushAt">When the last push that brought something new of it was received; null if not known.</param>
/// <param name="Cadence">By days; null for too little history.</param>
/// <param name="Gaps">Days without data, if it usually comes daily.</param>
public sealed record MetricFreshness(
    string Name, string Unit, Instant LastSampleAt, int OffsetMinutes, Instant? LastPushAt, Cadence? Cadence,
    Staleness Staleness, IReadOnlyList<DaySpan> Gaps);

/// <param name="Id">As the app sends it; null from one that sends its name alone.</param>
/// <param name="Pushes">How many came lately.</param>
/// <param name="Cadence">From run to run; null for too little history.</param>
public sealed record AutomationFreshness(
    string? Id, string? Name, Instant LastPushAt, int Pushes, Cadence? Cadence, Staleness Staleness);
