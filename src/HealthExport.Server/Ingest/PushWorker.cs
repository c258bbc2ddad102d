using HealthExport.Pushes;
using HealthExport.Server.Health;
using HealthExport.Server.Settings;
using HealthExport.Server.Upkeep;

namespace HealthExport.Server.Ingest;

/// <summary>
/// Works on pushes, some side by side: those that a request hands over, claimed in the commit of their bytes, and those
/// that wait in the queue. What a request hands over may wait for a slot in hand, but not long, which spares the queue;
/// of the queue itself only as much is claimed as can be worked on, so that other processes get the rest. Stops with the
/// server: what is in hand goes back, uncounted.
/// </summary>
sealed partial class PushWorker : BackgroundService
{
    /// <summary>Pushes of requests in hand, for each that can be worked on at once.</summary>
    const int PlacesForEachWorker = 8;

    static readonly TimeSpan s_pollEvery = TimeSpan.FromSeconds(1);

    readonly IIngestionStore _store;
    readonly PushAttempt _attempt;
    readonly TotalsUpkeep _totals;
    readonly SchemaWatch _schema;
    readonly IngestSettings _settings;
    readonly TimeProvider _clock;
    readonly ILogger<PushWorker> _log;
    readonly CancellationToken _stopping;
    readonly SemaphoreSlim _places;
    readonly SemaphoreSlim _slots;
    readonly SemaphoreSlim _wake = new(0, 1);

    readonly Lock _lock = new();
    readonly HashSet<Task> _running = [];    // under _lock

    public PushWorker(
        IIngestionStore store, PushAttempt attempt, TotalsUpkeep totals, SchemaWatch schema, ServerSettings settings,
        IHostApplicationLifetime lifetime, TimeProvider clock, ILogger<PushWorker> log)
    {
        (_store, _attempt, _totals, _schema) = (store, attempt, totals, schema);
        (_settings, _clock, _log) = (settings.Ingest, clock, log);
        // Not the token of this service, which comes when the web server has drained its requests: they wait for
        // pushes.
        _stopping = lifetime.ApplicationStopping;
        _slots = new(_settings.Workers);
        _places = new(_settings.Workers * PlacesForEachWorker);
    }

    /// <summary>Whether the queue is being watched.</summary>
    public bool IsRunning => ExecuteTask is { IsCompleted: false } && !_stopping.IsCancellationRequested;

    /// <summary>Takes a free place for a push that is about to be kept and claimed at once.</summary>
    /// <returns>Null when all are taken or the server stops: the push then only goes to the queue.</returns>
    public Place? FindPlace() => !_stopping.IsCancellationRequested && _places.Wait(0) ? new Place(this) : null;

    /// <summary>Says that there may be something to claim.</summary>
    public void Wake()
    {
        lock (_lock)
            if (_wake.CurrentCount == 0) _wake.Release();
    }

    /// <summary>Called when the last request has been answered: none hands over a push any more.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        Task[] running;
        lock (_lock) running = [.. _running];
        await Task.WhenAll(running).WaitAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        var failures = 0;
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                await _slots.WaitAsync(_stopping);
                if (await ClaimAsync() is { } push)
                {
                    Start(push, hasSlot: true);
                    continue;
                }
                failures = 0;
                await _wake.WaitAsync(s_pollEvery, _stopping);
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                break;
            }
            catch (Exception e)
            {
                ClaimFailed(e.GetType().Name);
                await WaitAsync(_settings.Backoff.After(failures++));
            }
        }
    }

    /// <summary>The next push; its slot is given back when there is none.</summary>
    async ValueTask<ClaimedPush?> ClaimAsync()
    {
        ClaimedPush? push = null;
        try
        {
            // A newer server's pushes are for it to apply.
            if (await _schema.FindAsync(CancellationToken.None) != SchemaState.Fits) return null;
            // Not cancelled: a claim that was committed must not be forgotten.
            return push = await _store.ClaimAsync(_settings.Lease, CancellationToken.None);
        }
        finally
        {
            if (push is null) _slots.Release();
        }
    }

    /// <param name="hasSlot">False when it has a place, to wait for a slot in.</param>
    void Start(ClaimedPush push, bool hasSlot)
    {
        lock (_lock)
        {
            var run = Task.Run(() => RunAsync(push, hasSlot));
            _running.Add(run);
            _ = run.ContinueWith(
                done =>
                {
                    lock (_lock) _running.Remove(done);
                },
                CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    async Task RunAsync(ClaimedPush push, bool hasSlot)
    {
        TimeSpan? again = null;
        try
        {
            if (hasSlot || await FindSlotAsync()) again = await RunInSlotAsync(push);
            else await _attempt.HandBackAsync(push, _stopping);
        }
        catch (Exception e)
        {
            AttemptLost(push.Ingestion.Id, e.GetType().Name);
        }
        finally
        {
            if (!hasSlot) _places.Release();
        }
        // The same user's next one can be claimed now; one given back, when its time has come.
        Wake();
        if (again is { } delay && !_stopping.IsCancellationRequested) _ = WakeAfterAsync(delay);
    }

    async Task<TimeSpan?> RunInSlotAsync(ClaimedPush push)
    {
        try
        {
            return await _attempt.RunAsync(push, _stopping);
        }
        finally
        {
            _slots.Release();
            _totals.NotePush();
        }
    }

    /// <returns>False when there was none in a third of the lease, which is not renewed meanwhile, or the server stops.
    /// </returns>
    async ValueTask<bool> FindSlotAsync()
    {
        using var patience = new CancellationTokenSource(_settings.Lease / 3, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, _stopping);
        try
        {
            await _slots.WaitAsync(either.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    async Task WakeAfterAsync(TimeSpan delay)
    {
        await WaitAsync(delay);
        Wake();
    }

    async Task WaitAsync(TimeSpan delay)
    {
        try
        {
            await Task.Delay(delay, _clock, _stopping);
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
    }

    /// <summary>A place that a request holds until it has started its push, or disposes it.</summary>
    public sealed class Place(PushWorker worker) : IDisposable
    {
        bool _isUsed;

        /// <summary>Starts on the push, which frees the place when it is done.</summary>
        public void Start(ClaimedPush push)
        {
            _isUsed = true;
            worker.Start(push, hasSlot: false);
        }

        public void Dispose()
        {
            if (_isUsed) return;
            _isUsed = true;
            worker._places.Release();
        }
    }

    [LoggerMessage(1101, LogLevel.Warning, "The queue could not be asked ({Exception})")]
    partial void ClaimFailed(string exception);

    [LoggerMessage(1102, LogLevel.Error,
        "Push {Ingestion} could not be given back ({Exception}); it is taken up again when its lease ends")]
    partial void AttemptLost(Guid ingestion, string exception);
}
