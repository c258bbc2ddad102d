using System.Net;
using HealthExport.Audit;
using HealthExport.Deletions;
using HealthExport.Migrations;
using HealthExport.People;
using HealthExport.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace HealthExport.Tests.Server;

/// <summary>A store whose schema is not the one that the server works on.</summary>
public sealed class SchemaGateTests
{
    [Theory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.Postgres)]
    public async Task On_a_schema_older_than_the_server_everything_is_503_until_it_is_migrated(Engine engine)
    {
        await using var place = await StorePlace.MakeSpoiltAsync(engine);
        var clock = new FakeClock();
        await using var server = await RunningServer.StartAsync(
            overrides: services => services.AddClock(clock), shared: place);
        var key = await server.AddKeyAsync();
        await server.Get<IMigrationStore>().MigrateAsync(0, false, default);
        clock.Advance(TimeSpan.FromSeconds(5));

        await AssertRefusedAsync(server, key, "older", "pending");

        await server.Get<IMigrationStore>().MigrateAsync(null, false, default);
        clock.Advance(TimeSpan.FromSeconds(1));
        using var again = await server.PushAsync(await server.AddKeyAsync(), "{}", ("Prefer", "respond-async"));
        Assert.True(again.IsSuccessStatusCode);
        using var ready = await server.GetAsync(null, "/ready");
        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
    }

    [Theory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.Postgres)]
    public async Task On_a_schema_newer_than_the_server_everything_is_503(Engine engine)
    {
        await using var place = await StorePlace.MakeSpoiltAsync(engine);
        await using var server = await RunningServer.StartAsync(
            overrides: services =>
            {
                var inner = services.Last(service => service.ServiceType == typeof(IMigrationStore));
                services.AddSingleton<IMigrationStore>(provider => new NewerStore(
                    (IMigrationStore)ActivatorUtilities.CreateInstance(provider, inner.ImplementationType!)));
            },
            shared: place);
        await AssertRefusedAsync(server, await server.AddKeyAsync(), "newer", "newer");
        using var health = await server.GetAsync(null, "/health");
        Assert.Equal(HttpStatusCode.OK, health.StatusCode);
    }

    [Theory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.Postgres)]
    public async Task On_a_schema_newer_than_the_server_nothing_is_kept_up_or_deleted_and_nobody_erased(Engine engine)
    {
        await using var place = await StorePlace.MakeSpoiltAsync(engine);
        User leaving, staying;
        await using (var before = await RunningServer.StartAsync(
            overrides: services => services.AddClock(new FakeClock()), shared: place))
        {
            leaving = (await before.AddKeyAsync()).User;
            staying = (await before.AddKeyAsync()).User;
            await before.Get<IAuditStore>().AppendAsync(
                [AuditEntry.Create(
                    AuditAction.DataIngested, AuditOrigin.Nobody, Entries.Noon.AddDays(-400), resource: "old")],
                default);
        }

        NewerStore? newer = null;
        // Partitions, which PostgreSQL alone has, a person erased, data deleted, entries of the trail removed.
        int[] lines = engine == Engine.Postgres ? [1301, 1311, 1321, 1405] : [1311, 1321, 1405];
        Assert.Empty(await WatchAsync(isNewer: true));
        Assert.Equal(lines, await WatchAsync(isNewer: false));

        // What a server says that it did of these.
        async Task<List<int>> WatchAsync(bool isNewer)
        {
            // The next year's partitions are due.
            var clock = new FakeClock(Entries.Noon.AddDays(400));
            await using var server = await RunningServer.StartAsync(
                overrides: services =>
                {
                    services.AddClock(clock);
                    if (!isNewer) return;
                    var inner = services.Last(service => service.ServiceType == typeof(IMigrationStore));
                    services.AddSingleton<IMigrationStore>(provider => newer = new NewerStore(
                        (IMigrationStore)ActivatorUtilities.CreateInstance(provider, inner.ImplementationType!)));
                },
                shared: place);
            if (isNewer)
            {
                await server.Get<IUserStore>().BeginErasingAsync(leaving.Id, default);
                await server.Get<IDeletionStore>().BeginAsync(
                    staying.Id, Deleting.Of("heart_rate"), withPayloads: false, Deleting.Entry(staying.Id), default);
            }
            await Eventually.TrueAsync(() =>
            {
                clock.Advance(TimeSpan.FromMinutes(1));
                return isNewer ? newer!.Looks > 20 : lines.All(line => server.Log.Of(line).Any());
            });
            return [.. lines.Where(line => server.Log.Of(line).Any())];
        }
    }

    static async Task AssertRefusedAsync(RunningServer server, TestKey key, string text, string migrations)
    {
        foreach (var path in (string[])["/v1/metrics", "/v1/ingestions", "/v1/workouts"])
        {
            using var read = await server.GetAsync(key, path);
            AssertSays(text, read, await read.ReadProblemAsync(503, "unavailable"));
        }
        using var push = await server.PushAsync(key, "{}");
        AssertSays(text, push, await push.ReadProblemAsync(503, "unavailable"));
        using var unknown = await server.GetAsync(null, "/nothing");
        await unknown.ReadProblemAsync(404, "not_found");
        using var ready = await server.GetAsync(null, "/ready");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        var answer = await ready.ReadJsonAsync();
        Assert.Equal("not_ready", answer.GetProperty("status").GetString());
        Assert.Equal(migrations, answer.GetProperty("migrations").GetString());
    }

    static void AssertSays(string text, HttpResponseMessage response, System.Text.Json.JsonElement problem)
    {
        Assert.Contains(text, problem.GetProperty("detail").GetString());
        Assert.Equal(5, problem.GetProperty("retry_after").GetInt32());
        Assert.Equal("5", response.Headers.GetValues("Retry-After").Single());
    }

    /// <summary>As a store is that a later build has migrated.</summary>
    sealed class NewerStore(IMigrationStore store) : IMigrationStore
    {
        int _looks;

        /// <summary>How often somebody has looked at the steps.</summary>
        public int Looks => Volatile.Read(ref _looks);

        public async ValueTask<IReadOnlyList<Migration>> ListAsync(CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _looks);
            return [.. await store.ListAsync(cancellationToken), new(9000, "later", IsApplied: true, IsKnown: false)];
        }

        public ValueTask<IReadOnlyList<Migration>> MigrateAsync(
            int? downTo, bool dryRun, CancellationToken cancellationToken) =>
            store.MigrateAsync(downTo, dryRun, cancellationToken);

        public ValueTask PingAsync(CancellationToken cancellationToken) => store.PingAsync(cancellationToken);

        public ValueTask<StoreFacts> DescribeAsync(CancellationToken cancellationToken) =>
            store.DescribeAsync(cancellationToken);
    }
}
