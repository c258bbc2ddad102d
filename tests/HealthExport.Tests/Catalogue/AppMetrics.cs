namespace HealthExport.Tests.Catalogue;

/// <summary>What the app is known to send: names, their canonical form, spellings of units.</summary>
static class AppMetrics
{
    public sealed record Row(string Name, string Canonical, string Unit, string[] Units, string[] Unconvertible);

    /// <summary>128 canonical names and 105 other spellings of them.</summary>
    public static IReadOnlyList<Row> All { get; } =
    [
        .. File.ReadLines(PathOf("app-metrics.csv")).Skip(1).Select(line => line.Split(',')).Select(fields =>
            new Row(fields[0], fields[1], fields[2], List(fields[3]), List(fields[4]))),
    ];

    /// <summary>The headings of the app's wide CSV, as label and unit.</summary>
    public static IReadOnlyList<(string Label, string Unit)> CsvColumns { get; } =
    [
        .. File.ReadAllText(PathOf("app-csv-header.txt")).Trim().Split(',').Skip(1).Select(heading =>
        {
            var unit = heading.IndexOf(" (", StringComparison.Ordinal);
            return (heading[..unit], heading[(unit + 2)..^1]);
        }),
    ];

    static string PathOf(string file) => Path.Combine(AppContext.BaseDirectory, "Fixtures", "catalogue", file);

    static string[] List(string field) => field.Split('|', StringSplitOptions.RemoveEmptyEntries);
}
