using System.Runtime.CompilerServices;
using HealthExport.Catalogue;
using HealthExport.People;
using HealthExport.Samples;
using HealthExport.Time;

namespace HealthExport.Totals;

/// <summary>
/// Reads the series of a metric: days and longer from the daily totals where these are current and say what is asked
/// for, everything else from the rows. Of what is written during the reading, the days read later know and those before
/// do not. Safe for concurrent use.
/// </summary>
public sealed class MetricSeries(ISampleStore samples, IDailyTotalStore totals, IUserStore users)
{
    internal const int DaysAtOnce = 4_000;

    /// <summary>The points that are not empty, by local date, then start, then source.</summary>
    /// <exception cref="Pushes.StoreUnavailableException">The store is away.</exception>
    public async IAsyncEnumerable<SeriesPoint> ReadAsync(
        long userId, UserMetric metric, SeriesQuery query,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        query = query with { Ranks = query.Ranks ?? await FindRanksAsync(userId, metric, query, cancellationToken) };
        var clock = new LocalClock(query.Zone);
        var builder = new SeriesBuilder(query, clock);
        var reader = new DayReader(samples, userId, metric, clock, query.Bucket);
        var (from, end) = DaysOf(metric, query);
        var steps = query.IsOfWholeDays
            ? AddTotalsAsync(userId, metric, query, builder, reader, clock, from, end, cancellationToken)
            : AddRowsAsync(query, builder, reader, from, end, cancellationToken);
        await foreach (var points in steps)
        {
            foreach (var point in points)
                if (IsAfter(point)) yield return point;
        }
        foreach (var point in builder.Finish())
            if (IsAfter(point)) yield return point;

        bool IsAfter(in SeriesPoint point) => query.After is not { } after || point.Position.CompareTo(after) > 0;
    }

    /// <returns>Null where they change nothing: only amounts that several sources measured are merged.</returns>
    async ValueTask<SourceRanks?> FindRanksAsync(
        long userId, UserMetric metric, SeriesQuery query, CancellationToken cancellationToken) =>
        query is { Kind: MetricKind.Cumulative, MergesSources: true, BySource: false }
            && metric.Sources.Count > 1 && metric.Grains.Contains(Grain.Sample)
            ? SourceRanks.InOrder(await users.ListSourceRanksAsync(userId, cancellationToken))
            : null;

    static async IAsyncEnumerable<IReadOnlyList<SeriesPoint>> AddRowsAsync(
        SeriesQuery query, SeriesBuilder builder, DayReader reader, DateOnly from, DateOnly end,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var day in reader.ReadAsync(from, end, query.Span, Grain.Sample, cancellationToken))
            yield return builder.Add(day);
    }

    async IAsyncEnumerable<IReadOnlyList<SeriesPoint>> AddTotalsAsync(
        long userId, UserMetric metric, SeriesQuery query, SeriesBuilder builder, DayReader reader, LocalClock clock,
        DateOnly from, DateOnly end, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var sums = new DayTotals(query.Kind, clock, query.Ranks ?? SourceRanks.Guessed);
        while (from < end)
        {
            var kept = await totals.ListAsync(userId, metric.MetricId, from, end, DaysAtOnce, cancellationToken);
            var until = kept.Count < DaysAtOnce ? end : kept[^1].Date.AddDays(1);
            var days = new SortedDictionary<DateOnly, (DayTotal? Total, IReadOnlyList<SampleRow> Longer)>();
            List<DateOnly> open = [];
            foreach (var day in kept)
            {
                if (day.Date < query.Span.FromDate || day.Date >= query.Span.ToDate) continue;
                if (day.Total is null || !query.Span.HoldsWhole(day.Date)) open.Add(day.Date);
                else days.Add(day.Date, (day.Total, []));
            }
            foreach (var (first, last) in DailyTotals.Runs(open))
                await foreach (var day in reader.ReadAsync(first, last, query.Span, Grain.Sample, cancellationToken))
                    if (day.HasDay) days[day.Date] = (sums.Of(day), []);
            if (query.Bucket > SeriesBucket.Day && metric.Grains.Any(grain => grain > Grain.Day))
                await foreach (var day in reader.ReadAsync(from, until, query.Span, Grain.Week, cancellationToken))
                    days[day.Date] = (days.GetValueOrDefault(day.Date).Total, day.Longer);
            foreach (var (date, (total, longer)) in days) yield return builder.Add(date, total, longer);
            from = until;
        }
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
        if (query.Span.ToDate is { } toDate && toDate < end) end = Earlier(end, toDate.AddDays(DayReader.DaysToMidweek));
        if (query.After is { } after) from = Later(from, after.Date);
        return (from, end);

        static DateOnly DateOf(Instant at, int days)
        {
            var day = Math.Clamp(at.DateAt(0).DayNumber + days, 10, DateOnly.MaxValue.DayNumber - 10);
            return DateOnly.FromDayNumber(day);
        }
    }

    static DateOnly Later(DateOnly a, DateOnly b) => a > b ? a : b;
    static DateOnly Earlier(DateOnly a, DateOnly b) => a < b ? a : b;
}
