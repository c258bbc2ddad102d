using HealthExport.Storage.Postgres;
using HealthExport.Tests.Support;
using HealthExport.Time;
using Npgsql;

namespace HealthExport.Tests.Storage;

public sealed class PostgresMigrationsTests : IAsyncLifetime
{
    string? _url;

    public async ValueTask InitializeAsync()
    {
        PostgresServer.Require();
        _url = await PostgresServers.CreateAsync(isMigrated: false);
    }

    public async ValueTask DisposeAsync()
    {
        if (_url is not null) await PostgresServers.DropAsync(_url);
    }

    [Fact]
    public async Task Any_number_of_replicas_starting_at_once_apply_each_step_once()
    {
        var replicas = await Task.WhenAll(Enumerable.Range(0, 6).Select(async _ =>
        {
            await using var database = new PostgresDatabase(_url!);
            return await new PostgresMigrations(database).MigrateAsync(null, dryRun: false, default);
        }));

        await using var one = new PostgresDatabase(_url!);
        var all = await new PostgresMigrations(one).ListAsync(default);
        Assert.NotEmpty(all);
        Assert.All(all, migration => Assert.True(migration.IsApplied));
        Assert.Equal(all.Select(m => m.Number), replicas.SelectMany(r => r).Select(m => m.Number).Order());
    }

    [Fact]
    public async Task Down_takes_away_what_up_made_and_up_can_be_taken_again()
    {
        await using var database = new PostgresDatabase(_url!);
        var migrations = new PostgresMigrations(database);
        var up = await migrations.MigrateAsync(null, dryRun: false, default);
        await database.Partitions.EnsureYearAheadAsync(Instant.From(TimeProvider.System.GetUtcNow()), default);
        var planned = await migrations.MigrateAsync(0, dryRun: true, default);
        Assert.Equal(up.Select(m => m.Number).Reverse(), planned.Select(m => m.Number));

        await migrations.MigrateAsync(0, dryRun: false, default);

        Assert.Equal(["schema_migrations"], (await migrations.DescribeAsync(default)).Rows.Keys);
        Assert.Equal(up, await migrations.MigrateAsync(null, dryRun: false, default));
    }

    [Fact]
    public async Task A_store_that_a_newer_build_migrated_is_refused()
    {
        await using var database = new PostgresDatabase(_url!);
        var migrations = new PostgresMigrations(database);
        await migrations.MigrateAsync(null, dryRun: false, default);
        await using (var newer = database.Source.CreateCommand(
            "insert into schema_migrations (number, name, applied_at) values (9999, 'later', now())"))
            await newer.ExecuteNonQueryAsync();

        var error = await Assert.ThrowsAsync<InvalidOperationException>(
            async () => await migrations.MigrateAsync(null, dryRun: false, default));

        Assert.Contains("9999", error.Message);
    }

    [Fact]
    public async Task A_role_that_may_not_create_the_extension_is_told_which_right_is_missing()
    {
        var role = $"healthexport_test_{Guid.NewGuid():n}";
        await using var owner = new PostgresDatabase(_url!);
        await RunAsync(owner.Source, $"create role {role} login password 'x'; grant all on schema public to {role}");
        try
        {
            var url = new UriBuilder(_url!) { UserName = role, Password = "x" }.Uri.OriginalString;
            await using var database = new PostgresDatabase(url);
            var error = await Assert.ThrowsAsync<InvalidOperationException>(
                async () => await new PostgresMigrations(database).MigrateAsync(null, dryRun: false, default));

            Assert.Contains("create extension postgis", error.Message);
            Assert.Contains(role, error.Message);

            await RunAsync(owner.Source, "create extension postgis");
            Assert.NotEmpty(await new PostgresMigrations(database).MigrateAsync(null, dryRun: false, default));
        }
        finally
        {
            await RunAsync(owner.Source, $"drop owned by {role} cascade; drop role {role}");
        }
    }

    [Fact]
    public async Task What_the_store_is_comes_without_secrets()
    {
        await using var database = new PostgresDatabase(_url!);
        var migrations = new PostgresMigrations(database);
        await migrations.MigrateAsync(null, dryRun: false, default);

        var facts = await migrations.DescribeAsync(default);

        Assert.Equal("PostgreSQL", facts.Engine);
        Assert.Contains("PostGIS 3", facts.Version);
        Assert.DoesNotContain(new Uri(_url!).UserInfo.Split(':')[1], facts.Place);
        Assert.Equal(1, facts.Rows["keys_version"]);
        Assert.Equal(0, facts.Rows["samples"]);
        Assert.DoesNotContain("spatial_ref_sys", facts.Rows.Keys);
        Assert.True(facts.SizeBytes > 0);
    }

    static async Task RunAsync(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
