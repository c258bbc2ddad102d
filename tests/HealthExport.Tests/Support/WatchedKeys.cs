using HealthExport.Keys;
using HealthExport.Time;
using Microsoft.Extensions.DependencyInjection;

namespace HealthExport.Tests.Support;

/// <summary>The real keys of a server, counted wherever it takes effort to tell a key.</summary>
sealed class WatchedKeys(IKeyStore keys) : WrappedKeys(keys)
{
    int _lookups;
    int _listings;
    int _checks;

    /// <summary>Keys looked up by their hash.</summary>
    public int Lookups => _lookups;

    /// <summary>How often what is known of all keys was read.</summary>
    public int Listings => _listings;

    /// <summary>Argon2id checks, which are real.</summary>
    public int Checks => _checks;

    /// <summary>Called with what a look-up has found, before anybody else is.</summary>
    public Func<StoredKey?, Task>? AfterFind { get; set; }

    /// <summary>Puts it in front of the container's keys and checks.</summary>
    public static void Add(IServiceCollection services)
    {
        services.Decorate<IKeyStore>(keys => new WatchedKeys(keys));
        services.AddSingleton(provider =>
        {
            var watched = provider.GetRequiredService<IKeyStore>();
            return new VerifiedKeys(
                provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<Argon2Slots>(),
                VerifiedKeys.DefaultCapacity,
                (key, hash) =>
                {
                    Interlocked.Increment(ref ((WatchedKeys)watched)._checks);
                    return key.Matches(hash);
                });
        });
    }

    public static WatchedKeys Of(RunningServer server) => (WatchedKeys)server.Get<IKeyStore>();

    public override async ValueTask<StoredKey?> FindAsync(
        ReadOnlyMemory<byte> lookupHash, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _lookups);
        var found = await base.FindAsync(lookupHash, cancellationToken);
        if (AfterFind is { } after) await after(found);
        return found;
    }

    public override ValueTask<IReadOnlyList<(ulong LookupPrefix, Instant? ExpiresAt)>> ListLookupsAsync(
        CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _listings);
        return base.ListLookupsAsync(cancellationToken);
    }
}
