using System.Net;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.CommandLine;

/// <summary>The verbs on PostgreSQL, from an empty database on.</summary>
public sealed class PostgresCommandTests : IAsyncLifetime
{
    const string Steps = """
        {"data":{"metrics":[{"name":"step_count","units":"count","data":[
        {"qty":7,"date":"2025-05-05 08:01:07 +0200"},{"qty":9,"date":"2025-05-05 08:02:07 +0200"}]}]}}
        """;

    readonly Terminal _terminal = new();
    StorePlace _place = null!;

    public async ValueTask InitializeAsync()
    {
        _place = await StorePlace.MakeSpoiltAsync(isMigrated: false);
        _terminal.Environment["DATABASE_URL"] = _place.Url;
    }

    public async ValueTask DisposeAsync()
    {
        _terminal.Dispose();
        if (_place is not null) await _place.DisposeAsync();
    }

    [Fact]
    public async Task From_an_empty_database_to_values_every_verb_works()
    {
        var early = await _terminal.RunAsync("user", "add", "anna@example.org");
        Assert.Equal(1, early.Code);
        Assert.Contains("health-export migrate", early.Error, StringComparison.Ordinal);
        await RunAsync("migrate");
        var status = await RunAsync("migrate", "--status", "--json");
        Assert.All(
            status.Json.GetProperty("items").EnumerateArray(),
            step => Assert.True(step.GetProperty("applied").GetBoolean()));

        await RunAsync("user", "add", "anna@example.org");
        await RunAsync("key", "create", "--user", "anna@example.org", "--name", "phone", "--scopes", "ingest");
        _terminal.Write("steps.json", Steps);
        var imported = await RunAsync("import", "steps.json", "--json");
        Assert.Equal(2, imported.Json.GetProperty("counts").GetProperty("inserted").GetInt32());
        var id = imported.Json.GetProperty("files")[0].GetProperty("ingestion_id").GetString()!;
        var replayed = await RunAsync("replay", id, "--json");
        var again = replayed.Json.GetProperty("items")[0].GetProperty("counts");
        Assert.Equal(2, again.GetProperty("unchanged").GetInt32());
        var facts = await RunAsync("status", "--json");
        Assert.Contains("PostgreSQL", facts.Out, StringComparison.Ordinal);
        Assert.Equal(2, facts.Json.GetProperty("users")[0].GetProperty("samples").GetInt32());
        Assert.DoesNotContain(new Uri(_place.Url).UserInfo.Split(':')[1], facts.Out, StringComparison.Ordinal);
        var config = await RunAsync("config");
        Assert.DoesNotContain(new Uri(_place.Url).UserInfo.Split(':')[1], config.Out, StringComparison.Ordinal);
        await RunAsync("migrate", "--down-to", "0");
    }

    [Fact]
    public async Task Two_that_migrate_at_once_take_every_step_once_between_them()
    {
        var taken = await Task.WhenAll(Enumerable.Range(0, 3).Select(
            _ => Task.Run(() => ServerProcess.RunAsync(_place, "migrate"))));

        var steps = taken.SelectMany(one => one.GetProperty("steps").EnumerateArray())
            .Select(step => step.GetProperty("number").GetInt32()).Order().ToList();
        Assert.NotEmpty(steps);
        Assert.Equal(Enumerable.Range(1, steps.Count), steps);
    }

    [Fact]
    public async Task A_server_on_a_database_without_a_schema_is_not_ready_until_somebody_migrates_it()
    {
        using var server = await ServerProcess.StartAsync(_place);
        using var http = new HttpClient { BaseAddress = server.Address };
        Assert.Null(server.AdminKey);
        Assert.Contains("health-export migrate", server.Log, StringComparison.Ordinal);
        using (var ready = await http.GetAsync("/ready"))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
            Assert.Equal("pending", (await ready.ReadJsonAsync()).GetProperty("migrations").GetString());
        }

        await ServerProcess.RunAsync(_place, "migrate");

        using (var ready = await http.GetAsync("/ready")) Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
        await ServerProcess.RunAsync(_place, "user", "add", "anna@example.org");
        var key = await ServerProcess.RunAsync(
            _place, "key", "create", "--user", "anna@example.org", "--name", "all", "--scopes", "ingest,read,admin");
        var phone = PhoneClient.Connect(server.Address, key.GetProperty("key").GetString()!);
        Assert.Equal(HttpStatusCode.OK, (await phone.PushAsync(System.Text.Encoding.UTF8.GetBytes(Steps))).Code);
        Assert.Equal(2, (await phone.ReadRowsAsync("step_count")).Count);
    }

    [Fact]
    public async Task Of_replicas_that_start_on_an_empty_store_the_first_shows_the_keys()
    {
        await ServerProcess.RunAsync(_place, "migrate");
        using var first = await ServerProcess.StartAsync(_place);
        using var second = await ServerProcess.StartAsync(_place);

        Assert.NotNull(first.AdminKey);
        Assert.Null(second.AdminKey);
        Assert.Empty(await PhoneClient.Connect(second.Address, first.AdminKey).ListAsync("/v1/ingestions", 10));
    }

    async Task<Terminal.Result> RunAsync(params string[] args)
    {
        var result = await _terminal.RunAsync(args);
        Assert.True(result.Code == 0, result.Error);
        return result;
    }
}
