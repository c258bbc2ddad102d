using System.Globalization;
using HealthExport.Time;

namespace HealthExport.Storage.Postgres;

/// <summary>
/// What one partition holds, by time in UTC: everything before 2000, one year to 2013, one month from 2014 on.
/// </summary>
/// <param name="Year">1999 for all that is before 2000.</param>
/// <param name="Month">0 for a whole year.</param>
readonly record struct PartitionSpan(int Year, int Month)
{
    const int FirstYear = 2000;
    const int FirstMonthlyYear = 2014;

    public static PartitionSpan Of(Instant instant)
    {
        var date = instant.DateAt(0);
        return date.Year switch
        {
            < FirstYear => new(FirstYear - 1, 0),
            < FirstMonthlyYear => new(date.Year, 0),
            _ => new(date.Year, date.Month),
        };
    }

    public PartitionSpan Next => Month == 0
        ? new(Year + 1, Year + 1 < FirstMonthlyYear ? 0 : 1)
        : Month == 12 ? new(Year + 1, 1) : new(Year, Month + 1);

    /// <summary>The partition's name: samples_before_2000, samples_2005, samples_2024_03.</summary>
    public string NameFor(string table) => string.Create(
        CultureInfo.InvariantCulture,
        $"{table}{(Year < FirstYear ? "_before_2000" : Month == 0 ? $"_{Year:0000}" : $"_{Year:0000}_{Month:00}")}");

    /// <summary>The first moment that it does not hold.</summary>
    public Instant End => Instant.From(new DateOnly(Next.Year, Math.Max(1, Next.Month), 1));

    /// <summary>The span whose partition of <paramref name="table"/> has this name; null if none has.</summary>
    public static PartitionSpan? Find(string table, string name)
    {
        if (!name.StartsWith($"{table}_", StringComparison.Ordinal)) return null;
        PartitionSpan? span = name[(table.Length + 1)..].Split('_') switch
        {
            ["before", "2000"] => new(FirstYear - 1, 0),
            [var year] when int.TryParse(year, CultureInfo.InvariantCulture, out var y) => new(y, 0),
            [var year, var month] when int.TryParse(year, CultureInfo.InvariantCulture, out var y)
                && int.TryParse(month, CultureInfo.InvariantCulture, out var m) => new(y, m),
            _ => null,
        };
        return span?.NameFor(table) == name ? span : null;
    }

    /// <summary>The clause after ATTACH PARTITION … FOR VALUES.</summary>
    public string Bounds => $"from ({(Year < FirstYear ? "minvalue" : StartOf(this))}) to ({StartOf(Next)})";

    static string StartOf(PartitionSpan span) => string.Create(
        CultureInfo.InvariantCulture, $"'{span.Year:0000}-{Math.Max(1, span.Month):00}-01 00:00:00+00'");
}
