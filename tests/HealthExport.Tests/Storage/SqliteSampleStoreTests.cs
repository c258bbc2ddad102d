using HealthExport.Tests.Contracts;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Storage;

public sealed class SqliteSampleStoreTests : SampleStoreContract
{
    protected override async ValueTask<StoreFixture> OpenAsync() => await SqliteFixture.OpenAsync();
}
