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

public sealed class PostgresKeyStoreTests : KeyStoreContract
{
    protected override async ValueTask<StoreFixture> OpenAsync() => await PostgresFixture.OpenAsync();
}

public sealed class PostgresIngestionStoreTests : IngestionStoreContract
{
    protected override async ValueTask<StoreFixture> OpenAsync() => await PostgresFixture.OpenAsync();
}
