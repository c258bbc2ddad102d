using System.Text;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using HealthExport.Catalogue;
using HealthExport.Samples;
using HealthExport.Time;

namespace HealthExport.Reading;

// The other half: what the fields of one point mean.
sealed partial class PointReader
{
    readonly StringBuilder _extraText = new();
    string? _lastExtra;

    // Beyond so many names a list is no place to look for one.
    const int MostExtraNames = 32;
    readonly List<(byte[] Name, DriftNotes.Tally? Tally)> _extraNames = [];
    int _otherUnits;

    /// <summary>Makes the rows of the point whose fields were just noted, or rejects it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    void Finish(ReadOnlySpan<byte> window, int start, int end)
    {
        var target = _main;
        if (_units.State == FieldState.Good && _units.Length > 0 && !Raw(window, _units).SequenceEqual(_unit))
        {
            var unit = JsonText.Decode(Raw(window, _units));
            target = _targets.Get(unit);
            _targets.Note(unit, 1);
            _otherUnits++;
        }

        var row = new Sample
        {
            Value = double.NaN,
            Min = double.NaN,
            Max = double.NaN,
            EndAt = Instant.None,
            ItemIndex = _index,
        };
        var diastolic = double.NaN;
        Fault? fault = end - start > Item.LongestBytes ? Fault.TooLong(end - start) : null;
        if (_shape == MetricShape.SexualActivity) SumParts(window);
        CheckNumbers(window, target, ref row, ref diastolic, ref fault);
        var isPlaced = TryPlace(window, target.Rows, ref row, ref fault);
        if (!isPlaced) _array.HasUnplacedItems = true;
        else if (_array.ListsEveryBucket) _array.Starts.Add(row.StartAt);
        if (_hasTooManyExtras)
            fault = Fault.Unreadable($"The item has more than {MostExtras} fields that are not known");
        if (fault is { } found)
        {
            if (_extras.Count > 0) CountExtras(window);
            _batches.Reject(_targets.ItemType, _index, found, window[start..end]);
            return;
        }

        if (_source.State == FieldState.Good) row.Source = _context.Sources.Get(Raw(window, _source));
        row.SentUnit = target.Rows.SentUnit;
        if (_guardsBuckets) row.MayNotShrink = _context.Period.MayCut(_array, row, _firstBucket);
        if (_extras.Count > 0)
        {
            CountExtras(window);
            row.Extra = MakeExtra(window);
        }
        if (row.Extra is null) _batches.Count();
        else _batches.Count(2 * row.Extra.Length);
        target.Rows.WarnIfSuspicious(row);
        target.Rows.Add(row);
        if (target.Diastolic is not { } second) return;
        row.Value = diastolic;
        row.Extra = null;
        row.SentUnit = second.SentUnit;
        second.WarnIfSuspicious(row);
        second.Add(row);
    }

    void CheckNumbers(
        ReadOnlySpan<byte> window, PointTargets.Target target, ref Sample row, ref double diastolic, ref Fault? fault)
    {
        var rows = target.Rows;
        if (_value.State == FieldState.Good)
        {
            row.Value = _value.Value;
            if (!rows.TryConvert(ref row.Value)) fault = rows.Refuse(Name(window, _value), row.Value);
        }
        if (_min.State == FieldState.Good)
        {
            row.Min = _min.Value;
            if (!rows.TryConvert(ref row.Min)) fault ??= rows.Refuse(Name(window, _min), row.Min);
        }
        if (_max.State == FieldState.Good)
        {
            row.Max = _max.Value;
            if (!rows.TryConvert(ref row.Max)) fault ??= rows.Refuse(Name(window, _max), row.Max);
        }
        if (target.Diastolic is { } second && _second.State == FieldState.Good)
        {
            diastolic = _second.Value;
            if (!second.TryConvert(ref diastolic)) fault ??= second.Refuse(Name(window, _second), diastolic);
        }
        if ((_value.State | _min.State | _max.State | _second.State) != FieldState.Good
            || _shape == MetricShape.BloodPressure)
            fault = CheckPresence(window) ?? fault;
    }

    Fault? CheckPresence(ReadOnlySpan<byte> window)
    {
        foreach (var field in (ReadOnlySpan<NumberField>)[_value, _min, _max, _second])
        {
            if (field.State == FieldState.Bad)
                return Fault.NotANumber(Name(window, field), Encoding.UTF8.GetString(window[field.Start..field.End]));
        }
        if (_shape == MetricShape.BloodPressure)
        {
            return _value.State == FieldState.Absent ? Fault.Missing("systolic is missing", "systolic")
                : _second.State == FieldState.Absent ? Fault.Missing("diastolic is missing", "diastolic")
                : null;
        }
        return _value.State == FieldState.Good || _min.State == FieldState.Good || _max.State == FieldState.Good
            ? null
            : Fault.Missing(
                _shape == MetricShape.SexualActivity ? "No count was sent"
                    : "No value was sent: neither qty nor Min, Avg or Max");
    }

