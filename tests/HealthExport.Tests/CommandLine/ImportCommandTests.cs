using System.IO.Compression;
using System.Text;
using System.Text.Json;
using HealthExport.Server.CommandLine;
using Microsoft.Data.Sqlite;

namespace HealthExport.Tests.CommandLine;

public sealed class ImportCommandTests : IDisposable
{
    readonly Terminal _terminal = new();

    public void Dispose() => _terminal.Dispose();

    static string Steps(int day, params double[] values)
    {
        var points = values.Select((value, hour) => FormattableString.Invariant(
            $$"""{"date":"2026-03-{{day:00}} {{hour:00}}:15:30 +0100","qty":{{value}},"source":"Watch"}"""));
        return $$$"""
            {"data":{"metrics":[{"name":"step_count","units":"count","data":[{{{string.Join(',', points)}}}]}]}}
            """;
    }

    async Task<Terminal.Result> ImportAsync(params string[] args)
    {
        await _terminal.AddUserAsync();
        return await _terminal.RunAsync(["import", "--user", "anna@example.org", .. args]);
    }

    static long Count(JsonElement node, string name) => node.GetProperty("counts").GetProperty(name).GetInt64();

    [Fact]
    public async Task Each_file_is_an_ingestion_and_the_counts_are_summed()
    {
        _terminal.Write("a.json", Steps(1, 10, 20, 30));
        _terminal.Write("b.json", Steps(2, 40));
        var imported = await ImportAsync("a.json", "b.json", "--json");
        Assert.Equal(0, imported.Code);
        Assert.Equal(2, imported.Json.GetProperty("imported").GetInt32());
        Assert.Equal(4, Count(imported.Json, "received"));
        Assert.Equal(4, Count(imported.Json, "inserted"));
        var files = imported.Json.GetProperty("files").EnumerateArray().ToArray();
        Assert.Equal(["a.json", "b.json"], files.Select(file => file.GetProperty("file").GetString()));
        Assert.All(files, file => Assert.Equal("completed", file.GetProperty("status").GetString()));
        Assert.NotEqual(files[0].GetProperty("ingestion_id").GetGuid(), files[1].GetProperty("ingestion_id").GetGuid());
        Assert.Equal([3, 1], files.Select(file => Count(file, "inserted")));
    }

    [Fact]
    public async Task Stopped_by_a_person_it_says_what_is_done_and_what_is_left_and_goes_on_when_asked_again()
    {
        await _terminal.AddUserAsync();
        foreach (var file in (string[])["a.json", "b.json", "c.json"])
            _terminal.Write(file, Steps(file[0] - 'a' + 1, 10, 20));
        foreach (var isJson in (bool[])[true, false])
        {
            using var stop = new CancellationTokenSource();
            using var error = new StoppingAt($"{(isJson ? 'a' : 'b')}.json", stop);
            using var output = new StringWriter();

            var code = await CommandLineApp.RunAsync(
                ["import", "a.json", "b.json", "c.json", .. isJson ? (string[])["--json"] : []],
                _terminal.OpenShell(output, error), stop.Token);

            Assert.Equal(1, code);
            if (isJson)
            {
                using var summary = JsonDocument.Parse(output.ToString());
                Assert.Equal(
                    (1, 0, 2),
                    (summary.RootElement.GetProperty("imported").GetInt32(),
                        summary.RootElement.GetProperty("failed").GetInt32(),
                        summary.RootElement.GetProperty("left").GetInt32()));
            }
            else
            {
                Assert.StartsWith("Imported 1 of 3, 1 known before, 1 left: 2 items", output.ToString());
                Assert.Contains("Import the same again to go on", output.ToString(), StringComparison.Ordinal);
            }
        }
        var rest = await _terminal.RunAsync("import", "a.json", "b.json", "c.json", "--json");
        Assert.Equal(
            (0, 1, 2),
            (rest.Code, rest.Json.GetProperty("imported").GetInt32(), rest.Json.GetProperty("known_before").GetInt32()));
    }

