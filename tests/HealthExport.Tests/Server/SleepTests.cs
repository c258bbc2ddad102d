using System.Net;
using System.Text.Json;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Server;

public abstract class SleepTests(ServerFixture fixture)
{
    readonly RunningServer _server = fixture.Server;

    static string Segment(string start, string end, string stage, string source = "Watch") =>
        $$"""{"startDate":"{{start}} +0100","endDate":"{{end}} +0100","qty":1,"value":"{{stage}}","source":"{{source}}"}""";

    static string Night(int day) => Segment($"2026-01-{day:00} 00:00:00", $"2026-01-{day:00} 06:00:00", "Core");

    Task PushAsync(TestKey key, params IEnumerable<string> points) =>
        _server.PushMetricAsync(key, "sleep_analysis", "hr", null, points);

    [Fact]
    public async Task A_night_has_the_contracts_members_and_its_stages_when_asked_for()
    {
        var key = await _server.AddKeyAsync();
        await PushAsync(
            key, Segment("2026-01-14 23:00:00", "2026-01-15 01:00:00", "Core"),
            Segment("2026-01-15 01:00:00", "2026-01-15 02:00:00", "Deep"),
            Segment("2026-01-15 02:00:00", "2026-01-15 02:30:00", "Awake"),
            Segment("2026-01-15 02:30:00", "2026-01-15 03:00:00", "REM"),
            Segment("2026-01-14 22:30:00", "2026-01-15 03:30:00", "InBed"));
        var night = Assert.Single(await _server.ReadItemsAsync(key, "/v1/sleep"));
        Assert.Equal(
            """
            {"date":"2026-01-15","start":"2026-01-14T23:00:00+01:00","end":"2026-01-15T03:00:00+01:00","in_bed":300,
            "asleep":210,"core":120,"deep":60,"rem":30,"awake":30,"efficiency":0.7,"source":"Watch",
            "basis":"segments","is_nap":false}
            """.ReplaceLineEndings(""),
            night.GetRawText());

        var staged = Assert.Single(await _server.ReadItemsAsync(key, "/v1/sleep?stages=true"));
        Assert.Equal(
            ["in_bed", "core", "deep", "awake", "rem"],
            staged.GetProperty("stages").EnumerateArray().Select(stage => stage.Text("stage")));
        Assert.Equal(
            """{"start_at":"2026-01-15T02:30:00+01:00","end_at":"2026-01-15T03:00:00+01:00","stage":"rem","stage_as_sent":null}""",
            staged.GetProperty("stages")[4].GetRawText());
        Assert.Equal(
            """
            date,start,end,in_bed,asleep,core,deep,rem,awake,efficiency,source,basis,is_nap
            2026-01-15,2026-01-14T23:00:00+01:00,2026-01-15T03:00:00+01:00,300,210,120,60,30,30,0.7,Watch,segments,false

            """.ReplaceLineEndings("\r\n"),
            await _server.ReadCsvAsync(key, "/v1/sleep"));
    }

    [Fact]
    public async Task An_aggregated_night_counts_where_there_are_no_segments()
    {
        var key = await _server.AddKeyAsync();
        await PushAsync(
            key,
            """
            {"date":"2026-01-15 00:00:00 +0100","sleepStart":"2026-01-14 23:00:00 +0100",
            "sleepEnd":"2026-01-15 07:00:00 +0100","inBedStart":"2026-01-14 22:30:00 +0100",
            "inBedEnd":"2026-01-15 07:30:00 +0100","inBed":16.4,"asleep":0,"core":4,"deep":1,"rem":2,"awake":0.5,
            "source":"Watch"}
            """);
        var night = Assert.Single(await _server.ReadItemsAsync(key, "/v1/sleep"));
        Assert.Equal(("session", 420, 540), (night.Text("basis"), night.Number("asleep"), night.Number("in_bed")));
        Assert.Equal((240, 60, 120), (night.Number("core"), night.Number("deep"), night.Number("rem")));

        await PushAsync(key, Segment("2026-01-14 23:10:00", "2026-01-15 06:50:00", "Asleep", "Phone"));
        night = Assert.Single(await _server.ReadItemsAsync(key, "/v1/sleep"));
        Assert.Equal(("segments", 460), (night.Text("basis"), night.Number("asleep")));
        Assert.Equal(JsonValueKind.Null, night.GetProperty("core").ValueKind);
    }

