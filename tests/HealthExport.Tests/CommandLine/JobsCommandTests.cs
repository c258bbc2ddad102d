using System.Net;
using System.Text.Json;
using HealthExport.People;
using HealthExport.Tests.Server;
using HealthExport.Tests.Support;
using Microsoft.Data.Sqlite;

namespace HealthExport.Tests.CommandLine;

public abstract class JobsCommandTests(Engine engine) : IAsyncLifetime
{
    const string Push = """
        {"data":{
        "metrics":[{"name":"sleep_analysis","units":"hr","data":[
            {"startDate":"2026-01-15 23:00:00 +0100","endDate":"2026-01-15 23:30:00 +0100","value":"Sommeil profond"}]}],
        "workouts":[{"name":"Laufen\u001b im\u0007 Freien\u202e","start":"2026-01-15 08:00:00 +0100","end":"2026-01-15 09:00:00 +0100",
            "duration":3600}],
        "symptoms":[{"name":"Kopfschmerzen","severity":"Leicht","start":"2026-01-15 08:00:00 +0100",
            "end":"2026-01-15 09:00:00 +0100"}]}}
        """;

    readonly Terminal _terminal = new();
    StorePlace _place = null!;

    public async ValueTask InitializeAsync()
    {
        _place = await StorePlace.MakeAsync(engine);
        _terminal.Environment["DATABASE_URL"] = _place.Url;
    }

