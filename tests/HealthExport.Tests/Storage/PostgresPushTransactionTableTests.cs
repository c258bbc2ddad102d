using HealthExport.Catalogue;
using HealthExport.People;
using HealthExport.Pushes;
using HealthExport.Samples;
using HealthExport.Storage.Postgres;
using HealthExport.Tests.Support;
using HealthExport.Time;
using Npgsql;

namespace HealthExport.Tests.Storage;

/// <summary>What only the tables of the server can show.</summary>
public sealed class PostgresPushTransactionTableTests : IAsyncLifetime
{
    static readonly Metric HeartRate = MetricCatalogue.Find("heart_rate")!;

    PostgresFixture _stores = null!;
    User _user = null!;
    int _pushes;

    public async ValueTask InitializeAsync()
    {
        _stores = await PostgresFixture.OpenAsync();
        _user = await _stores.AddUserAsync();
    }

    public ValueTask DisposeAsync() => _stores.DisposeAsync();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_look_up_goes_by_the_key_of_the_partitions_it_needs_and_of_no_other(bool bySeeking)
    {
        await ApplyAsync(push => WriteAsync(
            push, [.. Enumerable.Range(0, 24).Select(month => Row(new DateOnly(2023, 1, 5).AddMonths(month), month))]));

        var plan = await ExplainAsync(
            bySeeking ? PostgresPushTransaction.Seek : PostgresPushTransaction.FindAlong,
            new DateOnly(2024, 2, 1), new DateOnly(2024, 3, 2), bySeeking);

        Assert.Equal(
            ["samples_2024_02", "samples_2024_03"],
            plan.Where(line => line.Contains(" on samples_", StringComparison.Ordinal))
                .Select(line => line[(line.IndexOf(" on ", StringComparison.Ordinal) + 4)..].Split(' ')[0]).Order());
        Assert.All(
            plan.Where(line => line.Contains(" on samples_", StringComparison.Ordinal)),
            line => Assert.Contains("Index Scan using samples_2024_0", line, StringComparison.Ordinal));
        Assert.DoesNotContain(plan, line => line.Contains("Sort", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Rows_of_any_time_find_a_partition()
    {
        Sample[] rows =
        [
            Row(new(1900, 1, 1), 1), Row(new(1999, 12, 31), 2), Row(new(2005, 7, 1), 3), Row(new(2013, 12, 31), 4),
            Row(new(2014, 1, 1), 5), Row(new(2027, 2, 3), 6),
        ];
        await ApplyAsync(push => WriteAsync(push, rows));

        Assert.Equal(6, await _stores.ReadAsync("select count(*) from samples"));
        var metric = Assert.Single(await _stores.Samples.ListMetricsAsync(_user.Id, default));
        var read = await _stores.Samples.ReadAsync(_user.Id, metric.MetricId, Grain.Sample, default, default).ToListAsync();
        Assert.Equal([1, 2, 3, 4, 5, 6], read.Select(row => row.Row.Value));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0xd83d)]
    public async Task A_text_that_no_column_takes_is_refused_and_the_push_goes_on(int character)
    {
        var text = $"a{(char)character}b";
        var good = Row(new(2024, 1, 1), 1);
        await ApplyAsync(async push =>
        {
            await push.SetSavepointAsync(default);
            foreach (var bad in (Sample[])
            [
                good with { Extra = text }, good with { SentUnit = text }, good with { Source = text },
            ])
            {
                Assert.False((await FindAsync(push, bad)).Exists);
                await Assert.ThrowsAsync<StoreRefusedException>(() => WriteAsync(push, bad));
                await push.RollBackToSavepointAsync(default);
            }
            await WriteAsync(push, good);
        });

        Assert.Equal(1, await _stores.ReadAsync("select count(*) from samples"));
        Assert.Equal(1, Assert.Single(await _stores.Samples.ListMetricsAsync(_user.Id, default)).Count);
    }

    [Fact]
    public async Task A_deletion_waits_for_the_push_of_the_same_person_and_takes_its_rows_too()
    {
        var other = await _stores.AddUserAsync("two@example.org");
        await using var push = await BeginAsync();
        await WriteAsync(push, Row(new(2024, 1, 1), 1));

        Assert.Equal(0, await _stores.Deletions.DeleteAsync(other.Id, Deleting.Of(null)));
        var deletion = _stores.Deletions.DeleteAsync(_user.Id, Deleting.Of(null));
        await Eventually.TrueAsync(async () =>
            await _stores.ReadAsync("select count(*) from pg_locks where locktype = 'advisory' and not granted") == 1);
        Assert.False(deletion.IsCompleted);
        await push.CommitAsync(new(), changedAnything: true, default);

        Assert.Equal(1, await deletion);
        Assert.Empty(await _stores.Samples.ListMetricsAsync(_user.Id, default));
    }

    [Fact]
    public async Task A_push_over_a_dead_connection_is_told_as_an_unavailable_store_and_the_next_one_succeeds()
    {
        var claim = await ClaimAsync();
        await using (var push = await _stores.Ingestions.BeginAsync(claim, default))
        {
            await _stores.ReadAsync(
                """
                select count(pg_terminate_backend(pid))
                from pg_locks
                where locktype = 'advisory' and granted
                    and database = (select oid from pg_database where datname = current_database())
                """);
            await Assert.ThrowsAsync<StoreUnavailableException>(() => WriteAsync(push, Row(new(2024, 1, 1), 1)));
        }

        await using (var push = await _stores.Ingestions.BeginAsync(claim, default))
        {
            await WriteAsync(push, Row(new(2024, 1, 1), 1));
            await push.CommitAsync(new(), changedAnything: true, default);
        }
        Assert.Equal(1, await _stores.ReadAsync("select count(*) from samples"));
    }

    async Task<IReadOnlyList<string>> ExplainAsync(string sql, DateOnly from, DateOnly to, bool bySeeking)
    {
        var metric = Assert.Single(await _stores.Samples.ListMetricsAsync(_user.Id, default));
        await using var connection = await _stores.Database.OpenAsync(default);
        await using var transaction = await connection.BeginTransactionAsync();
        await using var batch = new NpgsqlBatch(connection);
        batch.AddPlannerSettings();
        var parameters = batch.Add("explain " + sql)
            .Bind(_user.Id).Bind(metric.MetricId).Bind((short)0).Bind(Instant.From(from)).Bind(Instant.From(to));
        if (bySeeking) parameters.BindTimes([Instant.From(from), Instant.From(to)]).BindNumbers((int[])[1, 1]);
        else parameters.Bind(100);
        await using var row = await batch.ExecuteReaderAsync();
        await row.NextResultAsync();
        List<string> plan = [];
        while (await row.ReadAsync()) plan.Add(row.GetString(0));
        return plan;
    }

    async Task<ClaimedPush> ClaimAsync()
    {
        await _stores.Ingestions.KeepAsync(
            ReceivedPushes.Create(_stores, _user.Id, $$"""{"push":{{_pushes++}}}"""));
        return await _stores.Ingestions.GetClaimAsync();
    }

    async Task<IPushTransaction> BeginAsync() => await _stores.Ingestions.BeginAsync(await ClaimAsync(), default);

    async Task ApplyAsync(Func<IPushTransaction, Task> work)
    {
        await using var push = await BeginAsync();
        await work(push);
        await push.CommitAsync(new(), changedAnything: true, default);
    }

    static async Task WriteAsync(IPushTransaction push, params Sample[] rows)
    {
        var metric = Assert.NotNull(await push.FindOrAddMetricAsync(HeartRate, default));
        await push.WriteAsync(
            new(metric, Grain.Sample), rows, Enumerable.Repeat(RowChange.Insert, rows.Length).ToArray(), default);
    }

    static async Task<StoredSample> FindAsync(IPushTransaction push, Sample row)
    {
        var metric = Assert.NotNull(await push.FindOrAddMetricAsync(HeartRate, default));
        var found = new StoredSample[1];
        await push.FindAsync(new(metric, Grain.Sample), new[] { row }, found, default);
        return found[0];
    }

    static Sample Row(DateOnly date, double value) => new()
    {
        StartAt = Instant.From(date), EndAt = Instant.None, Value = value, Min = double.NaN, Max = double.NaN,
        Source = "Watch",
    };
}
