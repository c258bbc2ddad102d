using HealthExport.Time;

namespace HealthExport.Reading;

/// <summary>
/// Reads every form of date that the app writes: 24-hour and 12-hour clock, ISO 8601, date alone, with offset or
/// without. A date is always year, month, day; with slashes, where these are taken, day, month, year.
/// </summary>
public static class Timestamps
{
    const int Longest = 64;
    const int WidestOffsetMinutes = 14 * 60;

    /// <summary>Reads a stamp.</summary>
    /// <param name="text">
    /// UTF-8. <c>2026-01-15 14:30:00 +0100</c>, <c>2026-01-15T13:30:00.250Z</c>, <c>2026-01-15 2:30 p.m.</c>,
    /// <c>2026-01-15</c>; no-break spaces count as spaces; the plus of an offset may have become a space on its way.
    /// </param>
    /// <param name="zone">
    /// The person's zone, for a stamp without an offset. In a gap of its clock, the offset before the gap carries the
    /// time forward; of a repeated hour it is the first. Null: such a stamp is not read.
    /// </param>
    /// <param name="lacksZone">True when only an offset, or a zone, is missing.</param>
    /// <param name="takesSlashes">
    /// Reads <c>14/01/2026 07:00</c> too, the day first; not with am or pm, beside which the month would come first.
    /// </param>
    public static bool TryParse(
        ReadOnlySpan<byte> text, TimeZoneInfo? zone, out Timestamp stamp, out bool lacksZone, bool takesSlashes = false)
    {
        stamp = default;
        lacksZone = false;
        Span<byte> plain = stackalloc byte[Longest];
        if (!TryFold(text, plain, out var length)) return false;
        var rest = (ReadOnlySpan<byte>)plain[..length];

        if (!(takesSlashes && TryTakeSlashed(ref rest, out var wall)) && !TryTakeDate(ref rest, out wall)) return false;
        var precision = Instant.PerDay;
        short? offset = null;
        if (rest.Length > 0)
        {
            if (rest[0] is not ((byte)' ' or (byte)'T' or (byte)'t')) return false;
            rest = rest[1..];
            if (!TryTakeTime(ref rest, out var time, out precision)) return false;
            wall += time;
            if (!TryTakeOffset(rest, out offset)) return false;
        }

        if (offset is { } minutes)
        {
            stamp = new(new(wall - minutes * Instant.PerMinute), minutes, precision);
            return true;
        }
        if (zone is null)
        {
            lacksZone = true;
            return false;
        }
        stamp = InZone(wall, zone, precision);
        return true;
    }

    /// <summary>Midnight of a date that needs no check, in microseconds as if its clock were UTC.</summary>
    internal static bool TryGetDay(int year, int month, int day, out long wall)
    {
        wall = 0;
        if (year < 1 || month is < 1 or > 12 || day < 1 || day > DaysIn(year, month)) return false;
        wall = Instant.From(new DateOnly(year, month, day)).Microseconds;
        return true;
    }

    static int DaysIn(int year, int month) => month switch
    {
        2 => year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28,
        4 or 6 or 9 or 11 => 30,
        _ => 31,
    };

    /// <summary>Copies the text with every kind of space as one plain space, and none at the ends.</summary>
    static bool TryFold(ReadOnlySpan<byte> text, Span<byte> plain, out int length)
    {
        length = 0;
        for (var i = 0; i < text.Length; i++)
        {
            var b = text[i];
            var space = LengthOfSpace(text[i..]);
            if (space > 0)
            {
                b = (byte)' ';
                i += space - 1;
            }
            if (b == ' ' && (length == 0 || plain[length - 1] == ' ')) continue;
            if (length == plain.Length) return false;
            plain[length++] = b;
        }
        if (length > 0 && plain[length - 1] == ' ') length--;
        return length > 0;
    }

    /// <summary>
    /// How many bytes of UTF-8 the space at the beginning has: plain, no-break (wide or narrow), thin.
    /// </summary>
    static int LengthOfSpace(ReadOnlySpan<byte> text) => text switch
    {
        [(byte)' ' or (byte)'\t', ..] => 1,
        [0xC2, 0xA0, ..] => 2,
        [0xE2, 0x80, 0xAF or 0x89 or 0x8A, ..] => 3,
        _ => 0,
    };

    static bool TryTakeDate(ref ReadOnlySpan<byte> rest, out long wall)
    {
        wall = 0;
        if (!TryTakeNumber(ref rest, 4, 4, out var year) || !TryTake(ref rest, '-')
            || !TryTakeNumber(ref rest, 1, 2, out var month) || !TryTake(ref rest, '-')
            || !TryTakeNumber(ref rest, 1, 2, out var day)) return false;
        return TryGetDay(year, month, day, out wall);
    }

    static bool TryTakeSlashed(ref ReadOnlySpan<byte> rest, out long wall)
    {
        wall = 0;
        var behind = rest;
        if (!TryTakeNumber(ref behind, 1, 2, out var day) || !TryTake(ref behind, '/')
            || !TryTakeNumber(ref behind, 1, 2, out var month) || !TryTake(ref behind, '/')
            || !TryTakeNumber(ref behind, 4, 4, out var year)
            || behind.IndexOfAny("aApP"u8) >= 0 || !TryGetDay(year, month, day, out wall)) return false;
        rest = behind;
        return true;
    }

