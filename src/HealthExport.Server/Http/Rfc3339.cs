using System.Globalization;
using System.Text;
using HealthExport.Time;

namespace HealthExport.Server.Http;

/// <summary>Times as the answers write them.</summary>
static class Rfc3339
{
    /// <summary>The longest: <c>2026-01-15T08:00:00.000001+01:00</c>.</summary>
    public const int MaxLength = 32;

    static readonly string[] s_forms =
    [
        "yyyy-MM-ddTHH:mm:ssK", "yyyy-MM-ddTHH:mm:ss.FFFFFFFK", "yyyy-MM-ddTHH:mmK",
    ];

    /// <summary>Reads a timestamp with offset; the seconds may be left out.</summary>
    /// <returns>Null if it is none.</returns>
    public static Instant? Find(string text) =>
        HasOffset(text) && DateTimeOffset.TryParseExact(
            text, s_forms, CultureInfo.InvariantCulture, DateTimeStyles.None, out var at)
                ? Instant.From(at)
                : null;

    static bool HasOffset(string text) =>
        text.EndsWith('Z') || (text.Length > 6 && text[^6] is '+' or '-' && text[^3] == ':');

    /// <summary>A moment in UTC.</summary>
    public static string Format(Instant at)
    {
        Span<byte> utf8 = stackalloc byte[MaxLength];
        return Encoding.ASCII.GetString(utf8[..Write(utf8, at, 0)]);
    }

    /// <summary>
    /// A moment with its offset, which is <c>+00:00</c> for UTC. The fraction has six digits, and is left out if it is
    /// zero.
    /// </summary>
    /// <param name="utf8">At least <see cref="MaxLength"/> bytes.</param>
    /// <returns>How many were written.</returns>
    public static int Write(Span<byte> utf8, Instant at, int offsetMinutes)
    {
        // Not by way of DateTimeOffset, which knows no offset beyond 14 hours.
        var local = new Instant(at.Microseconds + offsetMinutes * Instant.PerMinute);
        var date = local.DateAt(0);
        var ofDay = local.Microseconds - Instant.From(date).Microseconds;
        date.TryFormat(utf8, out _, "yyyy-MM-dd", CultureInfo.InvariantCulture);
        utf8[10] = (byte)'T';
        Two(utf8[11..], ofDay / Instant.PerHour);
        utf8[13] = (byte)':';
        Two(utf8[14..], ofDay / Instant.PerMinute % 60);
        utf8[16] = (byte)':';
        Two(utf8[17..], ofDay / Instant.PerSecond % 60);
        var length = 19;
        if (ofDay % Instant.PerSecond is not 0 and var fraction)
        {
            utf8[length++] = (byte)'.';
            Two(utf8[length..], fraction / 10_000);
            Two(utf8[(length + 2)..], fraction / 100 % 100);
            Two(utf8[(length + 4)..], fraction % 100);
            length += 6;
        }
        utf8[length++] = (byte)(offsetMinutes < 0 ? '-' : '+');
        Two(utf8[length..], Math.Abs(offsetMinutes) / 60);
        utf8[length + 2] = (byte)':';
        Two(utf8[(length + 3)..], Math.Abs(offsetMinutes) % 60);
        return length + 5;

        static void Two(Span<byte> utf8, long value)
        {
            utf8[0] = (byte)('0' + value / 10);
            utf8[1] = (byte)('0' + value % 10);
        }
    }
}
