using HealthExport.Time;

namespace HealthExport.Reading.Csv;

/// <summary>
/// Reads times without an offset, row after row: of an hour that the clock shows twice, rows that go back to its
/// beginning are the second one's.
/// </summary>
sealed class WallClock(ReadContext context)
{
    Instant _last = Instant.None;

    public bool TryRead(ReadOnlySpan<byte> text, out Timestamp stamp, out bool lacksZone)
    {
        if (!context.Stamps.TryRead(text, out stamp, out lacksZone)) return false;
        if (!_last.IsNone && stamp.At <= _last && context.Push.Zone is { } zone && !HasOffset(text)
            && Timestamps.FindSecond(stamp, zone) is { } second && second.At > _last) stamp = second;
        _last = stamp.At;
        return true;
    }

    // Behind the date neither sign is part of the time.
    public static bool HasOffset(ReadOnlySpan<byte> text) =>
        text.Length > "yyyy-MM-dd".Length && text["yyyy-MM-dd".Length..].IndexOfAny("+-Zz"u8) >= 0;

    /// <summary>
    /// Of the readings that the clock allows for the beginning and the end of something, the two whose distance is
    /// nearest to how long it took; the first passes, if that says nothing.
    /// </summary>
    /// <param name="start">As read by the zone, as <paramref name="end"/>.</param>
    /// <param name="duration">Null if it is not known.</param>
    /// <returns>Null if the clock shows both only once, or the end never comes after the beginning.</returns>
    public static (Timestamp Start, Timestamp End)? FindPasses(
        in Timestamp start, in Timestamp end, TimeSpan? duration, TimeZoneInfo zone)
    {
        var (secondStart, secondEnd) = (Timestamps.FindSecond(start, zone), Timestamps.FindSecond(end, zone));
        if (secondStart is null && secondEnd is null) return null;
        (Timestamp Start, Timestamp End)? nearest = null;
        var least = double.PositiveInfinity;
        foreach (var from in (ReadOnlySpan<Timestamp?>)[start, secondStart])
        {
            foreach (var to in (ReadOnlySpan<Timestamp?>)[end, secondEnd])
            {
                if (from is null || to is null || to.Value.At <= from.Value.At) continue;
                var apart = duration is { } length
                    ? Math.Abs((to.Value.At - from.Value.At - length).TotalSeconds) : 0;
                if (apart >= least) continue;
                (nearest, least) = ((from.Value, to.Value), apart);
            }
        }
        return nearest;
    }
}
