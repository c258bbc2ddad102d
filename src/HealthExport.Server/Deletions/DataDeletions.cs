using System.Collections.Concurrent;
using HealthExport.Deletions;
using HealthExport.Pushes;
using HealthExport.Server.Health;
using HealthExport.Server.Ingest;

namespace HealthExport.Server.Deletions;

/// <summary>
/// Brings deletions to their end: at once for a request, and at the start and every minute what a process that died, or
/// a store that was away, has left undone. Two processes at the same one do no harm.
/// </summary>
sealed partial class DataDeletions(
    IDeletionStore store, PayloadDeletion payloads, PushWorker pushes, SchemaWatch schema, TimeProvider clock,
    ILogger<DataDeletions> log) : BackgroundService
{
    static readonly TimeSpan s_every = TimeSpan.FromMinutes(1);
    static readonly TimeSpan s_again = TimeSpan.FromSeconds(1);

    readonly ConcurrentDictionary<(long UserId, long Number), Lazy<Task>> _running = [];
    readonly CancellationTokenSource _stopping = new();

    /// <summary>Goes on with a deletion, for the caller as long as <paramref name="patience"/> lasts.</summary>
    /// <returns>As it stands then.</returns>
    public async Task<DeletionState> FinishAsync(DeletionState deletion, TimeSpan patience)
    {
        await Run(deletion).WaitAsync(patience, clock).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return await store.FindAsync(deletion.UserId, deletion.Number, CancellationToken.None) ?? deletion;
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        await base.StopAsync(cancellationToken);
        await Task.WhenAll(_running.Values.Select(run => run.Value)).WaitAsync(cancellationToken);
    }

    public override void Dispose()
    {
        _stopping.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (await schema.FindAsync(stoppingToken) == SchemaState.Fits)
                    foreach (var deletion in await store.ListUnfinishedAsync(stoppingToken)) _ = Run(deletion);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // Whatever it is (the schema may not be there yet), it must not end the server.
                NotListed(CauseOf(e), s_every.TotalSeconds);
            }
            await Task.Delay(s_every, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    Task Run(DeletionState deletion)
    {
        var key = (deletion.UserId, deletion.Number);
        return _running.GetOrAdd(key, _ => new(() => Task.Run(() => RunAsync(deletion)))).Value;
    }

    async Task RunAsync(DeletionState deletion)
    {
        try
        {
            while (!await TryAsync(deletion))
                await Task.Delay(s_again, clock, _stopping.Token);
        }
        catch (OperationCanceledException)
        {
            // The next start goes on.
        }
        finally
        {
            _running.TryRemove((deletion.UserId, deletion.Number), out _);
        }
    }

    /// <returns>Whether nothing is left to do.</returns>
    async Task<bool> TryAsync(DeletionState deletion)
    {
        try
        {
            var began = clock.GetTimestamp();
            // Of a newer schema's tables this build knows nothing, and would leave what is in them.
            if (await schema.FindAsync(_stopping.Token) != SchemaState.Fits) return false;
            var now = await store.DeleteRowsAsync(deletion.UserId, deletion.Number, _stopping.Token);
            // What was received since has waited for this.
            pushes.Wake();
            if (now?.Stage is DeletionStage.Payloads)
            {
                if (!await payloads.DeleteAsync(now, _stopping.Token)) return false;
                await store.EndPayloadsAsync(now.UserId, now.Number, _stopping.Token);
            }
            Deleted(clock.GetElapsedTime(began).TotalMilliseconds);
            return true;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            NotDeleted(CauseOf(e), s_again.TotalSeconds);
            return false;
        }
    }

    static string CauseOf(Exception e) => e is StoreUnavailableException ? e.Message : e.GetType().Name;

    [LoggerMessage(1321, LogLevel.Information, "Data was deleted in {ElapsedMs:0} ms")]
    partial void Deleted(double elapsedMs);

    [LoggerMessage(1322, LogLevel.Warning,
        "Data could not be deleted to the end; again in {DelaySeconds:0} s: {Cause}")]
    partial void NotDeleted(string cause, double delaySeconds);

    [LoggerMessage(1323, LogLevel.Warning,
        "What to delete could not be read; again in {DelaySeconds:0} s: {Cause}")]
    partial void NotListed(string cause, double delaySeconds);
}
