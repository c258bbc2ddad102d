using HealthExport.Catalogue;
using HealthExport.Drift;
using HealthExport.Pushes;
using HealthExport.Texts;
using HealthExport.Workouts;

namespace HealthExport.Reading.Csv;

/// <summary>
/// Reads one of the files that the app writes for a single workout: a series (<c>Date/Time</c>, a quantity or its
/// <c>Min</c>, <c>Max</c> and <c>Avg</c>, <c>Source</c>) or the route (<c>Timestamp</c>, <c>Latitude</c>, …). The file is
/// one item; its rows are points.
/// </summary>
sealed class WorkoutPartCsv
{
    static readonly string[] s_known =
    [
        "Min", "Max", "Avg", "Context", "Source", "Latitude", "Longitude", "Altitude", "Vertical Accuracy",
        "Horizontal Accuracy", "Speed", "Course",
    ];

    readonly ReadContext _context;
    readonly WorkoutFileName? _name;
    readonly CsvColumn[] _columns;
    readonly int _time;
    int _dropped;

    // Why it cannot be kept, whatever its rows say.
    string? _fault;

    WorkoutPartCsv(ReadContext context, WorkoutFileName? name, CsvColumn[] columns, int time) =>
        (_context, _name, _columns, _time) = (context, name, columns, time);

    /// <param name="fileName">Null if none was sent.</param>
    /// <returns>Null for a heading of no such file.</returns>
    public static WorkoutPartCsv? Find(ReadContext context, string[] heading, string? fileName)
    {
        var time = Array.FindIndex(heading, name => name.Equals("Timestamp", StringComparison.OrdinalIgnoreCase));
        if (time < 0) time = CsvColumn.FindTime(heading);
        if (time < 0) return null;
        var part = new WorkoutPartCsv(
            context, WorkoutFileName.Find(fileName), Array.ConvertAll(heading, CsvColumn.Parse), time);
        return part.IsRoute || part.IsSeries ? part : null;
    }

    // A wide file of one metric has the same columns, but for the source; then the name tells them apart.
    bool IsSeries
    {
        get
        {
            var quantities = _columns.Where(column => column.Unit.Length > 0).ToList();
            return (ColumnOf("Source") >= 0 || _name is not null)
                && (quantities.Count == 1 || quantities.Count > 1 && quantities.TrueForAll(IsOfMany));
        }
    }

    static bool IsOfMany(CsvColumn column) => column.Label is "Min" or "Max" or "Avg";

    bool IsRoute => ColumnOf("Latitude") >= 0 && ColumnOf("Longitude") >= 0;

    /// <param name="table">Disposed at the end.</param>
    public void Read(CsvTable table)
    {
        using var rows = table;
        var part = IsRoute ? ReadRoute(rows) : ReadSeries(rows);
        if (rows.IsBroken)
        {
            // A part of a recording would pass for the whole.
            rows.RejectRest(_context.Batches, SectionName.Workouts);
            return;
        }
        WorkoutParts.WarnOfDropped(_context, IsRoute, _dropped, 0);
        if (part is not null) WorkoutParts.HandOut(_context, part);
        else if (rows.Count > 0 || _fault is not null)
            _context.Batches.Reject(
                SectionName.Workouts, 0,
                _fault is not null
                    ? Fault.Unreadable(_fault)
                    : Fault.Unreadable("None of the file's rows could be read")
                    with { Hint = _context.Stamps.HasZone ? null : "Its times may lack a zone: set the user's." },
                default);
    }

    // As of JSON: NUL, which no text column takes, becomes U+FFFD.
    static string Storable(string text) => text.Replace('\0', '\uFFFD');