    [Fact]
    public async Task Dates_are_of_waking_and_instants_are_held_against_it()
    {
        var key = await _server.AddKeyAsync();
        await PushAsync(
            key, Segment("2026-01-14 23:00:00", "2026-01-15 06:00:00", "Core"),
            Segment("2026-01-15 14:00:00", "2026-01-15 14:30:00", "Core"),
            Segment("2026-01-15 23:00:00", "2026-01-16 06:00:00", "Core"));
        Assert.Equal(["2026-01-15", "2026-01-15"], await DatesAsync("?to=2026-01-16"));
        Assert.Equal(["2026-01-16"], await DatesAsync("?from=2026-01-16"));
        Assert.Equal(["2026-01-15", "2026-01-16"], await DatesAsync("?from=2026-01-15T06:00:00.000001%2B01:00"));
        Assert.Equal(["2026-01-15"], await DatesAsync("?from=2026-01-15T06:00:00%2B01:00&to=2026-01-15T14:30:00%2B01:00"));
        Assert.Empty(await DatesAsync("?from=2026-01-17"));
        Assert.Empty(await DatesAsync("?to=2026-01-15"));

        async Task<IEnumerable<string?>> DatesAsync(string query) =>
            (await _server.ReadItemsAsync(key, "/v1/sleep" + query)).Select(night => night.Text("date"));
    }

    [Fact]
    public async Task Pages_of_any_size_give_every_night_once_and_in_order()
    {
        var key = await _server.AddKeyAsync();
        // A gap of years between two months of nights.
        await PushAsync(key, Enumerable.Range(1, 28).Select(Night));
        await PushAsync(key, Enumerable.Range(1, 28).Select(day => Night(day).Replace("2026", "2019")));
        var all = await _server.ReadItemsAsync(key, "/v1/sleep");
        Assert.Equal(56, all.Length);
        Assert.Equal("2019-01-01", all[0].Text("date"));
        foreach (var size in (int[])[1, 5, 27, 28, 56, 1_000])
            Assert.Equal(
                all.Select(night => night.GetRawText()),
                (await _server.ReadPagesAsync(key, "/v1/sleep", size)).Select(night => night.GetRawText()));
    }

    [Fact]
    public async Task Bad_parameters_are_named_and_nobody_sees_the_sleep_of_another()
    {
        var key = await _server.AddKeyAsync();
        await PushAsync(key, Night(1), Night(2));
        Assert.Contains("stages", await _server.RefusedParameterAsync(key, "/v1/sleep?stages=yes"));
        Assert.Contains("from", await _server.RefusedParameterAsync(key, "/v1/sleep?from=yesterday"));
        Assert.Contains("limit", await _server.RefusedParameterAsync(key, "/v1/sleep?limit=0"));
        Assert.Contains("cursor", await _server.RefusedParameterAsync(key, "/v1/sleep?cursor=abc"));

        var cursor = (await _server.ReadAsync(key, "/v1/sleep?limit=1")).Text("next_cursor");
        var other = await _server.AddKeyAsync();
        Assert.Empty(await _server.ReadItemsAsync(other, "/v1/sleep"));
        Assert.Contains("cursor", await _server.RefusedParameterAsync(other, $"/v1/sleep?cursor={cursor}"));
        using var response = await _server.GetAsync(
            await _server.AddKeyAsync(HealthExport.Keys.KeyScopes.Ingest), "/v1/sleep");
        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
    }
}
