using System.Net;
using System.Net.Http.Json;
using HealthExport.Audit;
using HealthExport.Keys;
using HealthExport.Server.Security;
using HealthExport.Tests.Support;
using HealthExport.Time;

namespace HealthExport.Tests.Server;

/// <summary>What it costs to tell a key, and what a flood of wrong ones can do. The tests' own address is a proxy's.
/// </summary>
public abstract class KeyCheckTests(Engine engine) : IAsyncLifetime
{
    const string Path = "/v1/ingestions";
    const string Stranger = "203.0.113.9";
    const string Home = "203.0.113.10";

    readonly FakeClock _clock = new();
    RunningServer _server = null!;
    WatchedKeys _keys = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await StartAsync();
        _keys = WatchedKeys.Of(_server);
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null) await _server.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    Task<RunningServer> StartAsync(StorePlace? shared = null, FakeClock? clock = null) => RunningServer.StartAsync(
        settings => settings with { Http = new() { TrustedProxies = [IPNetwork.Parse("127.0.0.1/32")] } },
        services =>
        {
            services.AddClock(clock ?? _clock);
            WatchedKeys.Add(services);
        },
        engine, shared);

    [Fact]
    public async Task A_cold_key_costs_one_check_and_a_warm_one_nothing()
    {
        var key = await _server.AddKeyAsync();
        for (var i = 0; i < 5; i++) Assert.Equal(HttpStatusCode.OK, await AskAsync(key.Text));
        Assert.Equal((1, 1), (_keys.Lookups, _keys.Checks));

        _clock.Advance(VerifiedKeys.Lifetime);
        Assert.Equal(HttpStatusCode.OK, await AskAsync(key.Text));
        Assert.Equal((2, 2), (_keys.Lookups, _keys.Checks));
    }

    [Fact]
    public async Task First_requests_at_once_share_one_check()
    {
        var key = await _server.AddKeyAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => AskAsync(key.Text)));
        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer));
        Assert.Equal(1, _keys.Checks);
    }

    [Fact]
    public async Task A_change_of_one_key_costs_the_others_a_look_up_and_no_check()
    {
        var key = await _server.AddKeyAsync();
        Assert.Equal(HttpStatusCode.OK, await AskAsync(key.Text));
        var other = await _server.AddKeyAsync();
        Assert.Equal(HttpStatusCode.OK, await AskAsync(key.Text));
        await _keys.RevokeAsync(other.Id, null, Entries.KeyRevoked, default);
        Assert.Equal(HttpStatusCode.OK, await AskAsync(key.Text));
        Assert.Equal((3, 1), (_keys.Lookups, _keys.Checks));
    }

    [Fact]
    public async Task Unknown_malformed_revoked_and_expired_keys_cost_no_check()
    {
        var revoked = await _server.AddKeyAsync();
        await _keys.RevokeAsync(revoked.Id, null, Entries.KeyRevoked, default);
        var expired = await _server.AddKeyAsync(revoked.User, expiresAt: Now);
        foreach (var key in (string?[])[Unknown(), "nonsense", null, revoked.Text, expired.Text])
            Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(key));
        Assert.Equal((3, 0), (_keys.Lookups, _keys.Checks));
    }

    [Fact]
    public async Task A_flood_of_wrong_keys_is_told_to_wait_and_is_no_longer_looked_up()
    {
        await FloodAsync(Stranger);
        var lookups = _keys.Lookups;
        Assert.Equal(FailedAuthentications.OfAddress, lookups);

        for (var i = 0; i < 100; i++)
        {
            using var response = await SendAsync(i % 2 == 0 ? Unknown() : "nonsense", Stranger);
            var problem = await response.ReadProblemAsync(429, "rate_limited");
            Assert.Equal(1, problem.GetProperty("retry_after").GetInt32());
            Assert.Equal(TimeSpan.FromSeconds(1), response.Headers.RetryAfter!.Delta);
        }
        Assert.Equal((lookups, 0, 1), (_keys.Lookups, _keys.Checks, _keys.Listings));

        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(Unknown(), Home));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(Unknown(), Stranger));
        Assert.Equal(HttpStatusCode.TooManyRequests, await AskAsync(Unknown(), Stranger));
    }

    [Fact]
    public async Task A_flood_locks_out_no_good_key_of_its_address_warm_cold_or_new()
    {
        var warm = await _server.AddKeyAsync();
        var cold = await _server.AddKeyAsync();
        var uuid = await _server.AddKeyAsync(warm.User, format: KeyFormat.Uuid);
        Assert.Equal(HttpStatusCode.OK, await AskAsync(warm.Text, Home));
        await FloodAsync(Home);

        foreach (var key in (TestKey[])[warm, cold, uuid]) Assert.Equal(HttpStatusCode.OK, await AskAsync(key.Text, Home));
        Assert.Equal(3, _keys.Checks);
        using var created = await _server.SendAsync(
            HttpMethod.Post, "/v1/auth/keys", warm, JsonContent.Create(new { name = "new", scopes = (string[])["read"] }),
            ("X-Forwarded-For", Home));
        var fresh = (await created.ReadJsonAsync()).NeededText("key");
        Assert.Equal(HttpStatusCode.OK, await AskAsync(fresh, Home));
        Assert.Equal(HttpStatusCode.TooManyRequests, await AskAsync(Unknown(), Home));
        // After the flood's first five minutes as at its beginning.
        _clock.Advance(VerifiedKeys.Lifetime);
        await FloodAsync(Home);
        foreach (var key in (TestKey[])[warm, cold, uuid]) Assert.Equal(HttpStatusCode.OK, await AskAsync(key.Text, Home));
    }

    [Fact]
    public async Task A_flood_of_keys_that_have_ended_is_no_longer_looked_up_either()
    {
        var revoked = await _server.AddKeyAsync();
        await _keys.RevokeAsync(revoked.Id, null, Entries.KeyRevoked, default);
        var expiring = await _server.AddKeyAsync(revoked.User, expiresAt: Now + TimeSpan.FromSeconds(1));
        await FloodAsync(Stranger);
        Assert.Equal(HttpStatusCode.OK, await AskAsync(expiring.Text, Stranger));
        var lookups = _keys.Lookups;
        Assert.Equal(HttpStatusCode.TooManyRequests, await AskAsync(revoked.Text, Stranger));

        // It is remembered for a while; to tell that it has ended takes no look-up.
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(expiring.Text, Stranger));
        _clock.Advance(VerifiedKeys.Lifetime);
        await FloodAsync(Stranger);
        lookups = _keys.Lookups;
        Assert.Equal(HttpStatusCode.TooManyRequests, await AskAsync(expiring.Text, Stranger));
        Assert.Equal(lookups, _keys.Lookups);
    }

    [Fact]
    public async Task Requests_without_a_key_are_never_held_up_nor_counted()
    {
        for (var i = 0; i < 2 * FailedAuthentications.OfAddress; i++)
            Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(null, Home));
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync("", Home));
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(Unknown(), Home));
    }

    [Fact]
    public async Task A_flood_leaves_few_entries_in_the_audit_trail()
    {
        await FloodAsync(Stranger);
        for (var i = 0; i < 100; i++) await AskAsync(Unknown(), Stranger);
        await _server.Get<HealthExport.Server.Audit.AuditTrail>().FlushAsync(null, default);
        var entry = Assert.Single(
            (await _server.Get<IAuditStore>().ListAsync(
                new(null, AuditAction.AuthenticationFailed), null, 100, default)).Items);
        Assert.Contains($"\"count\":{FailedAuthentications.OfAddress + 100}", entry.Metadata, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_record_read_before_a_revocation_is_never_remembered_after_it()
    {
        var key = await _server.AddKeyAsync();
        var (found, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        _keys.AfterFind = async _ =>
        {
            found.TrySetResult();
            await goOn.Task;
        };
        // Has read that the key is good, and not yet what it is worth.
        var before = AskAsync(key.Text);
        await found.Task.WaitAsync(RunningServer.Deadline);
        _keys.AfterFind = null;
        Assert.True(await _keys.RevokeAsync(key.Id, null, Entries.KeyRevoked, default));
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(key.Text));

        goOn.SetResult();
        // It began before the revocation; whatever it was told, nobody is after it.
        await before;
        for (var i = 0; i < 3; i++) Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(key.Text));
    }

    [Fact]
    public async Task Revocations_amid_many_requests_hold_from_their_answer_on()
    {
        for (var round = 0; round < 10; round++)
        {
            var key = await _server.AddKeyAsync();
            using var stop = new CancellationTokenSource();
            // From addresses of their own, so that what they fail at holds up nobody.
            var asking = Enumerable.Range(1, 8).Select(i => Task.Run(async () =>
            {
                while (!stop.IsCancellationRequested) await AskAsync(key.Text, $"198.51.100.{i}");
            })).ToArray();
            Assert.Equal(HttpStatusCode.OK, await AskAsync(key.Text));
            using var revoked = await _server.SendAsync(HttpMethod.Delete, $"/v1/auth/keys/{key.Id}", key);
            Assert.Equal(HttpStatusCode.NoContent, revoked.StatusCode);
            for (var i = 0; i < 5; i++) Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(key.Text));
            await stop.CancelAsync();
            await Task.WhenAll(asking);
            Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(key.Text));
            _clock.Advance(TimeSpan.FromMinutes(1));
        }
    }

    [Theory]
    [InlineData("revoke")]
    [InlineData("rotate")]
    public async Task Another_server_heeds_the_end_of_a_key_within_a_second(string how)
    {
        await using var place = await StorePlace.MakeAsync(engine);
        var clock = new FakeClock();
        await using var one = await StartAsync(place, clock);
        await using var other = await StartAsync(place, clock);
        var key = await one.AddKeyAsync();
        foreach (var server in (RunningServer[])[one, other])
        {
            using var before = await server.GetAsync(key, Path);
            Assert.Equal(HttpStatusCode.OK, before.StatusCode);
        }

        using var ended = how == "revoke"
            ? await one.SendAsync(HttpMethod.Delete, $"/v1/auth/keys/{key.Id}", key)
            : await one.SendAsync(
                HttpMethod.Post, $"/v1/auth/keys/{key.Id}/rotate", key, JsonContent.Create(new { overlap_seconds = 0 }));
        Assert.True(ended.IsSuccessStatusCode);
        using var here = await one.GetAsync(key, Path);
        await here.ReadProblemAsync(401, "unauthenticated");

        clock.Advance(TimeSpan.FromSeconds(1));
        using var there = await other.GetAsync(key, Path);
        await there.ReadProblemAsync(401, "unauthenticated");
        if (how == "revoke") return;
        var successor = new TestKey("", (await ended.ReadJsonAsync()).NeededText("key"), key.User);
        using var good = await other.GetAsync(successor, Path);
        Assert.Equal(HttpStatusCode.OK, good.StatusCode);
    }

    Instant Now => Instant.From(_clock.GetUtcNow());

    static string Unknown() => ApiKey.Mint(KeyFormat.Hx).Key.Reveal();

    async Task FloodAsync(string address)
    {
        for (var i = 0; i < FailedAuthentications.OfAddress; i++)
            Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(Unknown(), address));
    }

    async Task<HttpStatusCode> AskAsync(string? key, string address = Home)
    {
        using var response = await SendAsync(key, address);
        return response.StatusCode;
    }

    Task<HttpResponseMessage> SendAsync(string? key, string address) => _server.SendAsync(
        HttpMethod.Get, Path, null, null,
        key is null ? [("X-Forwarded-For", address)] : [("X-Forwarded-For", address), ("api-key", key)]);
}

public sealed class SqliteKeyCheckTests() : KeyCheckTests(Engine.Sqlite);

public sealed class PostgresKeyCheckTests() : KeyCheckTests(Engine.Postgres);
