using HealthExport.Server.Health;
using HealthExport.Totals;

namespace HealthExport.Server.Upkeep;

/// <summary>
/// Works out daily totals once pushes have been quiet for a moment, and stops for the next push, so that pushes do not
/// wait for it; and every minute what other processes left behind. Reading is right without it.
/// </summary>
sealed partial class TotalsUpkeep(
    DailyTotals totals, IDailyTotalStore store, SchemaWatch schema, TimeProvider clock, ILogger<TotalsUpkeep> log)
    : BackgroundService
{
    static readonly TimeSpan s_every = TimeSpan.FromMinutes(1);
    static readonly TimeSpan s_quiet = TimeSpan.FromSeconds(2);
    static readonly TimeSpan s_longest = TimeSpan.FromMinutes(10);

    readonly SemaphoreSlim _noted = new(0, 1);
    readonly Lock _lock = new();

    // Under _lock.
    long _lastPush = clock.GetTimestamp();
    CancellationTokenSource? _yielding;

    /// <summary>Says that a push has been applied.</summary>
    public void NotePush()
    {
        lock (_lock)
        {
            _lastPush = clock.GetTimestamp();
            if (_noted.CurrentCount == 0) _noted.Release();
            _ = _yielding?.CancelAsync();
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                var isLate = await _noted.WaitAsync(s_every, stoppingToken) && await WaitForQuietAsync(stoppingToken);
                if (await schema.FindAsync(stoppingToken) == SchemaState.Fits)
                    await RefreshAsync(yields: !isLate, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // Whatever it is, it must not end the server.
                RefreshFailed(e.GetType().Name, s_every.TotalSeconds);
                await Task.Delay(s_every, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <returns>True if it never was quiet.</returns>
    async Task<bool> WaitForQuietAsync(CancellationToken stoppingToken)
    {
        var since = clock.GetTimestamp();
        while (true)
        {
            long last;
            lock (_lock) last = _lastPush;
            var quiet = clock.GetElapsedTime(last);
            if (quiet >= s_quiet) return false;
            if (clock.GetElapsedTime(since) >= s_longest) return true;
            await Task.Delay(s_quiet - quiet, clock, stoppingToken);
        }
    }

    async Task RefreshAsync(bool yields, CancellationToken stoppingToken)
    {
        var began = clock.GetTimestamp();
        var (people, days) = (0, 0);
        using var yielding = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        lock (_lock) _yielding = yields ? yielding : null;
        try
        {
            long? user = 0;
            while ((user = await store.FindStaleUserAsync(user.Value, yielding.Token)) is { } stale)
            {
                days += await totals.RefreshAsync(stale, yielding.Token);
                people++;
            }
        }
        catch (OperationCanceledException) when (!stoppingToken.IsCancellationRequested)
        {
            // A push came. It was noted, so the rest is worked out when it is quiet again.
        }
        finally
        {
            lock (_lock) _yielding = null;
        }
        if (days > 0) Refreshed(days, people, clock.GetElapsedTime(began).TotalMilliseconds);
    }

    [LoggerMessage(1303, LogLevel.Debug,
        "Daily totals: {Days} days of {People} people worked out in {ElapsedMs:0.0} ms")]
    partial void Refreshed(int days, int people, double elapsedMs);

    [LoggerMessage(1304, LogLevel.Warning,
        "Daily totals could not be worked out ({Exception}); again in {DelaySeconds:0} s, and reading does without")]
    partial void RefreshFailed(string exception, double delaySeconds);
}
