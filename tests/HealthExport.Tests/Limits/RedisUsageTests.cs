using System.Collections.Concurrent;
using HealthExport.Limits;
using HealthExport.Storage.Redis;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Limits;

/// <summary>Several processes' worth of counters on one Redis, and what becomes of them when that is away.</summary>
public sealed class RedisUsageTests
{
    static readonly UsageKey s_key = new("key", LimitClass.Ingest);
    static readonly Allowance s_hundred = new(100, 1_000_000);

    [Fact]
    public async Task Of_sixty_four_at_once_on_three_replicas_whose_clocks_differ_a_hundred_are_let_in()
    {
        var (redis, prefix) = await RedisServers.FindAsync();
        await using var ahead = await Replica.StartAsync(redis.Options(prefix), TimeSpan.FromHours(7));
        await using var right = await Replica.StartAsync(redis.Options(prefix), TimeSpan.Zero);
        await using var behind = await Replica.StartAsync(redis.Options(prefix), TimeSpan.FromMinutes(-1));
        Replica[] replicas = [ahead, right, behind];

        var verdicts = await TakeAsync(replicas, times: 320);
        Assert.Equal(100, verdicts.Count(verdict => verdict.IsTaken));
        Assert.All(verdicts, verdict => Assert.InRange(verdict.Used.Requests, 1, 100));
        foreach (var replica in replicas)
        {
            var asked = await replica.Usage.TakeAsync(s_key, s_hundred, Cost.Nothing);
            Assert.Equal(new Cost(100, 1_000), asked.Used);
            Assert.InRange(asked.RequestReset, TimeSpan.FromMinutes(58), TimeSpan.FromMinutes(60));
        }
    }

    [Fact]
    public async Task Bytes_are_given_back_for_all()
    {
        var (redis, prefix) = await RedisServers.FindAsync();
        await using var one = await Replica.StartAsync(redis.Options(prefix));
        await using var other = await Replica.StartAsync(redis.Options(prefix));
        var taken = await one.Usage.TakeAsync(s_key, s_hundred, new(1, 900_000));
        Assert.False((await other.Usage.TakeAsync(s_key, s_hundred, new(1, 200_000))).IsTaken);
        var after = await one.Usage.GiveBackAsync(s_key, s_hundred, new(0, 900_000), taken.Minute);
        Assert.Equal(new Cost(1, 0), after.Used);
        Assert.True((await other.Usage.TakeAsync(s_key, s_hundred, new(1, 200_000))).IsTaken);
    }

    [Fact]
    public async Task Installations_with_other_prefixes_do_not_meet()
    {
        var (redis, prefix) = await RedisServers.FindAsync();
        await using var one = await Replica.StartAsync(redis.Options($"{prefix}a:"));
        await using var other = await Replica.StartAsync(redis.Options($"{prefix}b:"));
        await one.Usage.TakeAsync(s_key, s_hundred, new(100, 0));
        Assert.True((await other.Usage.TakeAsync(s_key, s_hundred, Cost.OneRequest)).IsTaken);
    }

    [Fact]
    public async Task A_server_that_was_never_there_holds_nobody_up_and_is_found_when_it_comes()
    {
        RedisServer.Require(own: true);
        await using var redis = await RedisServer.StartAsync();
        await redis.KillAsync();
        await using var replica = await Replica.StartAsync(redis.Options("t:"));
        Assert.False(replica.Usage.IsShared);
        Assert.Equal(100, (await TakeAsync([replica], times: 200)).Count(verdict => verdict.IsTaken));
        Assert.Single(replica.Changes);

        await redis.StartAgainAsync();
        await replica.WaitUntilSharedAsync();
        Assert.Equal(2, replica.Changes.Count);
        // What was let in meanwhile counts.
        Assert.False((await replica.Usage.TakeAsync(s_key, s_hundred, Cost.OneRequest)).IsTaken);
    }

