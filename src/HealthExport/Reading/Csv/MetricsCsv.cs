using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using HealthExport.Catalogue;
using HealthExport.Pushes;
using HealthExport.Samples;
using HealthExport.Time;

namespace HealthExport.Reading.Csv;

/// <summary>
/// Reads the wide file of metrics: one row a bucket, one column a metric or a part of one; every filled cell is an item.
/// The file names no sources, so its rows are buckets of a minute at least: beside samples of the same time, sent as
/// JSON, they count nothing twice.
/// </summary>
sealed class MetricsCsv
{
    enum Field : byte { Value, Min, Max }

    readonly record struct Cell(int Column, Field Field);

    /// <summary>Columns that make one row.</summary>
    sealed class Group(string name, string unit)
    {
        public string Name => name;
        public string Unit => unit;
        public Metric? Known { get; } = MetricCatalogue.Find(name);
        public List<Cell> Cells { get; } = [];

        /// <summary>How many cells were filled.</summary>
        public long Items { get; set; }

        /// <summary>Null as long as no cell is filled.</summary>
        public PointTargets? Targets { get; set; }
    }

    readonly ReadContext _context;
    readonly Func<CsvTable> _open;
    readonly string[] _heading;
    readonly List<Group> _groups = [];
    readonly StampPattern _stamps = new();
    Instant _firstBucket = Instant.None;
    bool _isOnWallClock = true;

    /// <param name="open">Opens the table from its beginning; called twice.</param>
    public MetricsCsv(ReadContext context, string[] heading, Func<CsvTable> open)
    {
        _context = context;
        _open = open;
        _heading = heading;
        for (var i = 1; i < _heading.Length; i++) Place(CsvColumn.Parse(_heading[i]), i);
    }

    /// <summary>Whether a heading is that of such a file.</summary>
    public static bool Is(string[] heading) =>
        heading is ["Date/Time" or "Date", _, ..]
        && heading.Skip(1).All(name => CsvColumn.Parse(name) is { Label.Length: > 0, Unit.Length: > 0 })
        // Those of one workout say who measured; so this is not one of them.
        && !heading.Contains("Source");

    public IEnumerable<ReadBatch> ReadAll()
    {
        using (var table = _open())
        {
            var order = new WallClock(_context);
            while (table.Read())
            {
                if (!order.TryRead(table[0], out var stamp, out _) || !_context.Stamps.IsBelievable(stamp.At)) continue;
                _stamps.Add(stamp, null);
                _isOnWallClock &= !WallClock.HasOffset(table[0]);
            }
        }
        var grain = FindGrain();
        if (_context.Period.IsSinceLastSync && _stamps.Count > 0) _firstBucket = MetricRows.KeyOf(_stamps.Earliest, grain);

        using var rows = _open();
        var clock = new WallClock(_context);
        while (rows.Read())
        {
            ReadRow(rows, clock, grain);
            if (_context.Batches.IsFull) yield return _context.Batches.Take();
        }
        rows.RejectRest(_context.Batches, SectionName.Metrics);
        foreach (var group in _groups) group.Targets?.Note(group.Unit, group.Items);
    }

    void Place(CsvColumn column, int index)
    {
        var field = column.Part switch { "Min" => Field.Min, "Max" => Field.Max, _ => Field.Value };
        // Parts that are amounts of their own are metrics of their own, or add up to one.
        var isPart = column.Part is not ("" or "Min" or "Max" or "Avg");
        var name = isPart && MetricCatalogue.Find(column.Label)?.Shape is not MetricShape.SexualActivity
            ? $"{column.Label} {column.Part}" : column.Label;
        var group = _groups.Find(group => group.Name == name && group.Unit == column.Unit);
        if (group is null) _groups.Add(group = new(name, column.Unit));
        group.Cells.Add(new(index, field));
    }

    Grain FindGrain()
    {
        if (_context.Aggregation.Explicit is { } named and > Grain.Sample)
        {
            if (_stamps.Bears(named)) return named;
            if (_stamps.Count > 0)
                _context.Batches.Warn(
                    SectionName.Metrics, -1, WarningCodes.AggregationContradicted,
                    $"The stamps are not those of {_context.Push.Aggregation}; read as {_stamps.Infer()}");
        }
        var grain = _stamps.Infer();
        return grain > Grain.Minute && _stamps.IsLone && _context.Aggregation.IsDefault ? Grain.Minute : grain;
    }

    void ReadRow(CsvTable table, WallClock clock, Grain grain)
    {
        var index = table.Count - 1;
        Fault? noTime = null;
        if (!clock.TryRead(table[0], out var stamp, out var lacksZone))
            noTime = table[0].IsEmpty ? Fault.NoDate(_heading[0])
                : Fault.UnreadableDate(_heading[0], table.GetText(0), lacksZone);
        else if (!_context.Stamps.IsBelievable(stamp.At))
            noTime = Fault.DateOutOfRange(_heading[0], table.GetText(0));
        foreach (var group in _groups) ReadGroup(table, group, index, stamp, noTime, grain);
    }

    void ReadGroup(CsvTable table, Group group, int index, in Timestamp stamp, Fault? noTime, Grain grain)
    {
        var row = new Sample
        {
            Value = double.NaN, Min = double.NaN, Max = double.NaN, EndAt = Instant.None, ItemIndex = index,
        };
        var good = 0;
        foreach (var cell in group.Cells)
        {
            if (table[cell.Column].IsEmpty) continue;
            var targets = group.Targets ??= MakeTargets(group, grain);
            group.Items++;
            if (noTime is { } fault || IsBad(table, targets.Main.Rows, cell, ref row, out fault))
            {
                _context.Batches.Reject(targets.ItemType, index, fault, AsItem(table, cell));
                continue;
            }
            good++;
            _context.Batches.Count();
        }
        if (good == 0) return;
        var rows = group.Targets!.Main.Rows;
        row.FurtherItems = (byte)(good - 1);
        row.StartAt = rows.KeyOf(stamp);
        row.OffsetMinutes = stamp.OffsetMinutes;
        row.SentUnit = rows.SentUnit;
        row.MayNotShrink = _context.Period.MayCut(rows.Array, row, _firstBucket);
        rows.WarnIfSuspicious(row);
        rows.Add(row);
    }

    PointTargets MakeTargets(Group group, Grain grain)
    {
        var targets = new PointTargets(
            _context, group.Known, group.Name, group.Unit, new(grain, false, false), _stamps.Count);
        foreach (var array in targets.Arrays) array.IsOnWallClock = _isOnWallClock;
        return targets;
    }

    bool IsBad(CsvTable table, MetricRows rows, Cell cell, ref Sample row, out Fault fault)
    {
        fault = default;
        if (!table.TryGetNumber(cell.Column, out var value))
        {
            fault = Fault.NotANumber(_heading[cell.Column], table.GetText(cell.Column));
            return true;
        }
        if (!rows.TryConvert(ref value))
        {
            fault = rows.Refuse(_heading[cell.Column], value);
            return true;
        }
        switch (cell.Field)
        {
            case Field.Min: row.Min = value; break;
            case Field.Max: row.Max = value; break;
            // Parts that share a row add up.
            default: row.Value = double.IsNaN(row.Value) ? value : row.Value + value; break;
        }
        return false;
    }

    /// <summary>A cell as an object: when, and what under which heading.</summary>
    byte[] AsItem(CsvTable table, Cell cell)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteString(_heading[0], table.GetText(0));
            json.WriteString(_heading[cell.Column], table.GetText(cell.Column));
            json.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }
}