    /// <summary>Finds the row's time.</summary>
    /// <returns>False when it has none that can be believed.</returns>
    bool TryPlace(ReadOnlySpan<byte> window, MetricRows rows, ref Sample row, ref Fault? fault)
    {
        var field = _date.State == FieldState.Absent && _start.State == FieldState.Good ? _start : _date;
        if (field.State == FieldState.Absent)
        {
            fault ??= Fault.NoDate("date");
            return false;
        }
        var text = Raw(window, field);
        var lacksZone = false;
        if (field.State == FieldState.Bad || !_stamps.TryRead(text, out var stamp, out lacksZone))
        {
            fault ??= Fault.UnreadableDate(Name(window, field.Name), JsonText.Decode(text), lacksZone);
            return false;
        }
        if (!_stamps.IsBelievable(stamp.At))
        {
            fault ??= Fault.DateOutOfRange(Name(window, field.Name), JsonText.Decode(text));
            return false;
        }
        row.StartAt = rows.KeyOf(stamp);
        row.OffsetMinutes = stamp.OffsetMinutes;
        if (_start.State == FieldState.Good && field.Start != _start.Start && !Raw(window, _start).SequenceEqual(text)
            && !(_stamps.TryRead(Raw(window, _start), out var begin, out _) && begin.At == stamp.At))
            KeepAsExtra(window, _start);
        if (_endAt.State != FieldState.Good) return true;
        if (!_stamps.TryRead(Raw(window, _endAt), out var end, out _) || !_stamps.IsBelievable(end.At))
            KeepAsExtra(window, _endAt);
        else if (end.At < stamp.At) fault ??= Fault.EndBeforeStart(Name(window, _endAt.Name));
        else row.EndAt = end.At;
        return true;
    }

    /// <summary>The value of sexual activity is the sum of what is counted under names with spaces.</summary>
    void SumParts(ReadOnlySpan<byte> window)
    {
        if (_value.State == FieldState.Good) return;
        for (var i = 0; i < _extras.Count; i++)
        {
            var part = _extras[i];
            if (ComesAgain(window, i)) continue;
            if (window[part.Start] == '"' || !Numbers.TryParse(window[part.Start..part.End], out var count)) continue;
            if (_value.State != FieldState.Good)
                _value = new() { State = FieldState.Good, Name = part.Name, Start = part.Start, End = part.End };
            _value.Value += count;
        }
    }

    /// <summary>Whether a later field has the same name; the last one counts.</summary>
    bool ComesAgain(ReadOnlySpan<byte> window, int index)
    {
        var name = window[_extras[index].Name.._extras[index].NameEnd];
        // Beyond some fields nobody wrote this by hand, and comparing all with all would be quadratic.
        if (_extras.Count > 64) return false;
        for (var later = index + 1; later < _extras.Count; later++)
            if (name.SequenceEqual(window[_extras[later].Name.._extras[later].NameEnd])) return true;
        return false;
    }

    void KeepAsExtra(ReadOnlySpan<byte> window, TextField field) => _extras.Add(new(
        field.Name, NameEnd(window, field.Name), field.Start - 1, field.Start + field.Length + 1));

    /// <summary>Counts the fields that are no part of the row, by name.</summary>
    void CountExtras(ReadOnlySpan<byte> window)
    {
        var item = _context.Drift.NextItem();
        foreach (var extra in _extras) CountExtra(window[extra.Name..extra.NameEnd], item);
    }

    void CountExtra(ReadOnlySpan<byte> name, long item)
    {
        foreach (var (known, tally) in CollectionsMarshal.AsSpan(_extraNames))
        {
            if (!name.SequenceEqual(known)) continue;
            tally?.Add(item);
            return;
        }
        var found = FindTally(name);
        if (_extraNames.Count < MostExtraNames) _extraNames.Add((name.ToArray(), found));
        found?.Add(item);
    }

    DriftNotes.Tally? FindTally(ReadOnlySpan<byte> name)
    {
        var text = JsonText.Decode(name);
        // What the row takes stays beside it where it does not say what it should.
        return PointField.Find(Encoding.UTF8.GetBytes(text))
            is PointField.Kind.None or PointField.Kind.Systolic or PointField.Kind.Diastolic
                ? _targets.FindField(text) : null;
    }

    /// <summary>Notes the metric and the unit of the array's items, if they are not known. Once, behind the last.
    /// </summary>
    public void NoteDrift() => _targets.Note(_targets.Unit, _index - _otherUnits);

    string MakeExtra(ReadOnlySpan<byte> window)
    {
        _extraText.Clear().Append('{');
        for (var i = 0; i < _extras.Count; i++)
        {
            var extra = _extras[i];
            if (ComesAgain(window, i)) continue;
            if (_extraText.Length > 1) _extraText.Append(',');
            _extraText.Append('"').Append(Encoding.UTF8.GetString(window[extra.Name..extra.NameEnd])).Append("\":");
            JsonText.AppendCompact(_extraText, window[extra.Start..extra.End]);
        }
        _extraText.Append('}');
        if (_lastExtra is null || !_extraText.Equals(_lastExtra)) _lastExtra = _extraText.ToString();
        return _lastExtra;
    }

    static ReadOnlySpan<byte> Raw(ReadOnlySpan<byte> window, in TextField field) =>
        window.Slice(field.Start, field.Length);

    static string Name(ReadOnlySpan<byte> window, in NumberField field) => Name(window, field.Name);

    static string Name(ReadOnlySpan<byte> window, int start) => JsonText.Decode(window[start..NameEnd(window, start)]);

    // The name was tokenised: its closing quote is the first that no backslash precedes.
    static int NameEnd(ReadOnlySpan<byte> window, int start)
    {
        var end = start;
        while (window[end] != '"') end += window[end] == '\\' ? 2 : 1;
        return end;
    }
}
