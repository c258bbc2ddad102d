using System.Collections.Concurrent;
using System.Net;
using HealthExport.Keys;
using HealthExport.Tests.Server;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Replicas;

/// <summary>A key's limits over several servers, and over Redis coming and going.</summary>
public sealed class SharedLimitTests
{
    const int Clients = 64;

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Of_sixty_four_clients_of_replicas_whose_clocks_differ_exactly_as_many_are_let_in_as_the_key_may(
        int count)
    {
        await using var place = await StorePlace.MakeAsync(Engine.Postgres);
        var (redis, prefix) = await RedisServers.FindAsync();
        var servers = new List<RunningServer>();
        try
        {
            for (var i = 0; i < count; i++)
                servers.Add(await RunningServer.StartAsync(
                    settings => settings with { Redis = redis.Options(prefix) },
                    services => services.AddClock(new ShiftedClock(TimeSpan.FromMinutes(7 * i - 7))), shared: place));
            var key = await servers[0].AddKeyAsync(await servers[0].AddUserAsync(), profile: LimitProfile.Strict);

            // At once after the start: no server begins to count by itself.
            var statuses = await AtOnceAsync(256, async i =>
            {
                using var response = await servers[i % count].PushAsync(key, [0], "application/pdf");
                return (int)response.StatusCode;
            });
            Assert.Equal(100, statuses.Count(status => status == 415));
            Assert.Equal(156, statuses.Count(status => status == 429));

            var other = await servers[0].AddKeyAsync(key.User, profile: LimitProfile.Strict);
            var kept = await AtOnceAsync(64, async i =>
            {
                using var response = await servers[i % count].PushAsync(other, RateLimitTests.MakeBody(1 << 20, i));
                return (int)response.StatusCode;
            });
            Assert.Equal(10, kept.Count(status => status == 200));
            Assert.Equal(54, kept.Count(status => status == 429));
            Assert.Equal(10, await servers[^1].CountKeptAsync(other));
            foreach (var server in servers)
            {
                using var asked = await server.GetAsync(other, "/v1/auth/rate-limit");
                var bytes = (await asked.ReadJsonAsync()).GetProperty("ingest").GetProperty("bytes");
                Assert.Equal(10 << 20, bytes.GetProperty("used").GetInt64());
                Assert.InRange(bytes.GetProperty("reset").GetInt32(), 58 * 60, 60 * 60);
            }
        }
        finally
        {
            foreach (var server in servers) await server.DisposeAsync();
        }
    }

    [Fact]
    public async Task Over_TLS_limits_are_shared_with_a_server_that_the_machine_trusts_and_with_no_other()
    {
        RedisServer.Require(own: true);
        using var certificates = new TestCertificates();
        using var certificate = certificates.Make();
        var folder = Directory.CreateTempSubdirectory("healthexport-redis-tls-");
        try
        {
            var root = Write("root.pem", certificates.Root.ExportCertificatePem());
            await using var redis = await RedisServer.StartAsync((
                Write("chain.pem", certificates.ChainOf(certificate)), Write("key.pem", TestCertificates.KeyOf(certificate))));
            Assert.StartsWith("rediss://", redis.Url);

            Assert.Equal("connected", await StartAsync(redis.Url, ("SSL_CERT_FILE", root)));
            Assert.Equal("disconnected", await StartAsync(redis.Url));
        }
        finally
        {
            folder.Delete(recursive: true);
        }

        string Write(string name, string text)
        {
            var path = Path.Combine(folder.FullName, name);
            File.WriteAllText(path, text);
            return path;
        }

        async Task<string?> StartAsync(string url, params (string, string)[] more)
        {
            using var server = await ServerProcess.StartAsync(
                Path.Combine(folder.FullName, $"{more.Length}.db"),
                [("REDIS_URL", url), ("HEALTHEXPORT__REDIS__CONNECTMILLISECONDS", "20000"),
                    ("HEALTHEXPORT__REDIS__ANSWERMILLISECONDS", "20000"), .. more]);
            using var http = new HttpClient { BaseAddress = server.Address };
            using var ready = await http.GetAsync("/ready");
            return (await ready.ReadJsonAsync()).GetProperty("redis").GetString();
        }
    }

