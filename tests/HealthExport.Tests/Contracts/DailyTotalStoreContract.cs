using HealthExport.People;
using HealthExport.Samples;
using HealthExport.Tests.Support;
using HealthExport.Time;
using HealthExport.Totals;

namespace HealthExport.Tests.Contracts;

/// <summary>What <see cref="IDailyTotalStore"/> promises, for any engine.</summary>
public abstract class DailyTotalStoreContract : IAsyncLifetime
{
    static readonly DateOnly s_first = new(1969, 12, 31);

    StoreFixture _stores = null!;
    User _user = null!;
    int _pushes;

    public async ValueTask InitializeAsync()
    {
        _stores = await OpenAsync();
        _user = await _stores.AddUserAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _stores.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected abstract ValueTask<StoreFixture> OpenAsync();

    [Fact]
    public async Task A_total_comes_back_with_every_figure()
    {
        var metric = await MarkAsync(_user, s_first);
        var total = new DayTotal(
            s_first, -720, new Figures(1.5, 0.1, -2, double.MaxValue, 3, 4, new(-1), Grain.Minute),
            new(1, 2.5, 3, 4.5, 5.5, 6.5, 7.5, true));
        await SaveAsync(metric, new WorkedOutDay(s_first, 1, total));
        Assert.Equal([new(s_first, total)], await ListAsync(metric));
    }

    [Fact]
    public async Task Figures_that_nothing_says_come_back_as_such_and_a_day_may_say_nothing_at_all()
    {
        var metric = await MarkAsync(_user, s_first, s_first.AddDays(1));
        var silent = new DayTotal(s_first, 0, null);
        var partly = new DayTotal(
            s_first.AddDays(1), 60,
            new Figures(double.NaN, double.NaN, 1, 2, 1, double.NaN, Instant.None, Grain.Sample));
        await SaveAsync(
            metric, new WorkedOutDay(silent.Date, 1, silent), new WorkedOutDay(partly.Date, 1, partly));
        Assert.Equal([new(silent.Date, silent), new(partly.Date, partly)], await ListAsync(metric));
    }

    [Fact]
    public async Task A_day_that_changed_since_it_was_read_keeps_its_old_total_out_of_date()
    {
        var metric = await MarkAsync(_user, s_first);
        await MarkAsync(_user, s_first);
        await SaveAsync(metric, new WorkedOutDay(s_first, 1, Total(s_first, 1)));
        Assert.Equal([new(s_first, null)], await ListAsync(metric));
        Assert.Equal([new(metric, s_first, 2)], await _stores.DailyTotals.ListStaleAsync(_user.Id, 10, default));

        await SaveAsync(metric, new WorkedOutDay(s_first, 2, Total(s_first, 2)));
        Assert.Empty(await _stores.DailyTotals.ListStaleAsync(_user.Id, 10, default));
        await MarkAsync(_user, s_first);
        Assert.Equal([new(s_first, null)], await ListAsync(metric));
        await SaveAsync(metric, new WorkedOutDay(s_first, 2, Total(s_first, 2)));
        Assert.Equal([new(metric, s_first, 3)], await _stores.DailyTotals.ListStaleAsync(_user.Id, 10, default));
    }

    [Fact]
    public async Task A_day_without_rows_goes_unless_it_has_changed()
    {
        var metric = await MarkAsync(_user, s_first, s_first.AddDays(1));
        await MarkAsync(_user, s_first);
        await SaveAsync(
            metric, new WorkedOutDay(s_first, 1, null), new WorkedOutDay(s_first.AddDays(1), 1, null));
        Assert.Equal([new(s_first, null)], await ListAsync(metric));
    }

    [Fact]
    public async Task Days_come_in_order_from_the_first_to_before_the_end_as_many_as_asked_for()
    {
        var days = Enumerable.Range(0, 5).Select(s_first.AddDays).ToArray();
        var metric = await MarkAsync(_user, [.. days.Reverse()]);
        var listed = await _stores.DailyTotals.ListAsync(_user.Id, metric, days[1], days[4], 2, default);
        Assert.Equal(days[1..3], listed.Select(day => day.Date));
        var stale = await _stores.DailyTotals.ListStaleAsync(_user.Id, 3, default);
        Assert.Equal(days[..3], stale.Select(day => day.Date));
        Assert.Empty(await _stores.DailyTotals.ListAsync(_user.Id, metric, days[4].AddDays(1), days[0], 9, default));
    }

    [Fact]
    public async Task Days_of_several_metrics_come_metric_by_metric_and_so_do_their_dates()
    {
        var other = await _stores.AddUserAsync("other@example.org");
        var days = Enumerable.Range(0, 5).Select(s_first.AddDays).ToArray();
        // More metrics than one list of parameters takes, each with a day more than the one before.
        for (var i = 0; i < 5 * 4; i++) await MarkNamedAsync(_user, $"hue_{i:00}", days[..(1 + i % 5)]);
        await MarkNamedAsync(other, "hue_00", days);
        var metrics = (await _stores.Samples.ListMetricsAsync(_user.Id, default)).Select(m => m.MetricId).ToList();
        var total = Total(days[2], 7);
        await SaveAsync(metrics[2], new WorkedOutDay(days[2], 1, total));

        (int, KeptDay)[] expected =
        [
            .. from metric in metrics.Select((id, i) => (Id: id, Days: 1 + i % 5)).OrderBy(metric => metric.Id)
               from day in days[..metric.Days]
               where day >= days[1] && day < days[4]
               select (metric.Id, new KeptDay(day, metric.Id == metrics[2] && day == days[2] ? total : null)),
        ];
        Assert.Equal(expected, await ReadAsync(metrics));
        Assert.Equal(expected[..3].Where(day => day.Item1 == metrics[1]), await ReadAsync([metrics[0], metrics[1]]));
        Assert.Empty(await ReadAsync([]));
        Assert.Equal(
            expected.Select(day => (day.Item1, day.Item2.Date)),
            await _stores.DailyTotals.ListDatesAsync(_user.Id, days[1], days[4], default));

        async Task<List<(int, KeptDay)>> ReadAsync(IReadOnlyList<int> ids) =>
            await _stores.DailyTotals.ReadAsync(_user.Id, ids, days[1], days[4], default).ToListAsync();
    }

    [Fact]
    public async Task People_are_apart_and_those_with_stale_days_are_found_in_turn()
    {
        Assert.Null(await _stores.DailyTotals.FindStaleUserAsync(0, default));
        var other = await _stores.AddUserAsync("other@example.org");
        var metric = await MarkAsync(_user, s_first);
        await MarkAsync(other, s_first, s_first.AddDays(1));
        Assert.Equal(_user.Id, await _stores.DailyTotals.FindStaleUserAsync(0, default));
        Assert.Equal(other.Id, await _stores.DailyTotals.FindStaleUserAsync(_user.Id, default));
        Assert.Null(await _stores.DailyTotals.FindStaleUserAsync(other.Id, default));

        await SaveAsync(metric, new WorkedOutDay(s_first, 1, Total(s_first, 1)));
        Assert.Equal(other.Id, await _stores.DailyTotals.FindStaleUserAsync(0, default));
        Assert.Equal(2, (await _stores.DailyTotals.ListStaleAsync(other.Id, 10, default)).Count);
        Assert.All(
            await _stores.DailyTotals.ListAsync(
                other.Id, metric, DateOnly.MinValue, DateOnly.MaxValue, 10, default),
            day => Assert.Null(day.Total));
    }

    [Fact]
    public async Task A_deletion_makes_the_days_of_its_span_stale_and_none_far_from_it()
    {
        var metric = await MarkAsync(_user, [.. Enumerable.Range(0, 9).Select(s_first.AddDays)]);
        var stale = await _stores.DailyTotals.ListStaleAsync(_user.Id, 10, default);
        await SaveAsync(
            metric, [.. stale.Select(day => new WorkedOutDay(day.Date, day.Version, Total(day.Date, 1)))]);

        var from = Instant.From(s_first.AddDays(4));
        var deleted = await _stores.Deletions.DeleteAsync(
            _user.Id, Deleting.Of("heart_rate", null, from, from + TimeSpan.FromHours(13)));
        Assert.Equal(1, deleted);
        // Those around may be, too: a day begins at another time elsewhere.
        var changed = (await _stores.DailyTotals.ListStaleAsync(_user.Id, 10, default)).Select(day => day.Date);
        Assert.Contains(s_first.AddDays(4), changed);
        Assert.DoesNotContain(s_first.AddDays(1), changed);
        Assert.DoesNotContain(s_first.AddDays(7), changed);
    }

    [Fact]
    public async Task A_refresh_works_out_what_is_stale_and_a_second_one_has_nothing_to_do()
    {
        var metric = await MarkAsync(_user, s_first, s_first.AddDays(1), s_first.AddDays(9));
        var refresh = new DailyTotals(_stores.Samples, _stores.DailyTotals, _stores.Users);
        Assert.Equal(3, await refresh.RefreshAsync(_user.Id, default));
        Assert.Equal([60.0, 60.0, 60.0], (await ListAsync(metric)).Select(day => day.Total!.Figures!.Value.Average));
        Assert.Equal(0, await refresh.RefreshAsync(_user.Id, default));
    }

    /// <summary>Writes one sample on each day, at noon, through a push.</summary>
    /// <returns>The metric's number.</returns>
    async Task<int> MarkAsync(User user, params DateOnly[] days)
    {
        var points = string.Join(",", days.Order().Select(
            day => $$"""{"date":"{{day:yyyy-MM-dd}} 12:00:00 +0000","Avg":60,"n":{{_pushes}}}"""));
        _pushes++;
        await _stores.ApplyAsync(
            user.Id, $$"""{"data":{"metrics":[{"name":"heart_rate","units":"count/min","data":[{{points}}] } ] } }""");
        return Assert.Single(await _stores.Samples.ListMetricsAsync(user.Id, default)).MetricId;
    }

    async Task MarkNamedAsync(User user, string metric, IEnumerable<DateOnly> days)
    {
        var points = string.Join(",", days.Select(day => $$"""{"date":"{{day:yyyy-MM-dd}} 12:00:00 +0000","qty":60}"""));
        await _stores.ApplyAsync(
            user.Id, $$"""{"data":{"metrics":[{"name":"{{metric}}","units":"deg","data":[{{points}}] } ] } }""");
    }

    static DayTotal Total(DateOnly date, double value) =>
        new(date, 0, new Figures(value, value, value, value, 1, value, Instant.From(date), Grain.Sample));

    async Task SaveAsync(int metric, params WorkedOutDay[] days) =>
        await _stores.DailyTotals.SaveAsync(_user.Id, metric, days, default);

    async Task<IReadOnlyList<KeptDay>> ListAsync(int metric) => await _stores.DailyTotals.ListAsync(
        _user.Id, metric, DateOnly.MinValue, DateOnly.MaxValue, int.MaxValue, default);
}
