using System.Text.Json;
using HealthExport.Catalogue;
using HealthExport.Drift;
using HealthExport.Pushes;
using HealthExport.Texts;
using HealthExport.Workouts;

namespace HealthExport.Reading;

/// <summary>
/// Reads what was recorded along a workout: its series and its route. Points that cannot be read are dropped and
/// counted.
/// </summary>
sealed class WorkoutParts(ReadContext context)
{
    /// <summary>The app's field, our name, and the metric whose unit it is in.</summary>
    static readonly (string Field, string Name, string Metric)[] SeriesFields =
    [
        ("heartRateData", "heart_rate", "heart_rate"),
        ("heartRateRecovery", "heart_rate_recovery", "heart_rate"),
        ("activeEnergy", "active_energy", "active_energy"),
        ("basalEnergy", "basal_energy", "basal_energy_burned"),
        ("stepCount", "step_count", "step_count"),
        ("walkingAndRunningDistance", "walking_running_distance", "walking_running_distance"),
        ("cyclingCadence", "cycling_cadence", "cycling_cadence"),
        ("cyclingDistance", "cycling_distance", "cycling_distance"),
        ("cyclingPower", "cycling_power", "cycling_power"),
        ("cyclingSpeed", "cycling_speed", "cycling_speed"),
        ("swimDistance", "swim_distance", "swimming_distance"),
        ("swimStroke", "swim_stroke", "swimming_stroke_count"),
    ];

    /// <summary>What drift counts a route's fields under.</summary>
    public const string RoutePoint = $"{SectionName.Workouts}.route";

    /// <summary>The series that the app's label for a quantity means, <c>Cycling Distance</c>, named as in JSON.</summary>
    /// <returns>Its name, and the metric whose unit it is in, if that is known.</returns>
    public static (string Name, Metric? Metric) FindSeries(string label)
    {
        var name = MetricCatalogue.Normalise(label);
        var metric = MetricCatalogue.Find(label);
        foreach (var field in SeriesFields)
            if (field.Name == name || field.Metric == metric?.Name)
                return (field.Name, MetricCatalogue.Find(field.Metric));
        return (metric?.Name ?? name, metric);
    }

    readonly Item _point = new(context);
    int _droppedFromSeries;
    int _droppedFromRoute;

    /// <summary>Says how many points of the item just read were dropped.</summary>
    public void WarnOfDropped(int index)
    {
        WarnOfDropped(context, isRoute: false, _droppedFromSeries, index);
        WarnOfDropped(context, isRoute: true, _droppedFromRoute, index);
        _droppedFromSeries = _droppedFromRoute = 0;
    }

    /// <summary>Says how many points of a series or a route were dropped, if any were.</summary>
    public static void WarnOfDropped(ReadContext context, bool isRoute, int dropped, int index)
    {
        if (dropped == 0) return;
        if (isRoute)
            context.Batches.Warn(
                SectionName.Workouts, index, WarningCodes.RoutePointsDropped,
                $"{dropped} points of the route could not be read, are not on Earth, or are more than are kept", "route");
        else
            context.Batches.Warn(
                SectionName.Workouts, index, WarningCodes.SeriesPointsDropped,
                $"{dropped} points of series could not be read, or are more than are kept");
    }

    /// <summary>Hands out a part that came by itself.</summary>
    public static void HandOut(ReadContext context, WorkoutPart part)
    {
        context.Batches.Batch.WorkoutParts.Add(part);
        context.Batches.Count(part.Points * 32L);
    }

    /// <summary>CoreLocation writes −1 for what it could not measure.</summary>
    public static double Measured(double value) => value >= 0 ? value : double.NaN;

    public IReadOnlyList<WorkoutSeries> ReadSeries(Item workout)
    {
        _droppedFromSeries = _droppedFromRoute = 0;
        List<WorkoutSeries> all = [];
        foreach (var (field, name, metric) in SeriesFields)
        {
            if (!workout.IsArray(field)) continue;
            if (ReadSeries(workout.Find(field)!.Value, field, name, MetricCatalogue.Find(metric)) is { } series)
                all.Add(series);
        }
        return all;
    }

    WorkoutSeries? ReadSeries(JsonElement array, string field, string name, Metric? metric)
    {
        var itemType = $"{SectionName.Workouts}.{field}";
        var points = new SeriesPoints(array.GetArrayLength());
        string? sent = null, unit = null;
        var conversion = UnitConversion.Identity;
        var hasUnknownUnit = false;
        foreach (var element in array.EnumerateArray())
        {
            if (element.ValueKind != JsonValueKind.Object)
            {
                _droppedFromSeries++;
                continue;
            }
            var point = _point.Reuse(element);
            var pointUnit = point.FindText("units") ?? sent ?? "";
            if (pointUnit != sent)
            {
                var isKnown = metric is null
                    ? pointUnit == (unit ?? pointUnit)
                    : metric.TryGetConversion(pointUnit.Length == 0 ? metric.Unit : pointUnit, out conversion);
                var newUnit = isKnown && metric is not null ? metric.Unit : pointUnit;
                var isUnknown = metric is not null && !isKnown;
                if (unit is not null && newUnit != unit)
                {
                    if (isUnknown) context.Drift.Note(DriftKind.Unit, itemType, pointUnit);
                    _droppedFromSeries++;
                    continue;
                }
                (sent, unit, hasUnknownUnit) = (pointUnit, newUnit, isUnknown);
            }
            var time = point.FindName("date", "timestamp", "time") is { } when
                ? Item.TimeOf(point.Find(when)!.Value, context.Stamps) : null;
            var value = Number(point, conversion, "qty", "Avg", "avg", "value");
            if (hasUnknownUnit) context.Drift.Note(DriftKind.Unit, itemType, pointUnit);
            var min = Number(point, conversion, "Min", "min");
            var max = Number(point, conversion, "Max", "max");
            if (time is not { } at || !context.Stamps.IsBelievable(at)
                || (double.IsNaN(value) && double.IsNaN(min) && double.IsNaN(max)))
                _droppedFromSeries++;
            else points.Add(at, value, min, max);
            context.Drift.NoteFields(itemType, point, KnownFields.SeriesPoint);
        }
        return points.Finish(name, unit ?? metric?.Unit ?? "");
    }

