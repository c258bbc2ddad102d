using System.Net;
using HealthExport.Keys;
using HealthExport.Limits;
using HealthExport.Server.Security;
using HealthExport.Tests.Support;
using HealthExport.Time;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace HealthExport.Tests.Server;

public sealed class AuthenticationTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    readonly RunningServer _server = fixture.Server;

    [Theory]
    [InlineData("Authorization", "Bearer ")]
    [InlineData("Authorization", "bearer  ")]
    [InlineData("X-API-Key", "")]
    [InlineData("api-key", "")]
    [InlineData("API-KEY", " ")]
    public async Task A_key_is_taken_in_three_headers(string header, string prefix)
    {
        var key = await _server.AddKeyAsync();
        using var response = await AskAsync((header, prefix + key.Text));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task A_key_may_be_a_UUID_in_either_case()
    {
        var key = await _server.AddKeyAsync(await _server.AddUserAsync(), format: KeyFormat.Uuid);
        using var lower = await AskAsync(("api-key", key.Text));
        using var upper = await AskAsync(("api-key", key.Text.ToUpperInvariant()));
        Assert.Equal(HttpStatusCode.OK, lower.StatusCode);
        Assert.Equal(HttpStatusCode.OK, upper.StatusCode);
    }

    [Fact]
    public async Task Another_scheme_of_authorization_is_left_to_the_proxy_that_asked_for_it()
    {
        var key = await _server.AddKeyAsync();
        using var response = await AskAsync(("Authorization", "Basic eDp5"), ("X-API-Key", key.Text));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task A_key_in_the_URL_is_no_key()
    {
        var key = await _server.AddKeyAsync();
        using var response = await _server.GetAsync(null, $"/v1/ingestions?api-key={key.Text}&api_key={key.Text}");
        await response.ReadProblemAsync(401, "unauthenticated");
    }

    [Fact]
    public async Task Missing_unknown_expired_and_revoked_keys_read_the_same()
    {
        var user = await _server.AddUserAsync();
        var expired = await _server.AddKeyAsync(user, expiresAt: Instant.From(DateTimeOffset.UnixEpoch.AddYears(50)));
        var revoked = await _server.AddKeyAsync(user);
        await _server.Get<IKeyStore>().RevokeAsync(revoked.Id, user.Id, Entries.KeyRevoked, default);
        var unknown = ApiKey.Mint(KeyFormat.Hx).Key.Reveal();

        HashSet<string> answers = [];
        foreach (var headers in ((string, string)[][])
        [
            [], [("api-key", "nonsense")], [("api-key", unknown)], [("api-key", expired.Text)],
            [("api-key", revoked.Text)],
        ])
        {
            using var response = await AskAsync(headers);
            await response.ReadProblemAsync(401, "unauthenticated");
            Assert.Equal("Bearer", response.Headers.WwwAuthenticate.Single().Scheme);
            answers.Add(await response.Content.ReadAsStringAsync());
        }
        Assert.Single(answers);
    }

    [Fact]
    public async Task A_revoked_key_is_refused_at_once()
    {
        var key = await _server.AddKeyAsync();
        using var before = await AskAsync(("api-key", key.Text));
        Assert.Equal(HttpStatusCode.OK, before.StatusCode);
        Assert.True(await _server.Get<IKeyStore>().RevokeAsync(key.Id, key.User.Id, Entries.KeyRevoked, default));
        using var after = await AskAsync(("api-key", key.Text));
        await after.ReadProblemAsync(401, "unauthenticated");
    }

    [Fact]
    public async Task A_key_that_expires_is_refused_although_it_was_checked_before()
    {
        var clock = new FakeClock();
        await using var server = await RunningServer.StartAsync(overrides: services => services.AddClock(clock));
        var key = await server.AddKeyAsync(
            await server.AddUserAsync(), expiresAt: Instant.From(clock.GetUtcNow().AddSeconds(10)));
        using var before = await server.GetAsync(key, "/v1/ingestions");
        Assert.Equal(HttpStatusCode.OK, before.StatusCode);
        clock.Advance(TimeSpan.FromSeconds(10));
        using var after = await server.GetAsync(key, "/v1/ingestions");
        await after.ReadProblemAsync(401, "unauthenticated");
    }

    [Fact]
    public async Task An_unauthenticated_push_is_refused_before_its_body_is_read()
    {
        using var client = await RawConnection.OpenAsync(_server.Url);
        await client.SendAsync("POST /v1/ingest HTTP/1.1\r\nHost: test\r\nContent-Length: 1000000\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 401 ", await client.ReadHeadAsync());
    }

    [Fact]
    public async Task Each_endpoint_takes_keys_of_its_scopes_and_no_others()
    {
        var user = await _server.AddUserAsync();
        foreach (var scope in (KeyScopes[])[KeyScopes.Ingest, KeyScopes.Read, KeyScopes.Admin])
        {
            var key = await _server.AddKeyAsync(user, scope);
            foreach (var endpoint in Endpoints.Of(_server).Where(endpoint => endpoint.AnyOf != KeyScopes.None))
            {
                using var response = await _server.SendAsync(new(endpoint.Method), endpoint.SamplePath, key);
                var isAllowed = (endpoint.AnyOf & scope) != 0;
                Assert.True(
                    response.StatusCode != HttpStatusCode.Unauthorized
                    && response.StatusCode == HttpStatusCode.Forbidden == !isAllowed,
                    $"{endpoint.Method} {endpoint.Route} with {scope}: {response.StatusCode}");
                if (!isAllowed) await response.ReadProblemAsync(403, "forbidden");
            }
        }
    }

    [Fact]
    public async Task Each_endpoint_that_needs_a_key_is_401_without_one()
    {
        foreach (var endpoint in Endpoints.Of(_server).Where(endpoint => endpoint.AnyOf != KeyScopes.None))
        {
            using var response = await _server.SendAsync(new(endpoint.Method), endpoint.SamplePath, null);
            await response.ReadProblemAsync(401, "unauthenticated");
        }
    }

    [Fact]
    public void An_endpoint_without_a_declared_scope_or_limit_class_stops_the_start()
    {
        AssertStops(app => app.MapGet("/forgotten", () => ""));
        AssertStops(app => app.MapGet("/forgotten", () => "").Needs(KeyScopes.Read));
        AssertStops(app => app.MapGet("/forgotten", () => "").CountsAs(LimitClass.Read));
        AssertStops(app => app.MapGet("/forgotten", () => "").CountsAs(LimitClass.Read).NeedsNoKey());
        AssertStops(app =>
            app.MapGet("/forgotten", () => "").Needs(KeyScopes.Read).CountsAs(LimitClass.Read).NeedsNoKey());

        static void AssertStops(Action<IEndpointRouteBuilder> map)
        {
            var app = WebApplication.CreateSlimBuilder().Build();
            app.MapGet("/open", () => "").NeedsNoKey();
            app.MapGet("/guarded", () => "").Needs(KeyScopes.Read).CountsAs(LimitClass.Read);
            app.CheckScopes();
            map(app);
            Assert.Contains("/forgotten", Assert.Throws<InvalidOperationException>(app.CheckScopes).Message);
        }
    }

    [Fact]
    public async Task The_last_use_of_a_key_is_noted_once_a_minute()
    {
        var clock = new FakeClock();
        await using var server = await RunningServer.StartAsync(overrides: services => services.AddClock(clock));
        var key = await server.AddKeyAsync();
        var first = Instant.From(clock.GetUtcNow());
        (await server.GetAsync(key, "/v1/ingestions")).Dispose();
        await Eventually.TrueAsync(async () => await LastUsedAsync() == first);

        clock.Advance(TimeSpan.FromSeconds(59));
        (await server.GetAsync(key, "/v1/ingestions")).Dispose();
        clock.Advance(TimeSpan.FromSeconds(1));
        (await server.GetAsync(key, "/v1/ingestions")).Dispose();
        await Eventually.TrueAsync(async () => await LastUsedAsync() != first);
        Assert.Equal(Instant.From(clock.GetUtcNow()), await LastUsedAsync());

        async Task<Instant?> LastUsedAsync() =>
            (await server.Get<IKeyStore>().ListAsync(key.User.Id, default)).Single().LastUsedAt;
    }

    Task<HttpResponseMessage> AskAsync(params (string, string)[] headers) =>
        _server.SendAsync(HttpMethod.Get, "/v1/ingestions", null, null, headers);
}
