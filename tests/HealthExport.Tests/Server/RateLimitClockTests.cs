using System.Net;
using HealthExport.Keys;
using HealthExport.Limits;
using HealthExport.Pushes;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Server;

/// <summary>Limits over time, by a clock that the tests set.</summary>
public sealed class RateLimitClockTests : IAsyncLifetime
{
    readonly FakeClock _clock = new(new DateTimeOffset(2026, 1, 15, 12, 0, 17, 250, TimeSpan.Zero));
    RunningServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await RunningServer.StartAsync(overrides: services =>
    {
        services.AddClock(_clock);
        UnsteadyStore.Wrap(services);
    });

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task A_client_that_waits_as_long_as_it_is_told_is_let_in_and_a_moment_earlier_it_is_not()
    {
        var key = await AddKeyAsync();
        await _server.Get<IUsage>().TakeAsync(
            new(key.Id, LimitClass.Ingest), KeyLimits.Of(LimitProfile.Strict).Ingest, new(100, 0));
        _clock.Advance(TimeSpan.FromMinutes(20));

        Assert.Equal(39 * 60 + 43, await ReadWaitAsync("{}"));
        _clock.Advance(TimeSpan.FromSeconds(39 * 60 + 42));
        Assert.Equal(1, await ReadWaitAsync("{}"));
        _clock.Advance(TimeSpan.FromSeconds(1));
        using var response = await _server.PushAsync(key, "[]");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(99, RateLimitTests.Number(response, "Remaining"));

        async Task<int> ReadWaitAsync(string json)
        {
            using var refused = await _server.PushAsync(key, json);
            return (await refused.ReadProblemAsync(429, "rate_limited")).GetProperty("retry_after").GetInt32();
        }
    }

    [Fact]
    public async Task A_body_fits_again_when_enough_of_the_earlier_ones_is_an_hour_old()
    {
        var key = await AddKeyAsync();
        for (var i = 0; i < 5; i++)
        {
            using var kept = await _server.PushAsync(key, RateLimitTests.MakeBody(2 << 20, i));
            Assert.Equal(HttpStatusCode.OK, kept.StatusCode);
            _clock.Advance(TimeSpan.FromMinutes(1));
        }
        using var refused = await _server.PushAsync(key, RateLimitTests.MakeBody(5 << 20, 9));
        var wait = (await refused.ReadProblemAsync(429, "rate_limited")).GetProperty("retry_after").GetInt32();
        // Three of two MiB have to go; the third came at 12:02, and now it is 12:05:17.25.
        Assert.Equal(57 * 60 - 17, wait);
        _clock.Advance(TimeSpan.FromSeconds(wait));
        using var fits = await _server.PushAsync(key, RateLimitTests.MakeBody(5 << 20, 9));
        Assert.Equal(HttpStatusCode.OK, fits.StatusCode);
        Assert.Equal(1 << 20, RateLimitTests.Number(fits, "Bytes-Remaining"));
    }

    [Fact]
    public async Task A_push_that_the_store_could_not_keep_costs_no_bytes_so_that_the_phone_can_send_it_again()
    {
        var key = await AddKeyAsync();
        var store = _server.Get<UnsteadyStore>();
        store.BeforeKeep = _ => throw new StoreUnavailableException("Away, for the test.", new IOException());
        foreach (var coding in (string[])["none", "gzip"])
            for (var i = 0; i < 3; i++)
            {
                using var away = await _server.PushAsync(
                    key, ReceiveTests.Compress(coding, RateLimitTests.MakeBody(6 << 20, 1)),
                    headers: ("Content-Encoding", coding == "none" ? "identity" : coding));
                await away.ReadProblemAsync(503, "unavailable");
                Assert.Equal(10 << 20, RateLimitTests.Number(away, "Bytes-Remaining"));
            }
        store.BeforeKeep = null;
        using var kept = await _server.PushAsync(key, RateLimitTests.MakeBody(6 << 20, 1));
        Assert.Equal(HttpStatusCode.OK, kept.StatusCode);
        Assert.Equal(4 << 20, RateLimitTests.Number(kept, "Bytes-Remaining"));
    }

    async Task<TestKey> AddKeyAsync() =>
        await _server.AddKeyAsync(await _server.AddUserAsync(), profile: LimitProfile.Strict);
}
