using System.Net;
using HealthExport.Audit;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Replicas;

/// <summary>The audit trail while PostgreSQL is away: a server of the tests' own, which is killed.</summary>
public sealed class AuditOutageTests : IAsyncLifetime
{
    PostgresServer _server = null!;
    StorePlace _place = null!;

    public async ValueTask InitializeAsync()
    {
        PostgresServer.Require();
        Assert.SkipUnless(PostgresServer.IsInstalled, "PostgreSQL is not installed here: a given one is not stopped.");
        _server = await PostgresServer.StartAsync();
        await _server.RunAsync("create database health");
        _place = StorePlace.At(_server.UrlOf("health"));
    }

    public async ValueTask DisposeAsync()
    {
        if (_place is not null) await _place.DisposeAsync();
        if (_server is not null) await _server.DisposeAsync();
    }

    [Fact]
    public async Task What_is_recorded_while_it_is_away_is_there_afterwards_once()
    {
        await using var one = await RunningServer.StartAsync(shared: _place);
        await using var two = await RunningServer.StartAsync(shared: _place);
        RunningServer[] servers = [one, two];
        foreach (var server in servers) await FailAsync(server, "before");
        foreach (var server in servers) await server.ListAuditAsync(AuditAction.AuthenticationFailed);

        await _server.KillAsync();
        for (var i = 0; i < 20; i++)
            foreach (var server in servers) await FailAsync(server, $"during {i % 4}");
        await Eventually.TrueAsync(async () =>
        {
            // Closes what is being folded, whatever becomes of it.
            using var end = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
            foreach (var server in servers)
            {
                var flush = server.Get<HealthExport.Server.Audit.AuditTrail>().FlushAsync(null, end.Token).AsTask();
                await flush.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            return servers.All(server => server.Log.Of(1401).Any());
        });
        await _server.StartAgainAsync();

        await Eventually.TrueAsync(() => servers.All(server => server.Log.Of(1402).Any()));
        var entries = await one.ListAuditAsync(AuditAction.AuthenticationFailed);
        Assert.Equal(42, entries.Sum(entry => entry.Metadata().GetProperty("count").GetInt32()));
        Assert.Equal(entries.Count, entries.DistinctBy(entry => entry.Id).Count());
        foreach (var server in servers)
        {
            Assert.Single(server.Log.Of(1401));
            Assert.Empty(server.Log.Of(1403));
        }
    }

    static async Task FailAsync(RunningServer server, string agent)
    {
        // Not the form of a key: nothing is looked up.
        using var response = await server.SendAsync(
            HttpMethod.Get, "/v1/metrics", null, null, ("api-key", "nonsense"), ("User-Agent", agent));
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }
}