    public async ValueTask DisposeAsync()
    {
        _terminal.Dispose();
        if (_place is not null) await _place.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Texts_get_their_codes_beside_a_running_server_and_at_its_next_upkeep()
    {
        foreach (var email in (string[])["anna@example.org", "ben@example.org"]) await _terminal.AddUserAsync(email);
        // Nothing is left to the upkeep at the start.
        Assert.Equal(0, (await _terminal.RunAsync("jobs", "run", "remap")).Code);
        var clock = new FakeClock();
        await using var server = await RunningServer.StartAsync(
            overrides: services => services.AddClock(clock), shared: _place);
        var (key, other) = (await AddKeyAsync(server, "anna@example.org"), await AddKeyAsync(server, "ben@example.org"));
        foreach (var one in (TestKey[])[key, other])
        {
            using var pushed = await server.PushAsync(one, Push);
            Assert.Equal(HttpStatusCode.OK, pushed.StatusCode);
        }
        var right = await ReadAsync(server, key);
        await ExecuteAsync(ForgetCodes);
        Assert.Equal(
            ["activity Laufen\u001b im\u0007 Freien\u202e", "severity Leicht", "sleep_stage Sommeil profond", "symptom Kopfschmerzen"],
            await ListAsync(server, other));
        var early = await _terminal.RunAsync("jobs", "run", "remap", "--dry-run", "--json", "--user", other.User.Email);
        Assert.Equal(0, early.Code);
        Assert.True(early.Json.GetProperty("dry_run").GetBoolean());
        Assert.Equal(4, early.Json.GetProperty("rows").GetInt32());
        Assert.Equal(4, (await ListAsync(server, other)).Length);
        var shown = (await _terminal.RunAsync("jobs", "run", "remap", "--dry-run")).Out;
        Assert.Contains("Laufen\uFFFD im\uFFFD Freien\uFFFD", shown, StringComparison.Ordinal);
        Assert.DoesNotContain(shown, c => char.IsControl(c) && c is not ('\n' or '\r'));

        var done = await _terminal.RunAsync("jobs", "run", "remap", "--json", "--user", key.User.Email);
        Assert.Equal(0, done.Code);
        var person = Assert.Single(done.Json.GetProperty("users").EnumerateArray());
        Assert.Equal(key.User.Email, person.NeededText("email"));
        Assert.Equal(
            [
                "activity Laufen\u001b im\u0007 Freien\u202e running 1", "severity Leicht mild 1", "sleep_stage Sommeil profond deep 1",
                "symptom Kopfschmerzen headache 1",
            ],
            person.GetProperty("items").EnumerateArray().Select(
                item => $"{TextOf(item)} {item.NeededText("code")} {item.GetProperty("rows")}"));
        // What the server had kept is not what it answers.
        Assert.Empty(await ListAsync(server, key));
        Assert.Equal(right, await ReadAsync(server, key));
        Assert.Equal(4, (await ListAsync(server, other)).Length);
        var trail = await _terminal.RunAsync("audit", "--user", key.User.Email, "--action", "data.mapped", "--json");
        Assert.Equal(
            """{"activity":1,"severity":1,"sleep_stage":1,"symptom":1}""",
            Assert.Single(trail.Json.GetProperty("items").EnumerateArray()).GetProperty("metadata").GetRawText()
                .ReplaceLineEndings("").Replace(" ", "", StringComparison.Ordinal));

        var again = await _terminal.RunAsync("jobs", "run", "remap", "--user", key.User.Email);
        Assert.Equal(0, again.Code);
        Assert.StartsWith("No text", again.Out, StringComparison.Ordinal);

        // After an update nobody has to type a command.
        await ExecuteAsync("update users set mapped_by = 7");
        await Eventually.TrueAsync(() =>
        {
            clock.Advance(TimeSpan.FromDays(1));
            return server.Log.Of(1331).Any();
        });
        Assert.Empty(await ListAsync(server, other));
        Assert.Equal(right, await ReadAsync(server, other));
        Assert.Equal(4L, server.Log.Of(1331).Single().Values["Rows"]);
    }

    [Fact]
    public async Task A_job_that_there_is_not_and_a_person_who_is_not_there_are_told()
    {
        await _terminal.RunAsync("migrate");
        Assert.Equal(2, (await _terminal.RunAsync("jobs", "run", "everything")).Code);
        Assert.Equal(1, (await _terminal.RunAsync("jobs", "run", "remap", "--user", "nobody@example.org")).Code);
        var jobs = (await _terminal.RunAsync("jobs", "list", "--json")).Json.GetProperty("items");
        Assert.Equal("remap", Assert.Single(jobs.EnumerateArray()).NeededText("name"));
        Assert.Contains("remap", (await _terminal.RunAsync("jobs", "list")).Out, StringComparison.Ordinal);
    }

    static async Task<string[]> ListAsync(RunningServer server, TestKey key) =>
        [.. (await server.ReadItemsAsync(key, "/v1/unmapped")).Select(TextOf)];

    static string TextOf(JsonElement item) => $"{item.NeededText("kind")} {item.NeededText("text")}";

    /// <summary>What it says of sleep, workouts and events.</summary>
    static async Task<string> ReadAsync(RunningServer server, TestKey key)
    {
        var texts = new List<string>();
        foreach (var path in (string[])["/v1/sleep?stages=true", "/v1/workouts", "/v1/events"])
            texts.AddRange((await server.ReadItemsAsync(key, path)).Select(item => item.GetRawText()));
        return string.Join("\n", texts);
    }

    /// <summary>The rows as a build without these texts would have left them.</summary>
    const string ForgetCodes = """
        update workouts set activity = null;
        update sleep_stages set stage = stage_as_sent where stage_as_sent is not null;
        update health_events set code = null, value_code = null;
        update users set data_version = data_version + 1;
        """;

    static async Task<TestKey> AddKeyAsync(RunningServer server, string email) =>
        await server.AddKeyAsync((await server.Get<IUserStore>().FindByEmailAsync(email, default))!);

    async Task ExecuteAsync(string sql)
    {
        if (engine == Engine.Postgres)
        {
            await using var database = PostgresFaults.In(_place.Url);
            await database.ExecuteAsync(sql);
            return;
        }
        await using var connection = new SqliteConnection($"Data Source={_place.Url["sqlite:".Length..]};Pooling=False");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }
}

public sealed class SqliteJobsCommandTests() : JobsCommandTests(Engine.Sqlite);

public sealed class PostgresJobsCommandTests() : JobsCommandTests(Engine.Postgres);
