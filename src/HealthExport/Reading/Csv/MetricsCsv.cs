using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using HealthExport.Catalogue;
using HealthExport.Drift;
using HealthExport.Pushes;
using HealthExport.Samples;
using HealthExport.Time;

namespace HealthExport.Reading.Csv;

/// <summary>
/// Reads the wide file of metrics: one row a bucket, one column a metric or a part of one; a filled cell is an item.
/// The app names no sources in it, so its rows are buckets of a minute at least: beside samples of the same time, sent
/// as JSON, they count nothing twice. Columns that are not known are drift.
/// </summary>
sealed class MetricsCsv
{
    enum Field : byte { Value, Min, Max }

    /// <param name="Part">Its name, of a metric whose parts are kept beside their sum; else null.</param>
    readonly record struct Cell(int Column, Field Field, string? Part);

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

        /// <summary>The first bucket of a push that may have cut it; none of others.</summary>
        public Instant FirstBucket { get; set; } = Instant.None;
    }

    static readonly JsonWriterOptions s_plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    readonly ReadContext _context;
    readonly Func<CsvTable> _open;
    readonly string[] _heading;
    readonly List<Group> _groups = [];
    readonly StampPattern _stamps = new();
    readonly int _time;
    readonly int _source;
    readonly List<int> _unknown = [];
    readonly DriftNotes.Tally?[] _tallies;
    bool _isOnWallClock = true;

    /// <param name="open">Opens the table from its beginning; called twice.</param>
    public MetricsCsv(ReadContext context, string[] heading, Func<CsvTable> open)
    {
        _context = context;
        _open = open;
        _heading = heading;
        _time = CsvColumn.FindTime(heading);
        _source = Array.FindIndex(heading, name => name.Equals("Source", StringComparison.OrdinalIgnoreCase));
        _tallies = new DriftNotes.Tally?[heading.Length];
        for (var i = 0; i < _heading.Length; i++)
        {
            if (i == _time || i == _source) continue;
            var column = CsvColumn.Parse(_heading[i]);
            if (IsOfMetric(column)) Place(column, i);
            else _unknown.Add(i);
        }
    }

    /// <summary>Whether a heading is that of such a file: it has times, and a metric.</summary>
    public static bool Is(string[] heading)
    {
        var columns = Array.ConvertAll(heading, CsvColumn.Parse);
        return CsvColumn.FindTime(heading) >= 0 && Array.Exists(columns, IsOfMetric)
            // Columns of one workout's heart rate, which do not say what they are of.
            && !Array.Exists(columns, column => column.Label is "Min" or "Max" or "Avg");
    }

    static bool IsOfMetric(CsvColumn column) => column is { Label.Length: > 0, Unit.Length: > 0 };

    public IEnumerable<ReadBatch> ReadAll()
    {
        using (var table = _open())
        {
            var order = new WallClock(_context);
            while (table.Read())
            {
                if (!order.TryRead(table[_time], out var stamp, out _) || !_context.Stamps.IsBelievable(stamp.At))
                    continue;
                _stamps.Add(stamp, null);
                _isOnWallClock &= !WallClock.HasOffset(table[_time]);
            }
        }
        var grains = FindGrains();

        using var rows = _open();
        var clock = new WallClock(_context);
        while (rows.Read())
        {
            ReadRow(rows, clock, grains);
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
        var addsUp = isPart && MetricCatalogue.Find(column.Label)?.Shape is MetricShape.SexualActivity;
        var name = isPart && !addsUp ? $"{column.Label} {column.Part}" : column.Label;
        var group = _groups.Find(group => group.Name == name && group.Unit == column.Unit);
        if (group is null) _groups.Add(group = new(name, column.Unit));
        group.Cells.Add(new(index, field, addsUp ? column.Part : null));
    }

    /// <summary>What the rows are of metrics that add up, and of the others.</summary>
    (Grain OfSums, Grain OfMeasures) FindGrains()
    {
        if (_context.Aggregation.Explicit is { } named and > Grain.Sample)
        {
            if (_stamps.Bears(named)) return (named, named);
            if (_stamps.Count > 0)
                _context.Batches.Warn(
                    SectionName.Metrics, -1, WarningCodes.AggregationContradicted,
                    $"The stamps are not those of {_context.Push.Aggregation}; read as {_stamps.Infer()}");
        }
        var grain = _stamps.Infer();
        var isDoubtful = _stamps.IsLone
            && _context.Aggregation is { IsDefault: true } or { Explicit: Grain.Sample };
        if (grain <= Grain.Minute || !isDoubtful) return (grain, grain);
        // One row may be of any grain. A day's sum among its minutes would count twice, were it of one minute; what was
        // measured once may have been at midnight.
        return (grain == Grain.Day && _context.Aggregation.IsDefault ? Grain.Day : Grain.Minute, Grain.Minute);
    }

    void ReadRow(CsvTable table, WallClock clock, (Grain OfSums, Grain OfMeasures) grains)
    {
        var index = table.Count - 1;
        Fault? noTime = null;
        if (!clock.TryRead(table[_time], out var stamp, out var lacksZone))
            noTime = table[_time].IsEmpty ? Fault.NoDate(_heading[_time])
                : Fault.UnreadableDate(_heading[_time], table.GetText(_time), lacksZone);
        else if (!_context.Stamps.IsBelievable(stamp.At))
            noTime = Fault.DateOutOfRange(_heading[_time], table.GetText(_time));
        foreach (var group in _groups)
            ReadGroup(
                table, group, index, stamp, noTime,
                group.Known?.Kind == MetricKind.Cumulative ? grains.OfSums : grains.OfMeasures);
        if (_unknown.Count == 0) return;
        var item = _context.Drift.NextItem();
        foreach (var column in _unknown)
            if (!table[column].IsEmpty)
            {
                var tally = _tallies[column] ??=
                    _context.Drift.Find(DriftKind.Field, SectionName.Metrics, _heading[column]);
                tally?.Add(item);
            }
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
            if (group.Targets is null) Begin(group, grain);
            var targets = group.Targets!;
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
        if (_source >= 0) row.Source = SourceName.Normalise(table.GetText(_source));
        if (group.Cells[0].Part is not null) row.Extra = MakeParts(table, group);
        row.MayNotShrink = _context.Period.MayCut(rows.Array, row, group.FirstBucket);
        rows.WarnIfSuspicious(row);
        rows.Add(row);
    }

    void Begin(Group group, Grain grain)
    {
        group.Targets = new(_context, group.Known, group.Name, group.Unit, new(grain, false, false), _stamps.Count);
        foreach (var array in group.Targets.Arrays) array.IsOnWallClock = _isOnWallClock;
        if (_context.Period.IsSinceLastSync && _stamps.Count > 0)
            group.FirstBucket = MetricRows.KeyOf(_stamps.Earliest, grain);
    }

    /// <summary>The parts of a sum by their names, as JSON has them.</summary>
    static string MakeParts(CsvTable table, Group group)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, s_plain))
        {
            json.WriteStartObject();
            foreach (var cell in group.Cells)
                if (!table[cell.Column].IsEmpty && table.TryGetNumber(cell.Column, out var part)
                    && double.IsFinite(part))
                    json.WriteNumber(cell.Part!, part);
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
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
        using (var json = new Utf8JsonWriter(buffer, s_plain))
        {
            json.WriteStartObject();
            json.WriteString(_heading[_time], table.GetText(_time));
            json.WriteString(_heading[cell.Column], table.GetText(cell.Column));
            json.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }
}