    /// <summary>Where a person presses Ctrl-C when a file is said to be done.</summary>
    sealed class StoppingAt(string file, CancellationTokenSource stop) : StringWriter
    {
        public override void WriteLine(string? value)
        {
            base.WriteLine(value);
            if (value!.StartsWith(file, StringComparison.Ordinal)) stop.Cancel();
        }
    }

    [Fact]
    public async Task Times_without_an_offset_are_rejected_without_a_zone_and_taken_with_one_or_when_it_is_set()
    {
        _terminal.Write("HealthMetrics.csv", "Date/Time,Step Count (count)\n2026-01-14 07:00:00,100\n2026-01-14 08:00:00,50\n");

        var without = await ImportAsync("HealthMetrics.csv");
        Assert.Contains("import the same again with --time-zone", without.Out, StringComparison.Ordinal);
        await _terminal.RunAsync("user", "update", "anna@example.org", "--time-zone", "Europe/Berlin");
        var id = (await _terminal.RunAsync("import", "HealthMetrics.csv", "--json")).Json
            .GetProperty("files")[0].GetProperty("ingestion_id").GetString();
        var known = await _terminal.RunAsync("import", "HealthMetrics.csv");

        Assert.Contains($"known before, as {id}", known.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("--time-zone", known.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_gzip_file_is_unpacked_whatever_its_name()
    {
        await using (var file = File.Create(_terminal.PathOf("a.json.gz")))
        await using (var zip = new GZipStream(file, CompressionLevel.Fastest))
            await zip.WriteAsync(Encoding.UTF8.GetBytes(Steps(1, 10, 20)));
        File.Copy(_terminal.PathOf("a.json.gz"), _terminal.PathOf("other"));

        var imported = await ImportAsync("a.json.gz", "other", "--json");
        Assert.Equal(0, imported.Code);
        var files = imported.Json.GetProperty("files").EnumerateArray().ToArray();
        Assert.Equal(["a.json.gz", "other"], files.Select(file => file.GetProperty("file").GetString()));
        Assert.Equal([false, true], files.Select(file => file.GetProperty("known_before").GetBoolean()));
    }

    [Fact]
    public async Task What_was_taken_is_not_taken_again_so_that_old_files_bring_nothing_old_back()
    {
        _terminal.Write("old.json", Steps(1, 10, 20, 30));
        _terminal.Write("new.json", Steps(1, 11));
        var first = await ImportAsync("old.json", "--json");
        await _terminal.RunAsync("import", "new.json");
        var again = await _terminal.RunAsync("import", "old.json", "--json");
        Assert.Equal(0, again.Code);
        Assert.Equal(0, again.Json.GetProperty("imported").GetInt32());
        Assert.Equal(1, again.Json.GetProperty("known_before").GetInt32());
        Assert.Equal(0, Count(again.Json, "received"));
        Assert.Equal(FileOf(first).GetProperty("ingestion_id").GetString(), FileOf(again).GetProperty("ingestion_id").GetString());
        Assert.True(FileOf(again).GetProperty("known_before").GetBoolean());
        var ingestions = (await _terminal.RunAsync("status", "--json")).Json.GetProperty("ingestions");
        Assert.Equal(2, ingestions.GetProperty("completed").GetInt32());
    }

    static JsonElement FileOf(Terminal.Result result) =>
        Assert.Single(result.Json.GetProperty("files").EnumerateArray());

    [Fact]
    public async Task A_file_that_is_no_payload_is_named_with_its_reason_and_the_others_go_on()
    {
        _terminal.Write("good.json", "\uFEFF \n" + Steps(1, 10));
        _terminal.Write("empty.json", "");
        _terminal.Write("blank.json", " \r\n\t");
        _terminal.Write("text.json", "hello");
        _terminal.Write("archive.zip", "PK\u0003\u0004");
        File.WriteAllBytes(_terminal.PathOf("damaged.json.gz"), [0x1f, 0x8b, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        Directory.CreateDirectory(_terminal.PathOf("folder"));

        var imported = await ImportAsync(
            "missing.json", "empty.json", "blank.json", "text.json", "archive.zip", "damaged.json.gz", "folder",
            "good.json", "--json");
        Assert.Equal(1, imported.Code);
        Assert.Equal(1, imported.Json.GetProperty("imported").GetInt32());
        Assert.Equal(7, imported.Json.GetProperty("failed").GetInt32());
        Assert.Equal(1, Count(imported.Json, "inserted"));
        Assert.Equal(
            [
                "archive.zip is a zip archive that is damaged or cut short", "blank.json is blank",
                "damaged.json.gz is damaged: it does not unpack to what it was",
                "empty.json is empty, or no file but a pipe or a device", "folder holds nothing to import",
                "good.json ", "missing.json is not there",
                "text.json is not JSON: it starts with neither { nor [",
            ],
            imported.Json.GetProperty("files").EnumerateArray().Select(file => file.GetProperty("file").GetString() + " "
                + (file.TryGetProperty("error", out var error) ? error.GetString() : null)));
        Assert.Contains("text.json: is not JSON", imported.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_cut_short_is_partial_and_says_where()
    {
        _terminal.Write("cut.json", Steps(1, 10, 20)[..^6]);
        var imported = await ImportAsync("cut.json", "--json");
        Assert.Equal(0, imported.Code);
        var file = Assert.Single(imported.Json.GetProperty("files").EnumerateArray());
        Assert.Equal("partial", file.GetProperty("status").GetString());
        Assert.True(file.GetProperty("truncated").GetProperty("at_byte").GetInt64() > 0);
    }

    [Fact]
    public async Task For_people_there_is_a_summary_and_a_line_a_file()
    {
        _terminal.Write("a.json", Steps(1, 10, 20, 30));
        var imported = await ImportAsync("a.json");
        Assert.StartsWith(
            "Imported 1 of 1: 3 items received, 3 inserted, 0 updated, 0 unchanged, 0 rejected.\nTook ",
            imported.Out, StringComparison.Ordinal);
        Assert.StartsWith("a.json: completed, 3 received", imported.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Progress_moves_where_a_person_watches()
    {
        await _terminal.AddUserAsync();
        _terminal.Write("a.json", Steps(1, 10, 20, 30));
        var (output, error) = (new StringWriter(), new StringWriter());
        var shell = _terminal.OpenShell(output, error) with { IsWatched = true };
        var code = await HealthExport.Server.CommandLine.CommandLineApp.RunAsync(["import", "a.json", "--json"], shell);
        Assert.Equal(0, code);
        Assert.Equal(1, JsonDocument.Parse(output.ToString()).RootElement.GetProperty("imported").GetInt32());
        Assert.Contains("100%", error.ToString(), StringComparison.Ordinal);
        Assert.Contains("MB/s", error.ToString(), StringComparison.Ordinal);
        Assert.Contains("a.json: completed, 3 received: 3 inserted", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_counts_what_was_imported()
    {
        _terminal.Write("a.json", Steps(1, 10, 20, 30));
        await ImportAsync("a.json");
        var status = (await _terminal.RunAsync("status", "--json")).Json;
        Assert.Equal(1, status.GetProperty("ingestions").GetProperty("completed").GetInt32());
        Assert.Equal(0, status.GetProperty("ingestions").GetProperty("failed").GetInt32());
        var user = Assert.Single(status.GetProperty("users").EnumerateArray());
        Assert.Equal(1, user.GetProperty("metrics").GetInt32());
        Assert.Equal(3, user.GetProperty("samples").GetInt64());
        Assert.Equal("completed", user.GetProperty("last_push").GetProperty("status").GetString());
        Assert.Equal(3, status.GetProperty("store").GetProperty("rows").GetProperty("samples").GetInt64());

        var text = await _terminal.RunAsync("status");
        Assert.Contains("health.db", text.Out, StringComparison.Ordinal);
        Assert.Contains("anna@example.org", text.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_replay_finds_everything_unchanged()
    {
        _terminal.Write("a.json", Steps(1, 10, 20, 30));
        var imported = await ImportAsync("a.json", "--json");
        var id = imported.Json.GetProperty("files")[0].GetProperty("ingestion_id").GetString()!;
        var replayed = await _terminal.RunAsync("replay", id, "--json");
        Assert.Equal(0, replayed.Code);
        var item = Assert.Single(replayed.Json.GetProperty("items").EnumerateArray());
        Assert.Equal(id, item.GetProperty("ingestion_id").GetString());
        Assert.Equal(3, Count(item, "unchanged"));
        Assert.Equal(0, Count(item, "inserted"));
    }

    [Fact]
    public async Task Failed_ones_are_replayed_by_one_option()
    {
        _terminal.Write("a.json", Steps(1, 10, 20));
        _terminal.Write("b.json", Steps(2, 30));
        await ImportAsync("a.json", "b.json");
        await ExecuteAsync("update raw_ingestions set status = 5 where number = 1");
        Assert.Contains("replay --failed", (await _terminal.RunAsync("status")).Out, StringComparison.Ordinal);

        var replayed = await _terminal.RunAsync("replay", "--failed", "--json");
        Assert.Equal(0, replayed.Code);
        Assert.Equal(1, replayed.Json.GetProperty("replayed").GetInt32());
        var item = Assert.Single(replayed.Json.GetProperty("items").EnumerateArray());
        Assert.Equal("completed", item.GetProperty("status").GetString());
        Assert.Equal(2, Count(item, "unchanged"));
    }

    [Fact]
    public async Task What_a_stopped_server_left_in_the_queue_is_applied_first()
    {
        _terminal.Write("a.json", Steps(1, 10, 20));
        _terminal.Write("b.json", Steps(1, 11));
        await ImportAsync("a.json");
        await ExecuteAsync("""
            update raw_ingestions set status = 0, receipt = null, finished_at = null;
            insert into queue (user_id, number, due_at) select user_id, number, 0 from raw_ingestions;
            """);
        var imported = await _terminal.RunAsync("import", "b.json", "--json");
        Assert.Equal(0, imported.Code);
        Assert.Equal(1, Count(imported.Json, "updated"));
        var status = (await _terminal.RunAsync("status", "--json")).Json.GetProperty("ingestions");
        Assert.Equal(2, status.GetProperty("completed").GetInt32());
        Assert.Equal(0, status.GetProperty("queued").GetInt32());
    }

    async Task ExecuteAsync(string sql)
    {
        await using var connection = new SqliteConnection($"Data Source={_terminal.PathOf("health.db")};Pooling=False");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }

    [Fact]
    public async Task A_replay_of_what_is_not_there_fails()
    {
        await _terminal.AddUserAsync();
        var replayed = await _terminal.RunAsync("replay", "01890000-0000-7000-8000-000000000000", "--json");
        Assert.Equal(1, replayed.Code);
        Assert.Equal(1, replayed.Json.GetProperty("failed").GetInt32());
    }

    [Fact]
    public async Task With_nothing_failed_there_is_nothing_to_replay()
    {
        var replayed = await _terminal.RunAsync("replay", "--failed");
        Assert.Equal(0, replayed.Code);
        Assert.Equal("Nothing to replay.", replayed.Out.Trim());
    }

    [Theory]
    [InlineData("replay")]
    [InlineData("replay", "not-an-id")]
    [InlineData("import")]
    public async Task What_to_work_on_must_be_said(params string[] args) =>
        Assert.Equal(2, (await _terminal.RunAsync(args)).Code);
}
