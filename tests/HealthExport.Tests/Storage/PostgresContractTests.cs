using System.Globalization;
using HealthExport.Tests.Contracts;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Storage;

public sealed class PostgresMigrationTests : MigrationContract
{
    protected override async ValueTask<StoreFixture> OpenEmptyAsync() => await PostgresFixture.OpenEmptyAsync();
}

public sealed class PostgresUserStoreTests : UserStoreContract
{
    protected override async ValueTask<StoreFixture> OpenAsync() => await PostgresFixture.OpenAsync();
}

public sealed class PostgresAuditStoreTests : AuditStoreContract
{
    protected override async ValueTask<StoreFixture> OpenAsync() => await PostgresFixture.OpenAsync();
}

public sealed class PostgresKeyStoreTests : KeyStoreContract
{
    protected override async ValueTask<StoreFixture> OpenAsync() => await PostgresFixture.OpenAsync();
}

public sealed class PostgresIngestionStoreTests : IngestionStoreContract
{
    protected override async ValueTask<StoreFixture> OpenAsync() => await PostgresFixture.OpenAsync();
}

public sealed class PostgresPushTransactionTests : PushTransactionContract
{
    PostgresFixture _stores = null!;

    protected override async ValueTask<StoreFixture> OpenAsync() => _stores = await PostgresFixture.OpenAsync();

    protected override string RefuseInserting(double value)
    {
        _stores.IsSpoilt = true;
        return Refuse(value);
    }

    public static string Refuse(double value) =>
        $"""
        alter table samples
        add constraint refuse_value check (value <> {value.ToString("R", CultureInfo.InvariantCulture)})
        """;

    protected override string RefuseAdding(string metric)
    {
        _stores.IsSpoilt = true;
        return RefuseMetric(metric);
    }

    public static string RefuseMetric(string metric) =>
        $"""
        alter table metrics
        add constraint refuse_metric check (name <> '{metric}')
        """;
}

public sealed class PostgresSampleStoreTests : SampleStoreContract
{
    protected override async ValueTask<StoreFixture> OpenAsync() => await PostgresFixture.OpenAsync();
}

public sealed class PostgresDailyTotalStoreTests : DailyTotalStoreContract
{
    protected override async ValueTask<StoreFixture> OpenAsync() => await PostgresFixture.OpenAsync();
}

public sealed class PostgresDeletionStoreTests : DeletionStoreContract
{
    protected override async ValueTask<StoreFixture> OpenAsync() => await PostgresFixture.OpenAsync();
}

public sealed class PostgresTextStoreTests : TextStoreContract
{
    protected override async ValueTask<StoreFixture> OpenAsync() => await PostgresFixture.OpenAsync();
}
