using System.Net;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.EndToEnd;

/// <summary>Keys from the command line to servers that run, in processes of their own.</summary>
public abstract class KeyLifeTests(Engine engine) : IAsyncLifetime
{
    StorePlace _place = null!;

    public async ValueTask InitializeAsync() => _place = await StorePlace.MakeAsync(engine);

    public async ValueTask DisposeAsync()
    {
        if (_place is not null) await _place.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task What_the_command_line_does_to_a_key_every_running_server_heeds()
    {
        using var one = await ServerProcess.StartAsync(_place);
        using var other = await ServerProcess.StartAsync(_place);
        ServerProcess[] servers = [one, other];
        var created = await RunAsync(
            "key", "create", "--user", "owner@localhost", "--name", "client", "--scopes", "read", "--expires-in", "90d");
        await AssertAllAsync(servers, created.Key, HttpStatusCode.OK);

        var rotated = await RunAsync("key", "rotate", created.Id, "--overlap", "1h");
        await AssertAllAsync(servers, rotated.Key, HttpStatusCode.OK);
        await AssertAllAsync(servers, created.Key, HttpStatusCode.OK);
        var again = await RunAsync("key", "rotate", rotated.Id, "--overlap", "0m");
        await AssertAllAsync(servers, rotated.Key, HttpStatusCode.Unauthorized);
        await AssertAllAsync(servers, again.Key, HttpStatusCode.OK);

        await ServerProcess.RunAsync(_place, "key", "limit", again.Id, "--read-requests", "1");
        await AssertAllAsync(servers, again.Key, HttpStatusCode.TooManyRequests);
        await ServerProcess.RunAsync(_place, "key", "revoke", created.Id);
        await ServerProcess.RunAsync(_place, "key", "revoke", again.Id);
        foreach (var key in (string[])[created.Key, again.Key])
            await AssertAllAsync(servers, key, HttpStatusCode.Unauthorized);

        // A start finds keys as they are.
        await other.TerminateAsync(RunningServer.Deadline);
        using var late = await ServerProcess.StartAsync(_place);
        foreach (var key in (string[])[created.Key, rotated.Key, again.Key])
            Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(late, key));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(late, one.AdminKey!));
    }

    /// <summary>At once where every request asks the store, in the end (a test of its own says when) elsewhere.</summary>
    async Task AssertAllAsync(ServerProcess[] servers, string key, HttpStatusCode expected)
    {
        foreach (var server in servers)
            if (engine == Engine.Sqlite) Assert.Equal(expected, await AskAsync(server, key));
            else await Eventually.TrueAsync(async () => await AskAsync(server, key) == expected);
    }

    async Task<(string Id, string Key)> RunAsync(params string[] arguments)
    {
        var made = await ServerProcess.RunAsync(_place, arguments);
        return (made.NeededText("id"), made.NeededText("key"));
    }

    static async Task<HttpStatusCode> AskAsync(ServerProcess server, string key)
    {
        using var http = new HttpClient { BaseAddress = server.Address, Timeout = RunningServer.Deadline };
        http.DefaultRequestHeaders.Add("api-key", key);
        using var response = await http.GetAsync("/v1/metrics");
        return response.StatusCode;
    }
}

public sealed class SqliteKeyLifeTests() : KeyLifeTests(Engine.Sqlite);

public sealed class PostgresKeyLifeTests() : KeyLifeTests(Engine.Postgres);