    static bool TryTakeTime(ref ReadOnlySpan<byte> rest, out long time, out long precision)
    {
        time = 0;
        precision = Instant.PerMinute;
        if (!TryTakeNumber(ref rest, 1, 2, out var hour) || !TryTake(ref rest, ':')
            || !TryTakeNumber(ref rest, 2, 2, out var minute) || minute > 59) return false;
        int second = 0;
        long fraction = 0;
        if (TryTake(ref rest, ':'))
        {
            precision = Instant.PerSecond;
            if (!TryTakeNumber(ref rest, 2, 2, out second) || second > 59) return false;
            if (TryTake(ref rest, '.') || TryTake(ref rest, ','))
            {
                var digits = 0;
                for (; digits < rest.Length && char.IsAsciiDigit((char)rest[digits]); digits++)
                {
                    if (digits >= 6) continue;
                    precision /= 10;
                    fraction += (rest[digits] - '0') * precision;
                }
                if (digits == 0) return false;
                rest = rest[digits..];
            }
        }
        if (!TryTakeHalf(ref rest, ref hour) || hour > 23) return false;
        time = hour * Instant.PerHour + minute * Instant.PerMinute + second * Instant.PerSecond + fraction;
        return true;
    }

    /// <summary>Takes am or pm, if there is one, and brings the hour to the 24-hour clock.</summary>
    static bool TryTakeHalf(ref ReadOnlySpan<byte> rest, ref int hour)
    {
        var half = rest;
        TryTake(ref half, ' ');
        if (half.Length < 2 || (half[0] | 0x20) is not ('a' or 'p')) return true;
        var isAfternoon = (half[0] | 0x20) == 'p';
        half = half[1..];
        TryTake(ref half, '.');
        TryTake(ref half, ' ');
        if (half.Length == 0 || (half[0] | 0x20) != 'm') return false;
        half = half[1..];
        TryTake(ref half, '.');
        if (hour is < 0 or > 12) return false;
        hour = hour % 12 + (isAfternoon ? 12 : 0);
        rest = half;
        return true;
    }

    static bool TryTakeOffset(ReadOnlySpan<byte> rest, out short? offset)
    {
        offset = null;
        if (rest.IsEmpty) return true;
        var hadSpace = TryTake(ref rest, ' ');
        if (rest is [(byte)'Z' or (byte)'z'] || rest.SequenceEqual("UTC"u8) || rest.SequenceEqual("GMT"u8))
        {
            offset = 0;
            return true;
        }
        var isNegative = TryTake(ref rest, '-');
        var hadSign = isNegative || TryTake(ref rest, '+');
        if (!hadSign && !(hadSpace && rest.Length == 4)) return false;
        if (!TryTakeNumber(ref rest, 2, 2, out var hours)) return false;
        var minutes = 0;
        if (rest.Length > 0)
        {
            TryTake(ref rest, ':');
            if (!TryTakeNumber(ref rest, 2, 2, out minutes) || minutes > 59 || rest.Length > 0) return false;
        }
        var total = hours * 60 + minutes;
        if (total > WidestOffsetMinutes) return false;
        offset = (short)(isNegative ? -total : total);
        return true;
    }

    static Timestamp InZone(long wall, TimeZoneInfo zone, long precision)
    {
        var before = OffsetAt(zone, wall - Instant.PerDay);
        var after = OffsetAt(zone, wall + Instant.PerDay);
        var first = wall - before * Instant.PerMinute;
        var second = wall - after * Instant.PerMinute;
        // Both hold in a repeated hour, where the offset before gives the first; neither holds in a gap.
        var at = OffsetAt(zone, first) != before && OffsetAt(zone, second) == after ? second : first;
        return new(new(at), OffsetAt(zone, at), precision);
    }

    /// <summary>
    /// The same time on the wall after the clock was put back; null if the clock shows it once. Asked of the offsets
    /// alone: <see cref="TimeZoneInfo.IsAmbiguousTime(DateTimeOffset)"/> knows neither zones whose exception is winter
    /// (Dublin) nor a clock put back for good (Moscow, 2014).
    /// </summary>
    /// <param name="first">As read in <paramref name="zone"/>.</param>
    public static Timestamp? FindSecond(in Timestamp first, TimeZoneInfo zone)
    {
        var wall = first.At.Microseconds + first.OffsetMinutes * Instant.PerMinute;
        var after = OffsetAt(zone, wall + Instant.PerDay);
        var second = wall - after * Instant.PerMinute;
        return after < first.OffsetMinutes && OffsetAt(zone, second) == after
            ? first with { At = new(second), OffsetMinutes = after }
            : null;
    }

    /// <summary>The zone's offset, in minutes, at microseconds since 1970.</summary>
    internal static short OffsetAt(TimeZoneInfo zone, long microseconds)
    {
        var ticks = DateTimeOffset.UnixEpoch.Ticks + microseconds * TimeSpan.TicksPerMicrosecond;
        ticks = Math.Clamp(ticks, DateTimeOffset.MinValue.Ticks, DateTimeOffset.MaxValue.Ticks);
        return (short)zone.GetUtcOffset(new DateTimeOffset(ticks, TimeSpan.Zero)).TotalMinutes;
    }

    static bool TryTake(ref ReadOnlySpan<byte> rest, char c)
    {
        if (rest.IsEmpty || rest[0] != c) return false;
        rest = rest[1..];
        return true;
    }

    static bool TryTakeNumber(ref ReadOnlySpan<byte> rest, int fewest, int most, out int number)
    {
        number = 0;
        var digits = 0;
        for (; digits < most && digits < rest.Length && char.IsAsciiDigit((char)rest[digits]); digits++)
            number = number * 10 + (rest[digits] - '0');
        rest = rest[digits..];
        return digits >= fewest;
    }
}
