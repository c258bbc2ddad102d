using System.Globalization;
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

    /// <summary>The same text as long as it is the same day for somebody whose samples stay as they are.</summary>
    /// <param name="timeZone">The one set; null for none: then a day may begin at any quarter of an hour.</param>
    public static string DayAt(DateTimeOffset at, string? timeZone) => (
        timeZone is not null && TimeZoneInfo.TryFindSystemTimeZoneById(timeZone, out var zone)
            ? Instant.From(at).DateAt((int)zone.GetUtcOffset(at).TotalMinutes).DayNumber
            : Instant.From(at).FloorTo(Instant.PerHour / 4).Microseconds)
        .ToString(CultureInfo.InvariantCulture);
}
