using HealthExport.Samples;
using HealthExport.Time;

namespace HealthExport.Reading;

/// <summary>What the stamps of one array have in common, taken in one by one: enough to tell its grain.</summary>
sealed class StampPattern
{
    /// <summary>How round a stamp is on its own clock. Ordered.</summary>
    enum Roundness { None, Minute, Hour, Day, Month, Year }

    readonly long[] _counts = new long[6];
    readonly long[] _weekdays = new long[7];
    Roundness _first;
    Roundness _earliest;
    int _firstWeekday;
    Instant _last = Instant.None;
    string? _lastSource;
    bool _isOfSeveralSources;

    public long Count { get; private set; }

    /// <summary>Whether all stamps are one: it says little about the grain.</summary>
    public bool IsLone { get; private set; } = true;

    /// <summary>The smallest instant, with its offset.</summary>
    public Timestamp Earliest { get; private set; }

    /// <param name="source">Who measured it, normalised.</param>
    public void Add(in Timestamp stamp, string? source)
    {
        // A bucket is one, whoever fed it: two sources at one stamp are what they measured, not buckets.
        if (stamp.At != _last && Count > 0) IsLone = false;
        if (stamp.At == _last && source != _lastSource) _isOfSeveralSources = true;
        (_last, _lastSource) = (stamp.At, source);
        var local = stamp.At.Microseconds + stamp.OffsetMinutes * Instant.PerMinute;
        var roundness = RoundnessOf(local);
        var weekday = (int)((local / Instant.PerDay % 7 + 7) % 7);
        if (Count++ == 0) (_first, _firstWeekday) = (roundness, weekday);
        if (Count == 1 || stamp.At < Earliest.At) (Earliest, _earliest) = (stamp, roundness);
        _counts[(int)roundness]++;
        if (roundness >= Roundness.Day) _weekdays[weekday]++;
    }

    /// <summary>Whether the stamps, all but the first, are starts of buckets of a grain.</summary>
    public bool Bears(Grain grain)
    {
        var needed = grain switch
        {
            Grain.Sample => Roundness.None,
            Grain.Minute => Roundness.Minute,
            Grain.Hour => Roundness.Hour,
            Grain.Month => Roundness.Month,
            Grain.Year => Roundness.Year,
            _ => Roundness.Day,
        };
        long misses = 0;
        for (var roundness = Roundness.None; roundness < needed; roundness++) misses += _counts[(int)roundness];
        if (misses > 1 || (misses == 1 && _first >= needed && _earliest >= needed)) return false;
        return grain != Grain.Week || FallOnOneWeekday();
    }

    /// <summary>The grain that every stamp bears out: day, hour, minute or sample. Never coarser than a day.</summary>
    public Grain Infer() =>
        _counts[0] > 0 || Count == 0 || _isOfSeveralSources ? Grain.Sample
        : _counts[1] > 0 ? Grain.Minute
        : _counts[2] > 0 ? Grain.Hour
        : Grain.Day;

    bool FallOnOneWeekday()
    {
        var used = 0;
        for (var weekday = 0; weekday < 7; weekday++)
        {
            var count = _weekdays[weekday];
            if (weekday == _firstWeekday && _first >= Roundness.Day) count--;
            if (count > 0) used++;
        }
        return used <= 1;
    }

    static Roundness RoundnessOf(long local)
    {
        if (local % Instant.PerMinute != 0) return Roundness.None;
        if (local % Instant.PerHour != 0) return Roundness.Minute;
        if (local % Instant.PerDay != 0) return Roundness.Hour;
        var date = new Instant(local).DateAt(0);
        return date.Day != 1 ? Roundness.Day : date.Month != 1 ? Roundness.Month : Roundness.Year;
    }
}
