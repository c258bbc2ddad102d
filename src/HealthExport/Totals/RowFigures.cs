using HealthExport.Samples;
using HealthExport.Time;

namespace HealthExport.Totals;

/// <summary>What rows say together, before it is decided how they add up. Rows in any order.</summary>
struct RowFigures()
{
    double _min = double.NaN;
    double _max = double.NaN;
    double _latest = double.NaN;
    Instant _latestAt = Instant.None;
    Grain _grain = Grain.Year;

    /// <summary>As they were when the figures were taken.</summary>
    public static RowFigures From(in Figures figures) => new()
    {
        Count = figures.Count, _min = figures.Min, _max = figures.Max, _latest = figures.Latest,
        _latestAt = figures.LatestAt, _grain = figures.Grain,
    };

    /// <summary>Rows, with or without a value.</summary>
    public long Count { get; private set; }

    public readonly double Min => _min;
    public readonly double Max => _max;
    public readonly double Latest => _latest;
    public readonly Instant LatestAt => _latestAt;
    public readonly Grain Grain => _grain;

    public void Add(in SampleRow row)
    {
        Count++;
        if (row.Grain < _grain) _grain = row.Grain;
        var value = row.Row.Value;
        _min = Least(_min, Least(value, row.Row.Min));
        _max = Greatest(_max, Greatest(value, row.Row.Max));
        if (!double.IsNaN(value)) See(value, row.StartInstant);
    }

    public void Add(in RowFigures other)
    {
        Count += other.Count;
        if (other._grain < _grain) _grain = other._grain;
        _min = Least(_min, other._min);
        _max = Greatest(_max, other._max);
        if (!double.IsNaN(other._latest)) See(other._latest, other._latestAt);
    }

    void See(double value, Instant at)
    {
        // Of two sources at one start, the larger: some rule is needed that the order of rows does not touch.
        if (at < _latestAt || (at == _latestAt && !(value > _latest))) return;
        (_latest, _latestAt) = (value, at);
    }

    public static double Least(double a, double b) => double.IsNaN(a) || b < a ? b : a;

    public static double Greatest(double a, double b) => double.IsNaN(a) || b > a ? b : a;
}
