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
    static bool HasOffset(ReadOnlySpan<byte> text) =>
        text.Length > "yyyy-MM-dd".Length && text["yyyy-MM-dd".Length..].IndexOfAny("+-Zz"u8) >= 0;
}
