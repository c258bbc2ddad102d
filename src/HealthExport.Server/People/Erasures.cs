using System.Collections.Concurrent;
using HealthExport.Audit;
using HealthExport.People;
using HealthExport.Pushes;
using HealthExport.Server.Health;

namespace HealthExport.Server.People;

/// <summary>
/// Erases those whom somebody has begun to erase, one after the other: at once for a request, and at the start and
/// every hour what a process that died, or a store that was away, has left undone.
/// </summary>
sealed partial class Erasures(IUserStore users, SchemaWatch schema, TimeProvider clock, ILogger<Erasures> log)
    : BackgroundService
{
    static readonly TimeSpan s_every = TimeSpan.FromHours(1);
    static readonly TimeSpan s_again = TimeSpan.FromMinutes(1);

    // Set when somebody is to be erased at once.
    readonly SemaphoreSlim _wake = new(0, 1);

    readonly ConcurrentDictionary<long, TaskCompletionSource> _awaited = [];

    /// <summary>Erases somebody whose erasing has begun.</summary>
    /// <returns>Whether they are gone; false when <paramref name="patience"/> was over first, and it goes on.</returns>
    public async Task<bool> FinishAsync(long userId, TimeSpan patience)
    {
        var awaited = _awaited.GetOrAdd(
            userId, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        Wake();
        await awaited.Task.WaitAsync(patience, clock).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return awaited.Task.IsCompletedSuccessfully;
    }

    public override void Dispose()
    {
        _wake.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var isDone = await TryAsync(stoppingToken);
            using var pause = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
            await Task.WhenAny(
                _wake.WaitAsync(pause.Token), Task.Delay(isDone ? s_every : s_again, clock, pause.Token));
            await pause.CancelAsync();
        }
        // Nobody waits for a server that stops; the next start goes on.
        foreach (var awaited in _awaited.Values) awaited.TrySetCanceled(CancellationToken.None);
    }

    /// <returns>Whether nobody is left.</returns>
    async Task<bool> TryAsync(CancellationToken stoppingToken)
    {
        // Who is awaited by now is on the list, or gone.
        var awaited = _awaited.ToArray();
        HashSet<long> left = [];
        try
        {
            // Of a newer schema's tables this build knows nothing, and would leave what is in them.
            if (await schema.FindAsync(stoppingToken) != SchemaState.Fits) return false;
            foreach (var user in await users.ListBeingErasedAsync(stoppingToken))
                if (!await TryAsync(user.Id, stoppingToken)) left.Add(user.Id);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            return false;
        }
        catch (Exception e)
        {
            // Whatever it is, it must not end the server.
            NotListed(CauseOf(e), s_again.TotalSeconds);
            return false;
        }
        foreach (var (userId, waiting) in awaited)
            if (!left.Contains(userId) && _awaited.TryRemove(userId, out _)) waiting.TrySetResult();
        return left.Count == 0;
    }

    async Task<bool> TryAsync(long userId, CancellationToken stoppingToken)
    {
        try
        {
            var began = clock.GetTimestamp();
            // Whose key it was and where it came from is no longer to be known.
            await users.EraseAsync(
                userId, AuditEntry.Create(AuditAction.UserErased, AuditOrigin.Nobody, clock.GetUtcNow()),
                stoppingToken);
            Erased(clock.GetElapsedTime(began).TotalMilliseconds);
            return true;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            NotErased(CauseOf(e), s_again.TotalSeconds);
            return false;
        }
    }

    static string CauseOf(Exception e) => e is StoreUnavailableException ? e.Message : e.GetType().Name;

    void Wake()
    {
        try
        {
            _wake.Release();
        }
        catch (SemaphoreFullException)
        {
            // It is awake.
        }
    }

    [LoggerMessage(1311, LogLevel.Information, "A person was erased in {ElapsedMs:0} ms")]
    partial void Erased(double elapsedMs);

    [LoggerMessage(1312, LogLevel.Warning,
        "A person could not be erased to the end; again in {DelaySeconds:0} s: {Cause}")]
    partial void NotErased(string cause, double delaySeconds);

    [LoggerMessage(1313, LogLevel.Warning,
        "Whom to erase could not be read; again in {DelaySeconds:0} s: {Cause}")]
    partial void NotListed(string cause, double delaySeconds);
}
