using HealthExport.People;
using HealthExport.Pushes;
using HealthExport.Samples;
using HealthExport.Sleep;
using HealthExport.Time;
using HealthExport.Totals;

namespace HealthExport.Freshness;

/// <summary>
/// Reads how fresh a person's data are, in as many statements however much there is: looking back over
/// <see cref="DaysBack"/> days of data and <see cref="DaysOfPushes"/> days of pushes. Safe for concurrent use.
/// </summary>
public sealed class FreshnessReader(
    ISampleStore samples, IDailyTotalStore totals, SleepDiary sleep, IIngestionStore ingestions, IUserStore users)
{
    public const int DaysBack = 90;
    public const int DaysOfPushes = 56;

    /// <summary>Older ones than so many do not count; three automations every five minutes make 864 a day.</summary>
    public const int MostPushes = 10_000;

    /// <exception cref="StoreUnavailableException">The store is away.</exception>
    public async ValueTask<FreshnessReport> ReadAsync(long userId, Instant now, CancellationToken cancellationToken)
    {
        var own = await samples.ListMetricsAsync(userId, cancellationToken);
        var offset = PersonClock.OffsetAt(now, await users.FindAsync(userId, cancellationToken), own);
        var today = now.DateAt(offset);
        var arrivals = await ingestions.ListArrivalsAsync(
            userId, new(now.Microseconds - DaysOfPushes * Instant.PerDay), MostPushes, cancellationToken);
        var lastPush = arrivals.Count > 0
            ? arrivals[0].ReceivedAt
            : (await ingestions.ListAsync(userId, new(), null, 1, cancellationToken)).Items.FirstOrDefault()?.ReceivedAt;

        List<MetricFreshness> metrics =
        [
            .. await ReadMetricsAsync(userId, own, now, today, cancellationToken),
            .. await ReadSleepAsync(userId, now, today, cancellationToken),
        ];
        return new(
            now, offset, lastPush,
            metrics.Count == 0 ? null : metrics.Max(metric => metric.LastSampleAt),
            metrics, Automations(arrivals, now),
            DayGaps.Join(metrics.SelectMany(metric => metric.Gaps.Select(gap => (metric.Name, gap)))));
    }

    async ValueTask<IEnumerable<MetricFreshness>> ReadMetricsAsync(
        long userId, IReadOnlyList<UserMetric> own, Instant now, DateOnly today, CancellationToken cancellationToken)
    {
        var from = today.AddDays(-DaysBack);
        // Somebody ahead of the person's clock may have a tomorrow already; what lies further on is a slip of a date.
        var dates = (await totals.ListDatesAsync(userId, from, today.AddDays(2), cancellationToken))
            .ToLookup(day => day.MetricId, day => day.Date);
        var pushes = (await ingestions.ListLastPushesAsync(userId, cancellationToken))
            .ToDictionary(push => push.MetricId, push => push.ReceivedAt);
        return own.Select(metric => Of(
            metric.Metric.Name, metric.Metric.Unit, Instant.From(metric.LastAt),
            (int)metric.LastAt.TotalOffsetMinutes,
            Instant.From(metric.FirstAt).DateAt((int)metric.FirstAt.TotalOffsetMinutes),
            pushes.TryGetValue(metric.MetricId, out var push) ? push : null, [.. dates[metric.MetricId]], now, today));
    }

    async ValueTask<IEnumerable<MetricFreshness>> ReadSleepAsync(
        long userId, Instant now, DateOnly today, CancellationToken cancellationToken)
    {
        var ranks = SourceRanks.InOrder(await users.ListSourceRanksAsync(userId, cancellationToken));
        var nights = await sleep.ListAsync(
            userId, new(null, today.AddDays(-DaysBack), null, today.AddDays(2)), ranks, null, 10 * DaysBack,
            cancellationToken);
        if (nights.Count == 0) return [];
        var last = nights.MaxBy(night => night.EndAt)!;
        return
        [
            Of(
                "sleep_analysis", "h", last.EndAt, last.EndOffset, nights[0].Date, null,
                [.. nights.Select(night => night.Date).Distinct()], now, today),
        ];
    }

    /// <param name="first">Before it nothing can be missing.</param>
    /// <param name="dates">With data, in order, none twice.</param>
    static MetricFreshness Of(
        string name, string unit, Instant last, int offsetMinutes, DateOnly first, Instant? lastPush, DateOnly[] dates,
        Instant now, DateOnly today)
    {
        var cadence = Cadence.Learn(dates.Select(Instant.From));
        var from = today.AddDays(-DaysBack);
        return new(
            name, unit, last, offsetMinutes, lastPush, cadence, Staleness.Of(last, cadence, now),
            DayGaps.Find(dates, first > from ? first : from, today));
    }

    static List<AutomationFreshness> Automations(IReadOnlyList<Arrival> arrivals, Instant now)
    {
        List<AutomationFreshness> automations = [];
        foreach (var pushes in arrivals.Where(push => push.Automation is not null).GroupBy(push => push.Automation!))
        {
            var newest = pushes.MaxBy(push => push.ReceivedAt)!;
            // All pushes of one run are one: the last of it.
            var runs = pushes.Where(push => push.Session is null).Select(push => push.ReceivedAt).Concat(
                pushes.Where(push => push.Session is not null).GroupBy(push => push.Session)
                    .Select(run => run.Max(push => push.ReceivedAt)));
            var cadence = Cadence.Learn(runs);
            automations.Add(new(
                newest.AutomationId, newest.AutomationName, newest.ReceivedAt, pushes.Count(), cadence,
                Staleness.Of(newest.ReceivedAt, cadence, now)));
        }
        automations.Sort((a, b) => string.CompareOrdinal(a.Name ?? a.Id, b.Name ?? b.Id));
        return automations;
    }
}
