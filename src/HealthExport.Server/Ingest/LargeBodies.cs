using HealthExport.Server.Settings;

namespace HealthExport.Server.Ingest;

/// <summary>
/// How many large bodies are on their way in at once, in all and of one key: each holds memory and a part of the
/// temporary folder until it is kept. One too many waits, and its client with it, for nothing is read of it meanwhile.
/// Safe from any thread; one per process.
/// </summary>
sealed class LargeBodies(ServerSettings settings, TimeProvider clock) : IDisposable
{
    /// <summary>Decoded bytes from which a body is large. Below it costs little more than its connection.</summary>
    public const int FromBytes = 128 << 10;

    /// <summary>One key may have the eighth part of the places, and always a few: a phone has several automations.
    /// </summary>
    const int KeyShare = 8;
    const int FewPlaces = 4;

    readonly SemaphoreSlim _places = new(settings.Ingest.LargeBodies);

    // Under itself. Only keys of which there is a large body.
    readonly Dictionary<string, OfKey> _keys = [];

    /// <summary>Bodies that have a place.</summary>
    public int TakenCount => settings.Ingest.LargeBodies - _places.CurrentCount;

    /// <summary>Bodies that wait for one.</summary>
    public int WaitingCount
    {
        get
        {
            lock (_keys) return _keys.Values.Sum(ofKey => ofKey.Bodies) - TakenCount;
        }
    }

    /// <summary>For one body of a key; takes no place yet.</summary>
    public Place For(string keyId) => new(this, keyId);

    public void Dispose() => _places.Dispose();

    /// <returns>False when it took longer than a body may be silent.</returns>
    async ValueTask<bool> EnterAsync(string keyId, CancellationToken aborted)
    {
        using var patience = new CancellationTokenSource(settings.Ingest.Stall, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, aborted);
        var ofKey = Find(keyId);
        try
        {
            // The key's own first, so that those of one key that wait hold no place that others need.
            await ofKey.Places.WaitAsync(either.Token);
            try
            {
                await _places.WaitAsync(either.Token);
                return true;
            }
            catch
            {
                ofKey.Places.Release();
                throw;
            }
        }
        catch (OperationCanceledException)
        {
            Leave(keyId, ofKey);
            aborted.ThrowIfCancellationRequested();
            return false;
        }
    }

    OfKey Find(string keyId)
    {
        lock (_keys)
        {
            if (!_keys.TryGetValue(keyId, out var found))
                _keys[keyId] = found = new(Math.Max(FewPlaces, settings.Ingest.LargeBodies / KeyShare));
            found.Bodies++;
            return found;
        }
    }

    void Leave(string keyId, OfKey ofKey)
    {
        lock (_keys)
            if (--ofKey.Bodies == 0) _keys.Remove(keyId);
    }

    void Exit(string keyId)
    {
        _places.Release();
        lock (_keys)
        {
            var ofKey = _keys[keyId];
            ofKey.Places.Release();
            Leave(keyId, ofKey);
        }
    }

    sealed class OfKey(int places)
    {
        public SemaphoreSlim Places { get; } = new(places);

        /// <summary>Those that have a place and those that wait for one.</summary>
        public int Bodies { get; set; }
    }

    /// <summary>One body's place, once it needs one. Not for concurrent use.</summary>
    public sealed class Place(LargeBodies all, string keyId) : IDisposable
    {
        bool _isTaken;

        /// <summary>Takes it where a body of that size needs one; a second time does nothing.</summary>
        /// <returns>False when none became free in time.</returns>
        public async ValueTask<bool> TakeForAsync(long bytes, CancellationToken aborted) =>
            _isTaken || bytes < FromBytes || (_isTaken = await all.EnterAsync(keyId, aborted));

        public void Dispose()
        {
            if (!_isTaken) return;
            _isTaken = false;
            all.Exit(keyId);
        }
    }
}
