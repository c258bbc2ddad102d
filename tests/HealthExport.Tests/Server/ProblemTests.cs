using System.Net;
using HealthExport.Migrations;
using HealthExport.Pushes;
using HealthExport.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace HealthExport.Tests.Server;

public sealed class ProblemTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    readonly RunningServer _server = fixture.Server;

    [Theory]
    [InlineData("/")]
    [InlineData("/v1")]
    [InlineData("/v1/nothing")]
    [InlineData("/v1/ingestions/not-an-id")]
    public async Task An_unknown_path_is_404_for_everybody(string path)
    {
        using var response = await _server.GetAsync(null, path);
        var problem = await response.ReadProblemAsync(404, "not_found");
        Assert.Equal(path, problem.GetProperty("instance").GetString());
    }

    [Fact]
    public async Task An_unknown_ingestion_is_404_and_so_is_another_persons()
    {
        var (mine, other) = (await _server.AddKeyAsync(), await _server.AddKeyAsync());
        using var push = await _server.PushAsync(other, "{}");
        var theirs = (await push.ReadJsonAsync()).IngestionId();
        foreach (var id in (Guid[])[theirs, Guid.NewGuid()])
        {
            foreach (var path in (string[])[$"{id}", $"{id}/rejects", $"{id}/payload"])
            {
                using var response = await _server.GetAsync(mine, $"/v1/ingestions/{path}");
                await response.ReadProblemAsync(404, "not_found");
            }
            using var replay = await _server.SendAsync(HttpMethod.Post, $"/v1/ingestions/{id}/replay", mine);
            await replay.ReadProblemAsync(404, "not_found");
        }
    }

    [Fact]
    public async Task A_method_that_a_path_lacks_is_405_with_those_it_has()
    {
        using var response = await _server.SendAsync(HttpMethod.Delete, "/v1/ingest", null);
        await response.ReadProblemAsync(405, "method_not_allowed");
        Assert.Equal(["OPTIONS", "POST"], response.Content.Headers.Allow);
    }

    [Theory]
    [InlineData("/v1/ingestions?form=x", "form")]
    [InlineData("/v1/ingestions?Limit=1", "Limit")]
    [InlineData("/v1/ingestions?limit=0", "limit")]
    [InlineData("/v1/ingestions?limit=10001", "limit")]
    [InlineData("/v1/ingestions?limit=", "limit")]
    [InlineData("/v1/ingestions?limit=1&limit=2", "limit")]
    [InlineData("/v1/ingestions?status=done", "status")]
    [InlineData("/v1/ingestions?from=yesterday", "from")]
    [InlineData("/v1/ingestions?to=2026-01-31T08:00:00", "to")]
    [InlineData("/v1/ingestions?cursor=made-up", "cursor")]
    [InlineData("/v1/ingestions/00000000-0000-0000-0000-000000000000?x=1", "x")]
    public async Task A_parameter_that_cannot_be_used_is_400_and_named(string path, string name)
    {
        using var response = await _server.GetAsync(await _server.AddKeyAsync(), path);
        var problem = await response.ReadProblemAsync(400, "invalid_parameter");
        Assert.Equal(name, problem.GetProperty("errors").EnumerateObject().Single().Name);
        Assert.StartsWith($"{name}: ", problem.GetProperty("detail").GetString());
    }

    [Fact]
    public async Task A_store_that_is_away_is_503_with_a_time_to_come_back_and_nothing_is_kept()
    {
        await using var server = await RunningServer.StartAsync(overrides: UnsteadyStore.Wrap);
        var key = await server.AddKeyAsync();
        server.Get<UnsteadyStore>().BeforeKeep = _ => throw new StoreUnavailableException("away 4711");
        using var response = await server.PushAsync(key, "{}");
        var problem = await response.ReadProblemAsync(503, "unavailable");
        Assert.Equal(5, problem.GetProperty("retry_after").GetInt32());
        Assert.Equal("5", response.Headers.GetValues("Retry-After").Single());
        Assert.Equal(0, await server.CountKeptAsync(key));
        Assert.DoesNotContain("4711", problem.GetRawText());
    }

    [Fact]
    public async Task What_goes_wrong_inside_is_500_and_its_text_is_seen_nowhere()
    {
        await using var server = await RunningServer.StartAsync(overrides: UnsteadyStore.Wrap);
        server.Get<UnsteadyStore>().BeforeKeep = _ => throw new InvalidOperationException("secret 4711");
        using var response = await server.PushAsync(await server.AddKeyAsync(), "{}");
        var problem = await response.ReadProblemAsync(500, "internal_error");
        Assert.DoesNotContain("4711", problem.GetRawText());
        Assert.DoesNotContain("Exception", problem.GetRawText());
        Assert.DoesNotContain(server.Log.Lines, line => line.Text.Contains("4711"));
        Assert.Contains("InvalidOperationException", server.Log.Of(1002).Single().Text);
    }

    [Fact]
    public async Task A_problem_leaves_out_what_does_not_apply()
    {
        using var response = await _server.GetAsync(null, "/v1/nothing");
        var problem = await response.ReadProblemAsync(404, "not_found");
        Assert.Equal(
            ["type", "title", "status", "detail", "instance", "code"],
            problem.EnumerateObject().Select(member => member.Name));
    }

    [Fact]
    public async Task Health_and_readiness_say_what_is_there()
    {
        using var health = await _server.GetAsync(null, "/health");
        Assert.Equal(HttpStatusCode.OK, health.StatusCode);
        Assert.Equal("""{"status":"healthy","database":"connected"}""", await health.Content.ReadAsStringAsync());
        using var ready = await _server.GetAsync(null, "/ready");
        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
        Assert.Equal(
            """{"status":"ready","database":"connected","migrations":"applied","worker":"running"}""",
            await ready.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Health_and_readiness_are_503_while_the_store_is_away()
    {
        await using var server = await RunningServer.StartAsync(overrides: services =>
        {
            var inner = services.Last(service => service.ServiceType == typeof(IMigrationStore));
            services.AddSingleton<IMigrationStore>(provider => new AbsentStore(
                (IMigrationStore)ActivatorUtilities.CreateInstance(provider, inner.ImplementationType!)));
        });
        using var health = await server.GetAsync(null, "/health");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, health.StatusCode);
        Assert.Equal(
            """{"status":"unhealthy","database":"disconnected"}""", await health.Content.ReadAsStringAsync());
        using var ready = await server.GetAsync(null, "/ready");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        Assert.Equal("unknown", (await ready.ReadJsonAsync()).GetProperty("migrations").GetString());
    }

    [Fact]
    public async Task Readiness_is_503_before_the_store_is_migrated()
    {
        await using var server = await RunningServer.StartAsync();
        await server.Get<IMigrationStore>().MigrateAsync(0, false, default);
        using var ready = await server.GetAsync(null, "/ready");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        Assert.Equal("pending", (await ready.ReadJsonAsync()).GetProperty("migrations").GetString());
    }

    sealed class AbsentStore(IMigrationStore store) : IMigrationStore
    {
        public ValueTask<IReadOnlyList<Migration>> ListAsync(CancellationToken cancellationToken) =>
            store.ListAsync(cancellationToken);

        public ValueTask<IReadOnlyList<Migration>> MigrateAsync(
            int? downTo, bool dryRun, CancellationToken cancellationToken) =>
            store.MigrateAsync(downTo, dryRun, cancellationToken);

        public ValueTask PingAsync(CancellationToken cancellationToken) =>
            throw new StoreUnavailableException("away");

        public ValueTask<StoreFacts> DescribeAsync(CancellationToken cancellationToken) =>
            store.DescribeAsync(cancellationToken);
    }
}
