using HealthExport.Memory;
using HealthExport.Catalogue;
using HealthExport.Pushes;
using HealthExport.Samples;
using HealthExport.Time;

namespace HealthExport.Reading;

/// <summary>Makes the rows of one metric array: checks, converts, and puts them into pooled runs.</summary>
sealed class MetricRows
{
    const int FirstRun = 16;

    readonly BatchBuilder _batches;
    readonly UnitConversion _conversion;
    readonly double _lower;
    readonly double _upper;
    readonly bool _converts;
    readonly double _usualLower;
    readonly double _usualUpper;
    ReadBatch? _batch;
    SampleRun? _run;
    int _nextRun;

    /// <param name="sentUnit">The unit of the values to come, as sent.</param>
    /// <param name="expectedRows">How many rows are to come, if that is known.</param>
    public MetricRows(
        BatchBuilder batches, MetricArray array, UnitConversion conversion, string? sentUnit,
        long expectedRows = FirstRun)
    {
        _batches = batches;
        _conversion = conversion;
        _converts = !conversion.IsIdentity;
        _nextRun = (int)Math.Clamp(expectedRows, 1, batches.RowLimit);
        Array = array;
        SentUnit = _converts ? sentUnit : null;
        var bounds = array.Metric.Bounds;
        _lower = bounds.Lower;
        _upper = bounds.Basis == BoundsBasis.Day && array.Grain > Grain.Day ? double.PositiveInfinity : bounds.Upper;
        (_usualLower, _usualUpper, _) = array.Metric.Usual;
    }

    public MetricArray Array { get; }

    /// <summary>What to note on each row: null when the unit sent is the canonical one, in whatever spelling.</summary>
    public string? SentUnit { get; }

    /// <summary>Converts a value to the canonical unit.</summary>
    /// <returns>False when it is not finite or out of bounds; the value is converted all the same.</returns>
    public bool TryConvert(ref double value)
    {
        if (_converts) value = _conversion.Apply(value);
        return value >= _lower && value <= _upper && double.IsFinite(value);
    }

    /// <summary>What to say of a value that <see cref="TryConvert"/> refused.</summary>
    public Fault Refuse(string field, double value) => double.IsFinite(value)
        ? Fault.OutOfRange(field, value, Array.Metric.Unit, Array.Metric.Bounds, Array.Grain)
        : Fault.NotANumber(field, Fault.Text(value));

    /// <summary>Warns if one of the row's values is possible but rare.</summary>
    public void WarnIfSuspicious(in Sample row)
    {
        if (!IsSuspicious(row.Value) && !IsSuspicious(row.Min) && !IsSuspicious(row.Max)) return;
        if (!_batches.MayWarn) return;
        var metric = Array.Metric;
        var value = IsSuspicious(row.Value) ? row.Value : IsSuspicious(row.Min) ? row.Min : row.Max;
        var (than, bound) = value < _usualLower ? ("below", _usualLower) : ("above", _usualUpper);
        _batches.Warn(
            Array.ItemType, row.ItemIndex, WarningCodes.SuspiciousValue,
                $"{Fault.Text(value)} {metric.Unit} is rare: {metric.Name} is seldom {than} {Fault.Text(bound)}");
    }

    // NaN is never suspicious.
    bool IsSuspicious(double value) => value < _usualLower || value > _usualUpper;

    /// <summary>The key's time of a stamp, by the array's grain.</summary>
    public Instant KeyOf(in Timestamp stamp) => KeyOf(stamp, Array.Grain);

    public static Instant KeyOf(in Timestamp stamp, Grain grain)
    {
        if (grain == Grain.Sample) return stamp.At;
        var offset = stamp.OffsetMinutes * Instant.PerMinute;
        var local = new Instant(stamp.At.Microseconds + offset);
        return grain switch
        {
            Grain.Minute => new(local.FloorTo(Instant.PerMinute).Microseconds - offset),
            Grain.Hour => new(local.FloorTo(Instant.PerHour).Microseconds - offset),
            _ => local.FloorTo(Instant.PerDay),
        };
    }

    public void Add(in Sample row)
    {
        if (!ReferenceEquals(_batch, _batches.Batch) || _run!.Count == _run.Rows.Length) StartRun();
        _run!.Rows[_run.Count++] = row;
    }

    void StartRun()
    {
        _batch = _batches.Batch;
        _run = new() { Array = Array, Rows = BoundedPool<Sample>.Shared.Rent(_nextRun) };
        _nextRun = Math.Min(_nextRun * 8, _batches.RowLimit);
        _batches.Begin(_run);
    }
}
