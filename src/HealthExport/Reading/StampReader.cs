using System.Buffers.Binary;
using HealthExport.Time;

namespace HealthExport.Reading;

/// <summary>
/// Reads the stamps of one payload, remembering the day and the offset of the last one: neighbours share them. Not safe
/// for threads.
/// </summary>
/// <param name="takesSlashes">As of <see cref="Timestamps.TryParse"/>.</param>
sealed class StampReader(TimeZoneInfo? zone, Instant receivedAt, bool takesSlashes = false)
{
    const int CommonLength = 25; // yyyy-MM-dd HH:mm:ss +hhmm

    readonly Instant _earliest = Instant.From(new DateOnly(1900, 1, 1));
    readonly Instant _latest = Instant.From(receivedAt.At(0).AddYears(1));
    ulong _year;
    ushort _day;
    long _dayStart;
    ulong _zone;
    short _offset;

    /// <summary>Whether there is a zone for stamps without an offset.</summary>
    public bool HasZone => zone is not null;

    /// <summary>Not before 1900 and at most a year after the push was received.</summary>
    public bool IsBelievable(Instant at) => at >= _earliest && at <= _latest;

    /// <param name="text">The string's bytes as sent, escapes included.</param>
    public bool TryRead(ReadOnlySpan<byte> text, out Timestamp stamp, out bool lacksZone)
    {
        lacksZone = false;
        if (text.Length == CommonLength && TryReadCommon(text, out stamp)) return true;
        return text.Contains((byte)'\\')
            ? Timestamps.TryParse(
                System.Text.Encoding.UTF8.GetBytes(JsonText.Decode(text)), zone, out stamp, out lacksZone, takesSlashes)
            : Timestamps.TryParse(text, zone, out stamp, out lacksZone, takesSlashes);
    }

    bool TryReadCommon(ReadOnlySpan<byte> text, out Timestamp stamp)
    {
        stamp = default;
        var year = BinaryPrimitives.ReadUInt64LittleEndian(text);
        var day = BinaryPrimitives.ReadUInt16LittleEndian(text[8..]);
        if (year != _year || day != _day)
        {
            if (text[4] != '-' || text[7] != '-' || text[10] != ' '
                || !TryTwo(text, 0, out var century) || !TryTwo(text, 2, out var two) || !TryTwo(text, 5, out var month)
                || !TryTwo(text, 8, out var dayOfMonth)
                || !Timestamps.TryGetDay(century * 100 + two, month, dayOfMonth, out var start)) return false;
            (_year, _day, _dayStart) = (year, day, start);
        }
        var offset = BinaryPrimitives.ReadUInt64LittleEndian(text[17..]) >> 16; // " +hhmm", behind the seconds
        if (offset != _zone)
        {
            if (text[19] != ' ' || text[20] is not ((byte)'+' or (byte)'-')
                || !TryTwo(text, 21, out var hours) || !TryTwo(text, 23, out var minutes)
                || minutes > 59 || hours * 60 + minutes > 14 * 60) return false;
            _zone = offset;
            _offset = (short)(text[20] == '-' ? -(hours * 60 + minutes) : hours * 60 + minutes);
        }
        if (text[10] != ' ' || text[13] != ':' || text[16] != ':' || !TryTwo(text, 11, out var hour)
            || !TryTwo(text, 14, out var minute) || !TryTwo(text, 17, out var second)
            || hour > 23 || minute > 59 || second > 59) return false;
        stamp = new(
            new(_dayStart + (hour * 3600 + minute * 60 + second) * Instant.PerSecond - _offset * Instant.PerMinute),
            _offset, Instant.PerSecond);
        return true;
    }

    static bool TryTwo(ReadOnlySpan<byte> text, int at, out int number)
    {
        uint tens = (uint)(text[at] - '0'), ones = (uint)(text[at + 1] - '0');
        number = (int)(tens * 10 + ones);
        return tens <= 9 && ones <= 9;
    }
}
