using HealthExport.Samples;

namespace HealthExport.Totals;

/// <summary>The rows of one metric that start on one local day, apart by grain.</summary>
/// <param name="date">The local day.</param>
sealed class DayRows(DateOnly date)
{
    public DateOnly Date => date;
    public List<SampleRow> Samples { get; } = [];
    public List<SampleRow> Minutes { get; } = [];
    public List<SampleRow> Hours { get; } = [];
    public List<SampleRow> Days { get; } = [];

    /// <summary>Weeks, months and years: never part of a day.</summary>
    public List<SampleRow> Longer { get; } = [];

    /// <summary>Whether there is any row that is part of a day.</summary>
    public bool HasDay => HasFiner || Days.Count > 0;

    public bool HasFiner => Samples.Count + Minutes.Count + Hours.Count > 0;

    public void Add(in SampleRow row) => ListOf(row.Grain).Add(row);

    List<SampleRow> ListOf(Grain grain) => grain switch
    {
        Grain.Sample => Samples,
        Grain.Minute => Minutes,
        Grain.Hour => Hours,
        Grain.Day => Days,
        _ => Longer,
    };

    /// <summary>Rows finer than a day, by the hour that they start in, in the hours' order.</summary>
    public SortedDictionary<Time.Instant, HourRows> ByHour(LocalClock clock)
    {
        var hours = new SortedDictionary<Time.Instant, HourRows>();
        HourRows? last = null;
        foreach (var row in Samples) HourOf(row).Samples.Add(row);
        foreach (var row in Minutes) HourOf(row).Minutes.Add(row);
        foreach (var row in Hours) HourOf(row).Hours.Add(row);
        return hours;

        HourRows HourOf(in SampleRow row)
        {
            var start = clock.HourOf(row);
            if (last is not null && last.Start == start) return last;
            if (!hours.TryGetValue(start, out last)) hours.Add(start, last = new(start));
            return last;
        }
    }

    /// <summary>The same rows, apart by the source they name; "" for none.</summary>
    public SortedDictionary<string, DayRows> BySource()
    {
        var sources = new SortedDictionary<string, DayRows>(StringComparer.Ordinal);
        foreach (var rows in new[] { Samples, Minutes, Hours, Days, Longer })
        {
            foreach (var row in rows)
            {
                var source = row.Row.Source ?? "";
                if (!sources.TryGetValue(source, out var own)) sources.Add(source, own = new(date));
                own.Add(row);
            }
        }
        return sources;
    }
}

/// <summary>The rows that start in one hour.</summary>
sealed class HourRows(Time.Instant start)
{
    public Time.Instant Start => start;
    public List<SampleRow> Samples { get; } = [];
    public List<SampleRow> Minutes { get; } = [];
    public List<SampleRow> Hours { get; } = [];
}