    /// <summary>
    /// Series as our own export writes them: objects with <c>name</c>, <c>unit</c>, and arrays <c>times</c>,
    /// <c>values</c>, and where they are known <c>min</c> and <c>max</c>.
    /// </summary>
    public IReadOnlyList<WorkoutSeries> ReadStandardSeries(Item workout)
    {
        _droppedFromSeries = _droppedFromRoute = 0;
        if (!workout.IsArray("series")) return [];
        List<WorkoutSeries> all = [];
        foreach (var element in workout.Find("series")!.Value.EnumerateArray())
        {
            if (element.ValueKind != JsonValueKind.Object) continue;
            using var series = new Item(context, element);
            if (series.FindText("name") is not { Length: > 0 } name || !series.IsArray("times")
                || !series.IsArray("values"))
                continue;
            if (KeyText.FindFault("The name of a series", name, KeyText.LongestName) is { } fault)
            {
                workout.Fail(Fault.Unreadable(fault) with { Field = "series" });
                return [];
            }
            var times = series.Find("times")!.Value;
            var values = series.Find("values")!.Value;
            var min = series.IsArray("min") ? series.Find("min") : null;
            var max = series.IsArray("max") ? series.Find("max") : null;
            var count = times.GetArrayLength();
            var points = new SeriesPoints(count);
            var valueList = values.EnumerateArray().ToArray();
            var minList = min?.EnumerateArray().ToArray() ?? [];
            var maxList = max?.EnumerateArray().ToArray() ?? [];
            var i = 0;
            foreach (var time in times.EnumerateArray())
            {
                var value = NumberAt(valueList, i);
                var lower = NumberAt(minList, i);
                var upper = NumberAt(maxList, i++);
                if (Item.TimeOf(time, context.Stamps) is { } at
                    && !(double.IsNaN(value) && double.IsNaN(lower) && double.IsNaN(upper)))
                    points.Add(at, value, lower, upper);
                else _droppedFromSeries++;
            }
            if (points.Finish(name, series.FindText("unit") ?? "") is { } read) all.Add(read);
        }
        return all;
    }

    /// <summary>A route, in either version's spelling or ours.</summary>
    public WorkoutRoute? ReadRoute(Item workout)
    {
        if (!workout.IsArray("route")) return null;
        var array = workout.Find("route")!.Value;
        var points = new RoutePoints(array.GetArrayLength());
        foreach (var element in array.EnumerateArray())
        {
            if (element.ValueKind != JsonValueKind.Object || !AddRoutePoint(points, element)) _droppedFromRoute++;
        }
        return points.Finish();
    }

    bool AddRoutePoint(RoutePoints points, JsonElement element)
    {
        var point = _point.Reuse(element);
        var latitude = Number(point, UnitConversion.Identity, "latitude", "lat");
        var longitude = Number(point, UnitConversion.Identity, "longitude", "lon");
        var altitude = Number(point, UnitConversion.Identity, "altitude");
        context.Drift.NoteFields(RoutePoint, point, KnownFields.RoutePoint);
        var field = point.FindName("timestamp", "time", "date");
        if (field is null || Item.TimeOf(point.Find(field)!.Value, context.Stamps) is not { } at
            || !context.Stamps.IsBelievable(at))
            return false;
        if (!HealthBounds.AllowsRoutePoint(latitude, longitude, double.IsNaN(altitude) ? null : altitude)) return false;
        points.Add(at, latitude, longitude, altitude,
            Measured(point, "speed"),
            Measured(point, "course"),
            Measured(point, "horizontalAccuracy", "horizontal_accuracy"),
            Measured(point, "verticalAccuracy", "vertical_accuracy"),
            Measured(point, "speedAccuracy", "speed_accuracy"),
            Measured(point, "courseAccuracy", "course_accuracy"));
        return true;
    }

    static double Measured(Item point, params ReadOnlySpan<string> fields) =>
        Measured(Number(point, UnitConversion.Identity, fields));

    /// <summary>
    /// The first of these fields that was sent, converted; NaN if there is none that is a finite number.
    /// </summary>
    static double Number(Item point, UnitConversion conversion, params ReadOnlySpan<string> fields)
    {
        if (point.FindName(fields) is not { } field || Item.NumberOf(point.Find(field)!.Value) is not { } number)
            return double.NaN;
        return conversion.Apply(number) is var converted && double.IsFinite(converted) ? converted : double.NaN;
    }

    static double NumberAt(JsonElement[] values, int index) =>
        index < values.Length && Item.NumberOf(values[index]) is { } number ? number : double.NaN;
}
