using System.Net;
using HealthExport.Keys;
using HealthExport.Tests.Support;
using static HealthExport.Tests.Server.MetricsPushes;

namespace HealthExport.Tests.Server;

/// <summary>
/// The read routes of the app vendor's own server. What is expected is written from what that server's source does, and
/// from what its example dashboards ask for.
/// </summary>
public abstract class VendorTests(ServerFixture fixture)
{
    readonly RunningServer _server = fixture.Server;

    async Task AssertAnswersAsync(TestKey key, string path, string expected) =>
        Assert.Equal(expected.ReplaceLineEndings(""), (await _server.ReadAsync(key, path)).GetRawText());

    [Fact]
    public async Task A_metric_is_an_array_of_what_was_sent_in_its_own_unit()
    {
        var key = await _server.AddKeyAsync();
        await _server.PushMetricAsync(
            key, "walking_running_distance", "mi", "Days",
            Point("2026-01-15 00:00:00 +0100", 3.3, "Watch"), Point("2026-01-16 00:00:00 +0100", 1.1, "Watch"));
        await AssertAnswersAsync(
            key, "/api/metrics/walking_running_distance",
            """
            [{"qty":3.3,"units":"mi","date":"2026-01-14T23:00:00.000Z","source":"Watch"},
            {"qty":1.1,"units":"mi","date":"2026-01-15T23:00:00.000Z","source":"Watch"}]
            """);
        await AssertAnswersAsync(
            key, "/api/metrics/walking_running_distance?granularity=daily&include=date,qty",
            """[{"qty":3.3,"date":"2026-01-14T23:00:00.000Z"},{"qty":1.1,"date":"2026-01-15T23:00:00.000Z"}]""");
        await AssertAnswersAsync(key, "/api/metrics/step_count", "[]");
        await AssertAnswersAsync(key, "/api/metrics/nobodys_hue", "[]");
    }

    [Fact]
    public async Task Of_each_day_it_tells_the_finest_rows_and_both_ends_of_a_span_are_in_it()
    {
        var key = await _server.AddKeyAsync();
        await _server.PushMetricAsync(
            key, "step_count", "count", "Days",
            Point("2026-01-14 00:00:00 +0100", 900), Point("2026-01-15 00:00:00 +0100", 300));
        await _server.PushMetricAsync(
            key, "step_count", "count", "Hours",
            Point("2026-01-15 08:00:00 +0100", 100), Point("2026-01-15 09:00:00 +0100", 200));
        const string day = """{"qty":900,"date":"2026-01-13T23:00:00.000Z"}""";
        const string eight = """{"qty":100,"date":"2026-01-15T07:00:00.000Z"}""";
        const string nine = """{"qty":200,"date":"2026-01-15T08:00:00.000Z"}""";
        foreach (var (query, expected) in ((string, string)[])
            [
                ("", $"[{day},{eight},{nine}]"),
                // As Grafana writes a time, in milliseconds, and as its own server takes it too.
                ("&from=1768345200000&to=1768460400000", $"[{day},{eight}]"),
                ("&from=2026-01-15T07:00:00.000Z&to=2026-01-15T08:00:00.000Z", $"[{eight},{nine}]"),
                ("&from=2026-01-15T07:00:00.001Z", $"[{nine}]"),
                ("&from=&to=&exclude=&panel=3", $"[{day},{eight},{nine}]"),
                ("&to=2026-01-14", $"[{day}]"),
                ("&from=-62135596800000&to=253402300799998", $"[{day},{eight},{nine}]"),
            ])
            await AssertAnswersAsync(key, $"/api/metrics/steps?exclude=source,units{query.Replace("&exclude=", "&other=")}", expected);
        await AssertAnswersAsync(
            key, "/api/metrics/step_count?granularity=hourly&from=2026-01-15T08:00:00Z",
            """[{"qty":200,"units":"count","date":"2026-01-15T08:00:00.000Z"}]""");
        Assert.StartsWith("from", await _server.RefusedParameterAsync(key, "/api/metrics/step_count?from=soon"));
        Assert.StartsWith("to", await _server.RefusedParameterAsync(key, "/api/metrics/step_count?from=5&to=4"));
        Assert.StartsWith(
            "granularity: must be one of daily, hourly",
            await _server.RefusedParameterAsync(key, "/api/metrics/step_count?granularity=weekly"));
    }

