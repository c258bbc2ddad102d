using HealthExport.Time;
using HealthExport.Workouts;

namespace HealthExport.Reading;

/// <summary>Collects the points of a route.</summary>
sealed class RoutePoints(int capacity)
{
    readonly List<Instant> _times = new(capacity);
    readonly List<double> _latitudes = new(capacity);
    readonly List<double> _longitudes = new(capacity);
    readonly List<double> _altitudes = new(capacity);
    readonly List<double> _speeds = new(capacity);
    readonly List<double> _courses = new(capacity);
    readonly List<double> _horizontal = new(capacity);
    readonly List<double> _vertical = new(capacity);
    readonly List<double> _speedAccuracies = new(capacity);
    readonly List<double> _courseAccuracies = new(capacity);

    public int Count => _times.Count;

    public void Add(
        Instant time, double latitude, double longitude, double altitude, double speed, double course,
        double horizontal, double vertical, double speedAccuracy, double courseAccuracy)
    {
        _times.Add(time);
        _latitudes.Add(latitude);
        _longitudes.Add(longitude);
        _altitudes.Add(altitude);
        _speeds.Add(speed);
        _courses.Add(course);
        _horizontal.Add(horizontal);
        _vertical.Add(vertical);
        _speedAccuracies.Add(speedAccuracy);
        _courseAccuracies.Add(courseAccuracy);
    }

    /// <returns>In time order; null if there are no points.</returns>
    public WorkoutRoute? Finish()
    {
        if (_times.Count == 0) return null;
        var order = TimeOrder.Find(_times);
        return new()
        {
            Times = TimeOrder.Apply(order, _times),
            Latitudes = TimeOrder.Apply(order, _latitudes),
            Longitudes = TimeOrder.Apply(order, _longitudes),
            Altitudes = TimeOrder.Apply(order, _altitudes),
            Speeds = Known(_speeds),
            Courses = Known(_courses),
            HorizontalAccuracies = Known(_horizontal),
            VerticalAccuracies = Known(_vertical),
            SpeedAccuracies = Known(_speedAccuracies),
            CourseAccuracies = Known(_courseAccuracies),
        };

        double[]? Known(List<double> values) => values.TrueForAll(double.IsNaN) ? null : TimeOrder.Apply(order, values);
    }
}
