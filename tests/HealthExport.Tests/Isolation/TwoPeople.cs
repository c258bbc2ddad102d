using HealthExport.Deletions;
using HealthExport.Keys;
using HealthExport.Migrations;
using HealthExport.Moving;
using HealthExport.People;
using HealthExport.Pushes;
using HealthExport.Storage;
using HealthExport.Tests.Support;
using HealthExport.Time;
using Microsoft.Extensions.DependencyInjection;

namespace HealthExport.Tests.Isolation;

/// <summary>
/// A store with somebody who has something of everything, and somebody else, who has less and tries to get at it.
/// </summary>
sealed class TwoPeople : IAsyncDisposable
{
    readonly StorePlace _place;
    readonly ServiceProvider _services;
    SortedDictionary<string, TableFigures> _before = null!;

    TwoPeople(StorePlace place)
    {
        _place = place;
        _services = new ServiceCollection().AddHealthExportStorage(place.Url).BuildServiceProvider();
    }

    public static readonly Guid OwnersWorkout = new("0a0a0a0a-0000-4000-8000-000000000001");

    public User Owner { get; private set; } = null!;
    public User Intruder { get; private set; } = null!;
    public StoredKey OwnersKey { get; private set; } = null!;
    public StoredKey IntrudersKey { get; private set; } = null!;

    /// <summary>Applied, with rejects and a payload.</summary>
    public Ingestion OwnersPush { get; private set; } = null!;

    /// <summary>The owner's last, in work.</summary>
    public ClaimedPush OwnersClaim { get; private set; } = null!;

    public T Get<T>() where T : notnull => _services.GetRequiredService<T>();

    public static async Task<TwoPeople> MakeAsync(Engine engine)
    {
        var people = new TwoPeople(await StorePlace.MakeAsync(engine));
        await people.Get<IMigrationStore>().MigrateAsync(null, dryRun: false, default);
        people.Intruder = await people.AddAsync("intruder");
        people.Owner = await people.AddAsync("owner");
        people.IntrudersKey = await people.AddKeyAsync(people.Intruder);
        people.OwnersKey = await people.AddKeyAsync(people.Owner);
        await people.PushAsync(people.Intruder, PushedLife.Of("intruder", Guid.NewGuid(), hour: 9));
        people.OwnersPush = await people.PushAsync(people.Owner, PushedLife.Of("owner", OwnersWorkout));
        await people.PushAsync(people.Owner, Steps("owner", 9));
        await people.RankAsync(people.Owner, "owner phone", "owner watch");
        await people.RankAsync(people.Intruder, "intruder watch");
        await people.Get<IDeletionStore>().DeleteAsync(
            people.Owner.Id, Deleting.Of("oxygen_saturation"));
        await people.Get<IIngestionStore>().KeepAsync(people.Received(people.Owner, Steps("owner", 11)));
        people.OwnersClaim = await people.Get<IIngestionStore>().GetClaimAsync();
        people._before = await UserRows.OfAsync(people._place.Url, people.Owner.Id);
        return people;
    }

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        await _place.DisposeAsync();
    }

    /// <summary>Checks that no row of the owner's has come, gone or changed.</summary>
    public async Task AssertUntouchedAsync() =>
        Assert.Equal(_before, await UserRows.OfAsync(_place.Url, Owner.Id));

    /// <summary>Tables in which the owner has nothing.</summary>
    public IEnumerable<string> EmptyTables => _before.Empty();

    public ReceivedPush Received(User user, string body, string? idempotencyKey = null) =>
        ReceivedPushes.Create(TimeProvider.System, user.Id, body) with
        {
            KeyId = (user == Owner ? OwnersKey : IntrudersKey).Id,
            Headers = new Dictionary<string, string>(),
            IdempotencyKey = idempotencyKey,
        };

    public async Task<Ingestion> PushAsync(User user, string body)
    {
        var store = Get<IIngestionStore>();
        var kept = await store.KeepAsync(Received(user, body, $"once {body.Length}"));
        Assert.Equal(KeptAs.New, kept.As);
        await new PushApplication(store).ApplyAsync(await store.GetClaimAsync(), default);
        return (await store.FindAsync(user.Id, kept.Ingestion.Id, default))!;
    }

    /// <summary>A transaction of the intruder's, for a push of theirs.</summary>
    public async Task<IPushTransaction> BeginAsync()
    {
        var store = Get<IIngestionStore>();
        await store.KeepAsync(Received(Intruder, Steps("intruder", 15)));
        return await store.BeginAsync(await store.GetClaimAsync(), default);
    }

    public static StoredKey KeyOf(User user)
    {
        var minted = ApiKey.Mint(KeyFormat.Hx);
        return new(
            minted.PublicId, user.Id, "test", KeyScopes.All, "default", minted.Key.LookupHash.ToArray(), "$argon2id$",
            Instant.From(TimeProvider.System.GetUtcNow()), null, null, null);
    }

    static string Steps(string name, int hour) => $$$"""
        {"data":{"metrics":[{"type":"Quantity","metric":"step_count","unit":"count","start_at":"2026-01-10T{{{hour:00}}}:00:00Z","value":5,"source":"{{{name}}} watch"}]}}
        """;

    async Task<User> AddAsync(string name) => (await Get<IUserStore>().AddAsync(
        $"{name}@example.org", name, "Europe/Berlin", Entries.UserCreated, default))!;

    async Task<StoredKey> AddKeyAsync(User user)
    {
        var key = KeyOf(user);
        await Get<IKeyStore>().AddAsync(key, Entries.KeyCreated, default);
        return key;
    }

    async Task RankAsync(User user, params string[] sources) => Assert.NotNull(
        (await Get<IUserStore>().UpdateAsync(user.Id, new() { SourceRanks = sources }, Entries.UserChanged, default))
            .Profile);
}
