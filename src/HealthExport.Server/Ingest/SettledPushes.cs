using HealthExport.People;
using HealthExport.Pushes;

namespace HealthExport.Server.Ingest;

/// <summary>
/// Lets a request wait until an ingestion is settled, by a worker of this process, which announces it, or of another,
/// which shows when the store is asked. Safe from any thread.
/// </summary>
sealed class SettledPushes(IIngestionStore store, IHostApplicationLifetime lifetime, TimeProvider clock)
{
    static readonly TimeSpan s_lookEvery = TimeSpan.FromSeconds(1);

    readonly IIngestionStore _store = store;
    readonly TimeProvider _clock = clock;
    readonly CancellationToken _stopping = lifetime.ApplicationStopping;

    readonly Lock _lock = new();
    readonly Dictionary<Guid, List<Watch>> _watches = [];    // under _lock

    /// <summary>Begins to listen for an ingestion; nothing announced from now on is missed.</summary>
    public Watch WatchFor(Ingestion ingestion)
    {
        var watch = new Watch(this, ingestion);
        lock (_lock) Add(watch);
        return watch;
    }

    /// <summary>Says that an ingestion is settled, after its commit.</summary>
    public void Announce(Guid id)
    {
        List<Watch>? watches;
        lock (_lock) _watches.Remove(id, out watches);
        foreach (var watch in watches ?? []) watch.Ring();
    }

    void Add(Watch watch)
    {
        if (!_watches.TryGetValue(watch.Id, out var watches)) _watches.Add(watch.Id, watches = []);
        watches.Add(watch);
    }

    void Remove(Watch watch)
    {
        lock (_lock)
            if (_watches.TryGetValue(watch.Id, out var watches) && watches.Remove(watch) && watches.Count == 0)
                _watches.Remove(watch.Id);
    }

    /// <summary>One request's listening. Not for concurrent use.</summary>
    public sealed class Watch(SettledPushes pushes, Ingestion ingestion) : IDisposable
    {
        readonly TaskCompletionSource _announced = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Guid Id => ingestion.Id;

        internal void Ring() => _announced.TrySetResult();

        /// <summary>
        /// Waits for the settlement, until <paramref name="patience"/> is over or the server stops, and never fails for
        /// the store's sake: the push is kept.
        /// </summary>
        /// <param name="lookFirst">Whether it may have been settled before the watch began.</param>
        /// <returns>The ingestion as last seen, settled or not.</returns>
        /// <exception cref="UserGoneException">Its person was erased meanwhile.</exception>
        public async ValueTask<Ingestion> WaitAsync(
            TimeSpan patience, bool lookFirst, CancellationToken cancellationToken)
        {
            var began = pushes._clock.GetTimestamp();
            var seen = lookFirst ? await LookAsync(ingestion, cancellationToken) : ingestion;
            using var end = CancellationTokenSource.CreateLinkedTokenSource(
                cancellationToken, pushes._stopping);
            while (!seen.IsSettled)
            {
                var left = patience - pushes._clock.GetElapsedTime(began);
                if (left <= TimeSpan.Zero || end.IsCancellationRequested) break;
                await WaitForAnnouncementAsync(left < s_lookEvery ? left : s_lookEvery, end.Token);
                seen = await LookAsync(seen, cancellationToken);
            }
            cancellationToken.ThrowIfCancellationRequested();
            return seen;
        }

        public void Dispose() => pushes.Remove(this);

        async ValueTask WaitForAnnouncementAsync(TimeSpan atMost, CancellationToken cancellationToken)
        {
            try
            {
                // Announced and yet not settled: it was replayed since; the store tells when that is done.
                if (_announced.Task.IsCompleted) await Task.Delay(atMost, pushes._clock, cancellationToken);
                else await _announced.Task.WaitAsync(atMost, pushes._clock, cancellationToken);
            }
            catch (Exception e) when (e is TimeoutException or OperationCanceledException)
            {
                // Looked at next, by the caller.
            }
        }

        async ValueTask<Ingestion> LookAsync(Ingestion last, CancellationToken cancellationToken)
        {
            try
            {
                return await pushes._store.FindAsync(last.UserId, last.Id, cancellationToken)
                    ?? throw new UserGoneException();
            }
            catch (StoreUnavailableException)
            {
                return last;
            }
        }
    }
}
