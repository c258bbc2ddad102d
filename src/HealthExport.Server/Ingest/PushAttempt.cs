using HealthExport.Pushes;
using HealthExport.Server.Settings;
using HealthExport.Server.Telemetry;

namespace HealthExport.Server.Ingest;

/// <summary>
/// One attempt at one push: applies it while the lease is kept alive, and puts it back if that does not work.
/// </summary>
sealed partial class PushAttempt(
    IIngestionStore store, PushApplication application, SettledPushes settled, Instruments instruments,
    ServerSettings settings, TimeProvider clock, ILogger<PushAttempt> log)
{
    /// <summary>How often giving back is tried when the server stops; then the lease's end has to do it.</summary>
    const int TriesWhenStopping = 3;

    /// <summary>More than phones' pushes ever need.</summary>
    const long LargeHeapBytes = 128L << 20;

    readonly Backoff _backoff = settings.Ingest.Backoff;

    // How often in a row the store was away, over all pushes: it is away for all of them.
    int _timesAway;

    /// <returns>When it can be claimed again, if it was given back; null if there is nothing more to do.</returns>
    public async Task<TimeSpan?> RunAsync(ClaimedPush push, CancellationToken stopping)
    {
        var began = clock.GetTimestamp();
        using var work = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var renewal = RenewAsync(push, work);
        try
        {
            work.Token.ThrowIfCancellationRequested();
            var receipt = await application.ApplyAsync(push, work.Token);
            Volatile.Write(ref _timesAway, 0);
            instruments.CountApplied(receipt);
            Applied(
                push.Ingestion.Id, push.Ingestion.SizeBytes, clock.GetElapsedTime(began).TotalMilliseconds,
                receipt.Counts.Received, receipt.Counts.Inserted, receipt.Counts.Updated, receipt.Counts.Unchanged,
                receipt.Counts.Rejected);
            settled.Announce(push.Ingestion.Id);
            return null;
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            await HandBackAsync(push, stopping);
            return null;
        }
        catch (Exception e) when (
            e is LeaseLostException || (e is OperationCanceledException && work.IsCancellationRequested))
        {
            LeaseLost(push.Ingestion.Id);
            return null;
        }
        catch (StoreUnavailableException e)
        {
            var delay = _backoff.After(Interlocked.Increment(ref _timesAway) - 1);
            StoreAway(push.Ingestion.Id, delay.TotalMilliseconds, e.Message);
            await GiveBackAsync(push, delay, countAttempt: false, stopping);
            return delay;
        }
        catch (Exception e)
        {
            return await CountAsync(push, e, stopping);
        }
        finally
        {
            await work.CancelAsync();
            await renewal;
            GiveMemoryBack();
        }
    }

    /// <summary>Puts a push back that cannot be worked on here: others may take it at once, and it has cost no attempt.
    /// </summary>
    public Task HandBackAsync(ClaimedPush push, CancellationToken stopping)
    {
        HandedBack(push.Ingestion.Id);
        return GiveBackAsync(push, TimeSpan.Zero, countAttempt: false, stopping);
    }

    // An element of many megabytes leaves a heap of many more, which an idle server would keep for ever.
    static void GiveMemoryBack()
    {
        if (GC.GetGCMemoryInfo().TotalCommittedBytes > LargeHeapBytes)
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
    }

    /// <summary>The push itself is the trouble: another attempt, or the end of its attempts.</summary>
    async Task<TimeSpan?> CountAsync(ClaimedPush push, Exception e, CancellationToken stopping)
    {
        if (await IsLostAsync(push))
        {
            // Its bytes may be gone, with its person.
            LeaseLost(push.Ingestion.Id);
            return null;
        }
        var attempts = push.Ingestion.Attempts;
        AttemptFailed(
            push.Ingestion.Id, attempts, e.GetType().FullName!, Environment.NewLine, e.StackTrace ?? "");
        if (attempts < settings.Ingest.Attempts)
        {
            var delay = _backoff.After(attempts - 1);
            await GiveBackAsync(push, delay, countAttempt: true, stopping);
            return delay;
        }
        await PersistAsync(() => store.FailAsync(push, CancellationToken.None), stopping);
        instruments.CountSettled(IngestionStatus.Failed);
        GivenUp(push.Ingestion.Id, attempts);
        settled.Announce(push.Ingestion.Id);
        return null;
    }

    async Task<bool> IsLostAsync(ClaimedPush push)
    {
        try
        {
            return !await store.RenewAsync(push, settings.Ingest.Lease, CancellationToken.None);
        }
        catch (Exception e)
        {
            NotRenewed(push.Ingestion.Id, e.GetType().Name);
            return false;
        }
    }

    Task GiveBackAsync(ClaimedPush push, TimeSpan delay, bool countAttempt, CancellationToken stopping) =>
        PersistAsync(() => store.GiveBackAsync(push, delay, countAttempt, CancellationToken.None), stopping);

    /// <summary>
    /// Does what must not be left undone although the store may be away, however long: left to the lease's end, the
    /// outage would count as an attempt.
    /// </summary>
    async Task PersistAsync(Func<ValueTask> change, CancellationToken stopping)
    {
        for (var failures = 0; ; failures++)
        {
            try
            {
                await change();
                return;
            }
            catch (StoreUnavailableException) when (
                !stopping.IsCancellationRequested || failures + 1 < TriesWhenStopping)
            {
                await PauseAsync(_backoff.After(failures), stopping);
            }
        }
    }

    async Task PauseAsync(TimeSpan delay, CancellationToken stopping)
    {
        // When the server stops meanwhile, the next try is due at once.
        if (stopping.IsCancellationRequested) await Task.Delay(delay, clock, CancellationToken.None);
        else await Task.Delay(delay, clock, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    async Task RenewAsync(ClaimedPush push, CancellationTokenSource work)
    {
        var lease = settings.Ingest.Lease;
        using var timer = new PeriodicTimer(lease / 3, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(work.Token))
            {
                try
                {
                    if (await store.RenewAsync(push, lease, work.Token)) continue;
                    await work.CancelAsync();
                    return;
                }
                // Two more tries fit into the lease; the commit checks it anyway.
                catch (StoreUnavailableException)
                {
                }
                catch (Exception e) when (e is not OperationCanceledException)
                {
                    // Must not become what the attempt itself ends with.
                    NotRenewed(push.Ingestion.Id, e.GetType().Name);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The attempt is over.
        }
    }

    [LoggerMessage(1111, LogLevel.Information,
        "Push {Ingestion} of {SizeBytes} bytes applied in {ElapsedMs:0.0} ms: {Received} received, "
        + "{Inserted} inserted, {Updated} updated, {Unchanged} unchanged, {Rejected} rejected")]
    partial void Applied(
        Guid ingestion, long sizeBytes, double elapsedMs, long received, long inserted, long updated, long unchanged,
        long rejected);

    [LoggerMessage(1112, LogLevel.Information, "Push {Ingestion} is handed back: the server stops or is busy")]
    partial void HandedBack(Guid ingestion);

    [LoggerMessage(1113, LogLevel.Warning, "Push {Ingestion} was taken over by another process")]
    partial void LeaseLost(Guid ingestion);

    [LoggerMessage(1114, LogLevel.Warning, "The store was away for push {Ingestion}; again in {DelayMs:0} ms: {Cause}")]
    partial void StoreAway(Guid ingestion, double delayMs, string cause);

    [LoggerMessage(1115, LogLevel.Error,
        "Attempt {Attempt} at push {Ingestion} failed with {Exception}{NewLine}{StackTrace}")]
    partial void AttemptFailed(Guid ingestion, int attempt, string exception, string newLine, string stackTrace);

    [LoggerMessage(1116, LogLevel.Error,
        "Push {Ingestion} is given up after {Attempts} attempts; its bytes are kept and it can be replayed")]
    partial void GivenUp(Guid ingestion, int attempts);

    [LoggerMessage(1117, LogLevel.Warning, "The lease of push {Ingestion} could not be renewed ({Exception})")]
    partial void NotRenewed(Guid ingestion, string exception);
}