    WorkoutPart? ReadSeries(CsvTable table)
    {
        var value = Array.FindIndex(_columns, column => column.Unit.Length > 0 && column.Label is not ("Min" or "Max"));
        var (min, max) = (ColumnOf("Min"), ColumnOf("Max"));
        var first = value >= 0 ? value : Math.Max(min, max);
        if (first < 0) return null;
        // The columns of the heart rate do not say what they are of.
        var label = _name?.Label ?? (IsOfMany(_columns[first]) ? "Heart Rate" : _columns[first].Label);
        var (name, metric) = WorkoutParts.FindSeries(Storable(label));
        _fault = KeyText.FindFault("The name of the series", name, KeyText.LongestName);
        if (_fault is not null) return null;
        var unit = Storable(_columns[first].Unit);
        var conversion = UnitConversion.Identity;
        var itemType = $"{SectionName.Workouts}.{name}";
        if (metric is not null && metric.TryGetConversion(unit, out conversion)) unit = metric.Unit;
        else _context.Drift.Note(DriftKind.Unit, itemType, unit);
        NoteUnknown(itemType, first);
        var points = new SeriesPoints(0);
        var clock = new WallClock(_context);
        while (table.Read())
        {
            var (average, lower, upper) = (
                Number(table, value, conversion), Number(table, min, conversion), Number(table, max, conversion));
            if (points.Count == WorkoutPart.MostPoints || !TryReadTime(clock, table, out var stamp)
                || double.IsNaN(average) && double.IsNaN(lower) && double.IsNaN(upper))
                _dropped++;
            else points.Add(stamp.At, average, lower, upper);
        }
        return points.Finish(name, unit) is { } series ? new() { Activity = _name?.Activity, Series = series } : null;
    }

    WorkoutPart? ReadRoute(CsvTable table)
    {
        var (latitude, longitude, course) = (Angle("Latitude"), Angle("Longitude"), Angle("Course"));
        var (altitude, speed) = (Quantity("Altitude", "m"), Quantity("Speed", "m/s"));
        var (horizontal, vertical) = (Quantity("Horizontal Accuracy", "m"), Quantity("Vertical Accuracy", "m"));
        NoteUnknown(WorkoutParts.RoutePoint, _time);
        var points = new RoutePoints(0);
        var clock = new WallClock(_context);
        while (table.Read())
        {
            var (north, east, up) = (Of(latitude), Of(longitude), Of(altitude));
            if (points.Count == WorkoutPart.MostPoints || !TryReadTime(clock, table, out var stamp)
                || !HealthBounds.AllowsRoutePoint(north, east, double.IsNaN(up) ? null : up))
                _dropped++;
            else
                points.Add(
                    stamp.At, north, east, up, WorkoutParts.Measured(Of(speed)), WorkoutParts.Measured(Of(course)), WorkoutParts.Measured(Of(horizontal)),
                    WorkoutParts.Measured(Of(vertical)), double.NaN, double.NaN);
        }
        return points.Finish() is { } route ? new() { Activity = _name?.Activity, Route = route } : null;

        double Of((int Column, UnitConversion Conversion) quantity) =>
            Number(table, quantity.Column, quantity.Conversion);
    }

    bool TryReadTime(WallClock clock, CsvTable table, out Timestamp stamp) =>
        clock.TryRead(table[_time], out stamp, out _) && _context.Stamps.IsBelievable(stamp.At);

    /// <summary>A column in degrees, whatever it calls them.</summary>
    (int Column, UnitConversion Conversion) Angle(string label) => (ColumnOf(label), UnitConversion.Identity);

    /// <summary>A column of the route in our unit; a column whose unit is not known is left out, and told of.</summary>
    (int Column, UnitConversion Conversion) Quantity(string label, string unit)
    {
        var column = ColumnOf(label);
        if (column < 0 || _columns[column].Unit is not { Length: > 0 } sent) return (column, UnitConversion.Identity);
        if (Units.TryGetConversion(sent, unit, out var conversion)) return (column, conversion);
        _context.Drift.Note(DriftKind.Unit, $"{WorkoutParts.RoutePoint}.{label}", sent);
        _context.Batches.Warn(
            SectionName.Workouts, -1, WarningCodes.UnknownUnit,
            $"The unit '{sent}' of {label} cannot be converted; the column is kept with the payload, unread", label);
        return (-1, UnitConversion.Identity);
    }

    /// <summary>Counts the columns that have no meaning here.</summary>
    void NoteUnknown(string itemType, int own)
    {
        var item = _context.Drift.NextItem();
        for (var column = 0; column < _columns.Length; column++)
            if (column != own && column != _time && !s_known.Contains(_columns[column].Label, StringComparer.OrdinalIgnoreCase))
                _context.Drift.NoteField(itemType, _columns[column].Label, item);
    }

    static double Number(CsvTable table, int column, UnitConversion conversion) =>
        column >= 0 && table.TryGetNumber(column, out var number)
        && conversion.Apply(number) is var converted && double.IsFinite(converted)
            ? converted : double.NaN;

    int ColumnOf(string label) =>
        Array.FindIndex(_columns, column => column.Label.Equals(label, StringComparison.OrdinalIgnoreCase));
}
