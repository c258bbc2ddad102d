using HealthExport.Tests.Contracts;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Storage;

public sealed class SqliteMigrationTests : MigrationContract
{
    protected override ValueTask<StoreFixture> OpenEmptyAsync() => new(SqliteFixture.OpenEmpty());
}

public sealed class SqliteUserStoreTests : UserStoreContract
{
    protected override async ValueTask<StoreFixture> OpenAsync() => await SqliteFixture.OpenAsync();
}

public sealed class SqliteAuditStoreTests : AuditStoreContract
{
    protected override async ValueTask<StoreFixture> OpenAsync() => await SqliteFixture.OpenAsync();
}

public sealed class SqliteKeyStoreTests : KeyStoreContract
{
    protected override async ValueTask<StoreFixture> OpenAsync() => await SqliteFixture.OpenAsync();
}

public sealed class SqliteDailyTotalStoreTests : DailyTotalStoreContract
{
    protected override async ValueTask<StoreFixture> OpenAsync() => await SqliteFixture.OpenAsync();
}

public sealed class SqliteDeletionStoreTests : DeletionStoreContract
{
    protected override async ValueTask<StoreFixture> OpenAsync() => await SqliteFixture.OpenAsync();
}

public sealed class SqliteTextStoreTests : TextStoreContract
{
    protected override async ValueTask<StoreFixture> OpenAsync() => await SqliteFixture.OpenAsync();
}