    [Theory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.Postgres)]
    public async Task Redis_that_comes_and_goes_under_pushes_fails_none_and_lets_in_none_too_many(Engine engine)
    {
        RedisServer.Require(own: true);
        await using var redis = await RedisServer.StartAsync();
        await redis.KillAsync();
        await using var place = await StorePlace.MakeAsync(engine);
        using var server = await ServerProcess.StartAsync(
            place, ("REDIS_URL", redis.Url), ("HEALTHEXPORT__REDIS__ANSWERMILLISECONDS", "5000"));
        var created = await ServerProcess.RunAsync(
            place, "key", "create", "--user", "owner@localhost", "--name", "limited", "--scopes", "ingest,read",
            "--limit-profile", "strict");
        using var http = new HttpClient { BaseAddress = server.Address, Timeout = TimeSpan.FromSeconds(60) };
        http.DefaultRequestHeaders.Add("api-key", created.GetProperty("key").GetString());

        Assert.Equal("disconnected", await ReadRedisAsync());
        Assert.Equal(25, await PushAsync(25));
        await redis.StartAgainAsync();
        await Eventually.TrueAsync(async () => await ReadRedisAsync() == "connected");
        Assert.Equal(25, await PushAsync(25));

        var pushing = PushAsync(20);
        await redis.KillAsync();
        Assert.Equal(20, await pushing);
        await Eventually.TrueAsync(async () => await ReadRedisAsync() == "disconnected");
        pushing = PushAsync(20);
        await redis.StartAgainAsync();
        Assert.Equal(20, await pushing);
        await Eventually.TrueAsync(async () => await ReadRedisAsync() == "connected");

        // What was let in with Redis, without it, and by one that is gone counts together.
        Assert.Equal(90, await ReadUsedAsync());
        await redis.SuspendAsync();
        Assert.Equal(10, await PushAsync(40));
        await redis.ResumeAsync();
        await Eventually.TrueAsync(async () => await ReadRedisAsync() == "connected");
        Assert.Equal(0, await PushAsync(10));

        var words = server.Log.Split('\n').Where(line => line.Contains("[1211]") || line.Contains("[1212]"))
            .Select(line => line.Contains("[1211]") ? "back" : "away");
        Assert.Equal(["away", "back", "away", "back", "away", "back"], words);
        Assert.DoesNotContain(new Uri(redis.Url).UserInfo.Trim(':'), server.Log, StringComparison.Ordinal);
        Assert.Equal(0, await server.TerminateAsync(TimeSpan.FromSeconds(20)));

        async Task<int> PushAsync(int times)
        {
            var statuses = await AtOnceAsync(times, async i =>
            {
                using var content = new ByteArrayContent("{}"u8.ToArray())
                    { Headers = { ContentType = new("application/json") } };
                using var response = await http.PostAsync("/v1/ingest", content);
                return (int)response.StatusCode;
            });
            Assert.All(statuses, status => Assert.Contains(status, (int[])[200, 429]));
            return statuses.Count(status => status == 200);
        }

        async Task<string?> ReadRedisAsync()
        {
            using var response = await http.GetAsync("/ready");
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            return (await response.ReadJsonAsync()).GetProperty("redis").GetString();
        }

        async Task<long> ReadUsedAsync()
        {
            using var response = await http.GetAsync("/v1/auth/rate-limit");
            return (await response.ReadJsonAsync())
                .GetProperty("ingest").GetProperty("requests").GetProperty("used").GetInt64();
        }
    }

    [Fact]
    public async Task A_replica_that_finds_no_Redis_starts_soon_and_is_ready()
    {
        var nowhere = $"redis://:secret@127.0.0.1:{ServerScript.FindFreePort()}";
        await using var server = await RunningServer.StartAsync(settings => settings with { Redis = new(nowhere) });
        using var ready = await server.GetAsync(null, "/ready");
        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
        Assert.Equal("disconnected", (await ready.ReadJsonAsync()).GetProperty("redis").GetString());
        var key = await server.AddKeyAsync();
        using var response = await server.PushAsync(key, "{}");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var line = Assert.Single(server.Log.Of(1212));
        Assert.DoesNotContain("secret", line.Text);
        Assert.Empty(server.Log.Of(1211));
    }

    [Fact]
    public async Task Without_Redis_nobody_speaks_of_it()
    {
        await using var server = await RunningServer.StartAsync();
        using var ready = await server.GetAsync(null, "/ready");
        Assert.False((await ready.ReadJsonAsync()).TryGetProperty("redis", out _));
    }

    static async Task<int[]> AtOnceAsync(int times, Func<int, Task<int>> request)
    {
        var next = -1;
        ConcurrentBag<int> statuses = [];
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => Task.Run(async () =>
        {
            while (Interlocked.Increment(ref next) is var i && i < times) statuses.Add(await request(i));
        })));
        return [.. statuses];
    }
}
