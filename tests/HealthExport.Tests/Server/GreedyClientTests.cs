using System.Net;
using System.Text;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Server;

/// <summary>
/// Clients that are slow on purpose or want too much, by raw connections from addresses of their own. While they are at
/// it the others are served; in the end they are let go and nothing of theirs is kept.
/// </summary>
public sealed class GreedyClientTests : IAsyncLifetime
{
    const int Many = 60;

    readonly List<RawConnection> _greedy = [];
    RunningServer _server = null!;
    TestKey _key = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await RunningServer.StartAsync(settings => settings with
        {
            Http = settings.Http with
            {
                Headers = TimeSpan.FromSeconds(2), KeepAlive = TimeSpan.FromSeconds(2), LeastBytesPerSecond = 500_000,
            },
            Ingest = settings.Ingest with { Stall = TimeSpan.FromSeconds(2) },
        });
        _key = await _server.AddKeyAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var connection in _greedy) connection.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Headers_that_never_end_are_answered_408()
    {
        await OpenAsync(_ => "GET /health HTTP/1.1\r\nHost: a\r\nX-A: ");
        await AssertOthersAreServedAsync();
        foreach (var answer in await ReadToEndAsync())
            RawAnswer.Parse(answer).ReadProblem(408, "request_timeout");
    }

    [Fact]
    public async Task Headers_that_drip_get_no_more_time_than_others()
    {
        await OpenAsync(_ => "GET /health HTTP/1.1\r\n");
        var answers = ReadToEndAsync();
        var dripping = DripAsync("X-A: 1\r\n"u8.ToArray(), answers);
        await AssertOthersAreServedAsync();
        foreach (var answer in await answers)
            RawAnswer.Parse(answer).ReadProblem(408, "request_timeout");
        await dripping;
    }

    [Fact]
    public async Task Connections_on_which_nothing_is_asked_are_closed()
    {
        await OpenAsync(_ => "HEAD /health HTTP/1.1\r\nHost: a\r\n\r\n");
        await AssertOthersAreServedAsync();
        Assert.All(await ReadToEndAsync(), answer =>
        {
            Assert.StartsWith("HTTP/1.1 200 ", answer);
            Assert.Single(answer.Split("HTTP/1.1 ")[1..]);
        });
    }

    [Fact]
    public async Task Connections_on_which_nothing_is_ever_said_are_closed()
    {
        await OpenAsync(_ => "");
        await AssertOthersAreServedAsync();
        Assert.All(await ReadToEndAsync(), answer => Assert.Equal("", answer));
    }

    [Fact]
    public async Task Bodies_that_stop_half_way_are_broken_off_and_nothing_is_kept()
    {
        var half = Encoding.ASCII.GetString(HeartRates.Write(3_000))[..100_000];
        await OpenAsync(i => Head(i, 1 << 20) + half);
        await AssertOthersAreServedAsync();
        Assert.All(await ReadToEndAsync(), answer => Assert.Equal("", answer));
        Assert.Equal(OthersPushes, await _server.CountKeptAsync(_key));
    }

    [Fact]
    public async Task Bodies_that_drip_are_answered_408_and_nothing_is_kept()
    {
        await OpenAsync(i => Head(i, 200_000_000) + "{");
        var answers = ReadToEndAsync();
        // Enough never to stall, and far too little.
        var dripping = DripAsync(new byte[200], answers);
        await AssertOthersAreServedAsync();
        Assert.All(await answers, answer => RawAnswer.Parse(answer).ReadProblem(408, "request_timeout"));
        await dripping;
        Assert.Equal(OthersPushes, await _server.CountKeptAsync(_key));
    }

    [Fact]
    public async Task Answers_that_nobody_takes_are_broken_off()
    {
        // Random: it does not pack, so that it does not fit between server and client.
        var noise = new byte[16 << 20];
        new Random(4711).NextBytes(noise);
        var body = "[\""u8.ToArray().Concat(Encoding.ASCII.GetBytes(Convert.ToBase64String(noise)))
            .Concat("\"]"u8.ToArray()).ToArray();
        using var push = await _server.PushAsync(_key, body);
        var path = $"/v1/ingestions/{(await push.ReadJsonAsync()).IngestionId()}/payload";
        for (var i = 0; i < 10; i++)
        {
            var connection = await RawConnection.OpenAsync(_server.Url, "127.0.0.2");
            _greedy.Add(connection);
            await connection.SendAsync($"GET {path} HTTP/1.1\r\nHost: a\r\napi-key: {_key.Text}\r\n\r\n");
            Assert.StartsWith("HTTP/1.1 200 ", await connection.ReadHeadAsync());
        }
        await AssertOthersAreServedAsync();
        await Eventually.TrueAsync(() => _server.Log.Of(1001)
            .Count(line => line.Values["Route"] is string route && route.EndsWith("/payload")) == 10);
        Assert.All(await ReadToEndAsync(), answer => Assert.True(answer.Length < body.Length));
    }

    [Fact]
    public async Task Requests_that_are_refused_cost_the_server_nothing_of_their_bodies()
    {
        await OpenAsync(_ => "POST /v1/ingest HTTP/1.1\r\nHost: a\r\napi-key: no\r\nContent-Length: 200000000\r\n\r\n{");
        await AssertOthersAreServedAsync();
        Assert.All(await ReadToEndAsync(), answer =>
            RawAnswer.Parse(answer).ReadProblem(401, "unauthenticated"));
    }

    /// <summary>How many pushes of theirs are kept.</summary>
    int OthersPushes { get; set; }

    async Task OpenAsync(Func<int, string> request)
    {
        for (var i = 0; i < Many; i++)
        {
            var connection = await RawConnection.OpenAsync(_server.Url, "127.0.0.2");
            _greedy.Add(connection);
            await connection.SendAsync(request(i));
        }
    }

    string Head(int number, int length) =>
        $"POST /v1/ingest HTTP/1.1\r\nHost: a\r\napi-key: {_key.Text}\r\nContent-Type: application/json\r\n"
        + $"X-Request-Id: greedy-{number}\r\nContent-Length: {length}\r\n\r\n";

    /// <summary>Sends it on every connection again and again, until they have all been answered.</summary>
    async Task DripAsync(byte[] drop, Task end)
    {
        while (await Task.WhenAny(end, Task.Delay(100)) != end)
            foreach (var connection in _greedy)
                try
                {
                    await connection.SendAsync(drop);
                }
                catch (IOException)
                {
                    // Closed: what it is for.
                }
    }

    /// <summary>A push and a read, from another address, while the greedy ones hold on.</summary>
    async Task AssertOthersAreServedAsync()
    {
        for (var i = 0; i < 3; i++)
        {
            using var push = await _server.PushAsync(_key, HeartRates.Write(100 + i));
            Assert.Equal(HttpStatusCode.OK, push.StatusCode);
            OthersPushes++;
            using var read = await _server.GetAsync(_key, "/v1/metrics/heart_rate/samples?limit=1");
            Assert.Equal(HttpStatusCode.OK, read.StatusCode);
        }
    }

    Task<string[]> ReadToEndAsync() => Task.WhenAll(_greedy.Select(connection => connection.ReadToEndAsync()));
}