    [Fact]
    public async Task When_it_is_killed_each_goes_on_from_its_own_count_and_when_it_is_back_empty_nothing_is_forgotten()
    {
        RedisServer.Require(own: true);
        await using var redis = await RedisServer.StartAsync();
        await using var one = await Replica.StartAsync(redis.Options("t:"));
        await using var other = await Replica.StartAsync(redis.Options("t:"));
        for (var i = 0; i < 60; i++) await one.Usage.TakeAsync(s_key, s_hundred, Cost.OneRequest);
        Assert.Equal(61, (await other.Usage.TakeAsync(s_key, s_hundred, Cost.OneRequest)).Used.Requests);

        await redis.KillAsync();
        Assert.Equal(61, (await one.Usage.TakeAsync(s_key, s_hundred, Cost.OneRequest)).Used.Requests);
        // It saw them all when it took its one.
        Assert.Equal(62, (await other.Usage.TakeAsync(s_key, s_hundred, Cost.OneRequest)).Used.Requests);
        for (var i = 0; i < 20; i++) await one.Usage.TakeAsync(s_key, s_hundred, Cost.OneRequest);

        await redis.StartAgainAsync();
        await one.WaitUntilSharedAsync();
        await other.WaitUntilSharedAsync();
        Assert.Equal(82, (await one.Usage.TakeAsync(s_key, s_hundred, Cost.OneRequest)).Used.Requests);
        Assert.True((await other.Usage.TakeAsync(s_key, s_hundred, Cost.OneRequest)).Used.Requests >= 83);
        foreach (var replica in (Replica[])[one, other])
        {
            Assert.Equal(3, replica.Changes.Count);
            Assert.Equal([true, false, true], replica.Changes.Select(cause => cause is null));
        }
    }

    [Fact]
    public async Task When_it_is_back_empty_it_is_told_what_all_have_let_in_and_not_only_the_one_that_let_in_most()
    {
        RedisServer.Require(own: true);
        await using var redis = await RedisServer.StartAsync();
        await using var one = await Replica.StartAsync(redis.Options("t:"));
        await using var two = await Replica.StartAsync(redis.Options("t:"));
        await using var three = await Replica.StartAsync(redis.Options("t:"));
        Replica[] replicas = [one, two, three];
        Assert.Equal(90, (await TakeAsync(replicas, times: 90)).Count(verdict => verdict.IsTaken));

        await redis.KillAsync();
        await redis.StartAgainAsync();
        foreach (var replica in replicas) await replica.WaitUntilSharedAsync();
        // Whoever took the ninetieth tells of all; so does everybody else of all but those that came after its last.
        foreach (var replica in replicas) await replica.Usage.TakeAsync(s_key, s_hundred, Cost.Nothing);
        Assert.Equal(10, (await TakeAsync(replicas, times: 60)).Count(verdict => verdict.IsTaken));
    }

    [Fact]
    public async Task A_server_that_was_restarted_while_nobody_asked_forgets_nothing_either()
    {
        RedisServer.Require(own: true);
        await using var redis = await RedisServer.StartAsync();
        await using var replica = await Replica.StartAsync(redis.Options("t:"));
        for (var round = 1; round <= 3; round++)
        {
            await replica.Usage.TakeAsync(s_key, s_hundred, new(10, 100));
            await redis.KillAsync();
            await redis.StartAgainAsync();
            await Eventually.TrueAsync(() => replica.Changes.Count == 2 * round + 1);
            Assert.Equal(
                new Cost(10 * round, 100 * round), (await replica.Usage.TakeAsync(s_key, s_hundred, Cost.Nothing)).Used);
        }
    }

    [Fact]
    public async Task A_server_that_hangs_costs_one_wait_and_then_none_until_it_goes_on()
    {
        RedisServer.Require(own: true);
        await using var redis = await RedisServer.StartAsync();
        await using var replica = await Replica.StartAsync(
            redis.Options("t:") with { AnswerTimeout = TimeSpan.FromSeconds(2) });
        await redis.SuspendAsync();
        var waiting = TakeAsync([replica], times: 64);
        await Eventually.TrueAsync(() => replica.Usage.IsShared == false);
        Assert.All(await waiting, verdict => Assert.True(verdict.IsTaken));
        for (var i = 0; i < 36; i++)
        {
            var verdict = replica.Usage.TakeAsync(s_key, s_hundred, Cost.OneRequest);
            Assert.True(verdict.IsCompletedSuccessfully, "It waited.");
            Assert.True((await verdict).IsTaken);
        }
        Assert.False((await replica.Usage.TakeAsync(s_key, s_hundred, Cost.OneRequest)).IsTaken);
        Assert.Equal([null, "no answer in time"], replica.Changes);

        await redis.ResumeAsync();
        await replica.WaitUntilSharedAsync();
        Assert.Equal([null, "no answer in time", null], replica.Changes);
        Assert.False((await replica.Usage.TakeAsync(s_key, s_hundred, Cost.OneRequest)).IsTaken);
    }

