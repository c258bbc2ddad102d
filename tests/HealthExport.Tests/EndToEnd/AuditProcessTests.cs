using System.Net.Http.Headers;
using System.Text.Json;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.EndToEnd;

/// <summary>The audit trail of real processes, read with the verb after they have ended.</summary>
public sealed class AuditProcessTests
{
    const string Steps = """
        {"data":{"metrics":[{"name":"step_count","units":"count","data":[
        {"qty":7,"date":"2026-01-15 08:01:07 +0100"},{"qty":9,"date":"2026-01-15 08:02:07 +0100"}]}]}}
        """;

    [Theory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.Postgres)]
    public async Task A_server_that_is_asked_to_end_has_written_everything(Engine engine)
    {
        await using var place = await StorePlace.MakeAsync(engine);
        string ingestion;
        using (var server = await ServerProcess.StartAsync(place))
        {
            using var client = Connect(server, server.AdminKey);
            using var push = new StringContent(Steps, null, "application/json");
            using var pushed = await client.PostAsync("/v1/ingest", push);
            ingestion = (await pushed.ReadJsonAsync()).IngestionId().ToString();
            for (var i = 0; i < 5; i++) (await client.GetAsync("/v1/metrics/step_count/samples")).Dispose();
            (await client.GetAsync($"/v1/ingestions/{ingestion}/payload")).Dispose();
            using var stranger = Connect(server, "nonsense");
            for (var i = 0; i < 3; i++) (await stranger.GetAsync("/v1/metrics")).Dispose();

            Assert.Equal(0, await server.TerminateAsync(RunningServer.Deadline));
        }

        var entries = await ListAsync(place);

        Assert.Equal(
            [
                "auth.failed", "data.ingested", "data.read", "key.created", "key.created", "key.new_address",
                "payload.read", "server.started", "server.stopped", "user.created",
            ],
            entries.Select(entry => entry.Text("action")).Order(StringComparer.Ordinal));
        Assert.Equal(ingestion, Find("data.ingested").Text("resource"));
        Assert.Equal(5, Find("data.read").GetProperty("metadata").GetProperty("count").GetInt32());
        Assert.Equal(10, Find("data.read").GetProperty("metadata").GetProperty("rows").GetInt32());
        Assert.Equal(3, Find("auth.failed").GetProperty("metadata").GetProperty("count").GetInt32());
        Assert.Null(Find("auth.failed").Text("user"));
        Assert.Equal("owner@localhost", Find("payload.read").Text("user"));
        Assert.Equal("server.stopped", entries[0].Text("action"));
        Assert.Equal(Find("server.started").Text("resource"), entries[0].Text("resource"));

        JsonElement Find(string action) => entries.Single(entry => entry.Text("action") == action);
    }

    [Theory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.Postgres)]
    public async Task A_server_that_is_killed_has_lost_no_change_of_a_key(Engine engine)
    {
        await using var place = await StorePlace.MakeAsync(engine);
        List<string?> made = [];
        using (var server = await ServerProcess.StartAsync(place))
        {
            using var client = Connect(server, server.AdminKey);
            for (var i = 0; i < 3; i++)
            {
                using var order = new StringContent("""{"name":"made","scopes":["read"]}""", null, "application/json");
                using var answer = await client.PostAsync("/v1/auth/keys", order);
                made.Add((await answer.ReadJsonAsync()).Text("id"));
            }
            (await client.DeleteAsync($"/v1/auth/keys/{made[0]}")).Dispose();
            await server.KillAsync();
        }

        var entries = await ListAsync(place, "--user", "owner@localhost");

        Assert.Equal(
            made, entries.Where(entry => entry.Text("action") == "key.created").Select(entry => entry.Text("resource"))
                .Reverse().Skip(2));
        Assert.Equal(
            ["server.started"],
            (await ListAsync(place)).Select(entry => entry.Text("action"))
                .Where(action => action!.StartsWith("server.", StringComparison.Ordinal)));
        Assert.Equal(made[0], entries.Single(entry => entry.Text("action") == "key.revoked").Text("resource"));
    }

    static async Task<List<JsonElement>> ListAsync(StorePlace place, params string[] filters) =>
        [.. (await ServerProcess.RunAsync(place, ["audit", .. filters])).GetProperty("items").EnumerateArray()];

    static HttpClient Connect(ServerProcess server, string? key) => new()
    {
        BaseAddress = server.Address,
        DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", key) },
    };
}