    [Fact]
    public async Task Heart_rate_blood_pressure_and_sleep_have_shapes_of_their_own()
    {
        var key = await _server.AddKeyAsync();
        await _server.PushMetricAsync(
            key, "heart_rate", "count/min", null,
            """{"date":"2026-01-15 08:00:00 +0100","Min":58,"Avg":61.5,"Max":66,"source":"Watch"}""",
            """{"date":"2026-01-15 08:30:00 +0100","Min":60,"Avg":62.5,"Max":70,"source":"Watch"}""");
        await AssertAnswersAsync(
            key, "/api/metrics/heart_rate?to=2026-01-15T07:00:00.000Z",
            """
            [{"Min":58,"Avg":61.5,"Max":66,"units":"count/min","date":"2026-01-15T07:00:00.000Z","source":"Watch"}]
            """);
        await AssertAnswersAsync(
            key, "/api/metrics/heart_rate?granularity=daily",
            """[{"Min":58,"Avg":62,"Max":70,"units":"count/min","date":"2026-01-14T23:00:00.000Z"}]""");

        await _server.PushMetricAsync(
            key, "blood_pressure", "mmHg", null,
            """{"date":"2026-01-15 08:00:00 +0100","systolic":120,"diastolic":80,"source":"Cuff"}""",
            """{"date":"2026-01-15 20:00:00 +0100","systolic":130,"diastolic":84,"source":"Cuff"}""");
        await AssertAnswersAsync(
            key, "/api/metrics/blood_pressure",
            """
            [{"systolic":120,"diastolic":80,"units":"mmHg","date":"2026-01-15T07:00:00.000Z","source":"Cuff"},
            {"systolic":130,"diastolic":84,"units":"mmHg","date":"2026-01-15T19:00:00.000Z","source":"Cuff"}]
            """);
        await AssertAnswersAsync(
            key, "/api/metrics/blood_pressure?granularity=daily",
            """[{"systolic":125,"diastolic":82,"units":"mmHg","date":"2026-01-14T23:00:00.000Z"}]""");

        await _server.PushMetricAsync(
            key, "sleep_analysis", "hr", null,
            """
            {"date":"2026-01-15 00:00:00 +0100","sleepStart":"2026-01-14 23:00:00 +0100",
            "sleepEnd":"2026-01-15 07:00:00 +0100","inBedStart":"2026-01-14 22:30:00 +0100",
            "inBedEnd":"2026-01-15 07:30:00 +0100","inBed":9,"asleep":0,"core":4,"deep":1,"rem":2,"awake":0.5,
            "source":"Watch"}
            """);
        await AssertAnswersAsync(
            key, "/api/metrics/sleep_analysis?granularity=daily&from=1768345200000",
            """
            [{"date":"2026-01-14T23:00:00.000Z","inBedStart":"2026-01-14T22:00:00.000Z",
            "inBedEnd":"2026-01-15T06:00:00.000Z","sleepStart":"2026-01-14T22:00:00.000Z",
            "sleepEnd":"2026-01-15T06:00:00.000Z","core":4,"rem":2,"deep":1,"awake":0.5,"inBed":9,"asleep":0,
            "totalSleep":7,"units":"hr","source":"Watch"}]
            """);
    }

