namespace HealthExport.Reading.Csv;

/// <summary>What the heading of a column says: <c>Heart Rate [Min] (count/min)</c>.</summary>
/// <param name="Label">The app's label: <c>Heart Rate</c>.</param>
/// <param name="Part">What of it: <c>Min</c>; empty for all.</param>
/// <param name="Unit">As sent; empty if there is none.</param>
readonly record struct CsvColumn(string Label, string Part, string Unit)
{
    public static CsvColumn Parse(string heading)
    {
        var (label, unit) = TakeLast(heading, '(', ')');
        (label, var part) = TakeLast(label, '[', ']');
        return new(label, part, unit);
    }

    /// <summary>Which column has the times of a file of metrics; -1 if none.</summary>
    public static int FindTime(string[] heading)
    {
        var column = Find("Date/Time");
        return column >= 0 ? column : Find("Date");

        int Find(string name) =>
            Array.FindIndex(heading, other => other.Equals(name, StringComparison.OrdinalIgnoreCase));
    }

    // Units hold parentheses of their own: VO2 Max (ml/(kg·min)).
    static (string Before, string Inside) TakeLast(string text, char open, char close)
    {
        if (!text.EndsWith(close)) return (text, "");
        var depth = 0;
        for (var i = text.Length - 1; i >= 0; i--)
        {
            if (text[i] == close) depth++;
            else if (text[i] == open && --depth == 0)
                return (text[..i].TrimEnd(), text[(i + 1)..^1].Trim());
        }
        return (text, "");
    }
}
