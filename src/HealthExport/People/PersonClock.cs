using HealthExport.Samples;
using HealthExport.Time;

namespace HealthExport.People;

/// <summary>What a person's clock shows.</summary>
public static class PersonClock
{
    /// <summary>Minutes east of UTC: by the zone that the person has set, else as where the newest of their samples was
    /// taken, else 0.</summary>
    /// <param name="user">Null for nobody.</param>
    /// <param name="own">The person's metrics.</param>
    public static int OffsetAt(Instant at, User? user, IReadOnlyList<UserMetric> own) =>
        user?.TimeZone is { } id && TimeZoneInfo.TryFindSystemTimeZoneById(id, out var zone)
            ? (int)zone.GetUtcOffset(at.At(0)).TotalMinutes
            : own.Count == 0 ? 0 : (int)own.MaxBy(metric => metric.LastAt)!.LastAt.TotalOffsetMinutes;
}
