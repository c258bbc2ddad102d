using System.Text;
using System.Text.Json;
using HealthExport.Catalogue;
using HealthExport.Samples;
using HealthExport.Time;

namespace HealthExport.Reading;

/// <summary>
/// Reads the points of one metric's <c>data</c> array straight from the tokeniser into rows. The hot path of the whole
/// server: it allocates nothing for a common point.
/// </summary>
sealed partial class PointReader
{
    /// <summary>Why <see cref="Read"/> came back.</summary>
    public enum Pause { BatchIsFull, ArrayEnded, Cut }

    /// <summary>A number of a point: where it stands, and what it is.</summary>
    struct NumberField
    {
        public FieldState State;
        public double Value;
        public int Name;
        public int Start;
        public int End;
    }

    /// <summary>A text of a point: its bytes between the quotes.</summary>
    struct TextField
    {
        public FieldState State;
        public int Name;
        public int Start;
        public int Length;
    }

    enum FieldState : byte { Absent, Good, Bad }

    readonly record struct ExtraField(int Name, int NameEnd, int Start, int End);

    /// <summary>No point has a thousandth of them; they are kept with the row as one text.</summary>
    const int MostExtras = 10_000;

    readonly JsonCursor _cursor;
    readonly ReadContext _context;
    readonly BatchBuilder _batches;
    readonly StampReader _stamps;
    readonly PointTargets _targets;
    readonly PointTargets.Target _main;
    readonly MetricArray _array;
    readonly MetricShape _shape;
    readonly byte[] _unit;
    readonly bool _guardsBuckets;
    readonly Instant _firstBucket;
    readonly List<ExtraField> _extras = [];
    bool _hasTooManyExtras;
    int _index;

    NumberField _value;
    NumberField _second;
    NumberField _min;
    NumberField _max;
    TextField _date;
    TextField _start;
    TextField _endAt;
    TextField _source;
    TextField _units;

    /// <param name="earliest">The array's smallest stamp; needed only for buckets.</param>
    public PointReader(JsonCursor cursor, ReadContext context, PointTargets targets, Timestamp? earliest)
    {
        _cursor = cursor;
        _context = context;
        _batches = context.Batches;
        _stamps = context.Stamps;
        _targets = targets;
        _main = targets.Main;
        _array = _main.Rows.Array;
        _shape = targets.Shape;
        _unit = Encoding.UTF8.GetBytes(targets.Unit);
        _guardsBuckets = _array.Grain > Grain.Sample && _array.Metric.Kind == MetricKind.Cumulative;
        _firstBucket = _guardsBuckets && context.Period.IsSinceLastSync && earliest is { } stamp
            ? _main.Rows.KeyOf(stamp)
            : Instant.None;
    }

    /// <summary>Whether the array held anything so far.</summary>
    public bool HasItems => _index > 0;

    /// <summary>Reads on until there is a batch to hand out, or the array ends, or the payload does.</summary>
    public Pause Read()
    {
        while (true)
        {
            if (_cursor.IsCut) return Pause.Cut;
            if (_batches.IsFull) return Pause.BatchIsFull;
            if (ReadWindow()) return Pause.ArrayEnded;
            if (!_cursor.IsCut && !_batches.IsFull) _cursor.Refill();
        }
    }

    /// <summary>Reads the points that are whole in the window.</summary>
    /// <returns>True when the array ended.</returns>
    bool ReadWindow()
    {
        var reader = _cursor.Open();
        var window = _cursor.Unread;
        var done = 0;
        var state = reader.CurrentState;
        try
        {
            while (!_batches.IsFull && reader.Read())
            {
                var start = (int)reader.TokenStartIndex;
                var token = reader.TokenType;
                if (token == JsonTokenType.EndArray)
                {
                    _cursor.Take(ref reader);
                    return true;
                }
                if (token == JsonTokenType.StartObject)
                {
                    if (!ReadFields(ref reader)) break;
                    Finish(window, start, (int)reader.BytesConsumed);
                }
                else
                {
                    if (!reader.TrySkip()) break;
                    _array.HasUnplacedItems = true;
                    _context.RejectUnreadable(
                        _targets.ItemType, _index, window[start..(int)reader.BytesConsumed], "an object");
                }
                _index++;
                done = (int)reader.BytesConsumed;
                state = reader.CurrentState;
                var behind = ReadCommon(window, done);
                if (behind == done) continue;
                _cursor.Take(behind, state);
                reader = _cursor.Open();
                window = _cursor.Unread;
                done = 0;
            }
        }
        catch (JsonException)
        {
            _cursor.Cut(ref reader);
            return false;
        }
        _cursor.Take(done, state);
        return false;
    }

