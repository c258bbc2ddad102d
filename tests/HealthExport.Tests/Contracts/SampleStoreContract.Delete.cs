using HealthExport.Catalogue;
using HealthExport.Deletions;
using HealthExport.Events;
using HealthExport.Pushes;
using HealthExport.Samples;
using HealthExport.Sleep;
using HealthExport.Tests.Support;
using HealthExport.Time;
using HealthExport.Workouts;

namespace HealthExport.Tests.Contracts;

public abstract partial class SampleStoreContract
{
    static readonly Deletion Everything = Deleting.Of(null);

    [Fact]
    public async Task A_deletion_takes_what_it_covers_and_says_how_many()
    {
        await WriteAsync(Steps, Grain.Sample, At(0, 1), At(1, 2, Phone), At(2, 3), At(3, 4));
        await WriteAsync(Steps, Grain.Hour, At(0, 5, Phone), At(3_600, 6));
        await WriteAsync(HeartRate, Grain.Sample, At(1, 7));
        var deletion = Deleting.Of("step_count", Watch, At(1, 0).StartAt, At(3_600, 0).StartAt);

        Assert.Equal(2, await _stores.Deletions.DeleteAsync(_user.Id, deletion, dryRun: true));
        Assert.Equal(6, (await ReadAsync(Steps, default)).Count);
        Assert.Equal(2, await _stores.Deletions.DeleteAsync(_user.Id, deletion));

        Assert.Equal([1, 2, 5, 6], (await ReadAsync(Steps, default)).Select(row => row.Row.Value));
        Assert.Equal([7], (await ReadAsync(HeartRate, default)).Select(row => row.Row.Value));
        await AssertMetricsAreTrueAsync();
        Assert.Equal(5, await _stores.ReadAsync($"select data_version from users where id = {_user.Id}"));
    }

    [Fact]
    public async Task A_deletion_takes_days_by_the_instant_they_begin()
    {
        await WriteAsync(
            Steps, Grain.Day, On(LeapDay, 1, offset: -720), On(LeapDay.AddDays(1), 2, offset: 840),
            On(LeapDay.AddDays(2), 3));
        var noon = Instant.From(LeapDay) + TimeSpan.FromHours(12);

        Assert.Equal(1, await _stores.Deletions.DeleteAsync(_user.Id, Deleting.Of(null, to: noon)));

        Assert.Equal([1, 3], (await ReadAsync(Steps, default)).Select(row => row.Row.Value));
        await AssertMetricsAreTrueAsync();
    }

    [Fact]
    public async Task A_deletion_of_everything_leaves_no_row_and_no_metric()
    {
        await WriteAsync(Steps, Grain.Day, On(LeapDay, 1));
        await WriteAsync(Steps, Grain.Minute, At(0, 1), At(60, 2), At(120, 3));
        await ApplyAsync(async push =>
        {
            var series = new Series(await MetricIdAsync(Steps), Grain.Minute);
            await push.RemoveVanishedAsync(series, At(0, 0).StartAt, At(120, 0).StartAt, default, default);
            await WriteOthersAsync(push);
        });

        Assert.Equal(8, await _stores.Deletions.DeleteAsync(_user.Id, Everything));

        Assert.Empty(await _stores.Samples.ListMetricsAsync(_user.Id, default));
        foreach (var table in (string[])
        [
            "samples", "removed_samples", "sleep_stages", "sleep_sessions", "workouts", "workout_series",
            "workout_routes", "health_events", "ecg_voltages", "user_metrics", "user_metric_sources",
        ])
            Assert.Equal(0, await _stores.ReadAsync($"select count(*) from {table}"));
    }

