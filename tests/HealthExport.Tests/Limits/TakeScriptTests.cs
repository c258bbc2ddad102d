using HealthExport.Limits;
using HealthExport.Storage.Redis;
using HealthExport.Tests.Support;
using HealthExport.Time;
using StackExchange.Redis;

namespace HealthExport.Tests.Limits;

/// <summary>The script as it runs in Redis, but for the time, which the test says.</summary>
public sealed class TakeScriptTests : HourContract, IAsyncLifetime
{
    // Whatever the script calls goes on to the server, its question for the time excepted.
    static readonly string s_script =
        """
        local server = redis
        local redis = { call = function(name, ...)
            if name == 'TIME' then return { KEYS[2], KEYS[3] } end
            return server.call(name, ...)
        end }

        """ + RedisUsage.Script;

    ConnectionMultiplexer _connection = null!;
    string _prefix = null!;
    int _hours;

    protected override int Histories => 20;

    public async ValueTask InitializeAsync()
    {
        (var server, _prefix) = await RedisServers.FindAsync();
        _connection = await server.ConnectAsync();
    }

    public ValueTask DisposeAsync()
    {
        _connection?.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_key_takes_constant_room_and_ends_by_itself()
    {
        var hour = new InRedis(this);
        await Task.WhenAll(Enumerable.Range(0, 1_000).Select(i => hour.TakeAsync(
            new(i / 5 * Instant.PerMinute), new(1_000_000, 1L << 50), new(1_000, 100L << 30)).AsTask()));
        var database = _connection.GetDatabase();
        Assert.Equal(123, await database.HashLengthAsync(hour.Key));
        Assert.InRange(
            (long)await database.ExecuteAsync("MEMORY", "USAGE", hour.Key, "SAMPLES", "0"), 200, 2_000);
        Assert.InRange(
            (await database.KeyTimeToLiveAsync(hour.Key))!.Value, TimeSpan.FromMinutes(60), TimeSpan.FromMinutes(62));
    }

    [Fact]
    public async Task Asking_leaves_nothing_behind()
    {
        var hour = new InRedis(this);
        await hour.TakeAsync(new(0), new(1, 1), Cost.Nothing);
        await hour.TakeAsync(new(0), new(1, 1), new(2, 0));
        Assert.False(await _connection.GetDatabase().KeyExistsAsync(hour.Key));
    }

    [Fact]
    public async Task What_somebody_knows_to_have_been_taken_counts_once_whoever_tells_it()
    {
        var hour = new InRedis(this);
        var now = new Instant(100 * Instant.PerMinute);
        var allowance = new Allowance(1_000, 1_000);
        await hour.TakeAsync(new(90 * Instant.PerMinute), allowance, new(5, 50));
        HourWindow.Step[] known = [new(40, 7, 70), new(41, 1, 10), new(90, 6, 40), new(101, 9, 90)];

        for (var teller = 0; teller < 2; teller++)
            Assert.Equal(new Cost(7, 60), (await hour.RunAsync(now, allowance, Cost.Nothing, 0, known)).Used);
    }

    internal override IHour Make() => new InRedis(this);

    sealed class InRedis(TakeScriptTests tests) : IHour
    {
        public RedisKey Key { get; } = $"{tests._prefix}{tests._hours++}";

        public ValueTask<Verdict> TakeAsync(Instant now, Allowance allowance, Cost cost) =>
            RunAsync(now, allowance, cost, 0, []);

        public ValueTask<Verdict> GiveBackAsync(Instant now, Allowance allowance, Cost cost, int minute) =>
            RunAsync(now, allowance, cost, minute, []);

        public async ValueTask<Verdict> RunAsync(
            Instant now, Allowance allowance, Cost cost, int backTo, HourWindow.Step[] known)
        {
            var seconds = now.FloorTo(Instant.PerSecond).Microseconds / Instant.PerSecond;
            RedisKey[] keys = [Key, $"{seconds}", $"{now.Microseconds - seconds * Instant.PerSecond}"];
            var (verdict, at, _) = RedisUsage.Read(await tests._connection.GetDatabase().ScriptEvaluateAsync(
                s_script, keys, RedisUsage.ToArguments(allowance, cost, backTo, known)));
            Assert.Equal(now, at);
            return verdict;
        }
    }
}
