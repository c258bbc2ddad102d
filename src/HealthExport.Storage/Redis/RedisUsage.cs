using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using HealthExport.Limits;
using HealthExport.Time;
using StackExchange.Redis;

namespace HealthExport.Storage.Redis;

/// <summary>
/// Counts in Redis, with one script that goes by the clock there, so that any number of processes count as one. While
/// Redis is away each counts for itself, and goes on from what it let in within the hour, and what the others had by
/// its last request of the key in each minute.
/// </summary>
/// <remarks>
/// Away means: no connection, no answer in time, or an error, even once. Then nobody waits for it any more, but a loop,
/// which connects anew until the script runs. What this process has counted since, and what Redis has forgotten if it
/// was restarted, it is told key by key, with the first request of each.
/// </remarks>
sealed class RedisUsage : ISharedUsage, IAsyncDisposable
{
    internal static readonly string Script = ReadScript();
    static readonly byte[] s_scriptHash = SHA1.HashData(Encoding.UTF8.GetBytes(Script));

    static readonly TimeSpan s_firstDelay = TimeSpan.FromMilliseconds(200);
    static readonly TimeSpan s_lastDelay = TimeSpan.FromSeconds(5);

    // More than any probe needs, and no time to wait for.
    static readonly Allowance s_anything = new(1L << 52, 1L << 52);

    readonly SharedUsageOptions _options;
    readonly ConfigurationOptions _configuration;
    readonly LocalUsage _local;
    readonly TimeProvider _clock;
    readonly CancellationTokenSource _stopping = new();
    readonly TaskCompletionSource _tried = new(TaskCreationOptions.RunContinuationsAsynchronously);
    Task _linking = Task.CompletedTask;

    // Null while Redis is away. Whoever finds it so takes it away.
    volatile Link? _link;

    public RedisUsage(SharedUsageOptions options, LocalUsage local, TimeProvider clock)
    {
        _configuration = RedisUrl.Parse(options);
        (_options, _local, _clock) = (options, local, clock);
    }

    public event Action<string?>? SharingChanged;

