using HealthExport.Samples;

namespace HealthExport.Totals;

/// <summary>
/// Which rows of an amount count, when the same time was sent as samples, minutes, hours and days. Pure. A bucket that
/// was received after every finer row within it is the newest word and holds, also where it is smaller; otherwise
/// nothing says which is complete, and the largest account is taken.
/// </summary>
sealed class CumulativeTotals(LocalClock clock, SourceRanks ranks, bool mergesSources)
{
    /// <returns>Null if no row says a value.</returns>
    public Figures? OfHour(HourRows hour) =>
        IsNewer(hour.Hours, hour.Minutes, hour.Samples)
            ? Plain(hour.Hours)
            : Largest(Merged(hour.Samples), Largest(Plain(hour.Minutes), Plain(hour.Hours)));

    /// <returns>Null if no row says a value.</returns>
    public Figures? OfDay(DayRows day)
    {
        var whole = Plain(day.Days);
        if (!day.HasFiner || IsNewer(day.Days, day.Hours, day.Minutes, day.Samples)) return whole;
        if (day.Hours.Count + day.Minutes.Count == 0) return Largest(Merged(day.Samples), whole);
        var hours = day.ByHour(clock).Values;
        return Largest(OfSamples(day, hours), Largest(OfBuckets(hours), whole));
    }

    /// <summary>Hour buckets and minutes, hour by hour.</summary>
    static Figures? OfBuckets(IEnumerable<HourRows> hours)
    {
        var sum = new CompensatedSum();
        var rows = new RowFigures();
        foreach (var hour in hours)
        {
            var (minutes, whole) = (SumOf(hour.Minutes), SumOf(hour.Hours));
            var counts = minutes > whole && !IsNewer(hour.Hours, hour.Minutes) || double.IsNaN(whole)
                ? hour.Minutes
                : hour.Hours;
            foreach (var row in counts)
            {
                if (double.IsNaN(row.Row.Value)) continue;
                sum.Add(row.Row.Value);
                rows.Add(row);
            }
        }
        return Made(sum.Value, rows);
    }

    /// <summary>
    /// The day's samples, but in hours that a later bucket has settled, that bucket: else a correction by the hour
    /// would be undone by the samples that it corrects.
    /// </summary>
    Figures? OfSamples(DayRows day, ICollection<HourRows> hours)
    {
        if (day.Samples.Count == 0) return null;
        if (!hours.Any(IsSettled)) return Merged(day.Samples);
        var sum = new CompensatedSum();
        var rows = new RowFigures();
        var left = new List<SampleRow>(day.Samples.Count);
        foreach (var hour in hours)
        {
            if (!IsSettled(hour))
            {
                left.AddRange(hour.Samples);
                continue;
            }
            sum.Add(SumOf(hour.Hours));
            AddValued(ref rows, hour.Hours);
        }
        if (left.Any(row => !double.IsNaN(row.Row.Value))) sum.Add(SumOfSamples(left));
        AddValued(ref rows, left);
        return Made(sum.Value, rows);
    }

    static bool IsSettled(HourRows hour) =>
        hour.Samples.Count > 0 && IsNewer(hour.Hours, hour.Minutes, hour.Samples);

    Figures? Merged(List<SampleRow> samples)
    {
        var rows = new RowFigures();
        AddValued(ref rows, samples);
        return rows.Count == 0 ? null : Made(SumOfSamples(samples), rows);
    }

    double SumOfSamples(List<SampleRow> samples) => mergesSources ? SourceMerge.Sum(samples, ranks) : SumOf(samples);

    static Figures? Plain(List<SampleRow> buckets)
    {
        var rows = new RowFigures();
        AddValued(ref rows, buckets);
        return Made(SumOf(buckets), rows);
    }

    static Figures? Made(double sum, in RowFigures rows) => rows.Count == 0
        ? null
        : new(sum, sum / rows.Count, rows.Min, rows.Max, rows.Count, rows.Latest, rows.LatestAt, rows.Grain);

    /// <summary>On equal totals the finer account, which says more.</summary>
    static Figures? Largest(Figures? finer, Figures? coarser) =>
        finer is null || coarser?.Sum > finer.Value.Sum ? coarser ?? finer : finer;

    static void AddValued(ref RowFigures rows, List<SampleRow> all)
    {
        foreach (var row in all)
            if (!double.IsNaN(row.Row.Value)) rows.Add(row);
    }

    /// <summary>NaN if there is nothing to add.</summary>
    static double SumOf(List<SampleRow> rows)
    {
        var sum = new CompensatedSum();
        var any = false;
        foreach (var row in rows)
        {
            if (double.IsNaN(row.Row.Value)) continue;
            any = true;
            sum.Add(row.Row.Value);
        }
        return any ? sum.Value : double.NaN;
    }

    /// <summary>
    /// Whether each of the buckets has a value, is known to be whole, and was received after all of the finer rows.
    /// </summary>
    static bool IsNewer(List<SampleRow> buckets, params ReadOnlySpan<List<SampleRow>> finer)
    {
        if (buckets.Count == 0) return false;
        var oldest = long.MaxValue;
        foreach (var bucket in buckets)
        {
            if (double.IsNaN(bucket.Row.Value) || bucket.Row.MayNotShrink) return false;
            oldest = Math.Min(oldest, bucket.Push);
        }
        foreach (var rows in finer)
            foreach (var row in rows)
                if (row.Push >= oldest) return false;
        return true;
    }
}
