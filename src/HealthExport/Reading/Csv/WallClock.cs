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
        if (!_last.IsNone && stamp.At <= _last && FindSecond(stamp) is { } second && second.At > _last) stamp = second;
        _last = stamp.At;
        return true;
    }

    /// <summary>The same wall time after the clock was put back; null if it comes once, or has an offset.</summary>
    Timestamp? FindSecond(in Timestamp stamp)
    {
        if (context.Push.Zone is not { } zone) return null;
        var wall = stamp.At.At(stamp.OffsetMinutes);
        if (!zone.IsAmbiguousTime(wall)) return null;
        var later = (short)zone.GetAmbiguousTimeOffsets(wall).Min().TotalMinutes;
        return later < stamp.OffsetMinutes
            ? stamp with
            {
                At = new(stamp.At.Microseconds + (stamp.OffsetMinutes - later) * Instant.PerMinute),
                OffsetMinutes = later,
            }
            : null;
    }
}
