using System.Text;
using HealthExport.Pushes;
using HealthExport.Time;

namespace HealthExport.Tests.Support;

/// <summary>Pushes as the receiver hands them to a store.</summary>
static class ReceivedPushes
{
    public static ReceivedPush Create(StoreFixture stores, long userId, string body) =>
        Create(stores, userId, Encoding.UTF8.GetBytes(body));

    public static ReceivedPush Create(StoreFixture stores, long userId, byte[] body) =>
        Create(stores.Clock, userId, body);

    public static ReceivedPush Create(TimeProvider clock, long userId, string body) =>
        Create(clock, userId, Encoding.UTF8.GetBytes(body));

    static ReceivedPush Create(TimeProvider clock, long userId, byte[] body)
    {
        var spool = new PayloadSpool(Path.GetTempPath());
        spool.Write(body);
        spool.Complete();
        return new()
        {
            UserId = userId,
            KeyId = "key-1",
            ReceivedAt = Instant.From(clock.GetUtcNow()),
            Payload = spool,
            ContentType = "application/json",
            Headers = new Dictionary<string, string> { ["automation-aggregation"] = "Days" },
            TimeZone = "Europe/Berlin",
        };
    }

    /// <summary>Keeps a push and disposes its payload.</summary>
    public static async Task<KeptPush> KeepAsync(this IIngestionStore store, ReceivedPush push)
    {
        using (push.Payload) return await store.KeepAsync(push, default);
    }

    /// <summary>Keeps a push and applies it, as a worker does.</summary>
    public static async Task<Receipt> ApplyAsync(this StoreFixture stores, long userId, string body)
    {
        await stores.Ingestions.KeepAsync(Create(stores, userId, body));
        return await new PushApplication(stores.Ingestions).ApplyAsync(
            await stores.Ingestions.GetClaimAsync(), default);
    }

    /// <summary>Claims what must be there.</summary>
    public static async Task<ClaimedPush> GetClaimAsync(this IIngestionStore store)
    {
        var claim = await store.ClaimAsync(StoreFixture.Lease, default);
        Assert.NotNull(claim);
        return claim;
    }
}