    [Theory]
    [InlineData("sleep_analysis", 2, 0, 1, 2)]
    [InlineData("workouts", 1, 2, 0, 2)]
    [InlineData("ecg", 1, 2, 1, 1)]
    [InlineData("heart_rate", 0, 2, 1, 2)]
    public async Task Sleep_workouts_and_events_go_by_their_names(
        string name, int gone, int sleep, int workouts, int events)
    {
        await ApplyAsync(WriteOthersAsync);

        Assert.Equal(gone, await _stores.Deletions.DeleteAsync(_user.Id, Deleting.Of(name), dryRun: true));
        Assert.Equal(gone, await _stores.Deletions.DeleteAsync(_user.Id, Deleting.Of(name)));

        Assert.Equal(sleep, await _stores.ReadAsync(
            "select (select count(*) from sleep_stages) + (select count(*) from sleep_sessions)"));
        Assert.Equal(workouts, await _stores.ReadAsync("select count(*) from workout_routes"));
        Assert.Equal(events, await _stores.ReadAsync("select count(*) from health_events"));
    }

    [Fact]
    public async Task A_deletion_is_remembered_for_pushes_received_before_it()
    {
        var before = await WriteAsync(Steps, Grain.Sample, At(0, 1));
        var deletion = Deleting.Of("step_count", null, null, At(50, 0).StartAt);
        await _stores.Deletions.DeleteAsync(_user.Id, deletion, dryRun: true);
        await _stores.Deletions.DeleteAsync(_user.Id, deletion);
        await _stores.Deletions.DeleteAsync(_user.Id, Everything with { Source = "never seen" });

        await ApplyAsync(push =>
        {
            Assert.Empty(push.LaterDeletions);
            return Task.CompletedTask;
        });
        await _stores.Ingestions.ReplayAsync(_user.Id, before.Id, default);
        var claim = await _stores.Ingestions.ClaimAsync(TimeSpan.FromMinutes(1), default);
        await using var replay = await _stores.Ingestions.BeginAsync(claim!, default);

        Assert.Equal([deletion, Everything with { Source = "never seen" }], replay.LaterDeletions);
    }

    [Fact]
    public async Task Metrics_are_what_a_recount_finds_after_any_history()
    {
        var random = new Random(11);
        var other = await _stores.AddUserAsync("two@example.org");
        string?[] sources = [null, Watch, Phone, "third"];
        Metric[] metrics = [Steps, HeartRate, Metric.Unknown("odd", "x", MetricKind.Discrete)];
        for (var round = 0; round < 60; round++)
        {
            if (random.Next(8) == 0)
            {
                await _stores.Deletions.DeleteAsync(
                    _user.Id,
                    Deleting.Of(
                        random.Next(2) == 0 ? null : metrics[random.Next(3)].Name,
                        random.Next(2) == 0 ? null : sources[random.Next(4)],
                        random.Next(3) == 0 ? null : At(random.Next(-90_000, 90_000), 0).StartAt,
                        random.Next(3) == 0 ? null : At(random.Next(-90_000, 90_000), 0).StartAt));
            }
            await ApplyAsync(
                async push =>
                {
                    for (var batch = 0; batch < 4; batch++) await WriteSomeAsync(push, random, metrics, sources);
                },
                random.Next(5) == 0 ? other : _user);
            await AssertMetricsAreTrueAsync();
        }
        await _stores.Deletions.DeleteAsync(_user.Id, Everything);
        Assert.Empty(await _stores.Samples.ListMetricsAsync(_user.Id, default));
        Assert.NotEmpty(await _stores.Samples.ListMetricsAsync(other.Id, default));
    }

