using HealthExport.Storage.Sqlite;
using HealthExport.Tests.Contracts;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Storage;

public sealed class SqliteIngestionStoreTests : IngestionStoreContract
{
    protected override async ValueTask<StoreFixture> OpenAsync() => await SqliteFixture.OpenAsync();
}

/// <summary>What only the embedded engine promises of leases.</summary>
public sealed class SqliteLeaseTests
{
    // No process has this id: it is above every kernel's limit.
    const int NoProcess = int.MaxValue;

    [Theory]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public async Task A_lease_of_a_dead_process_ends_at_once_but_only_on_its_own_host(bool isHere, bool isTaken)
    {
        await using var stores = await SqliteFixture.OpenAsync();
        var user = await stores.AddUserAsync();
        await stores.Ingestions.KeepAsync(ReceivedPushes.Create(stores, user.Id, "{}"));
        var dead = new LeaseHolder(isHere ? Environment.MachineName : "elsewhere", NoProcess, 1);
        await stores.OpenAnother(dead).GetClaimAsync();

        var claim = await stores.Ingestions.ClaimAsync(StoreFixture.Lease, default);

        Assert.Equal(isTaken, claim is not null);
    }

    [Fact]
    public void A_process_knows_itself_alive_and_another_with_its_number_dead()
    {
        var current = LeaseHolder.Current;

        Assert.False((current with { Start = 1 }).KnowsDead(current.ToString()));
        Assert.True(current.KnowsDead((current with { Start = current.Start - 1 }).ToString()));
        Assert.True(current.KnowsDead((current with { ProcessId = NoProcess }).ToString()));
        Assert.False(current.KnowsDead((current with { Machine = "elsewhere" }).ToString()));
        Assert.False(current.KnowsDead("unreadable"));
    }
}
