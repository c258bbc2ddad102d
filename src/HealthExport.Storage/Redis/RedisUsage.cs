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

    // More than any probe needs, and no time to wait for.
    static readonly Allowance s_anything = new(1L << 52, 1L << 52);

    readonly SharedUsageOptions _options;
    readonly LocalUsage _local;
    readonly TimeProvider _clock;
    readonly RedisLink _link;

    public RedisUsage(SharedUsageOptions options, LocalUsage local, TimeProvider clock)
    {
        (_options, _local, _clock) = (options, local, clock);
        _link = new(options, clock, GreetAsync);
    }

    public event Action<string?>? SharingChanged
    {
        add => _link.Changed += value;
        remove => _link.Changed -= value;
    }

    public bool? IsShared => _link.Current is not null;

    public Task StartAsync(CancellationToken cancellationToken) => _link.StartAsync(cancellationToken);

    public ValueTask<Verdict> TakeAsync(UsageKey key, Allowance allowance, Cost cost) =>
        _link.Current is { } link ? TakeAsync(link, key, allowance, cost) : _local.TakeAsync(key, allowance, cost);

    public async ValueTask<Verdict> GiveBackAsync(UsageKey key, Allowance allowance, Cost cost, int minute)
    {
        var alone = _local.GiveBack(key, allowance, cost, minute);
        if (_link.Current is not { } link) return alone;
        try
        {
            return (await RunAsync(link.Database, key, allowance, cost, minute, [])).Verdict;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            _link.End(link, e);
            return alone;
        }
    }

    public ValueTask DisposeAsync() => _link.DisposeAsync();

    async ValueTask<Verdict> TakeAsync(RedisLink.Session link, UsageKey key, Allowance allowance, Cost cost)
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
            _link.End(link, e);
            return _local.Take(key, allowance, cost);
        }
    }

    async Task GreetAsync(RedisLink.Session link)
    {
        var (_, now, _) = await RunAsync(
            link.Database, new("", LimitClass.Read), s_anything, Cost.OneRequest, 0, []);
        _local.SetNow(now);
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

    static string ReadScript()
    {
        using var script = Assembly.GetExecutingAssembly().GetManifestResourceStream("take.lua")!;
        using var reader = new StreamReader(script);
        return reader.ReadToEnd();
    }
}
