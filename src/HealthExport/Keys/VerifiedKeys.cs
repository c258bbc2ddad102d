using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace HealthExport.Keys;

/// <summary>
/// The process's memory of keys that passed their Argon2id check, so that a key costs one check every five minutes and
/// not one a request; and, as long as no key changes, of the record that the store holds of each. Safe from any thread;
/// one per process.
/// </summary>
/// <remarks>
/// <para>
/// That a key matches a hash stays true; whether it is still in force does not. So every call brings the number that
/// the store raises with each change of a key, read before the key's record. With another number than the last one
/// every record is forgotten and has to be read again, while what was checked remains: a revocation holds from the
/// first call that brings the new number, and costs nobody else a check. A record that was read under an older number
/// is never remembered, however long its check took.
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
    readonly Argon2Slots _slots;
    readonly int _capacity;
    readonly Func<ApiKey, string, bool> _check;

    readonly Lock _lock = new();

    // Under _lock.
    readonly Dictionary<LookupHash, Verdict> _verdicts = [];
    readonly Queue<Verdict> _order = new();
    readonly Dictionary<(LookupHash Lookup, string Phc), Task<bool>> _checks = [];
    long _keysVersion;
    long _generation;    // grows whenever the version is another one, also one that was there before

    public VerifiedKeys(TimeProvider clock, Argon2Slots slots, int capacity = DefaultCapacity)
        : this(clock, slots, capacity, static (key, hash) => key.Matches(hash))
    {
    }

    internal VerifiedKeys(TimeProvider clock, Argon2Slots slots, int capacity, Func<ApiKey, string, bool> check)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        (_clock, _slots, _capacity, _check) = (clock, slots, capacity, check);
    }

    /// <summary>How many keys are held, including those whose time is over but not yet pushed out.</summary>
    internal int Count
    {
        get
        {
            lock (_lock) return _verdicts.Count;
        }
    }

    /// <summary>Finds the record of a key that was checked within its lifetime and read under this number.</summary>
    /// <returns>False when the key has to be looked up in the store, and checked unless it was.</returns>
    public bool TryFind(ApiKey key, long keysVersion, [NotNullWhen(true)] out StoredKey? stored)
    {
        lock (_lock)
        {
            var generation = Enter(keysVersion);
            var verdict = FindFresh(LookupHash.Of(key));
            stored = verdict?.Generation == generation ? verdict.Stored : null;
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
        var lookup = LookupHash.Of(key);
        lock (_lock)
        {
            var generation = Enter(keysVersion);
            if (TryRemember(lookup, stored, generation)) return new(true);
            if (!_checks.TryGetValue((lookup, stored.Phc), out var check))
            {
                // Not begun under the lock, which its end takes.
                check = Task.Run(() => CheckAsync(lookup, key, stored.Phc), CancellationToken.None);
                _checks.Add((lookup, stored.Phc), check);
            }
            return new(FinishAsync(check, lookup, stored, generation, cancellationToken));
        }
    }

    async Task<bool> FinishAsync(
        Task<bool> check, LookupHash lookup, StoredKey stored, long generation, CancellationToken cancellationToken)
    {
        if (!await check.WaitAsync(cancellationToken).ConfigureAwait(false)) return false;
        lock (_lock)
        {
            // Read before some key was changed, perhaps this one.
            if (generation == _generation) TryRemember(lookup, stored, generation);
        }
        return true;
    }

    async Task<bool> CheckAsync(LookupHash lookup, ApiKey key, string phc)
    {
        var isGenuine = false;
        try
        {
            isGenuine = await _slots.RunAsync(() => _check(key, phc), CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            lock (_lock)
            {
                _checks.Remove((lookup, phc));
                if (isGenuine) Add(new(lookup, phc, _clock.GetTimestamp()));
            }
        }
        return isGenuine;
    }

    /// <returns>False if the key was not checked against this record's hash.</returns>
    bool TryRemember(LookupHash lookup, StoredKey stored, long generation)
    {
        if (FindFresh(lookup) is not { } verdict || verdict.Phc != stored.Phc) return false;
        (verdict.Stored, verdict.Generation) = (stored, generation);
        return true;
    }

    long Enter(long keysVersion)
    {
        if (_keysVersion == keysVersion) return _generation;
        _keysVersion = keysVersion;
        return ++_generation;
    }

    void Add(Verdict verdict)
    {
        // All live equally long, so the oldest is the first to go. One that was replaced since is only struck off here.
        while (_order.TryPeek(out var oldest) && (_order.Count >= _capacity || !IsFresh(oldest)))
        {
            _order.Dequeue();
            if (_verdicts.GetValueOrDefault(oldest.Lookup) == oldest) _verdicts.Remove(oldest.Lookup);
        }

        _verdicts[verdict.Lookup] = verdict;
        _order.Enqueue(verdict);
    }

    Verdict? FindFresh(LookupHash lookup) =>
        _verdicts.GetValueOrDefault(lookup) is { } verdict && IsFresh(verdict) ? verdict : null;

    bool IsFresh(Verdict verdict) => _clock.GetElapsedTime(verdict.CheckedAt) < Lifetime;

    /// <summary>That a key matches a hash; and its record, as read under a generation.</summary>
    sealed class Verdict(LookupHash lookup, string phc, long checkedAt)
    {
        public LookupHash Lookup => lookup;
        public string Phc => phc;
        public long CheckedAt => checkedAt;

        // Under the memory's lock.
        public StoredKey? Stored { get; set; }
        public long Generation { get; set; } = -1;
    }

    /// <summary>The 32 bytes as a dictionary's key.</summary>
    readonly record struct LookupHash(ulong A, ulong B, ulong C, ulong D)
    {
        public static LookupHash Of(ApiKey key) => MemoryMarshal.Read<LookupHash>(key.LookupHash.Span);
    }
}
