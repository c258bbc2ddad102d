using HealthExport.Samples;
using HealthExport.Time;

namespace HealthExport.Pushes;

/// <summary>
/// The local days whose rows a push changes. Weeks, months and years are no part of a day. Not for concurrent use.
/// </summary>
sealed class ChangedDays
{
    readonly HashSet<(int MetricId, DateOnly Date)> _days = [];
    Series _series;

    // Local time, in microseconds, of the day added last: most rows fall on it.
    (long From, long To) _last;

    public IReadOnlyCollection<(int MetricId, DateOnly Date)> All => _days;

    /// <summary>Says what the next rows are of.</summary>
    public void Begin(Series series) => (_series, _last) = (series, default);

    public void Add(in Sample row)
    {
        if (_series.Grain > Grain.Day) return;
        var local = _series.Grain == Grain.Day
            ? row.StartAt.Microseconds
            : row.StartAt.Microseconds + row.OffsetMinutes * Instant.PerMinute;
        if (local >= _last.From && local < _last.To) return;
        var day = new Instant(local).FloorTo(Instant.PerDay);
        _last = (day.Microseconds, day.Microseconds + Instant.PerDay);
        _days.Add((_series.MetricId, day.DateAt(0)));
    }

    /// <summary>Every day that a row between two starts can be of, at whatever offset.</summary>
    public void Add(Series series, Instant first, Instant last)
    {
        if (series.Grain > Grain.Day) return;
        for (var (day, end) = (first.DateAt(0).AddDays(-1), last.DateAt(0).AddDays(1)); day <= end; day = day.AddDays(1))
            _days.Add((series.MetricId, day));
    }
}
