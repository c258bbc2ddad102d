using HealthExport.Catalogue;
using HealthExport.Samples;
using HealthExport.Time;

namespace HealthExport.Totals;

/// <summary>Turns days of rows, in order, into the points of a series. Holds nothing but the open period.</summary>
sealed class SeriesBuilder(SeriesQuery query, LocalClock clock)
{
    readonly CumulativeTotals _totals =
        new(clock, query.Ranks ?? SourceRanks.Guessed, query.MergesSources && !query.BySource);
    readonly SortedDictionary<string, OpenPeriod> _open = new(StringComparer.Ordinal);
    DateOnly _firstDay;

    sealed class OpenPeriod
    {
        public required PeriodTotals Totals { get; init; }
        public int? Offset { get; set; }
    }

    /// <summary>Takes the next day.</summary>
    /// <returns>The points that are complete with it, in order.</returns>
    public IReadOnlyList<SeriesPoint> Add(DayRows day)
    {
        var points = new List<SeriesPoint>();
        if (query.Bucket > SeriesBucket.Day)
        {
            var firstDay = query.Bucket.FirstDay(day.Date);
            if (firstDay != _firstDay) ClosePeriods(points);
            _firstDay = firstDay;
        }
        foreach (var (source, rows) in query.BySource ? day.BySource() : new() { [""] = day })
        {
            if (query.Bucket == SeriesBucket.Hour) AddHours(rows, source, points);
            else if (query.Bucket == SeriesBucket.Day) AddDay(rows, source, points);
            else AddToPeriod(rows, source);
        }
        if (query.Bucket == SeriesBucket.Hour && query.BySource)
            points.Sort((a, b) => a.Position.CompareTo(b.Position));
        return points;
    }

    /// <returns>The points that were still open.</returns>
    public IReadOnlyList<SeriesPoint> Finish()
    {
        var points = new List<SeriesPoint>();
        ClosePeriods(points);
        return points;
    }

    void AddHours(DayRows day, string source, List<SeriesPoint> points)
    {
        foreach (var hour in day.ByHour(clock).Values)
        {
            var figures = query.Kind == MetricKind.Cumulative
                ? _totals.OfHour(hour)
                : DiscreteTotals.OfHour(hour).Figures();
            if (figures is not { } found) continue;
            var offset = EarliestOffset(hour.Samples, hour.Minutes, hour.Hours)!.Value;
            points.Add(new(hour.Start, offset, day.Date, found, Named(source)));
        }
    }

    void AddDay(DayRows day, string source, List<SeriesPoint> points)
    {
        var figures = query.Kind == MetricKind.Cumulative
            ? _totals.OfDay(day)
            : DiscreteTotals.OfDay(day, clock).Figures();
        if (figures is { } found) points.Add(PointOf(day.Date, EarliestOffset(day)!.Value, found, source));
    }

    void AddToPeriod(DayRows day, string source)
    {
        if (!_open.TryGetValue(source, out var open))
            _open.Add(source, open = new() { Totals = new(query.Kind, query.Bucket, _firstDay) });
        foreach (var row in day.Longer) open.Totals.AddLonger(day.Date, row);
        if (query.Kind == MetricKind.Cumulative)
        {
            if (_totals.OfDay(day) is not { } figures) return;
            open.Totals.AddDay(day.Date, figures);
        }
        else
        {
            var totals = DiscreteTotals.OfDay(day, clock);
            if (totals.IsEmpty) return;
            open.Totals.AddDay(day.Date, totals);
        }
        open.Offset ??= EarliestOffset(day);
    }

    void ClosePeriods(List<SeriesPoint> points)
    {
        foreach (var (source, open) in _open)
        {
            var (figures, longer) = open.Totals.Finish();
            if (figures is not { } found) continue;
            var offset = longer is { } row ? row.Row.OffsetMinutes : open.Offset ?? 0;
            points.Add(PointOf(open.Totals.FirstDay, offset, found, source));
        }
        _open.Clear();
        points.Sort((a, b) => a.Position.CompareTo(b.Position));
    }

    SeriesPoint PointOf(DateOnly date, int ownOffset, in Figures figures, string source)
    {
        var (start, offset) = clock.StartOf(date, ownOffset);
        return new(start, offset, date, figures, Named(source));
    }

    static string? Named(string source) => source.Length == 0 ? null : source;

    int? EarliestOffset(DayRows day) => EarliestOffset(day.Samples, day.Minutes, day.Hours, day.Days);

    int? EarliestOffset(params ReadOnlySpan<List<SampleRow>> all)
    {
        (Instant At, int Offset)? earliest = null;
        foreach (var rows in all)
        {
            foreach (var row in rows)
            {
                var at = row.StartInstant;
                if (earliest is { } other && at > other.At) continue;
                var offset = clock.OffsetOf(row);
                if (earliest is null || at < earliest.Value.At || offset < earliest.Value.Offset)
                    earliest = (at, offset);
            }
        }
        return earliest?.Offset;
    }
}
