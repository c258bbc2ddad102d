using HealthExport.Server.CommandLine;
using HealthExport.Tests.Moving;
using HealthExport.Tests.Support;
using Microsoft.Data.Sqlite;

namespace HealthExport.Tests.CommandLine;

public sealed class MoveCommandTests(FilledHouse house) : IClassFixture<FilledHouse>, IDisposable
{
    static readonly string[] s_reads =
    [
        "/v1/metrics", "/v1/metrics/step_count/samples", "/v1/metrics/heart_rate/samples?limit=10000",
        "/v1/metrics/step_count/series?bucket=day&from=2020-01-01&to=2027-01-01",
        "/v1/metrics/heart_rate/series?bucket=hour&from=2020-01-01&to=2027-01-01",
        "/v1/ingestions?limit=1000",
    ];

    readonly Terminal _terminal = new();

    public void Dispose() => _terminal.Dispose();

    string TargetUrl => UrlOf("new.db");

    string UrlOf(string name) => $"sqlite:{_terminal.PathOf(name)}";

    Task<Terminal.Result> MoveAsync(params string[] more) =>
        _terminal.RunAsync(["move", "--from", house.Url, "--to", TargetUrl, .. more]);

    [Fact]
    public async Task One_document_lists_the_tables_their_rows_and_whether_they_are_the_same()
    {
        var moved = await MoveAsync("--json");

        Assert.True(moved.Code == 0, moved.Error);
        var tables = moved.Json.GetProperty("tables").EnumerateArray().ToArray();
        Assert.All(tables, table => Assert.True(table.GetProperty("verified").GetBoolean()));
        Assert.Equal(
            FilledHouse.Dump(house.File)["samples"].Count,
            tables.Single(table => table.GetProperty("name").GetString() == "samples").GetProperty("rows").GetInt32());
        Assert.True(moved.Json.GetProperty("seconds").GetDouble() >= 0);
        Assert.Contains("Copying samples", moved.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task In_the_new_house_the_old_keys_read_the_same_answers()
    {
        await using var postgres = await PostgresFixture.OpenAsync();
        var source = house.CopyTo(_terminal.PathOf("old.db"));
        var moved = await _terminal.RunAsync("move", "--from", source, "--to", postgres.Url);
        Assert.True(moved.Code == 0, moved.Error);
        Assert.Contains("the same in both stores", moved.Out, StringComparison.Ordinal);

        await using var old = await RunningServer.StartAsync(settings => settings with { DatabaseUrl = source });
        await using var now = await RunningServer.StartAsync(settings => settings with { DatabaseUrl = postgres.Url });
        foreach (var key in house.Keys)
        {
            // Both take up what waited in the queue.
            await Eventually.TrueAsync(
                async () => await CountWaitingAsync(old, key) + await CountWaitingAsync(now, key) == 0);
            foreach (var path in s_reads)
                Assert.Equal(
                    Timeless(await old.GetAsync(key, path).ReadAsync()),
                    Timeless(await now.GetAsync(key, path).ReadAsync()));
            var ingestions = await (await old.GetAsync(key, "/v1/ingestions?limit=1000")).ReadJsonAsync();
            foreach (var item in ingestions.GetProperty("items").EnumerateArray().Take(40))
                foreach (var part in (string[])["payload", "rejects"])
                {
                    var path = $"/v1/ingestions/{item.GetProperty("ingestion_id").GetString()}/{part}";
                    Assert.Equal(await old.GetAsync(key, path).ReadAsync(), await now.GetAsync(key, path).ReadAsync());
                }
        }
    }

    [Fact]
    public async Task A_row_that_differs_is_found_named_and_mended()
    {
        Assert.Equal(0, (await MoveAsync()).Code);
        Execute("""
            update samples
            set value = value + 1e-9
            where (user_id, metric_id, grain, start_at, source_id) in (
                select user_id, metric_id, grain, start_at, source_id
                from samples
                where value between 0.5 and 100
                limit 1)
            """);
        Execute("delete from workouts where user_id = 2");

        var compared = await MoveAsync("--verify-only", "--json");
        Assert.Equal(1, compared.Code);
        Assert.Equal(
            ["samples", "workouts"],
            compared.Json.GetProperty("tables").EnumerateArray()
                .Where(table => !table.GetProperty("verified").GetBoolean())
                .Select(table => table.GetProperty("name").GetString()).Order());
        Assert.Contains("The table samples differs.", compared.Error, StringComparison.Ordinal);

        Assert.Equal(0, (await MoveAsync()).Code);
        Assert.Equal(0, (await MoveAsync("--verify-only")).Code);
    }

    [Fact]
    public async Task Progress_moves_where_a_person_watches()
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var shell = _terminal.OpenShell(output, error) with { IsWatched = true };
        var code = await CommandLineApp.RunAsync(["move", "--from", house.Url, "--to", TargetUrl], shell);

        Assert.Equal(0, code);
        Assert.Contains("rows/s", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_source_is_the_configured_store_unless_named()
    {
        await _terminal.AddUserAsync();
        var moved = await _terminal.RunAsync("move", "--to", TargetUrl, "--json");

        Assert.True(moved.Code == 0, moved.Error);
        Assert.Equal(1, moved.Json.GetProperty("tables").EnumerateArray()
            .Single(table => table.GetProperty("name").GetString() == "users").GetProperty("rows").GetInt32());
    }

    [Fact]
    public async Task A_target_with_people_is_refused_with_a_way_out()
    {
        await _terminal.AddUserAsync();
        var moved = await _terminal.RunAsync("move", "--from", house.Url, "--to", UrlOf("health.db"));

        Assert.Equal(1, moved.Code);
        Assert.Contains("--force", moved.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("insert into metrics (id, name, unit, kind, category, is_known) values (4711, 'foo', 'co' || char(0) || 'unt', 'discrete', 'other', 0)")]
    [InlineData("insert into metrics (id, name, unit, kind, category, is_known) values (4711, 'foo', hex(randomblob(9000)), 'discrete', 'other', 0)")]
    public async Task A_row_that_the_other_engine_has_no_place_for_is_told_as_the_sources(string insert)
    {
        await using var postgres = await PostgresFixture.OpenAsync();
        var source = house.CopyTo(_terminal.PathOf("old.db"));
        Execute(insert, "old.db");

        // Also when a part of it is there already.
        for (var time = 0; time < 2; time++)
        {
            var moved = await _terminal.RunAsync("move", "--from", source, "--to", postgres.Url);
            Assert.Equal(1, moved.Code);
            Assert.Contains(
                "The target cannot take a row of the source's table metrics: ", moved.Error, StringComparison.Ordinal);
            Assert.DoesNotContain("in the way", moved.Error, StringComparison.Ordinal);
            Assert.DoesNotContain("--force", moved.Error, StringComparison.Ordinal);
        }

        // As docs/operations.md says.
        Execute(
            """
            update metrics set name = 'unknown_' || id, unit = substr(replace(unit, char(0), ''), 1, 200)
            where is_known = 0 and (instr(name || unit, char(0)) or length(name || unit) > 400)
            """, "old.db");
        var again = await _terminal.RunAsync("move", "--from", source, "--to", postgres.Url);
        Assert.True(again.Code == 0, again.Error);
    }

    [Fact]
    public async Task A_source_that_is_not_there_is_not_made()
    {
        var moved = await _terminal.RunAsync("move", "--from", UrlOf("none.db"), "--to", TargetUrl);

        Assert.Equal(1, moved.Code);
        Assert.Contains("There is no store at", moved.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(_terminal.PathOf("none.db")));
        Assert.False(File.Exists(_terminal.PathOf("new.db")));
    }

    [Fact]
    public async Task A_source_of_another_step_is_to_be_migrated_first()
    {
        File.WriteAllBytes(_terminal.PathOf("empty.db"), []);
        var moved = await _terminal.RunAsync("move", "--from", UrlOf("empty.db"), "--to", TargetUrl);

        Assert.Equal(1, moved.Code);
        Assert.Contains("health-export migrate", moved.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_same_store_at_both_ends_is_refused()
    {
        var moved = await _terminal.RunAsync("move", "--from", house.Url, "--to", $"sqlite://{house.File}");

        Assert.Equal(1, moved.Code);
        Assert.Contains("the same store", moved.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_URL_is_told_by_its_option_and_without_its_password()
    {
        var moved = await _terminal.RunAsync("move", "--from", house.Url, "--to", "mysql://a:secret@b/c");

        Assert.Equal(1, moved.Code);
        Assert.Contains("--to must start with", moved.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", moved.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_to_must_be_said() => Assert.Equal(2, (await _terminal.RunAsync("move")).Code);

    void Execute(string sql, string name = "new.db")
    {
        using var connection = new SqliteConnection($"Data Source={_terminal.PathOf(name)};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        Assert.True(command.ExecuteNonQuery() > 0);
    }

    static async Task<int> CountWaitingAsync(RunningServer server, TestKey key)
    {
        var waiting = 0;
        foreach (var status in (string[])["queued", "processing"])
        {
            using var response = await server.GetAsync(key, $"/v1/ingestions?status={status}");
            waiting += (await response.ReadJsonAsync()).GetProperty("items").GetArrayLength();
        }
        return waiting;
    }

    /// <summary>Without how long the last push took, which each server did for itself.</summary>
    static string Timeless(string answer) =>
        System.Text.RegularExpressions.Regex.Replace(
            answer, "\"(processing_time_ms|started_at|finished_at|[a-z_]+_ms)\":[^,}]+", "");
}

static class MoveAnswers
{
    public static async Task<string> ReadAsync(this Task<HttpResponseMessage> asked)
    {
        using var response = await asked;
        return $"{response.StatusCode} {await response.Content.ReadAsStringAsync()}";
    }
}