    [Fact]
    public async Task A_server_that_is_slow_counts_as_away_while_it_is()
    {
        RedisServer.Require(own: true);
        await using var redis = await RedisServer.StartAsync();
        using var operations = await redis.ConnectAsync();
        await using var replica = await Replica.StartAsync(
            redis.Options("t:") with { AnswerTimeout = TimeSpan.FromSeconds(1) });
        await operations.GetDatabase().ExecuteAsync("CLIENT", "PAUSE", "3000", "ALL");
        Assert.True((await replica.Usage.TakeAsync(s_key, s_hundred, Cost.OneRequest)).IsTaken);
        Assert.False(replica.Usage.IsShared);
        await replica.WaitUntilSharedAsync();
        Assert.Equal([null, "no answer in time", null], replica.Changes);
    }

    [Fact]
    public async Task A_server_that_refuses_to_write_counts_as_away_and_says_why()
    {
        RedisServer.Require(own: true);
        await using var redis = await RedisServer.StartAsync();
        using var operations = await redis.ConnectAsync();
        var server = operations.GetServer(operations.GetEndPoints()[0]);
        await using var replica = await Replica.StartAsync(redis.Options("t:"));
        await server.ConfigSetAsync("maxmemory", "1");
        Assert.True((await replica.Usage.TakeAsync(s_key, s_hundred, Cost.OneRequest)).IsTaken);
        Assert.False(replica.Usage.IsShared);
        await server.ConfigSetAsync("maxmemory", "0");
        await replica.WaitUntilSharedAsync();
        Assert.Equal([null, "OOM", null], replica.Changes);
    }

    [Fact]
    public async Task A_script_that_the_server_has_forgotten_is_sent_again()
    {
        RedisServer.Require(own: true);
        await using var redis = await RedisServer.StartAsync();
        using var operations = await redis.ConnectAsync();
        await using var replica = await Replica.StartAsync(redis.Options("t:"));
        await replica.Usage.TakeAsync(s_key, s_hundred, Cost.OneRequest);
        await operations.GetServer(operations.GetEndPoints()[0]).ScriptFlushAsync();
        Assert.Equal(2, (await replica.Usage.TakeAsync(s_key, s_hundred, Cost.OneRequest)).Used.Requests);
        Assert.Equal([null], replica.Changes);
    }

