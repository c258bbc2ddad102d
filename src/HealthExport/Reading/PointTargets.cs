using HealthExport.Catalogue;
using HealthExport.Drift;
using HealthExport.Pushes;
using HealthExport.Samples;

namespace HealthExport.Reading;

/// <summary>Where the points of one metric array go: one metric for each unit that its points name.</summary>
sealed class PointTargets
{
    /// <summary>The rows of one unit. A blood pressure point makes a row in both.</summary>
    public readonly record struct Target(MetricRows Rows, MetricRows? Diastolic);

    readonly ReadContext _context;
    readonly Metric? _known;
    readonly string _name;
    readonly GrainDecision _grain;
    readonly long _expected;
    readonly int _ordinal;
    readonly Dictionary<string, Target> _byUnit = new(StringComparer.Ordinal);
    bool _hasWarnedOfUnit;

    /// <param name="known">Null for a name that the catalogue lacks.</param>
    /// <param name="name">The name as sent.</param>
    /// <param name="unit">The array's unit as sent; empty if none was.</param>
    public PointTargets(
        ReadContext context, Metric? known, string name, string unit, GrainDecision grain, long expected)
    {
        _context = context;
        _known = known;
        _name = known?.Name ?? MetricCatalogue.Normalise(name);
        ItemType = known is null ? MetricReader.ItemTypeOf(_name) : _name;
        _grain = grain;
        _expected = expected;
        _ordinal = ++context.Arrays;
        Unit = unit;
        Main = Get(unit);
        if (known is null && !KnownFields.IsMetric(_name) && context.Batches.MayWarn
            && Main.Rows.Array.Metric.FindFault() is null)
            context.Batches.Warn(
                ItemType, -1, WarningCodes.UnknownMetric,
                    $"The metric '{_name}' is not in the catalogue; its values are stored as sent");
    }

    public string ItemType { get; }
    public string Unit { get; }
    public MetricShape Shape => _known?.Shape ?? MetricShape.Plain;
    public Target Main { get; }

    /// <summary>The arrays that were made, the main one first.</summary>
    public IEnumerable<MetricArray> Arrays => _byUnit.Values.SelectMany<Target, MetricArray>(
        t => t.Diastolic is { } second ? [t.Rows.Array, second.Array] : [t.Rows.Array]);

    /// <summary>The rows for values of a unit, as sent.</summary>
    public Target Get(string unit)
    {
        if (_byUnit.TryGetValue(unit, out var target)) return target;
        target = _known?.Shape == MetricShape.BloodPressure
            ? new(Make(MetricCatalogue.Find("blood_pressure_systolic"), unit),
                Make(MetricCatalogue.Find("blood_pressure_diastolic"), unit))
            : new(Make(_known, unit), null);
        // Each unit an item names makes an array: a payload of a million units is no reason to hold them all.
        if (_byUnit.Count < 1000) _byUnit.Add(unit, target);
        return target;
    }

    /// <summary>Notes items of the array that the catalogue lacks the metric or the unit of.</summary>
    /// <param name="unit">That the items were sent in.</param>
    public void Note(string unit, long items)
    {
        if (_known is null)
        {
            if (!KnownFields.IsMetric(_name))
                _context.Drift.Note(DriftKind.Metric, SectionName.Metrics, _name, items);
        }
        else if (unit.Length > 0 && !_known.TryGetConversion(unit, out _) && _known.Shape != MetricShape.Sleep)
            _context.Drift.Note(DriftKind.Unit, _name, unit, items);
    }

    /// <summary>Where the items with a field are counted; null for one that is known.</summary>
    public DriftNotes.Tally? FindField(string name) =>
        KnownFields.IsOfPoint(_name, name) ? null : _context.Drift.Find(DriftKind.Field, _name, name);

    MetricRows Make(Metric? known, string unit)
    {
        var conversion = UnitConversion.Identity;
        var metric = known;
        if (known is null) metric = Metric.Unknown(_name, unit, MetricKind.Discrete);
        else if (!known.TryGetConversion(unit, out conversion))
        {
            metric = Metric.Unknown(known.Name, unit, known.Kind);
            if (metric.FindFault() is null) WarnOfUnit(known, unit);
        }
        var isComposite = _known?.Shape == MetricShape.BloodPressure;
        return new(_context.Batches, new()
        {
            Metric = metric!,
            Grain = _grain.Grain,
            ItemType = ItemType,
            Ordinal = _ordinal,
            IsComposite = isComposite,
            ListsEveryBucket = _grain.ListsEveryBucket && _byUnit.Count == 0,
            SaysFiguresOnly = _context.IsCsv,
        }, conversion, unit, _expected);
    }

    void WarnOfUnit(Metric known, string unit)
    {
        if (_hasWarnedOfUnit || known.Shape == MetricShape.Sleep) return;
        _hasWarnedOfUnit = true;
        _context.Batches.Warn(
            _name, -1, WarningCodes.UnknownUnit, unit.Length == 0
                ? $"No unit was sent; the values are stored apart from those in {known.Unit}"
                    : $"The unit '{unit}' cannot be converted to {known.Unit}; the values are stored apart, as sent");
    }
}
