using HealthExport.Pushes;
using HealthExport.Server.Ingest;

namespace HealthExport.Server.CommandLine;

/// <summary>
/// Works on the queue from a verb, side by side with a running server: a push is applied by whoever claims it, and the
/// other waits. Pushes that are due before it are applied on the way.
/// </summary>
sealed class QueuedPushes(IIngestionStore store, PushAttempt attempt, TimeSpan lease, TimeProvider clock)
{
    // A server on the same file holds the writer for as long as one push takes.
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);
    static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(50);

    /// <summary>Works until the ingestion is settled, here or elsewhere.</summary>
    /// <param name="claim">Set when it is this process's to work on already.</param>
    /// <exception cref="CommandFailedException">It has vanished meanwhile.</exception>
    /// <exception cref="OperationCanceledException">What was in hand is given back, uncounted.</exception>
    public async ValueTask<Ingestion> SettleAsync(
        long userId, Guid id, ClaimedPush? claim, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (claim is not null) await attempt.RunAsync(claim, cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
            var ingestion = await TryAsync(() => store.FindAsync(userId, id, cancellationToken), cancellationToken)
                ?? throw new CommandFailedException($"Ingestion {id} has been erased.");
            if (ingestion.IsSettled) return ingestion;
            // Not cancelled: a claim that was committed must not be forgotten.
            claim = await TryAsync(() => store.ClaimAsync(lease, CancellationToken.None), cancellationToken);
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
}
