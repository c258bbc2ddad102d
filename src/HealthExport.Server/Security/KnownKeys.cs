using HealthExport.Keys;
using HealthExport.Time;

namespace HealthExport.Server.Security;

/// <summary>
/// Tells keys that were issued from those that never were, without asking the store for each: read as a whole when it is
/// first needed, and again when keys have changed. For floods of unknown keys only; it takes some twenty bytes a key.
/// </summary>
sealed class KnownKeys(IKeyStore keys, TimeProvider clock)
{
    readonly SemaphoreSlim _reading = new(1, 1);

    // Replaced as a whole.
    volatile Snapshot? _snapshot;

    sealed record Snapshot(long Version, Dictionary<ulong, Instant?> EndsByLookup);

    /// <param name="keysVersion">The store's number, read just before.</param>
    /// <returns>True for every key in force, and for hardly any other.</returns>
    public async ValueTask<bool> ContainAsync(ApiKey key, long keysVersion, CancellationToken cancellationToken)
    {
        var snapshot = _snapshot is { } there && there.Version == keysVersion
            ? there
            : await ReadAsync(keysVersion, cancellationToken);
        return snapshot.EndsByLookup.TryGetValue(key.LookupPrefix, out var end)
            && !(end <= Instant.From(clock.GetUtcNow()));
    }

    async ValueTask<Snapshot> ReadAsync(long keysVersion, CancellationToken cancellationToken)
    {
        await _reading.WaitAsync(cancellationToken);
        try
        {
            if (_snapshot is { } there && there.Version == keysVersion) return there;
            var read = await keys.ListLookupsAsync(cancellationToken);
            var ends = new Dictionary<ulong, Instant?>(read.Count);
            foreach (var (lookup, end) in read) ends[lookup] = end;
            // What was changed since the number was read is in it already, and makes another number.
            return _snapshot = new(keysVersion, ends);
        }
        finally
        {
            _reading.Release();
        }
    }
}
