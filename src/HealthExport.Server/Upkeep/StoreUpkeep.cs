using HealthExport.Audit;
using HealthExport.Catalogue;
using HealthExport.Pushes;
using HealthExport.Server.Audit;
using HealthExport.Server.Health;
using HealthExport.Server.Settings;
using HealthExport.Stores;
using HealthExport.Texts;
using HealthExport.Time;

namespace HealthExport.Server.Upkeep;

/// <summary>
/// Has the store kept up at the start and every day, what is too old removed, and texts mapped by this version's table,
/// by whichever replica: they need not agree on one.
/// </summary>
sealed partial class StoreUpkeep(
    IStoreUpkeep store, IAuditStore audit, ITextStore texts, SchemaWatch schema, ServerSettings settings,
    TimeProvider clock, ILogger<StoreUpkeep> log)
    : BackgroundService
{
    // Few enough that a push does not notice waiting for them.
    const int RemovedAtOnce = 2_000;

    static readonly TimeSpan s_every = TimeSpan.FromDays(1);

    // After a failure. What is due is due for months: no need to press.
    static readonly TimeSpan s_again = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var isDone = await TryAsync(stoppingToken);
            await Task.Delay(isDone ? s_every : s_again, clock, stoppingToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    async Task<bool> TryAsync(CancellationToken stoppingToken)
    {
        try
        {
            if (await schema.FindAsync(stoppingToken) != SchemaState.Fits) return false;
            var began = clock.GetTimestamp();
            var made = await store.KeepUpAsync(Instant.From(clock.GetUtcNow()), stoppingToken);
            if (made > 0) KeptUp(made, clock.GetElapsedTime(began).TotalMilliseconds);
            await RemoveOldEntriesAsync(stoppingToken);
            await MapTextsAsync(stoppingToken);
            return true;
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            return false;
        }
        catch (Exception e)
        {
            // Whatever it is, it must not end the server.
            KeepUpFailed(e.GetType().Name, s_again.TotalSeconds);
            return false;
        }
    }

    async Task RemoveOldEntriesAsync(CancellationToken stoppingToken)
    {
        if (settings.Audit.Retention is not { } retention) return;
        var began = clock.GetTimestamp();
        var before = Instant.From(clock.GetUtcNow()) + -retention;
        long removed = 0;
        while (await audit.RemoveBeforeAsync(before, RemovedAtOnce, stoppingToken) is > 0 and var some) removed += some;
        if (removed > 0) EntriesRemoved(removed, clock.GetElapsedTime(began).TotalMilliseconds);
    }

    /// <summary>After an update, whose table may know texts that were stored without a code: of each person once.
    /// </summary>
    async Task MapTextsAsync(CancellationToken stoppingToken)
    {
        var remap = new TextRemap(texts);
        for (var last = 0L; await texts.FindUserToMapAsync(last, TextCodes.Table, stoppingToken) is { } user; last = user)
            try
            {
                await MapTextsAsync(remap, user, stoppingToken);
            }
            catch (Exception e) when (e is not (OperationCanceledException or StoreUnavailableException))
            {
                // Of one person: the others' need not wait for it.
                TextsNotMapped(e.GetType().Name);
            }
    }

    async Task MapTextsAsync(TextRemap remap, long user, CancellationToken stoppingToken)
    {
        var began = clock.GetTimestamp();
        var mapped = await remap.RunAsync(user, isDryRun: false, stoppingToken);
        if (mapped.Count > 0)
        {
            await audit.AppendAsync(
                [
                    AuditEntry.Create(
                        AuditAction.DataMapped, AuditOrigin.Nobody, clock.GetUtcNow(), user,
                        metadata: MappedRows.Of(mapped)),
                ],
                stoppingToken);
            TextsMapped(mapped.Sum(text => text.Rows), clock.GetElapsedTime(began).TotalMilliseconds);
        }
        await texts.MarkMappedAsync(user, TextCodes.Table, stoppingToken);
    }

    [LoggerMessage(1301, LogLevel.Information, "The store was kept up in {ElapsedMs:0.0} ms; {Made} partitions made")]
    partial void KeptUp(int made, double elapsedMs);

    [LoggerMessage(1302, LogLevel.Warning, "The store could not be kept up ({Exception}); again in {DelaySeconds:0} s")]
    partial void KeepUpFailed(string exception, double delaySeconds);

    [LoggerMessage(1331, LogLevel.Information,
        "{Rows} rows of a person had texts without a code, and got one, in {ElapsedMs:0} ms")]
    partial void TextsMapped(long rows, double elapsedMs);

    [LoggerMessage(1332, LogLevel.Warning,
        "A person's texts could not be mapped ({Exception}); tried again within a day")]
    partial void TextsNotMapped(string exception);

    [LoggerMessage(1405, LogLevel.Information,
        "{Removed} entries of the audit trail were older than is kept, and removed in {ElapsedMs:0.0} ms")]
    partial void EntriesRemoved(long removed, double elapsedMs);
}
