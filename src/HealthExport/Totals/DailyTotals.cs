using HealthExport.People;
using HealthExport.Samples;

namespace HealthExport.Totals;

/// <summary>
/// Works out the daily totals that are missing or outdated. Reading never needs it to have run: it makes reading fast.
/// Safe for concurrent use, by any number of processes.
/// </summary>
public sealed class DailyTotals(ISampleStore samples, IDailyTotalStore store, IUserStore users)
{
    internal const int DaysAtOnce = 100;

    /// <summary>Brings a user's totals up to date, but for what changes meanwhile.</summary>
    /// <returns>How many days were worked out.</returns>
    /// <exception cref="Pushes.StoreUnavailableException">The store is away.</exception>
    public async ValueTask<int> RefreshAsync(long userId, CancellationToken cancellationToken)
    {
        var count = 0;
        var last = default(IReadOnlyList<StaleDay>);
        while (await store.ListStaleAsync(userId, DaysAtOnce, cancellationToken) is { Count: > 0 } stale)
        {
            // What changes faster than it can be worked out is left to the next time.
            if (last is not null && stale.SequenceEqual(last)) break;
            last = stale;
            // After the versions: ranks that change from now on raise them, and what is worked out is not kept.
            var ranks = SourceRanks.InOrder(await users.ListSourceRanksAsync(userId, cancellationToken));
            var metrics = (await samples.ListMetricsAsync(userId, cancellationToken))
                .ToDictionary(metric => metric.MetricId);
            foreach (var days in stale.GroupBy(day => day.MetricId))
                await RefreshAsync(
                    userId, days.Key, metrics.GetValueOrDefault(days.Key), [.. days], ranks, cancellationToken);
            count += stale.Count;
            if (stale.Count < DaysAtOnce) break;
        }
        return count;
    }

    /// <param name="metric">Null when it has no rows any more.</param>
    async ValueTask RefreshAsync(
        long userId, int metricId, UserMetric? metric, List<StaleDay> days, SourceRanks ranks,
        CancellationToken cancellationToken)
    {
        var totals = new Dictionary<DateOnly, DayTotal>();
        if (metric is not null)
        {
            var clock = new LocalClock();
            var reader = new DayReader(samples, userId, metric, clock);
            var sums = new DayTotals(metric.Metric.Kind, clock, ranks);
            foreach (var (first, end) in Runs(days.Select(day => day.Date)))
                await foreach (var day in reader.ReadAsync(first, end, default, Grain.Sample, cancellationToken))
                    if (day.HasDay) totals[day.Date] = sums.Of(day);
        }
        await store.SaveAsync(
            userId, metricId,
            [.. days.Select(day => new WorkedOutDay(day.Date, day.Version, totals.GetValueOrDefault(day.Date)))],
            cancellationToken);
    }

    /// <summary>Stretches of days that follow one another, each with the day after its last.</summary>
    /// <param name="days">In order.</param>
    internal static IEnumerable<(DateOnly First, DateOnly End)> Runs(IEnumerable<DateOnly> days)
    {
        DateOnly? first = null;
        var end = default(DateOnly);
        foreach (var day in days)
        {
            if (first is { } begun && day != end)
            {
                yield return (begun, end);
                first = null;
            }
            first ??= day;
            end = day.AddDays(1);
        }
        if (first is { } open) yield return (open, end);
    }
}
