using HealthExport.Pushes;
using HealthExport.Storage.Postgres;
using HealthExport.Tests.Support;
using HealthExport.Time;

namespace HealthExport.Tests.Storage;

public sealed class PostgresPartitionsTests : IAsyncLifetime
{
    PostgresFixture _stores = null!;

    PostgresPartitions Partitions => _stores.Database.Partitions;

    public async ValueTask InitializeAsync()
    {
        _stores = await PostgresFixture.OpenEmptyAsync();
        await _stores.Migrations.MigrateAsync(null, dryRun: false, default);
    }

    public async ValueTask DisposeAsync()
    {
        if (_stores is not null) await _stores.DisposeAsync();
    }

    [Fact]
    public async Task One_holds_all_before_2000_then_one_a_year_then_one_a_month_from_2014()
    {
        await Partitions.EnsureAsync("samples", On(1999, 12, 31), On(2001, 1, 1), default);
        await Partitions.EnsureAsync("samples", On(2013, 6, 1), On(2014, 2, 28), default);

        Assert.Equal(
            [
                "samples_2000 FOR VALUES FROM ('2000-01-01 00:00:00+00') TO ('2001-01-01 00:00:00+00')",
                "samples_2001 FOR VALUES FROM ('2001-01-01 00:00:00+00') TO ('2002-01-01 00:00:00+00')",
                "samples_2013 FOR VALUES FROM ('2013-01-01 00:00:00+00') TO ('2014-01-01 00:00:00+00')",
                "samples_2014_01 FOR VALUES FROM ('2014-01-01 00:00:00+00') TO ('2014-02-01 00:00:00+00')",
                "samples_2014_02 FOR VALUES FROM ('2014-02-01 00:00:00+00') TO ('2014-03-01 00:00:00+00')",
                "samples_before_2000 FOR VALUES FROM (MINVALUE) TO ('2000-01-01 00:00:00+00')",
            ],
            await ListAsync("samples"));
    }

    [Fact]
    public async Task Any_moment_that_a_sample_may_bear_has_its_partition()
    {
        foreach (var at in (Instant[])[On(1900, 1, 1), On(1999, 12, 31), On(2013, 12, 31), On(2026, 12, 31), new(0)])
        {
            await Partitions.EnsureAsync("samples", at, at, default);
            await InsertAsync(at);
        }

        Assert.Equal(5, await _stores.ReadAsync("select count(*) from samples"));
    }

    [Fact]
    public async Task Only_the_months_named_are_made()
    {
        await Partitions.EnsureAsync("samples", [On(2001, 1, 1), On(2020, 5, 5), On(2020, 5, 6)], default);

        Assert.Equal(2, (await ListAsync("samples")).Count);
    }

    [Fact]
    public async Task Replicas_that_want_the_same_partitions_at_once_make_each_once()
    {
        var replicas = Enumerable.Range(0, 5).Select(_ => _stores.OpenAnotherDatabase()).ToArray();

        await Task.WhenAll(replicas.Select(replica => Task.Run(async () =>
            await replica.Partitions.EnsureAsync("samples", On(2024, 1, 1), On(2024, 6, 30), default))));

        Assert.Equal(6, (await ListAsync("samples")).Count);
    }

    [Fact]
    public async Task A_year_ahead_is_made_in_every_table_and_a_repeat_changes_nothing()
    {
        var now = Instant.From(_stores.Clock.GetUtcNow());

        await Partitions.EnsureYearAheadAsync(now, default);
        await Partitions.EnsureYearAheadAsync(now, default);
        await _stores.OpenAnotherDatabase().Partitions.EnsureYearAheadAsync(now, default);

        foreach (var table in PostgresPartitions.Tables) Assert.Equal(13, (await ListAsync(table)).Count);
    }

    [Fact]
    public async Task They_are_made_while_others_write_and_read()
    {
        await Partitions.EnsureAsync("samples", On(2024, 1, 1), On(2024, 1, 1), default);
        await using var connection = await _stores.Database.OpenAsync(default);
        await using var transaction = await connection.BeginTransactionAsync();
        await using (var write = connection.CreateCommand())
        {
            write.CommandText = InsertOf(On(2024, 1, 1));
            await write.ExecuteNonQueryAsync();
        }

        await Partitions.EnsureAsync("samples", On(2024, 2, 1), On(2024, 2, 1), default);

        await using (var write = connection.CreateCommand())
        {
            write.CommandText = InsertOf(On(2024, 2, 1));
            await write.ExecuteNonQueryAsync();
        }
        await transaction.CommitAsync();
        Assert.Equal(2, await _stores.ReadAsync("select count(*) from samples"));
    }

    [Fact]
    public async Task A_row_without_a_partition_is_no_fault_of_the_row_and_the_partition_comes_back()
    {
        var at = On(2024, 1, 1);
        await Partitions.EnsureAsync("samples", at, at, default);
        await _stores.ExecuteAsync("drop table samples_2024_01");

        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await _stores.Database.ReadAsync(
            async (connection, cancellationToken) =>
            {
                await using var write = connection.CreateCommand();
                write.CommandText = InsertOf(at);
                return await write.ExecuteNonQueryAsync(cancellationToken);
            },
            default));

        _stores.Clock.Advance(TimeSpan.FromMinutes(10));
        await Partitions.EnsureAsync("samples", at, at, default);
        await InsertAsync(at);
    }

    static Instant On(int year, int month, int day) => Instant.From(new DateOnly(year, month, day));

    ValueTask InsertAsync(Instant at) => _stores.ExecuteAsync(InsertOf(at));

    static string InsertOf(Instant at) => $"""
        insert into samples (user_id, metric_id, grain, start_at, source_id, utc_offset, ingestion)
        values (1, 1, 0, '{at.At(0):yyyy-MM-dd HH:mm:ss}+00', 1, 0, 1)
        """;

    Task<IReadOnlyList<string>> ListAsync(string table) => _stores.ListAsync($"""
        set time zone 'UTC';
        select c.relname || ' ' || pg_get_expr(c.relpartbound, c.oid)
        from pg_inherits i
        join pg_class c on c.oid = i.inhrelid
        where i.inhparent = '{table}'::regclass
        order by c.relname collate "C"
        """);
}