    [Fact]
    public async Task A_connection_that_is_cut_is_made_anew_without_a_word_lost()
    {
        RedisServer.Require(own: true);
        await using var redis = await RedisServer.StartAsync();
        using var operations = await redis.ConnectAsync();
        await using var replica = await Replica.StartAsync(redis.Options("t:"));
        for (var round = 1; round <= 5; round++)
        {
            await operations.GetDatabase().ExecuteAsync("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
            await replica.Usage.TakeAsync(s_key, s_hundred, Cost.OneRequest);
            await replica.WaitUntilSharedAsync();
            Assert.Equal(round, (await replica.Usage.TakeAsync(s_key, s_hundred, Cost.Nothing)).Used.Requests);
        }
    }

    [Fact]
    public async Task A_wrong_password_is_told_without_the_password()
    {
        RedisServer.Require(own: true);
        await using var redis = await RedisServer.StartAsync();
        var port = new Uri(redis.Url).Port;
        await using var replica = await Replica.StartAsync(
            redis.Options("t:") with { Url = $"redis://:not-the-password@127.0.0.1:{port}" });
        Assert.True((await replica.Usage.TakeAsync(s_key, s_hundred, Cost.OneRequest)).IsTaken);
        var cause = Assert.Single(replica.Changes);
        Assert.NotNull(cause);
        Assert.DoesNotContain("password", cause, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain($"{port}", cause, StringComparison.Ordinal);
    }

    [Fact]
    public async Task However_often_it_is_killed_and_held_still_nobody_fails_and_no_replica_lets_in_too_many()
    {
        RedisServer.Require(own: true);
        await using var redis = await RedisServer.StartAsync();
        var options = redis.Options("t:") with { AnswerTimeout = TimeSpan.FromMilliseconds(500) };
        await using var one = await Replica.StartAsync(options);
        await using var other = await Replica.StartAsync(options);
        var allowance = new Allowance(2_000, 1_000_000);
        var isOver = false;
        var taken = new int[2];
        var taking = Enumerable.Range(0, 16).Select(i => Task.Run(async () =>
        {
            var which = i % 2;
            while (!Volatile.Read(ref isOver))
            {
                var usage = (which == 0 ? one : other).Usage;
                if ((await usage.TakeAsync(s_key, allowance, new(1, 1))).IsTaken) Interlocked.Increment(ref taken[which]);
                await Task.Delay(1);
            }
        })).ToList();
        for (var round = 0; round < 4; round++)
        {
            if (round % 2 == 0) await redis.KillAsync();
            else await redis.SuspendAsync();
            await Eventually.TrueAsync(() => one.Usage.IsShared == false && other.Usage.IsShared == false);
            if (round % 2 == 0) await redis.StartAgainAsync();
            else await redis.ResumeAsync();
            await one.WaitUntilSharedAsync();
            await other.WaitUntilSharedAsync();
        }
        await Eventually.TrueAsync(async () =>
            (await one.Usage.TakeAsync(s_key, allowance, Cost.OneRequest)).Used.Requests >= 2_000);
        Volatile.Write(ref isOver, true);
        await Task.WhenAll(taking);
        Assert.All(taken, count => Assert.InRange(count, 1, 2_000));
        Assert.False((await one.Usage.TakeAsync(s_key, allowance, Cost.OneRequest)).IsTaken);
        Assert.False((await other.Usage.TakeAsync(s_key, allowance, Cost.OneRequest)).IsTaken);
    }

    [Theory]
    [InlineData("http://localhost")]
    [InlineData("localhost:6379")]
    [InlineData("redis://")]
    [InlineData("redis://secret@localhost")]
    [InlineData("redis://user:secret@localhost")]
    [InlineData("redis://:secret@localhost/one")]
    [InlineData("redis://:secret@localhost?ssl=true")]
    public void A_URL_that_cannot_be_used_is_refused_without_being_repeated(string url)
    {
        var refused = Assert.Throws<ArgumentException>(() => RedisUrl.Parse(new(url)));
        Assert.StartsWith("REDIS_URL ", refused.Message);
        Assert.DoesNotContain("secret", refused.Message);
    }

    [Theory]
    [InlineData("redis://localhost", "localhost", 6379, null, 0, false)]
    [InlineData("redis://:p%40ss@10.0.0.1:7000/3", "10.0.0.1", 7000, "p@ss", 3, false)]
    [InlineData("rediss://default:x@cache.example.org/", "cache.example.org", 6379, "x", 0, true)]
    [InlineData("redis://[::1]:6380", "::1", 6380, null, 0, false)]
    public void A_URL_is_read(string url, string host, int port, string? password, int database, bool isTls)
    {
        var options = RedisUrl.Parse(new(url));
        var text = options.ToString(includePassword: false);
        Assert.Contains(host, text);
        Assert.Contains($"{port}", text);
        Assert.Equal(password, options.Password);
        Assert.Equal(database, options.DefaultDatabase);
        Assert.Equal(isTls, options.Ssl);
    }

    static async Task<Verdict[]> TakeAsync(Replica[] replicas, int times)
    {
        var next = 0;
        ConcurrentBag<Verdict> verdicts = [];
        await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => Task.Run(async () =>
        {
            while (Interlocked.Increment(ref next) is var number && number <= times)
                verdicts.Add(await replicas[number % replicas.Length].Usage.TakeAsync(s_key, s_hundred, new(1, 10)));
        })));
        return [.. verdicts];
    }

    sealed class Replica : IAsyncDisposable
    {
        readonly LocalUsage _local;

        Replica(SharedUsageOptions options, TimeProvider clock)
        {
            _local = new(clock);
            Usage = new(options, _local, clock);
            Usage.SharingChanged += Changes.Enqueue;
        }

        public RedisUsage Usage { get; }

        /// <summary>Null where sharing began, else why it ended.</summary>
        public ConcurrentQueue<string?> Changes { get; } = [];

        public static async Task<Replica> StartAsync(SharedUsageOptions options, TimeSpan clockOff = default)
        {
            var replica = new Replica(options, new ShiftedClock(clockOff));
            await replica.Usage.StartAsync(TestContext.Current.CancellationToken);
            return replica;
        }

        public Task WaitUntilSharedAsync() => Eventually.TrueAsync(() => Usage.IsShared == true);

        public async ValueTask DisposeAsync()
        {
            await Usage.DisposeAsync();
            _local.Dispose();
        }
    }
}
