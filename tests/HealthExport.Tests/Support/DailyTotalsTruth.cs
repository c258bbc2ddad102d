using HealthExport.People;
using HealthExport.Samples;
using HealthExport.Time;
using HealthExport.Totals;

namespace HealthExport.Tests.Support;

/// <summary>Holds the daily totals of a person, and the series made of them, to what the rows say.</summary>
sealed class DailyTotalsTruth(ISampleStore samples, IDailyTotalStore totals, IUserStore users)
{
    readonly MetricSeries _series = new(samples, totals, users);
    readonly MetricSeries _fromRows = new(samples, new NothingWorkedOut(totals), users);

    /// <summary>
    /// What is called current is what the rows say, and every day that has rows is there, before and after a refresh.
    /// </summary>
    public async Task AssertAsync(long userId, Random random)
    {
        await AssertDaysAsync(userId, mayBeStale: true);
        if (random.Next(2) == 0)
        {
            await AssertSeriesAsync(userId, random);
            return;
        }
        await new DailyTotals(samples, totals, users).RefreshAsync(userId, default);
        await AssertDaysAsync(userId, mayBeStale: false);
        await AssertSeriesAsync(userId, random);
    }

    async Task AssertDaysAsync(long userId, bool mayBeStale)
    {
        foreach (var metric in await samples.ListMetricsAsync(userId, default))
        {
            var expected = await WorkOutAsync(userId, metric);
            var kept = await totals.ListAsync(
                userId, metric.MetricId, DateOnly.MinValue, DateOnly.MaxValue, int.MaxValue, default);
            if (mayBeStale) Assert.Empty(expected.Keys.Except(kept.Select(day => day.Date)));
            else Assert.Equal(expected.Keys, kept.Select(day => day.Date));
            foreach (var (date, total) in kept)
                if (total is not null) Assert.Equal(expected[date], total);
                else Assert.True(mayBeStale, $"{metric.Metric.Name} of {date} is not worked out.");
        }
        if (!mayBeStale) Assert.Empty(await totals.ListStaleAsync(userId, 1, default));
    }

    async Task<SortedDictionary<DateOnly, DayTotal>> WorkOutAsync(long userId, UserMetric metric)
    {
        var clock = new LocalClock();
        var days = new SortedDictionary<DateOnly, DayRows>();
        await foreach (var row in samples.ReadAsync(userId, metric.MetricId, Grain.Sample, default, default))
        {
            if (row.Grain > Grain.Day) continue;
            if (!days.TryGetValue(row.LocalDate, out var day)) days.Add(row.LocalDate, day = new(row.LocalDate));
            day.Add(row);
        }
        var sums = new DayTotals(metric.Metric.Kind, clock, SourceRanks.Guessed);
        return new(days.ToDictionary(day => day.Key, day => sums.Of(day.Value)));
    }

    async Task AssertSeriesAsync(long userId, Random random)
    {
        foreach (var metric in await samples.ListMetricsAsync(userId, default))
        {
            var bucket = (SeriesBucket)random.Next((int)SeriesBucket.Day, (int)SeriesBucket.Year + 1);
            var query = new SeriesQuery(metric.Metric.Kind, bucket, RandomSpan(metric, random));
            Assert.Equal(
                await _fromRows.ReadAsync(userId, metric, query, default).ToListAsync(),
                await _series.ReadAsync(userId, metric, query, default).ToListAsync());
        }
    }

    static TimeSpanBounds RandomSpan(UserMetric metric, Random random)
    {
        var length = metric.LastAt - metric.FirstAt + TimeSpan.FromDays(2);
        var (a, b) = (RandomTime(), RandomTime());
        if (a > b) (a, b) = (b, a);
        return random.Next(4) switch
        {
            0 => default,
            1 => new(Instant.From(a), null, Instant.From(b), null),
            2 => new(null, DateOnly.FromDateTime(a.DateTime), null, DateOnly.FromDateTime(b.DateTime)),
            _ => new(null, DateOnly.FromDateTime(a.DateTime), Instant.From(b), null),
        };

        DateTimeOffset RandomTime() => metric.FirstAt.AddDays(-1) + random.NextDouble() * length;
    }

    /// <summary>Knows the days, and no total.</summary>
    sealed class NothingWorkedOut(IDailyTotalStore totals) : IDailyTotalStore
    {
        public async ValueTask<IReadOnlyList<KeptDay>> ListAsync(
            long userId, int metricId, DateOnly from, DateOnly end, int limit, CancellationToken cancellationToken) =>
            [.. (await totals.ListAsync(userId, metricId, from, end, limit, cancellationToken))
                .Select(day => day with { Total = null })];

        public IAsyncEnumerable<(int MetricId, KeptDay Day)> ReadAsync(
            long userId, IReadOnlyList<int> metricIds, DateOnly from, DateOnly end,
            CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask<IReadOnlyList<(int MetricId, DateOnly Date)>> ListDatesAsync(
            long userId, DateOnly from, DateOnly end, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public ValueTask<IReadOnlyList<StaleDay>> ListStaleAsync(
            long userId, int limit, CancellationToken cancellationToken) =>
            totals.ListStaleAsync(userId, limit, cancellationToken);

        public ValueTask SaveAsync(
            long userId, int metricId, IReadOnlyList<WorkedOutDay> days, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public ValueTask<long?> FindStaleUserAsync(long afterUserId, CancellationToken cancellationToken) =>
            totals.FindStaleUserAsync(afterUserId, cancellationToken);
    }
}
