using HealthExport.Limits;
using StackExchange.Redis;

namespace HealthExport.Storage.Redis;

/// <summary>
/// A connection to Redis that nobody waits for: once it has failed, be it by one late answer, it is gone, until a loop
/// has made another. Safe from any thread.
/// </summary>
/// <param name="greet">Called with each new connection, which is used only once this has succeeded.</param>
sealed class RedisLink(
    SharedUsageOptions options, TimeProvider clock, Func<RedisLink.Session, Task> greet) : IAsyncDisposable
{
    static readonly TimeSpan s_firstDelay = TimeSpan.FromMilliseconds(200);
    static readonly TimeSpan s_lastDelay = TimeSpan.FromSeconds(5);

    readonly ConfigurationOptions _configuration = RedisUrl.Parse(options);
    readonly CancellationTokenSource _stopping = new();
    readonly TaskCompletionSource _tried = new(TaskCreationOptions.RunContinuationsAsynchronously);
    Task _linking = Task.CompletedTask;

    // Null while Redis is away. Whoever finds it so takes it away.
    volatile Session? _current;

    /// <summary>Raised with null when Redis is there, and with the reason when it has gone or was not there at first.
    /// </summary>
    public event Action<string?>? Changed;

    /// <summary>Null while Redis is away.</summary>
    public Session? Current => _current;

    /// <summary>Returns when Redis is there, or the first try has failed.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _linking = Task.Run(LinkAsync, CancellationToken.None);
        await _tried.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Says that a session is not to be used any more.</summary>
    public void End(Session session, Exception why) => End(session, Describe(why));

    public async ValueTask DisposeAsync()
    {
        // A container calls this once for each name that it knows the owner by.
        await _stopping.CancelAsync();
        await _linking;
    }

    void End(Session session, string why)
    {
        session.Ended.TrySetResult();
        if (Interlocked.CompareExchange(ref _current, null, session) == session) Changed?.Invoke(why);
    }

    /// <summary>Connects, waits until that ends, and begins anew.</summary>
    async Task LinkAsync()
    {
        var failures = 0;
        var began = 0L;
        for (var epoch = 1; !_stopping.IsCancellationRequested; epoch++)
        {
            ConnectionMultiplexer? connection = null;
            try
            {
                connection = await ConnectAsync();
                // Else whoever goes on after an answer holds up all answers behind it.
                connection.PreserveAsyncOrder = false;
                var session = new Session(connection.GetDatabase(), epoch);
                // Also while nobody asks: the client would connect again by itself, perhaps to a server that was
                // restarted and has forgotten everything.
                connection.ConnectionFailed += (_, failure) => End(session, failure.FailureType.ToString());
                await greet(session);
                began = clock.GetTimestamp();
                _current = session;
                Changed?.Invoke(null);
                _tried.TrySetResult();
                if (session.Ended.Task.IsCompleted) End(session, "lost at once");
                await session.Ended.Task.WaitAsync(_stopping.Token);
                // One that comes and goes is looked for ever less often.
                if (clock.GetElapsedTime(began) > s_lastDelay) failures = 0;
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                _current = null;
            }
            catch (Exception e)
            {
                if (_tried.TrySetResult()) Changed?.Invoke(Describe(e));
            }
            // Off this loop's way: a connection that hangs takes its time to end.
            if (connection is not null) _ = Task.Run(() => Close(connection));
            await DelayAsync(failures++);
        }
    }

    async Task<ConnectionMultiplexer> ConnectAsync()
    {
        var connecting = ConnectionMultiplexer.ConnectAsync(_configuration);
        try
        {
            return await connecting.WaitAsync(options.ConnectTimeout, clock, _stopping.Token);
        }
        catch
        {
            _ = DisposeLateAsync(connecting);
            throw;
        }
    }

    static async Task DisposeLateAsync(Task<ConnectionMultiplexer> connecting)
    {
        try
        {
            Close(await connecting);
        }
        catch (Exception)
        {
            // It did not come about: nothing to dispose of.
        }
    }

    static void Close(ConnectionMultiplexer connection)
    {
        // Without saying goodbye: disposing alone would wait for an answer to that.
        connection.Close(allowCommandsToComplete: false);
        connection.Dispose();
    }

    async Task DelayAsync(int failures)
    {
        var delay = s_firstDelay * Math.Pow(2, Math.Min(failures, 10));
        try
        {
            await Task.Delay(delay < s_lastDelay ? delay : s_lastDelay, clock, _stopping.Token);
        }
        catch (OperationCanceledException)
        {
            // The loop looks.
        }
    }

    /// <summary>Without the text, which names addresses.</summary>
    static string Describe(Exception e) => e switch
    {
        TimeoutException => "no answer in time",
        RedisConnectionException { FailureType: var type } => type.ToString(),
        // The first word of an error is its code: NOAUTH, OOM, READONLY.
        RedisServerException => e.Message.Split(' ', 2)[0],
        _ => e.GetType().Name,
    };

    /// <param name="Epoch">Grows with every session: what was told in one may be forgotten in the next.</param>
    public sealed record Session(IDatabase Database, int Epoch)
    {
        internal TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