    /// <summary>Notes where each field of the point stands.</summary>
    /// <returns>False when the window ends within the point.</returns>
    bool ReadFields(ref Utf8JsonReader reader)
    {
        Reset();
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.EndObject) return true;
            var name = (int)reader.TokenStartIndex + 1;
            var nameEnd = name + reader.ValueSpan.Length;
            var field = PointField.Find(reader.ValueIsEscaped
                ? Encoding.UTF8.GetBytes(JsonText.Decode(reader.ValueSpan))
                : reader.ValueSpan);
            if (!reader.Read()) return false;
            var isTaken = field switch
            {
                PointField.Kind.Date => TakeText(ref reader, ref _date, name),
                PointField.Kind.Source => TakeText(ref reader, ref _source, name),
                PointField.Kind.Min => TakeNumber(ref reader, ref _min, name),
                PointField.Kind.Max => TakeNumber(ref reader, ref _max, name),
                PointField.Kind.Value => TakeNumber(ref reader, ref _value, name),
                PointField.Kind.Systolic when _shape == MetricShape.BloodPressure =>
                    TakeNumber(ref reader, ref _value, name),
                PointField.Kind.Diastolic when _shape == MetricShape.BloodPressure =>
                    TakeNumber(ref reader, ref _second, name),
                PointField.Kind.Start => TakeText(ref reader, ref _start, name),
                PointField.Kind.End => TakeText(ref reader, ref _endAt, name),
                PointField.Kind.Units => TakeText(ref reader, ref _units, name),
                _ => false,
            };
            if (isTaken) continue;
            var start = (int)reader.TokenStartIndex;
            if (!reader.TrySkip()) return false;
            TakeExtra(new(name, nameEnd, start, (int)reader.BytesConsumed), field, reader.TokenType);
        }
        return false;
    }

    void Reset()
    {
        _value.State = _second.State = _min.State = _max.State = FieldState.Absent;
        _date.State = _start.State = _endAt.State = _source.State = _units.State = FieldState.Absent;
        if (_extras.Count == 0) return;
        _extras.Clear();
        _hasTooManyExtras = false;
    }

    static bool TakeNumber(ref Utf8JsonReader reader, ref NumberField field, int name)
    {
        if (reader.TokenType == JsonTokenType.Number)
            field.State = Numbers.TryParse(reader.ValueSpan, out field.Value) ? FieldState.Good : FieldState.Bad;
        else if (reader.TokenType == JsonTokenType.String)
        {
            var text = reader.ValueIsEscaped
                ? Encoding.UTF8.GetBytes(JsonText.Decode(reader.ValueSpan))
                : reader.ValueSpan;
            field.State = Numbers.TryParse(text, out field.Value) ? FieldState.Good : FieldState.Bad;
        }
        else if (reader.TokenType == JsonTokenType.Null)
        {
            field.State = FieldState.Absent;
            return true;
        }
        else
        {
            field.State = FieldState.Bad;
            if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray) return false;
        }
        field.Name = name;
        field.Start = (int)reader.TokenStartIndex;
        field.End = (int)reader.BytesConsumed;
        return true;
    }

    static bool TakeText(ref Utf8JsonReader reader, ref TextField field, int name)
    {
        if (reader.TokenType == JsonTokenType.Null)
        {
            field.State = FieldState.Absent;
            return true;
        }
        if (reader.TokenType != JsonTokenType.String) return false;
        field.State = FieldState.Good;
        field.Name = name;
        field.Start = (int)reader.TokenStartIndex + 1;
        field.Length = reader.ValueSpan.Length;
        return true;
    }

    /// <summary>Keeps a field that is no part of the row, or one that is but holds what it should not.</summary>
    void TakeExtra(ExtraField extra, PointField.Kind field, JsonTokenType token)
    {
        switch (field)
        {
            case PointField.Kind.Date:
                var length = extra.End - extra.Start;
                _date = new() { State = FieldState.Bad, Name = extra.Name, Start = extra.Start, Length = length };
                return;
            case PointField.Kind.Value: Spoil(ref _value); return;
            case PointField.Kind.Min: Spoil(ref _min); return;
            case PointField.Kind.Max: Spoil(ref _max); return;
            case PointField.Kind.Systolic when _shape == MetricShape.BloodPressure: Spoil(ref _value); return;
            case PointField.Kind.Diastolic when _shape == MetricShape.BloodPressure: Spoil(ref _second); return;
        }
        if (token == JsonTokenType.Null) return;
        if (_extras.Count < MostExtras) _extras.Add(extra);
        else _hasTooManyExtras = true;

        void Spoil(ref NumberField number) =>
            number = new() { State = FieldState.Bad, Name = extra.Name, Start = extra.Start, End = extra.End };
    }
}
