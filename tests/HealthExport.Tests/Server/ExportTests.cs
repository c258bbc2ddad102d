using System.Net;
using System.Text;
using System.Xml.Linq;
using HealthExport.Keys;
using HealthExport.People;
using HealthExport.Tests.CommandLine;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Server;

public abstract class ExportTests(ServerFixture fixture)
{
    readonly RunningServer _server = fixture.Server;

    [Fact]
    public async Task All_that_a_phone_can_send_comes_back_the_same_from_what_was_exported()
    {
        var key = await ExportedLife.OfAsync(_server);
        var exported = await ExportedZip.ReadAsync(_server, key);
        foreach (var type in (string[])["quantities", "sleep_stages", "sleep_sessions", "workouts", "events"])
            Assert.NotEmpty(exported.Items(type));

        var other = await _server.AddKeyAsync();
        await exported.PushAsync(_server, other);

        exported.AssertSameItems(await ExportedZip.ReadAsync(_server, other));
        await ExportedLife.AssertReadsTheSameAsync(_server, key, _server, other);
        // Every field that is written is known.
        Assert.Empty((await _server.ReadAsync(other, "/v1/drift?kind=field")).GetProperty("items").EnumerateArray());
    }

    [Fact]
    public async Task An_export_is_imported_into_a_store_of_the_other_engine_and_back()
    {
        var key = await ExportedLife.OfAsync(_server);
        using (var content = new StringContent(
            """{"source_ranks":["iPhone","Watch"]}""", Encoding.UTF8, "application/json"))
        using (var response = await _server.SendAsync(HttpMethod.Patch, "/v1/users/me", key, content))
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var exported = await ExportedZip.ReadAsync(_server, key);

        await using var place = await StorePlace.MakeAsync(
            fixture.Engine == Engine.Sqlite ? Engine.Postgres : Engine.Sqlite);
        using var terminal = new Terminal();
        terminal.Environment["DATABASE_URL"] = place.Url;
        await terminal.AddUserAsync();
        await File.WriteAllBytesAsync(terminal.PathOf("health.zip"), exported.Bytes);
        var imported = await terminal.RunAsync("import", "health.zip", "--json");
        Assert.True(imported.Code == 0, imported.Error);
        Assert.Equal(
            exported.Pushes.Where(push => push.Bytes.Length > 0).Select(push => $"health.zip/{push.Path}"),
            imported.Json.GetProperty("files").EnumerateArray().Select(file => file.NeededText("file")));
        Assert.Equal(0, imported.Json.GetProperty("counts").GetProperty("rejected").GetInt64());

        await using var other = await RunningServer.StartAsync(shared: place);
        var owner = await other.Get<IUserStore>().FindByEmailAsync("anna@example.org", default);
        var their = await other.AddKeyAsync(owner!);
        var again = await ExportedZip.ReadAsync(other, their);
        exported.AssertSameItems(again);
        await ExportedLife.AssertReadsTheSameAsync(_server, key, other, their);

        var back = await _server.AddKeyAsync();
        await again.PushAsync(_server, back);
        exported.AssertSameItems(await ExportedZip.ReadAsync(_server, back));
    }

    [Fact]
    public async Task A_span_and_types_choose_and_what_else_is_asked_for_is_refused()
    {
        var key = await ExportedLife.OfAsync(_server);
        var zip = await ExportedZip.ReadAsync(_server, key, "?types=sleep_stages,quantities&from=2026-01-10&to=2026-01-11");
        Assert.Equal(
            ["ndjson/quantities.ndjson", "ndjson/sleep_stages.ndjson", "csv/quantities.csv", "csv/sleep_stages.csv",
                "manifest.json"],
            zip.Paths);
        var items = zip.Items("quantities");
        Assert.NotEmpty(items);
        Assert.All(items, item => Assert.StartsWith("2026-01-10T", item.NeededText("start_at"), StringComparison.Ordinal));
        // At three offsets, each of its own day.
        Assert.Equal(
            ["+01:00", "+09:00", "-08:00"],
            items.Where(item => item.NeededText("metric") == "step_count" && !item.TryGetProperty("grain", out _))
                .Select(item => item.NeededText("start_at")[^6..]).Distinct());
        Assert.Equal(
            """{"from":"2026-01-10","to":"2026-01-11"}""",
            string.Concat(zip.Manifest.GetProperty("span").GetRawText().Where(c => !char.IsWhiteSpace(c))));
        Assert.True(zip.Manifest.GetProperty("consistent").GetBoolean());

        foreach (var (query, parameter) in ((string, string)[])
            [("types=workouts,moods", "types"), ("from=yesterday", "from"), ("from=2026-01-02&to=2026-01-01", "to"),
                ("format=csv", "format"), ("types=", "types")])
            Assert.Contains(parameter, await _server.RefusedParameterAsync(key, $"/v1/export?{query}"));
    }

