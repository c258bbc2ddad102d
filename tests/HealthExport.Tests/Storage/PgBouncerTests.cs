using HealthExport.Storage.Postgres;
using HealthExport.Tests.Contracts;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Storage;

/// <summary>The pushes' contract through a pooler that gives each transaction another connection.</summary>
public sealed class PgBouncerTests : IngestionStoreContract
{
    protected override async ValueTask<StoreFixture> OpenAsync() => await PostgresFixture.OpenThroughPoolerAsync();
}

public sealed class PgBouncerMigrationTests
{
    [Fact]
    public async Task Replicas_migrate_and_make_partitions_through_a_pooler()
    {
        PgBouncer.Require();
        var url = await PostgresServers.CreateAsync(isMigrated: false);
        await using (var pooler = await PgBouncer.StartAsync(url))
            await Task.WhenAll(Enumerable.Range(0, 3).Select(async _ =>
            {
                await using var database = new PostgresDatabase(
                    pooler.Through(url), new() { BehindTransactionPooler = true });
                await new PostgresMigrations(database).MigrateAsync(null, dryRun: false, default);
                await database.Partitions.EnsureYearAheadAsync(new(0), default);
                await new PostgresKeyStore(database).GetVersionAsync(default);
            }));
        await PostgresServers.DropAsync(url);
    }
}

public sealed class PgBouncerPushTransactionTests : PushTransactionContract
{
    PostgresFixture _stores = null!;

    protected override async ValueTask<StoreFixture> OpenAsync() =>
        _stores = await PostgresFixture.OpenThroughPoolerAsync();

    protected override string RefuseInserting(double value)
    {
        _stores.IsSpoilt = true;
        return PostgresPushTransactionTests.Refuse(value);
    }

    protected override string RefuseAdding(string metric)
    {
        _stores.IsSpoilt = true;
        return PostgresPushTransactionTests.RefuseMetric(metric);
    }
}

public sealed class PgBouncerSampleStoreTests : SampleStoreContract
{
    protected override async ValueTask<StoreFixture> OpenAsync() => await PostgresFixture.OpenThroughPoolerAsync();
}