    public bool? IsShared => _link is not null;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _linking = Task.Run(LinkAsync, CancellationToken.None);
        await _tried.Task.WaitAsync(cancellationToken);
    }

    public ValueTask<Verdict> TakeAsync(UsageKey key, Allowance allowance, Cost cost) =>
        _link is { } link ? TakeAsync(link, key, allowance, cost) : _local.TakeAsync(key, allowance, cost);

    public async ValueTask<Verdict> GiveBackAsync(UsageKey key, Allowance allowance, Cost cost, int minute)
    {
        var alone = _local.GiveBack(key, allowance, cost, minute);
        if (_link is not { } link) return alone;
        try
        {
            return (await RunAsync(link.Database, key, allowance, cost, minute, [])).Verdict;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            End(link, Describe(e));
            return alone;
        }
    }

    public async ValueTask DisposeAsync()
    {
        // A container calls this once for each name that it knows this by.
        await _stopping.CancelAsync();
        await _linking;
    }

    async ValueTask<Verdict> TakeAsync(Link link, UsageKey key, Allowance allowance, Cost cost)
    {
        try
        {
            var (verdict, _, ofMinute) = await RunAsync(
                link.Database, key, allowance, cost, 0, _local.FindUntold(key, link.Epoch));
            _local.Note(key, verdict.IsTaken ? cost : Cost.Nothing, ofMinute, verdict.Minute, link.Epoch);
            return verdict;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // It may have been taken there all the same: then the hour has it once, since the larger count holds.
            End(link, Describe(e));
            return _local.Take(key, allowance, cost);
        }
    }

    void End(Link link, string why)
    {
        link.Ended.TrySetResult();
        if (Interlocked.CompareExchange(ref _link, null, link) == link) SharingChanged?.Invoke(why);
    }

    /// <summary>Connects, waits until that ends, and begins anew.</summary>
    async Task LinkAsync()
    {
        var failures = 0;
        for (var epoch = 1; !_stopping.IsCancellationRequested; epoch++)
        {
            ConnectionMultiplexer? connection = null;
            try
            {
                connection = await ConnectAsync();
                // Else whoever goes on after an answer holds up all answers behind it.
                connection.PreserveAsyncOrder = false;
                var link = new Link(connection.GetDatabase(), epoch);
                // Also while nobody asks: the client would connect again by itself, perhaps to a server that was
                // restarted and has forgotten everything.
                connection.ConnectionFailed += (_, failure) => End(link, failure.FailureType.ToString());
                var (_, now, _) = await RunAsync(
                    link.Database, new("", LimitClass.Read), s_anything, Cost.OneRequest, 0, []);
                _local.SetNow(now);
                failures = 0;
                _link = link;
                SharingChanged?.Invoke(null);
                _tried.TrySetResult();
                if (link.Ended.Task.IsCompleted) End(link, "lost at once");
                await link.Ended.Task.WaitAsync(_stopping.Token);
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                _link = null;
            }
            catch (Exception e)
            {
                if (_tried.TrySetResult()) SharingChanged?.Invoke(Describe(e));
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
            return await connecting.WaitAsync(_options.ConnectTimeout, _clock, _stopping.Token);
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
            await Task.Delay(delay < s_lastDelay ? delay : s_lastDelay, _clock, _stopping.Token);
        }
        catch (OperationCanceledException)
        {
            // The loop looks.
        }
    }

    async Task<(Verdict Verdict, Instant Now, Cost OfMinute)> RunAsync(
        IDatabase database, UsageKey key, Allowance allowance, Cost cost, int backTo, HourWindow.Step[] untold)
    {
        RedisKey[] keys = [$"{_options.Prefix}limit:{key.KeyId}:{LimitClasses.GetName(key.Class)}"];
        var values = ToArguments(allowance, cost, backTo, untold);
        return Read(await EvaluateAsync(database, keys, values).WaitAsync(_options.AnswerTimeout, _clock));
    }

    internal static RedisValue[] ToArguments(
        Allowance allowance, Cost cost, int backTo, HourWindow.Step[] untold)
    {
        var values = new RedisValue[5 + 3 * untold.Length];
        (values[0], values[1]) = (allowance.Requests, allowance.Bytes);
        (values[2], values[3], values[4]) = (cost.Requests, cost.Bytes, backTo);
        for (var i = 0; i < untold.Length; i++)
            (values[5 + 3 * i], values[6 + 3 * i], values[7 + 3 * i]) =
                (untold[i].Minute, untold[i].Requests, untold[i].Bytes);
        return values;
    }

    static async Task<RedisResult> EvaluateAsync(IDatabase database, RedisKey[] keys, RedisValue[] values)
    {
        try
        {
            return await database.ScriptEvaluateAsync(s_scriptHash, keys, values);
        }
        catch (RedisServerException e) when (e.Message.StartsWith("NOSCRIPT", StringComparison.Ordinal))
        {
            // Sent whole once, it is known there until the server is restarted.
            return await database.ExecuteAsync("EVAL", [Script, keys.Length, .. keys, .. values]);
        }
    }

    internal static (Verdict Verdict, Instant Now, Cost OfMinute) Read(RedisResult result)
    {
        var numbers = (long[])result;
        return (
            new(
                numbers[0] == 1, new(numbers[1], numbers[2]),
                numbers[3] < 0 ? null : TimeSpan.FromMicroseconds(numbers[3]), TimeSpan.FromMicroseconds(numbers[4]),
                TimeSpan.FromMicroseconds(numbers[5]), (int)numbers[6]),
            new(numbers[7]), new(numbers[8], numbers[9]));
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

    static string ReadScript()
    {
        using var script = Assembly.GetExecutingAssembly().GetManifestResourceStream("take.lua")!;
        using var reader = new StreamReader(script);
        return reader.ReadToEnd();
    }

    /// <param name="Epoch">Grows with every link: what was told in one may be forgotten in the next.</param>
    sealed record Link(IDatabase Database, int Epoch)
    {
        public TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