    [Fact]
    public async Task Tables_are_safe_in_a_spreadsheet_and_routes_are_GPX()
    {
        var key = await ExportedLife.OfAsync(_server);
        var zip = await ExportedZip.ReadAsync(_server, key);
        var quantities = zip.Text("csv/quantities.csv");
        Assert.StartsWith(
            "metric,unit,start_at,end_at,value,min,max,grain,source,sent_unit,extra\r\n", quantities,
            StringComparison.Ordinal);
        // Texts that begin like a formula are texts; numbers are numbers, negative ones too.
        Assert.Contains(",'=cmd|' /C calc'!A0,", quantities, StringComparison.Ordinal);
        Assert.Contains(",'+a|=1+1|@x\u2028\U0001F3C3,", quantities, StringComparison.Ordinal);
        Assert.Contains(",'-2+3,lb,", quantities, StringComparison.Ordinal);
        Assert.Contains(",-1.7976931348623157E+308,", quantities, StringComparison.Ordinal);
        Assert.All(
            zip.Paths.Where(path => path.StartsWith("csv/", StringComparison.Ordinal)),
            path => Assert.DoesNotMatch(@"(?m)(^|,)""?[=@]", zip.Text(path)));

        var routes = zip.Items("workouts").Where(item => item.TryGetProperty("route", out _)).ToList();
        var files = zip.Paths.Where(path => path.StartsWith("gpx/", StringComparison.Ordinal)).ToList();
        Assert.Equal(routes.Count, files.Count);
        foreach (var (route, file) in routes.Zip(files))
        {
            Assert.EndsWith($"_{route.NeededText("id")}.gpx", file, StringComparison.Ordinal);
            var points = XDocument.Parse(zip.Text(file)).Descendants()
                .Where(element => element.Name.LocalName == "trkpt").ToList();
            Assert.Equal(route.GetProperty("route").GetArrayLength(), points.Count);
        }
    }

    [Fact]
    public async Task Whoever_has_nothing_gets_a_whole_zip_of_nothing_and_the_trail_tells_of_it()
    {
        var key = await _server.AddKeyAsync();
        var zip = await ExportedZip.ReadAsync(_server, key, "?from=2026-01-01&types=events");
        Assert.Empty(zip.Items("events"));
        var entry = Assert.Single(await _server.ReadAuditAsync(key, "&action=data.exported"));
        Assert.Equal(
            """{"from":"2026-01-01","to":null,"types":["events"]}""",
            string.Concat(entry.GetProperty("metadata").GetRawText().Where(c => !char.IsWhiteSpace(c))));

        var writing = await _server.AddKeyAsync(KeyScopes.Ingest | KeyScopes.Admin);
        using var refused = await _server.GetAsync(writing, "/v1/export");
        await refused.ReadProblemAsync(403, "forbidden");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task What_was_received_first_and_last_is_known_after_an_import(int seed)
    {
        var key = await _server.AddKeyAsync();
        var random = new Random(seed);
        var now = TimeProvider.System.GetUtcNow();
        for (var i = 0; i < 25; i++)
        {
            var push = HistoryPush.Create(random, now.AddTicks(-now.TimeOfDay.Ticks)).ToSent(random);
            using var response = await _server.PushAsync(key, push.Body, headers: Headers(push));
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }
        var exported = await ExportedZip.ReadAsync(_server, key);
        Assert.Contains(exported.Items("quantities"), item => item.TryGetProperty("revision", out _));

        var other = await _server.AddKeyAsync();
        await exported.PushAsync(_server, other);
        exported.AssertSameItems(await ExportedZip.ReadAsync(_server, other));
        await ExportedLife.AssertReadsTheSameAsync(_server, key, _server, other);

        // Again, where it all is: nothing changes, neither what is stored nor what came after what.
        foreach (var (_, type, bytes) in exported.Pushes)
        {
            if (bytes.Length == 0) continue;
            // So that it is no mere duplicate.
            (await _server.PushAsync(other, "{}")).Dispose();
            using var response = await _server.PushAsync(other, bytes, type);
            var counts = (await response.ReadJsonAsync()).GetProperty("counts");
            Assert.Equal(counts.GetProperty("received").GetInt64(), counts.GetProperty("unchanged").GetInt64());
        }
        exported.AssertSameItems(await ExportedZip.ReadAsync(_server, other));
    }

    static (string, string)[] Headers(SentPush push) =>
    [
        .. push.Aggregation is { } aggregation ? [("automation-aggregation", aggregation)] : (ReadOnlySpan<(string, string)>)[],
        .. push.Period is { } period ? [("automation-period", period)] : (ReadOnlySpan<(string, string)>)[],
    ];
}
