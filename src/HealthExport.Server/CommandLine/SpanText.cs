using System.Globalization;

namespace HealthExport.Server.CommandLine;

/// <summary>Lengths of time as verbs take them: a number with d, h or m.</summary>
static class SpanText
{
    /// <param name="longest">More is refused.</param>
    public static bool TryRead(string text, TimeSpan longest, out TimeSpan span, bool mayBeZero = false)
    {
        span = default;
        if (text.Length < 2 || !int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None,
            CultureInfo.InvariantCulture, out var number)) return false;
        var unit = text[^1] switch
        {
            'd' => TimeSpan.FromDays(1),
            'h' => TimeSpan.FromHours(1),
            'm' => TimeSpan.FromMinutes(1),
            _ => TimeSpan.Zero,
        };
        if (unit == TimeSpan.Zero || (number == 0 && !mayBeZero) || number > longest / unit) return false;
        span = unit * number;
        return true;
    }
}
