using HealthExport.Samples;

namespace HealthExport.Totals;

/// <summary>
/// The figures of a measurement. Pure. In each hour only the finest grain that is present counts; a day bucket counts
/// only where its day has nothing finer.
/// </summary>
/// <remarks>
/// The average is over time where time is known. As long as only samples count: weighted by duration if all of them
/// have one, else each weighs the same. Where buckets count too: a bucket weighs its length, an hour of samples one
/// hour.
/// </remarks>
struct DiscreteTotals()
{
    // Weights are minutes, so that they are whole numbers.
    const double PerHour = 60;
    const double PerDay = 24 * PerHour;

    RowFigures _rows = new();
    CompensatedSum _sum;
    SampleMean _samples;
    CompensatedSum _weighted;
    double _weight;
    bool _hasBuckets;

    public static DiscreteTotals OfHour(HourRows hour)
    {
        var totals = new DiscreteTotals();
        if (hour.Samples.Count > 0) totals.AddSamples(hour.Samples);
        else if (hour.Minutes.Count > 0) totals.AddBuckets(hour.Minutes, 1);
        else totals.AddBuckets(hour.Hours, PerHour);
        return totals;
    }

    public static DiscreteTotals OfDay(DayRows day, LocalClock clock)
    {
        var totals = new DiscreteTotals();
        if (!day.HasFiner) totals.AddBuckets(day.Days, PerDay);
        foreach (var hour in day.ByHour(clock).Values) totals.Add(OfHour(hour));
        return totals;
    }

    /// <param name="rows">Weeks, months or years, each of so many days.</param>
    public static DiscreteTotals OfLonger(List<SampleRow> rows, int days)
    {
        var totals = new DiscreteTotals();
        totals.AddBuckets(rows, days * PerDay);
        return totals;
    }

    /// <summary>A day as it was when its total was taken.</summary>
    public static DiscreteTotals From(in Figures figures, in DayMeans means) => new()
    {
        _rows = RowFigures.From(figures),
        _sum = new(double.IsNaN(figures.Sum) ? 0 : figures.Sum),
        _samples = SampleMean.From(means),
        _weighted = new(means.WeightedSum),
        _weight = means.Weight,
        _hasBuckets = means.HasBuckets,
    };

    public readonly bool IsEmpty => _rows.Count == 0;

    public readonly DayMeans Means => _samples.With(_weighted.Value, _weight, _hasBuckets);

    public void Add(in DiscreteTotals other)
    {
        _rows.Add(other._rows);
        _sum.Add(other._sum);
        _samples.Add(other._samples);
        _weighted.Add(other._weighted);
        _weight += other._weight;
        _hasBuckets |= other._hasBuckets;
    }

    /// <returns>Null if there is no row.</returns>
    public readonly Figures? Figures() => IsEmpty
        ? null
        : new(
            _weight > 0 ? _sum.Value : double.NaN,
            _hasBuckets ? _weighted.Value / _weight : _samples.Mean,
            _rows.Min, _rows.Max, _rows.Count, _rows.Latest, _rows.LatestAt, _rows.Grain);

    /// <param name="samples">Those of one hour.</param>
    void AddSamples(List<SampleRow> samples)
    {
        var mean = new SampleMean();
        foreach (var row in samples)
        {
            _rows.Add(row);
            if (double.IsNaN(row.Row.Value)) continue;
            _sum.Add(row.Row.Value);
            mean.Add(row);
        }
        if (mean.IsEmpty) return;
        _samples.Add(mean);
        _weighted.Add(mean.Mean * PerHour);
        _weight += PerHour;
    }

    void AddBuckets(List<SampleRow> buckets, double weight)
    {
        foreach (var row in buckets)
        {
            _rows.Add(row);
            if (double.IsNaN(row.Row.Value)) continue;
            _hasBuckets = true;
            _sum.Add(row.Row.Value);
            _weighted.Add(row.Row.Value * weight);
            _weight += weight;
        }
    }

    struct SampleMean
    {
        CompensatedSum _sum;
        CompensatedSum _timed;
        double _seconds;
        long _count;
        long _timedCount;

        public static SampleMean From(in DayMeans means) => new()
        {
            _sum = new(means.SampleSum), _timed = new(means.TimedSum), _seconds = means.TimedSeconds,
            _count = means.Samples, _timedCount = means.TimedSamples,
        };

        public readonly DayMeans With(double weightedSum, double weight, bool hasBuckets) => new(
            _count, _sum.Value, _timedCount, _timed.Value, _seconds, weightedSum, weight, hasBuckets);

        public readonly bool IsEmpty => _count == 0;

        public readonly double Mean => _count == _timedCount ? _timed.Value / _seconds : _sum.Value / _count;

        public void Add(in SampleRow row)
        {
            _count++;
            _sum.Add(row.Row.Value);
            if (row.Row.EndAt.IsNone || row.Row.EndAt <= row.Row.StartAt) return;
            var seconds = (row.Row.EndAt - row.Row.StartAt).TotalSeconds;
            _timedCount++;
            _timed.Add(row.Row.Value * seconds);
            _seconds += seconds;
        }

        public void Add(in SampleMean other)
        {
            _count += other._count;
            _sum.Add(other._sum);
            _timedCount += other._timedCount;
            _timed.Add(other._timed);
            _seconds += other._seconds;
        }
    }
}
