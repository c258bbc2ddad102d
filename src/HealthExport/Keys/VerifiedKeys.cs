using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace HealthExport.Keys;

/// <summary>
/// The process's memory of keys that passed their Argon2id check, each with the record that the store holds of it, so
/// that a key costs one check every five minutes and not one a request. Safe from any thread; one per process.
/// </summary>
/// <remarks>
/// <para>
/// Every call brings the number that the store raises with each change of a key. The caller reads that number first and
/// the key's record after it. Another number than the last one empties the memory, and what a check finds out that was
/// begun under an older number is answered to its callers but not remembered: a revocation holds from the first call
/// that brings the new number.
/// </para>
/// <para>
/// The memory knows nothing of expiry: the caller asks <see cref="StoredKey.IsGoodAt"/> on every request. Only success
/// is remembered; a wrong key is stopped by the store's look-up, before any check.
/// </para>
/// </remarks>
public sealed class VerifiedKeys
{
    /// <summary>How long a check is remembered, from its end, on the monotonic clock.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    /// <summary>How many keys are remembered; beyond that, the one checked longest ago is forgotten.</summary>
    public const int DefaultCapacity = 10_000;

    readonly TimeProvider _clock;
    readonly int _capacity;
    readonly Func<ApiKey, string, bool> _check;
    readonly SemaphoreSlim _slots;    // never disposed: a check may outlive the caller, and it holds no handle

    readonly Lock _lock = new();
    Generation _current = new(0);    // under _lock, with all that it holds

    public VerifiedKeys(TimeProvider clock, int capacity = DefaultCapacity)
        : this(clock, capacity, Environment.ProcessorCount, static (key, hash) => key.Matches(hash))
    {
    }

    // slots: how many checks run at once; the rest wait, without a thread.
    internal VerifiedKeys(TimeProvider clock, int capacity, int slots, Func<ApiKey, string, bool> check)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        _clock = clock;
        _capacity = capacity;
        _check = check;
        _slots = new SemaphoreSlim(Math.Max(1, slots));
    }

    /// <summary>How many keys are held, including those whose time is over but not yet pushed out.</summary>
    internal int Count
    {
        get
        {
            lock (_lock) return _current.Entries.Count;
        }
    }

    /// <summary>Finds the record of a key that was checked within its lifetime and under this number.</summary>
    /// <returns>False when the key has to be looked up in the store and checked.</returns>
    public bool TryFind(ApiKey key, long keysVersion, [NotNullWhen(true)] out StoredKey? stored)
    {
        lock (_lock)
        {
            var entry = Enter(keysVersion).Entries.GetValueOrDefault(LookupHash.Of(key));
            stored = entry is not null && IsFresh(entry) ? entry.Stored : null;
            return stored is not null;
        }
    }

    /// <summary>
    /// Whether the stored hash is one of this key: from memory, or by a check, whose success is remembered.
    /// </summary>
    /// <param name="key">The key that came with a request.</param>
    /// <param name="stored">What the store found under its look-up hash.</param>
    /// <param name="keysVersion">The store's number, read before <paramref name="stored"/>.</param>
    /// <param name="cancellationToken">
    /// Ends this caller's waiting; a check that was begun goes on for the others, and is remembered.
    /// </param>
    /// <remarks>Calls for the same key and hash that come while one is being checked share that check.</remarks>
    public ValueTask<bool> IsGenuineAsync(
        ApiKey key, StoredKey stored, long keysVersion, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Task<bool> check;
        lock (_lock)
        {
            var generation = Enter(keysVersion);
            var lookup = LookupHash.Of(key);
            var entry = generation.Entries.GetValueOrDefault(lookup);
            if (entry is not null && entry.Stored.Phc == stored.Phc && IsFresh(entry))
                return new ValueTask<bool>(true);

            if (!generation.Checks.TryGetValue((lookup, stored.Phc), out var running))
            {
                running = Task.Run(() => CheckAsync(generation, lookup, key, stored), CancellationToken.None);
                generation.Checks.Add((lookup, stored.Phc), running);
            }

            check = running;
        }

        return new ValueTask<bool>(check.WaitAsync(cancellationToken));
    }

    async Task<bool> CheckAsync(Generation generation, LookupHash lookup, ApiKey key, StoredKey stored)
    {
        var isGenuine = false;
        try
        {
            await _slots.WaitAsync();
            try
            {
                isGenuine = _check(key, stored.Phc);
            }
            finally
            {
                _slots.Release();
            }
        }
        finally
        {
            // The verdict goes to the generation that asked for it; if that is over, it is forgotten with it.
            lock (_lock)
            {
                generation.Checks.Remove((lookup, stored.Phc));
                if (isGenuine) Remember(generation, new Entry(lookup, stored, _clock.GetTimestamp()));
            }
        }

        return isGenuine;
    }

    Generation Enter(long keysVersion)
    {
        if (_current.KeysVersion != keysVersion) _current = new Generation(keysVersion);
        return _current;
    }

    void Remember(Generation generation, Entry entry)
    {
        // All live equally long, so the oldest is the first to go. One that was replaced since is only struck off here.
        while (generation.Order.TryPeek(out var oldest) && (generation.Order.Count >= _capacity || !IsFresh(oldest)))
        {
            generation.Order.Dequeue();
            if (generation.Entries.GetValueOrDefault(oldest.Lookup) == oldest) generation.Entries.Remove(oldest.Lookup);
        }

        generation.Entries[entry.Lookup] = entry;
        generation.Order.Enqueue(entry);
    }

    bool IsFresh(Entry entry) => _clock.GetElapsedTime(entry.CheckedAt) < Lifetime;

    /// <summary>All that was found out under one number of the store.</summary>
    sealed class Generation(long keysVersion)
    {
        public long KeysVersion => keysVersion;
        public Dictionary<LookupHash, Entry> Entries { get; } = [];
        public Queue<Entry> Order { get; } = new();
        public Dictionary<(LookupHash Lookup, string Phc), Task<bool>> Checks { get; } = [];
    }

    sealed class Entry(LookupHash lookup, StoredKey stored, long checkedAt)
    {
        public LookupHash Lookup => lookup;
        public StoredKey Stored => stored;
        public long CheckedAt => checkedAt;
    }

    /// <summary>The 32 bytes as a dictionary's key.</summary>
    readonly record struct LookupHash(ulong A, ulong B, ulong C, ulong D)
    {
        public static LookupHash Of(ApiKey key) => MemoryMarshal.Read<LookupHash>(key.LookupHash.Span);
    }
}
