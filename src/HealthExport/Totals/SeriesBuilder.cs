using HealthExport.Catalogue;
using HealthExport.Samples;

namespace HealthExport.Totals;

/// <summary>
/// Turns days, in order, as rows or as totals, into the points of a series. Holds nothing but the open period.
/// </summary>
sealed class SeriesBuilder(SeriesQuery query, LocalClock clock)
{
    readonly DayTotals _totals =
        new(query.Kind, clock, query.Ranks ?? SourceRanks.Guessed, query.MergesSources && !query.BySource);
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
        OpenPeriodOf(day.Date, points);
        foreach (var (source, rows) in query.BySource ? day.BySource() : new() { [""] = day })
        {
            if (query.Bucket == SeriesBucket.Hour) AddHours(rows, source, points);
            else Add(rows.Date, rows.HasDay ? _totals.Of(rows) : null, rows.Longer, source, points);
        }
        if (query.Bucket == SeriesBucket.Hour && query.BySource)
            points.Sort((a, b) => a.Position.CompareTo(b.Position));
        return points;
    }

    /// <summary>Takes the next day, of which the total is known.</summary>
    /// <param name="longer">The day's rows of grain week, month and year.</param>
    /// <returns>The points that are complete with it, in order.</returns>
    public IReadOnlyList<SeriesPoint> Add(DateOnly date, DayTotal? total, IReadOnlyList<SampleRow> longer)
    {
        var points = new List<SeriesPoint>();
        OpenPeriodOf(date, points);
        Add(date, total, longer, "", points);
        return points;
    }

    /// <returns>The points that were still open.</returns>
    public IReadOnlyList<SeriesPoint> Finish()
    {
        var points = new List<SeriesPoint>();
        ClosePeriods(points);
        return points;
    }

    void OpenPeriodOf(DateOnly date, List<SeriesPoint> points)
    {
        if (query.Bucket <= SeriesBucket.Day) return;
        var firstDay = query.Bucket.FirstDay(date);
        if (firstDay != _firstDay) ClosePeriods(points);
        _firstDay = firstDay;
    }

    void AddHours(DayRows day, string source, List<SeriesPoint> points)
    {
        foreach (var hour in day.ByHour(clock).Values)
        {
            var figures = query.Kind == MetricKind.Cumulative
                ? _totals.Amounts.OfHour(hour)
                : DiscreteTotals.OfHour(hour).Figures();
            if (figures is not { } found) continue;
            var offset = clock.EarliestOffset(hour.Samples, hour.Minutes, hour.Hours)!.Value;
            points.Add(new(hour.Start, offset, day.Date, found, Named(source)));
        }
    }

    void Add(
        DateOnly date, DayTotal? total, IReadOnlyList<SampleRow> longer, string source, List<SeriesPoint> points)
    {
        if (query.Bucket == SeriesBucket.Day)
        {
            if (total?.Figures is { } figures) points.Add(PointOf(date, total.OffsetMinutes, figures, source));
            return;
        }
        if (!_open.TryGetValue(source, out var open))
            _open.Add(source, open = new() { Totals = new(query.Kind, query.Bucket, _firstDay) });
        foreach (var row in longer) open.Totals.AddLonger(date, row);
        if (total?.Figures is null) return;
        open.Totals.AddDay(total);
        open.Offset ??= total.OffsetMinutes;
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
}
