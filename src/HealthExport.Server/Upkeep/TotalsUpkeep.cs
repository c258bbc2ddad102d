using HealthExport.Totals;

namespace HealthExport.Server.Upkeep;

/// <summary>
/// Works out daily totals once pushes have been quiet for a moment, so that they do not wait for it; and every minute
/// what other processes left behind. Reading is right without it.
/// </summary>
sealed partial class TotalsUpkeep(
    DailyTotals totals, IDailyTotalStore store, TimeProvider clock, ILogger<TotalsUpkeep> log) : BackgroundService
{
    static readonly TimeSpan s_every = TimeSpan.FromMinutes(1);
    static readonly TimeSpan s_quiet = TimeSpan.FromSeconds(2);
    static readonly TimeSpan s_longest = TimeSpan.FromSeconds(30);

    readonly SemaphoreSlim _noted = new(0, 1);
    readonly Lock _lock = new();

    // Under _lock.
    long _lastPush = clock.GetTimestamp();

    /// <summary>Says that a push has been applied.</summary>
    public void NotePush()
    {
        lock (_lock)
        {
            _lastPush = clock.GetTimestamp();
            if (_noted.CurrentCount == 0) _noted.Release();
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (await _noted.WaitAsync(s_every, stoppingToken)) await WaitForQuietAsync(stoppingToken);
                await RefreshAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // Whatever it is (the schema may not be there yet), it must not end the server.
                RefreshFailed(e.GetType().Name, s_every.TotalSeconds);
                await Task.Delay(s_every, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    async Task WaitForQuietAsync(CancellationToken stoppingToken)
    {
        var since = clock.GetTimestamp();
        while (true)
        {
            long last;
            lock (_lock) last = _lastPush;
            var quiet = clock.GetElapsedTime(last);
            if (quiet >= s_quiet || clock.GetElapsedTime(since) >= s_longest) return;
            await Task.Delay(s_quiet - quiet, clock, stoppingToken);
        }
    }

    async Task RefreshAsync(CancellationToken stoppingToken)
    {
        var began = clock.GetTimestamp();
        var (people, days) = (0, 0);
        long? user = 0;
        while ((user = await store.FindStaleUserAsync(user.Value, stoppingToken)) is { } stale)
        {
            days += await totals.RefreshAsync(stale, stoppingToken);
            people++;
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
