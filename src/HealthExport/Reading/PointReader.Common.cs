using System.Buffers;
using System.Runtime.CompilerServices;
using HealthExport.Catalogue;

namespace HealthExport.Reading;

// The shortcut: nearly all points are flat objects of a few known fields, without escapes, nulls or exponents. Such a
// point is a quarter of the work for a scanner that knows what to expect. It takes a strict subset of JSON; whatever
// else comes, the tokeniser reads from the same place.
sealed partial class PointReader
{
    static readonly SearchValues<byte> EndsOrSpoilsText =
        SearchValues.Create([.. Enumerable.Range(0, 0x20).Select(b => (byte)b), (byte)'"', (byte)'\\']);

    /// <summary>Reads the points that follow another one, as long as they are of the common kind.</summary>
    /// <param name="position">Right behind a point.</param>
    /// <returns>The place right behind the last point that was read.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    int ReadCommon(ReadOnlySpan<byte> window, int position)
    {
        while (!_batches.IsFull)
        {
            var at = SkipBlank(window, position);
            if (at >= window.Length || window[at] != ',') return position;
            at = SkipBlank(window, at + 1);
            var start = at;
            if (!TryReadCommonFields(window, ref at)) return position;
            Finish(window, start, at);
            _index++;
            position = at;
        }
        return position;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    bool TryReadCommonFields(ReadOnlySpan<byte> window, ref int position)
    {
        var at = position;
        if (at >= window.Length || window[at] != '{') return false;
        Reset();
        do
        {
            at = SkipBlank(window, at + 1);
            if (at >= window.Length || window[at] != '"') return false;
            var name = ++at;
            while (at < window.Length && window[at] != '"') at++;
            if (at >= window.Length) return false;
            var field = PointField.Find(window[name..at]);
            at = SkipBlank(window, at + 1);
            if (at >= window.Length || window[at] != ':') return false;
            at = SkipBlank(window, at + 1);
            if (at >= window.Length) return false;
            var isTaken = field switch
            {
                PointField.Kind.Date => TryTakeCommon(window, ref at, ref _date, name),
                PointField.Kind.Source => TryTakeCommon(window, ref at, ref _source, name),
                PointField.Kind.Min => TryTakeCommon(window, ref at, ref _min, name),
                PointField.Kind.Max => TryTakeCommon(window, ref at, ref _max, name),
                PointField.Kind.Value => TryTakeCommon(window, ref at, ref _value, name),
                PointField.Kind.Systolic when _shape == MetricShape.BloodPressure =>
                    TryTakeCommon(window, ref at, ref _value, name),
                PointField.Kind.Diastolic when _shape == MetricShape.BloodPressure =>
                    TryTakeCommon(window, ref at, ref _second, name),
                PointField.Kind.Start => TryTakeCommon(window, ref at, ref _start, name),
                PointField.Kind.End => TryTakeCommon(window, ref at, ref _endAt, name),
                PointField.Kind.Units => TryTakeCommon(window, ref at, ref _units, name),
                _ => false,
            };
            if (!isTaken) return false;
            at = SkipBlank(window, at);
            if (at >= window.Length) return false;
        }
        while (window[at] == ',');
        if (window[at] != '}') return false;
        position = at + 1;
        return true;
    }

    static bool TryTakeCommon(ReadOnlySpan<byte> window, ref int position, ref TextField field, int name)
    {
        if (window[position] != '"') return false;
        var start = position + 1;
        var length = window[start..].IndexOfAny(EndsOrSpoilsText);
        if (length < 0 || window[start + length] != '"') return false;
        field = new() { State = FieldState.Good, Name = name, Start = start, Length = length };
        position = start + length + 1;
        return true;
    }

    static bool TryTakeCommon(ReadOnlySpan<byte> window, ref int position, ref NumberField field, int name)
    {
        var at = position;
        if (window[at] == '-') at++;
        var first = at;
        while (at < window.Length && char.IsAsciiDigit((char)window[at])) at++;
        if (at == first || (at > first + 1 && window[first] == '0')) return false;
        if (at < window.Length && window[at] == '.')
        {
            var point = at++;
            while (at < window.Length && char.IsAsciiDigit((char)window[at])) at++;
            if (at == point + 1) return false;
        }
        // What ends the number must be there: more digits or an exponent could follow.
        if (at >= window.Length || window[at] is (byte)'e' or (byte)'E'
            || !Numbers.TryParse(window[position..at], out var value))
            return false;
        field = new() { State = FieldState.Good, Value = value, Name = name, Start = position, End = at };
        position = at;
        return true;
    }

    static bool IsBlank(byte b) => b is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t';

    static int SkipBlank(ReadOnlySpan<byte> window, int position)
    {
        while (position < window.Length && IsBlank(window[position])) position++;
        return position;
    }
}
