using HealthExport.Samples;
using HealthExport.Time;

namespace HealthExport.Totals;

/// <summary>An amount over days: their totals added up, and what they were at least, at most, on average.</summary>
struct CumulativePeriod()
{
    CompensatedSum _sum;
    double _min = double.NaN;
    double _max = double.NaN;
    long _days;
    long _count;
    double _latest = double.NaN;
    Instant _latestAt = Instant.None;
    Grain _grain = Grain.Year;

    public readonly bool IsEmpty => _count == 0;

    public void AddDay(in Figures day)
    {
        _days++;
        _min = RowFigures.Least(_min, day.Sum);
        _max = RowFigures.Greatest(_max, day.Sum);
        Add(day.Sum, day.Count, day.Latest, day.LatestAt, day.Grain);
    }

    /// <param name="row">A week, month or year, of so many days; what its single days were is not known.</param>
    public void AddLonger(in SampleRow row, int days)
    {
        _days += days;
        Add(row.Row.Value, 1, row.Row.Value, row.StartInstant, row.Grain);
    }

    public void Add(in CumulativePeriod other)
    {
        _days += other._days;
        _min = RowFigures.Least(_min, other._min);
        _max = RowFigures.Greatest(_max, other._max);
        Add(other._sum.Value, other._count, other._latest, other._latestAt, other._grain);
    }

    public readonly Figures? Figures() =>
        IsEmpty ? null : new(_sum.Value, _sum.Value / _days, _min, _max, _count, _latest, _latestAt, _grain);

    void Add(double sum, long count, double latest, Instant latestAt, Grain grain)
    {
        _sum.Add(sum);
        _count += count;
        if (latestAt >= _latestAt) (_latest, _latestAt) = (latest, latestAt);
        if (grain < _grain) _grain = grain;
    }
}