    [Fact]
    public async Task Workouts_come_newest_first_and_one_has_its_heart_rates_and_its_route()
    {
        var key = await _server.AddKeyAsync();
        var (run, walk) = (Guid.NewGuid(), Guid.NewGuid());
        await _server.PushWorkoutsAsync(
            key,
            WorkoutPushes.Run(
                run, "2026-01-15T08:00:00+01:00", more: "\"active_energy_kcal\":310.5,"
                + """
                "series":[{"name":"heart_rate","unit":"/min","times":["2026-01-15T08:00:00+01:00",
                "2026-01-15T08:00:05+01:00"],"values":[90,null],"min":[88,91],"max":[92,95]},
                {"name":"heart_rate_recovery","unit":"/min","times":["2026-01-15T08:31:00+01:00"],"values":[120]}],
                """.ReplaceLineEndings("")
                + WorkoutPushes.Route((52.5, 13.4, 34))),
            WorkoutPushes.Run(walk, "2026-01-16T08:00:00+01:00", "Gehen"));
        var first = $$"""
            {"id":"{{Upper(walk)}}","workout_type":"Gehen","start_time":"2026-01-16T07:00:00.000Z",
            "end_time":"2026-01-16T07:30:00.000Z","duration_minutes":30,"calories_burned":null}
            """.ReplaceLineEndings("");
        var second = $$"""
            {"id":"{{Upper(run)}}","workout_type":"Outdoor Run","start_time":"2026-01-15T07:00:00.000Z",
            "end_time":"2026-01-15T07:30:00.000Z","duration_minutes":30,"calories_burned":310.5}
            """.ReplaceLineEndings("");
        await AssertAnswersAsync(key, "/api/workouts", $"[{first},{second}]");
        // As the vendor's dashboard asks: the same span under two names.
        await AssertAnswersAsync(
            key,
            "/api/workouts?startDate=1768460400000&endDate=1768460400000&to=2026-01-16T00%3A00%3A00.000Z&from=2020-01-01",
            $"[{second}]");
        await AssertAnswersAsync(key, "/api/workouts?from=2026-01-16", $"[{first}]");
        await AssertAnswersAsync(key, "/api/workouts?from=2026-01-16&include=id", $$"""[{"id":"{{Upper(walk)}}"}]""");

        await AssertAnswersAsync(
            key, $"/api/workouts/{Upper(run)}",
            """
            {"heartRateData":[{"type":"Heart Rate","timestamp":"2026-01-15T07:00:00.000Z","value":90},
            {"type":"Heart Rate","timestamp":"2026-01-15T07:00:05.000Z","value":93}],
            "heartRateRecovery":[{"type":"Heart Rate Recovery","timestamp":"2026-01-15T07:31:00.000Z","value":120}],
            "route":[{"latitude":52.5,"longitude":13.4,"time":"2026-01-15T07:00:00.000Z"}]}
            """);
        await AssertAnswersAsync(
            key, $"/api/workouts/{walk}", """{"heartRateData":[],"heartRateRecovery":[],"route":[]}""");
        await AssertAnswersAsync(key, $"/api/workouts/{walk}?exclude=heartRateData,route", """{"heartRateRecovery":[]}""");
        using var missing = await _server.GetAsync(key, $"/api/workouts/{Guid.NewGuid()}");
        await missing.ReadProblemAsync(404, "not_found");

        static string Upper(Guid id) => id.ToString().ToUpperInvariant();
    }

    [Fact]
    public async Task The_key_goes_where_that_server_has_it_and_must_be_one_for_reading()
    {
        var key = await _server.AddKeyAsync(KeyScopes.Read);
        var phone = await _server.AddKeyAsync(KeyScopes.Ingest);
        foreach (var path in (string[])["/api/metrics/step_count", "/api/workouts"])
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.Add("api-key", key.Text);
            using var answer = await _server.Client.SendAsync(request);
            Assert.Equal((HttpStatusCode.OK, "[]"), (answer.StatusCode, await answer.Content.ReadAsStringAsync()));
            using var refused = await _server.GetAsync(phone, path);
            await refused.ReadProblemAsync(403, "forbidden");
        }
    }
}
