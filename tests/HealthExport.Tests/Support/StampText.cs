using System.Globalization;
using System.Text.RegularExpressions;

namespace HealthExport.Tests.Support;

/// <summary>Reads the dates of the fixtures by one regular expression, to compare the server's reading with.</summary>
static partial class StampText
{
    /// <param name="zone">For a date without an offset.</param>
    /// <returns>Null for what is no date.</returns>
    public static DateTimeOffset? Read(string? text, TimeZoneInfo? zone)
    {
        if (text is null || Pattern().Match(text) is not { Success: true } match) return null;
        int Part(string name) =>
            match.Groups[name] is { Success: true } group ? int.Parse(group.Value, CultureInfo.InvariantCulture) : 0;

        var hour = Part("h");
        if (match.Groups["half"].Success)
            hour = hour % 12 + (match.Groups["half"].Value is "p" or "P" ? 12 : 0);
        var local = new DateTimeOffset(Part("y"), Part("m"), Part("d"), hour, Part("min"), Part("s"), TimeSpan.Zero);
        TimeSpan offset;
        if (match.Groups["oh"].Success)
        {
            offset = new(Part("oh"), Part("om"), 0);
            if (match.Groups["sign"].Value == "-") offset = -offset;
        }
        else if (match.Groups["z"].Success) offset = TimeSpan.Zero;
        else if (zone is not null) offset = zone.GetUtcOffset(local);
        else return null;
        return new(local.Ticks, offset);
    }

    [GeneratedRegex(
        """
        ^(?<y>\d{4})-(?<m>\d\d)-(?<d>\d\d)
        (?:[T\x20](?<h>\d\d?):(?<min>\d\d):(?<s>\d\d)(?:\.\d+)?[\s\u00A0\u202F]*(?:(?<half>[ap])\.?m\.?)?
        [\s]*(?:(?<z>Z)|(?<sign>[+-])(?<oh>\d\d):?(?<om>\d\d))?)?$
        """,
        RegexOptions.IgnoreCase | RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex Pattern();
}
