using System.Text.Json;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.CommandLine;

public abstract class AuditCommandTests(Engine engine) : IAsyncLifetime
{
    const string Empty = """{"data":{"metrics":[]}}""";

    readonly Terminal _terminal = new();
    StorePlace _place = null!;

    public async ValueTask InitializeAsync()
    {
        _place = await StorePlace.MakeAsync(engine);
        _terminal.Environment["DATABASE_URL"] = _place.Url;
        await _terminal.AddUserAsync("anna@example.org");
        await _terminal.AddUserAsync("ben@example.org");
    }

    public async ValueTask DisposeAsync()
    {
        _terminal.Dispose();
        if (_place is not null) await _place.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task What_the_operator_does_is_in_the_trail_of_whom_it_concerns()
    {
        var created = await RunAsync(
            "key", "create", "--user", "anna@example.org", "--name", "phone", "--scopes", "ingest", "--json");
        var key = created.Json.GetProperty("id").GetString()!;
        await RunAsync("key", "revoke", key);
        _terminal.Write("a.json", Empty);
        var imported = await RunAsync("import", "a.json", "--user", "anna@example.org", "--json");
        var ingestion = imported.Json.GetProperty("files")[0].GetProperty("ingestion_id").GetString()!;
        await RunAsync("replay", ingestion);

        var entries = await ListAsync("--user", "anna@example.org");

        Assert.Equal(
            [
                ("ingestion.replayed", ingestion), ("data.ingested", ingestion), ("key.revoked", key),
                ("key.created", key),
            ],
            entries.SkipLast(1).Select(entry => (entry.Text("action"), entry.Text("resource"))));
        Assert.Equal("user.created", entries[^1].Text("action"));
        Assert.All(entries, entry =>
        {
            Assert.Equal("anna@example.org", entry.Text("user"));
            Assert.StartsWith("command line, user ", entry.Text("user_agent"), StringComparison.Ordinal);
            Assert.Null(entry.Text("key_id"));
            Assert.Null(entry.Text("ip"));
        });
        var made = entries.Single(entry => entry.Text("action") == "key.created").GetProperty("metadata");
        Assert.Equal("phone", made.Text("name"));
        Assert.DoesNotContain(
            created.Json.GetProperty("key").GetString()![^43..], JsonSerializer.Serialize(entries),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_user_everybodys_entries_and_nobodys_are_shown()
    {
        await RunAsync("user", "erase", "ben@example.org", "--yes");

        var entries = await ListAsync();

        Assert.Equal(
            [("user.erased", null), ("user.created", "anna@example.org")],
            entries.Select(entry => (entry.Text("action"), entry.Text("user"))));
    }

    [Fact]
    public async Task Filters_choose_and_the_newest_come_first()
    {
        Assert.Equal(["ben@example.org"], await UsersAsync("--limit", "1"));
        Assert.Equal(["anna@example.org"], await UsersAsync("--user", "ANNA@example.org", "--action", "user.created"));
        Assert.Empty(await UsersAsync("--action", "key.created"));
        Assert.Equal(2, (await UsersAsync("--action", "user.created", "--from", "2020-01-01")).Count);
        Assert.Empty(await UsersAsync("--action", "user.created", "--to", "2020-01-01"));
        var newest = (await ListAsync("--action", "user.created", "--limit", "1"))[0].Text("created_at")!;
        Assert.Equal(["ben@example.org"], await UsersAsync("--action", "user.created", "--from", newest));
        Assert.Equal(["anna@example.org"], await UsersAsync("--action", "user.created", "--to", newest));

        async Task<List<string?>> UsersAsync(params string[] filters) =>
            [.. (await ListAsync(filters)).Select(entry => entry.Text("user"))];
    }

    [Fact]
    public async Task More_than_a_page_comes_whole_and_in_order()
    {
        await using var server = await RunningServer.StartAsync(shared: _place);
        var key = await server.AddKeyAsync();
        List<string> pushed = [];
        for (var i = 0; i < 30; i++)
        {
            using var response = await server.PushAsync(key, Empty);
            pushed.Add((await response.ReadJsonAsync()).IngestionId().ToString());
        }
        await server.StopAsync();

        var all = await ListAsync("--key", key.Id, "--action", "data.ingested");

        Assert.Equal(pushed.AsEnumerable().Reverse(), all.Select(entry => entry.Text("resource")));
        Assert.Equal(7, (await ListAsync("--key", key.Id, "--action", "data.ingested", "--limit", "7")).Count);
    }

    [Fact]
    public async Task That_it_was_read_is_in_the_trail()
    {
        await RunAsync("audit", "--user", "anna@example.org");
        await RunAsync("audit", "--json");

        var entries = (await ListAsync("--action", "audit.read")).Select(entry =>
            (entry.Text("user"), entry.GetProperty("metadata").GetProperty("count").GetInt32()));

        Assert.Equal([(null, 3), ("anna@example.org", 1)], entries);
    }

    [Fact]
    public async Task For_people_it_is_a_table()
    {
        var table = await RunAsync("audit");

        Assert.Contains("Action", table.Out, StringComparison.Ordinal);
        Assert.Contains("user.created", table.Out, StringComparison.Ordinal);
        Assert.Contains("ben@example.org", table.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--action", "key.stolen")]
    [InlineData("--from", "yesterday")]
    [InlineData("--to", "01/02/2026")]
    [InlineData("--limit", "0")]
    public async Task What_cannot_be_asked_is_refused_by_name(string option, string value)
    {
        var refused = await _terminal.RunAsync("audit", option, value);

        Assert.Equal(2, refused.Code);
        Assert.Contains(option, refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_is_not_everybody()
    {
        var refused = await _terminal.RunAsync("audit", "--user", "carl@example.org");

        Assert.Equal(1, refused.Code);
        Assert.Contains("carl@example.org", refused.Error, StringComparison.Ordinal);
    }

    async Task<List<JsonElement>> ListAsync(params string[] filters) =>
        [.. (await RunAsync(["audit", "--json", .. filters])).Json.GetProperty("items").EnumerateArray()];

    async Task<Terminal.Result> RunAsync(params string[] arguments)
    {
        var result = await _terminal.RunAsync(arguments);
        Assert.True(result.Code == 0, result.Error);
        return result;
    }
}

public sealed class SqliteAuditCommandTests() : AuditCommandTests(Engine.Sqlite);

public sealed class PostgresAuditCommandTests() : AuditCommandTests(Engine.Postgres);
