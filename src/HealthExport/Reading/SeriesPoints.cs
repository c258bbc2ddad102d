using HealthExport.Time;
using HealthExport.Workouts;

namespace HealthExport.Reading;

/// <summary>Collects the points of one series along a workout.</summary>
sealed class SeriesPoints(int capacity)
{
    readonly List<Instant> _times = new(capacity);
    readonly List<double> _values = new(capacity);
    readonly List<double> _min = new(capacity);
    readonly List<double> _max = new(capacity);
    bool _hasBounds;

    public int Count => _times.Count;

    public void Add(Instant time, double value, double min, double max)
    {
        _times.Add(time);
        _values.Add(value);
        _min.Add(min);
        _max.Add(max);
        _hasBounds |= !double.IsNaN(min) || !double.IsNaN(max);
    }

    /// <returns>In time order; null if there are no points.</returns>
    public WorkoutSeries? Finish(string name, string unit)
    {
        if (_times.Count == 0) return null;
        var order = TimeOrder.Find(_times);
        return new(
            name, unit, TimeOrder.Apply(order, _times), TimeOrder.Apply(order, _values),
            _hasBounds ? TimeOrder.Apply(order, _min) : null, _hasBounds ? TimeOrder.Apply(order, _max) : null);
    }
}
