using System.Net;
using HealthExport.Caching;
using HealthExport.Server.Caching;
using HealthExport.Tests.Server;
using HealthExport.Tests.Support;
using StackExchange.Redis;
using static HealthExport.Tests.Server.MetricsPushes;

namespace HealthExport.Tests.Replicas;

/// <summary>Answers that servers share, over Redis coming and going.</summary>
public sealed class SharedAnswerTests
{
    const string Latest = "/v1/metrics/latest";

    [Fact]
    public async Task What_one_server_has_worked_out_another_has_and_keeps_to_itself_while_Redis_is_away()
    {
        RedisServer.Require(own: true);
        await using var redis = await RedisServer.StartAsync();
        await using var place = await StorePlace.MakeAsync(Engine.Postgres);
        await using var one = await StartAsync(place, redis);
        await using var other = await StartAsync(place, redis);
        var key = await one.AddKeyAsync();
        await PushAsync(1);

        // Worked out once, kept for ten minutes at most, compressed.
        await one.ReadAsync(key, Latest);
        await Eventually.TrueAsync(async () => await ListAsync(redis) is [_]);
        var name = Assert.Single(await ListAsync(redis));
        Assert.InRange(
            (await LookAsync(redis, kept => kept.KeyTimeToLiveAsync(name)))!.Value, TimeSpan.Zero,
            TimeSpan.FromMinutes(10));
        Assert.Equal("1", await ReadLatestAsync(other));
        Assert.Equal((1, 0, 1), (Of(one).Misses, Of(one).SharedHits, Of(other).SharedHits));
        Assert.Equal("connected", Of(one).Redis);
        // What has changed is worked out; what is of no use to others is not there.
        await PushAsync(2);
        Assert.Equal("2", await ReadLatestAsync(other));
        Assert.Equal(1, Of(other).Misses);
        await one.ReadAsync(key, "/v1/workouts");
        await Eventually.TrueAsync(async () => await ListAsync(redis) is [_, _]);

        // What somebody has spoilt is no answer.
        foreach (var spoilt in await ListAsync(redis))
            await LookAsync(redis, kept => kept.StringSetAsync(spoilt, new byte[] { 1, 200, 3 }));
        Assert.Equal("2", await ReadLatestAsync(one));
        Assert.Equal(3, Of(one).Misses);

        await redis.KillAsync();
        await Eventually.TrueAsync(() => Of(one).Redis == "disconnected" && Of(other).Redis == "disconnected");
        await PushAsync(3);
        Assert.Equal("3", await ReadLatestAsync(one));
        Assert.Equal("3", await ReadLatestAsync(one));
        Assert.Equal("3", await ReadLatestAsync(other));
        await redis.StartAgainAsync();
        await Eventually.TrueAsync(() => Of(one).Redis == "connected" && Of(other).Redis == "connected");
        await PushAsync(4);
        Assert.Equal("4", await ReadLatestAsync(one));
        await Eventually.TrueAsync(async () => await ListAsync(redis) is [_]);
        Assert.Equal("4", await ReadLatestAsync(other));
        Assert.Equal(2, Of(other).SharedHits);

        // One that hangs costs no answer, and is done without.
        await redis.SuspendAsync();
        await PushAsync(5);
        Assert.Equal("5", await ReadLatestAsync(one));
        Assert.Equal("disconnected", Of(one).Redis);
        await redis.ResumeAsync();
        await Eventually.TrueAsync(() => Of(one).Redis == "connected");
        Assert.Equal(
            [1221, 1222, 1221, 1222, 1221],
            one.Log.Lines.Select(line => line.EventId).Where(id => id is 1221 or 1222));

        // Who is erased leaves nothing there either.
        await PushAsync(6);
        var stranger = await one.AddKeyAsync();
        await one.ReadAsync(stranger, Latest);
        await one.ReadAsync(key, Latest);
        await Eventually.TrueAsync(async () => (await ListAsync(redis)).Any(
            name => name.Contains($"{key.User.PublicId:n}", StringComparison.Ordinal)));
        using var erased = await one.SendAsync(
            HttpMethod.Delete, $"/v1/users/me?confirm={Uri.EscapeDataString(key.User.Email)}", key);
        Assert.Equal(HttpStatusCode.OK, erased.StatusCode);
        Assert.All(
            await ListAsync(redis, "*answer*"),
            name => Assert.Contains($"{stranger.User.PublicId:n}", name, StringComparison.Ordinal));

        Task PushAsync(int value) => one.PushMetricAsync(
            key, "step_count", "count", "Minutes", Point($"2026-01-15 08:{value:00}:00 +0100", value));

        async Task<string> ReadLatestAsync(RunningServer server) =>
            (await server.ReadAsync(key, Latest)).GetProperty("items")[0].GetProperty("value").GetRawText();
    }

    [Fact]
    public async Task Who_wants_Redis_for_limits_alone_has_no_answers_there()
    {
        var (redis, prefix) = await RedisServers.FindAsync();
        await using var server = await RunningServer.StartAsync(settings => settings with
        {
            Redis = redis.Options(prefix), Cache = new() { IsShared = false },
        });
        Assert.Null(server.Services.GetService(typeof(ISharedAnswers)));
        Assert.Null(Of(server).Redis);
        await server.ReadAsync(await server.AddKeyAsync(), Latest);
        Assert.Empty(server.Log.Of(1221));
    }

    static Task<RunningServer> StartAsync(StorePlace place, RedisServer redis) => RunningServer.StartAsync(
        settings => settings with
        {
            Redis = redis.Options("t:"),
            // Nothing but requests works anything out; and a busy machine is no server that hangs.
            Cache = new() { Warm = TimeSpan.Zero, SharedPatience = TimeSpan.FromSeconds(2) },
        },
        shared: place);

    static CacheStatusAnswer Of(RunningServer server) => server.Get<CacheFigures>().Describe();

    static async Task<string[]> ListAsync(RedisServer redis, string pattern = "t:answer:*") =>
        (string[])await LookAsync(redis, kept => kept.ExecuteAsync("KEYS", pattern)) ?? [];

    // A connection each time: none outlives the server.
    static async Task<T> LookAsync<T>(RedisServer redis, Func<IDatabase, Task<T>> look)
    {
        using var connection = await redis.ConnectAsync();
        return await look(connection.GetDatabase());
    }
}
