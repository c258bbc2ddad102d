using System.Runtime.CompilerServices;
using HealthExport.Samples;
using HealthExport.Time;

namespace HealthExport.Totals;

/// <summary>
/// Reads the series of a metric. Rows are fetched some days at a time, as many as keep about <see cref="RowsAtOnce"/>
/// rows in memory, but at least one whole local day. Each fetch sees the store as it is then: of what is written during
/// the reading, the days read later know and those before do not. Safe for concurrent use.
/// </summary>
public sealed class MetricSeries(ISampleStore store)
{
    internal const int RowsAtOnce = 20_000;
    const int MostDaysAtOnce = 3_660;

    /// <summary>The points that are not empty, by local date, then start, then source.</summary>
    /// <exception cref="Pushes.StoreUnavailableException">The store is away.</exception>
    public async IAsyncEnumerable<SeriesPoint> ReadAsync(
        long userId, UserMetric metric, SeriesQuery query,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var clock = new LocalClock(query.Zone);
        var builder = new SeriesBuilder(query, clock);
        await foreach (var day in ReadDaysAsync(userId, metric, query, clock, cancellationToken))
        {
            foreach (var point in builder.Add(day))
                if (IsAfter(point)) yield return point;
        }
        foreach (var point in builder.Finish())
            if (IsAfter(point)) yield return point;

        bool IsAfter(in SeriesPoint point) => query.After is not { } after || point.Position.CompareTo(after) > 0;
    }

    async IAsyncEnumerable<DayRows> ReadDaysAsync(
        long userId, UserMetric metric, SeriesQuery query, LocalClock clock,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (next, end) = DaysOf(metric, query);
        // A row may be filed under another day than its own offset says: by a zone up to two away, a week three later.
        var margin = Math.Max(query.Zone is null ? 0 : 2, query.Bucket == SeriesBucket.Week ? DaysToMidweek : 0);
        var step = FirstStep(metric);
        while (next < end)
        {
            var until = Earlier(next.AddDays(step), end);
            var days = new SortedDictionary<DateOnly, DayRows>();
            var count = 0;
            var isTooMuch = false;
            var span = new TimeSpanBounds(null, next.AddDays(-margin), null, until.AddDays(margin));
            await foreach (var row in store.ReadAsync(userId, metric.MetricId, span, cancellationToken))
            {
                var date = FiledUnder(row, query.Bucket, clock);
                if (date < next || date >= until || !IsWithin(row, query.Span, clock)) continue;
                if (!days.TryGetValue(date, out var day)) days.Add(date, day = new(date));
                day.Add(row);
                isTooMuch = ++count > 2 * RowsAtOnce && step > 1;
                if (isTooMuch) break;
            }
            if (isTooMuch)
            {
                step = Math.Max(1, step / 8);
                continue;
            }
            foreach (var day in days.Values) yield return day;
            next = until;
            if (count < RowsAtOnce / 4) step = Math.Min(step * 2, MostDaysAtOnce);
        }
    }

    const int DaysToMidweek = 3;

    /// <summary>Where weeks begin on Sunday they are filed under the week that holds most of them.</summary>
    static DateOnly FiledUnder(in SampleRow row, SeriesBucket bucket, LocalClock clock) =>
        bucket == SeriesBucket.Week && row.Grain == Grain.Week
            ? row.LocalDate.AddDays(DaysToMidweek)
            : clock.DateOf(row);

    static bool IsWithin(in SampleRow row, in TimeSpanBounds span, LocalClock clock)
    {
        if (span.From is { } from && row.StartInstant < from) return false;
        if (span.To is { } to && row.StartInstant >= to) return false;
        if (span.FromDate is null && span.ToDate is null) return true;
        var date = clock.DateOf(row);
        return !(date < span.FromDate) && !(date >= span.ToDate);
    }

    /// <summary>The days to look at: those asked for, as far as the metric's rows can reach.</summary>
    static (DateOnly From, DateOnly End) DaysOf(UserMetric metric, SeriesQuery query)
    {
        const int reach = 5;
        var from = Instant.From(metric.FirstAt).DateAt(0).AddDays(-reach);
        var end = Instant.From(metric.LastAt).DateAt(0).AddDays(reach);
        if (query.Span.From is { } fromInstant) from = Later(from, DateOf(fromInstant, -2));
        if (query.Span.FromDate is { } fromDate) from = Later(from, fromDate);
        if (query.Span.To is { } toInstant) end = Earlier(end, DateOf(toInstant, reach));
        // A week that began before the end is filed under a day that may lie behind it.
        if (query.Span.ToDate is { } toDate && toDate < end) end = Earlier(end, toDate.AddDays(DaysToMidweek));
        if (query.After is { } after) from = Later(from, after.Date);
        return (from, end);

        static DateOnly DateOf(Instant at, int days)
        {
            var day = Math.Clamp(at.DateAt(0).DayNumber + days, 10, DateOnly.MaxValue.DayNumber - 10);
            return DateOnly.FromDayNumber(day);
        }
    }

    static int FirstStep(UserMetric metric)
    {
        var days = Math.Max(1, (metric.LastAt - metric.FirstAt).TotalDays);
        return (int)Math.Clamp(RowsAtOnce * days / Math.Max(1, metric.Count), 1, MostDaysAtOnce);
    }

    static DateOnly Later(DateOnly a, DateOnly b) => a > b ? a : b;
    static DateOnly Earlier(DateOnly a, DateOnly b) => a < b ? a : b;
}