    static async Task WriteSomeAsync(IPushTransaction push, Random random, Metric[] metrics, string?[] sources)
    {
        var id = Assert.NotNull(await push.FindOrAddMetricAsync(metrics[random.Next(metrics.Length)], default));
        var series = new Series(id, (Grain)random.Next(7));
        var isMarked = random.Next(2) == 0;
        if (isMarked) await push.SetSavepointAsync(default);
        var rows = Enumerable.Range(0, random.Next(1, 20))
            .Select(_ =>
            {
                var source = sources[random.Next(sources.Length)];
                var value = random.Next(4) == 0 ? double.NaN : random.NextDouble();
                return series.Grain >= Grain.Day
                    ? On(LeapDay.AddDays(random.Next(-2, 3)), value, (short)(random.Next(-12, 15) * 60), source)
                    : At(random.Next(-100, 100) * 60, value, source);
            })
            .DistinctBy(row => (row.StartAt, series.KeyHasSource ? row.Source : null))
            .OrderBy(row => row.StartAt).ThenBy(row => row.Source, StringComparer.Ordinal)
            .ToArray();
        var found = new StoredSample[rows.Length];
        await push.FindAsync(series, rows, found, default);
        var changes = Array.ConvertAll(found, one => one.Exists ? RowChange.Update : RowChange.Insert);
        await push.WriteAsync(series, rows, changes, default);
        if (random.Next(3) == 0)
            await push.RemoveVanishedAsync(
                series, At(random.Next(-6_000, 0), 0).StartAt, At(random.Next(0, 6_000), 0).StartAt,
                rows.Where(_ => random.Next(2) == 0).Select(row => row.StartAt).ToArray(), default);
        if (isMarked && random.Next(2) == 0) await push.RollBackToSavepointAsync(default);
    }

    async Task AssertMetricsAreTrueAsync()
    {
        foreach (var user in await _stores.Users.ListAsync(default))
        {
            var listed = await _stores.Samples.ListMetricsAsync(user.Id, default);
            Assert.Equal(
                await _stores.ReadAsync($"select count(*) from samples where user_id = {user.Id}"),
                listed.Sum(metric => metric.Count));
            foreach (var metric in listed)
            {
                var rows = await _stores.Samples
                    .ReadAsync(user.Id, metric.MetricId, Grain.Sample, default, default).ToListAsync();
                Assert.Equal(rows.Count, metric.Count);
                Assert.Equal(rows.Min(row => row.StartInstant), Instant.From(metric.FirstAt));
                Assert.Equal(rows.Max(row => row.StartInstant), Instant.From(metric.LastAt));
                Assert.Equal(rows.Select(row => row.Grain).Distinct().Order(), metric.Grains);
                Assert.Equal(
                    rows.Select(row => row.Row.Source).OfType<string>().Distinct().Order(StringComparer.Ordinal),
                    metric.Sources.Order(StringComparer.Ordinal));
                // The latest of the finest grain; of several sources, any.
                var last = rows.Where(row => row.StartInstant == Instant.From(metric.LastAt)).ToList();
                Assert.Contains(
                    metric.LatestValue ?? double.NaN,
                    last.Where(row => row.Grain == last.Min(one => one.Grain)).Select(row => row.Row.Value));
            }
        }
    }

    static async Task WriteOthersAsync(IPushTransaction push)
    {
        RowChange[] insert = [RowChange.Insert];
        var (start, end) = (At(0, 0).StartAt, At(60, 0).StartAt);
        await push.WriteAsync(
            [new SleepStage { StartAt = start, EndAt = end, OffsetMinutes = 0, Stage = "rem" }], insert, default);
        await push.ReplaceAsync(new() { StartAt = start, EndAt = end, OffsetMinutes = 0 }, [], default);
        var workout = new Workout
        {
            Id = Guid.CreateVersion7(), NameAsSent = "Run", StartAt = start, EndAt = end, OffsetMinutes = 0,
            Series = [new("heart_rate", "/min", [start], [60], null, null)],
            Route = new() { Times = [start], Latitudes = [1], Longitudes = [2], Altitudes = [3] },
        };
        await push.WriteAsync([workout], [null], insert, default);
        var ecg = new HealthEvent
        {
            Kind = "ecg", Identity = "e", ItemType = "ecg", StartAt = start, Payload = "{}"u8.ToArray(),
            Voltages = new(512, start, [1, 2]),
        };
        await push.WriteAsync([ecg], insert, default);
        await push.WriteAsync(
            [ecg with { Kind = "unknown:x", StartAt = Instant.None, Voltages = null }], insert, default);
    }
}
