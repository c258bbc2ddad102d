using HealthExport.Pushes;

namespace HealthExport.Server.CommandLine;

/// <summary>
/// Works on the queue from a verb, side by side with a running server: a push is applied by whoever claims it, and the
/// other waits. Pushes of the same user that came before are applied on the way, because they come first.
/// </summary>
sealed class QueuedPushes(IIngestionStore store, PushApplication application, TimeProvider clock)
{
    /// <summary>How long a claim holds; it is renewed at a third of it.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);

    const int MaxAttempts = 5;

    // A server on the same file holds the writer for as long as one push takes.
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);
    static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(100);

    /// <summary>Works until the ingestion is settled, here or elsewhere.</summary>
    /// <exception cref="CommandFailedException">It has vanished meanwhile.</exception>
    public async ValueTask<Ingestion> SettleAsync(
        long userId, Guid id, ClaimedPush? claim, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (claim is not null) await ApplyAsync(claim, cancellationToken);
            var ingestion = await TryAsync(() => store.FindAsync(userId, id, cancellationToken), cancellationToken)
                ?? throw new CommandFailedException($"Ingestion {id} has been erased.");
            if (ingestion.Status is not (IngestionStatus.Queued or IngestionStatus.Processing)) return ingestion;
            claim = await TryAsync(() => store.ClaimAsync(Lease, cancellationToken), cancellationToken);
            if (claim is null) await Task.Delay(s_pause, clock, cancellationToken);
        }
    }

    /// <summary>Asks again for a minute while the store is busy or away.</summary>
    public async ValueTask<T> TryAsync<T>(Func<ValueTask<T>> ask, CancellationToken cancellationToken)
    {
        var since = clock.GetTimestamp();
        while (true)
        {
            try
            {
                return await ask();
            }
            catch (StoreUnavailableException) when (clock.GetElapsedTime(since) < s_patience)
            {
                await Task.Delay(s_pause, clock, cancellationToken);
            }
        }
    }

    async ValueTask ApplyAsync(ClaimedPush push, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var renewal = RenewAsync(push, stop);
        try
        {
            await application.ApplyAsync(push, stop.Token);
        }
        catch (LeaseLostException)
        {
            // Another process has it now: it will settle it.
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await store.GiveBackAsync(push, TimeSpan.Zero, countAttempt: false, CancellationToken.None);
            throw;
        }
        catch (OperationCanceledException)
        {
            // The renewal found the lease gone.
        }
        catch (StoreUnavailableException)
        {
            await store.GiveBackAsync(push, s_pause, countAttempt: false, cancellationToken);
        }
        catch (Exception) when (push.Ingestion.Attempts < MaxAttempts)
        {
            await store.GiveBackAsync(push, s_pause, countAttempt: true, cancellationToken);
        }
        catch (Exception)
        {
            await store.FailAsync(push, cancellationToken);
        }
        finally
        {
            await stop.CancelAsync();
            await renewal;
        }
    }

    async Task RenewAsync(ClaimedPush push, CancellationTokenSource stop)
    {
        try
        {
            while (true)
            {
                await Task.Delay(Lease / 3, clock, stop.Token);
                try
                {
                    if (await store.RenewAsync(push, Lease, stop.Token)) continue;
                    await stop.CancelAsync();
                    return;
                }
                catch (StoreUnavailableException)
                {
                    // The embedded store's writer is held by this very push; the lease outlives a few tries.
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Done.
        }
    }
}
