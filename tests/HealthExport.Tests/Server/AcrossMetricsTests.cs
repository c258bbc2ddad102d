using System.Text;
using System.Text.Json;
using HealthExport.Tests.Support;
using static HealthExport.Tests.Server.MetricsPushes;

namespace HealthExport.Tests.Server;

/// <summary>Reads across metrics: the latest of each, the series of several, and blood pressure, which is two.</summary>
public abstract class AcrossMetricsTests(ServerFixture fixture)
{
    readonly RunningServer _server = fixture.Server;

    static string Pressure(string at, int systolic, int diastolic, string source = "Cuff") =>
        $$"""{"date":"{{at}}","systolic":{{systolic}},"diastolic":{{diastolic}},"source":"{{source}}"}""";

    Task PushPressureAsync(TestKey key, params IEnumerable<string> points) =>
        _server.PushMetricAsync(key, "blood_pressure", "mmHg", null, points);

    [Fact]
    public async Task The_latest_of_each_metric_is_its_row_that_starts_last()
    {
        var key = await _server.AddKeyAsync();
        Assert.Empty(await _server.ReadItemsAsync(key, "/v1/metrics/latest"));
        await _server.PushMetricAsync(
            key, "body_mass", "kg", null, Point("2026-01-16 08:00:00 +0100", 71.5),
            Point("2026-01-15 08:00:00 +0100", 72));
        await _server.PushMetricAsync(
            key, "resting_heart_rate", "count/min", null, Point("2026-01-15 08:00:00 +0100", 55));
        Assert.Equal(
            [
                ("resting_heart_rate", "/min", "2026-01-15T08:00:00+01:00", 55),
                ("weight_body_mass", "kg", "2026-01-16T08:00:00+01:00", 71.5),
            ],
            (await _server.ReadItemsAsync(key, "/v1/metrics/latest")).Select(
                item => (item.Text("name"), item.Text("unit"), item.Text("start_at"), item.Number("value"))));
        Assert.Equal(2, (await _server.ReadPagesAsync(key, "/v1/metrics/latest", 1)).Length);
        Assert.Empty(await _server.ReadItemsAsync(await _server.AddKeyAsync(), "/v1/metrics/latest"));
    }

    [Fact]
    public async Task The_series_of_several_metrics_come_one_after_another_as_asked_in_pages_of_any_size()
    {
        var key = await _server.AddKeyAsync();
        await _server.PushMetricAsync(
            key, "step_count", "count", null,
            Enumerable.Range(1, 9).Select(day => Point($"2026-01-{day:00} 08:00:00 +0100", day)));
        await _server.PushMetricAsync(
            key, "body_mass", "kg", null,
            Enumerable.Range(1, 5).Select(day => Point($"2026-01-{day:00} 08:00:00 +0100", 70 + day)));

        const string path = "/v1/series?metrics=body_mass,step_count,flights_climbed,steps";
        var all = await _server.ReadItemsAsync(key, path);
        Assert.Equal(
            [.. Enumerable.Repeat("weight_body_mass", 5), .. Enumerable.Repeat("step_count", 9)],
            all.Select(point => point.Text("metric")!));
        Assert.Equal(
            """
            {"metric":"step_count","unit":"{steps}","start":"2026-01-09T00:00:00+01:00","date":"2026-01-09","value":9,
            "min":9,"max":9,"count":1,"grain":"hour"}
            """.ReplaceLineEndings(""),
            all[^1].GetRawText());
        foreach (var size in (int[])[1, 3, 5, 14])
            Assert.Equal(
                all.Select(point => point.GetRawText()),
                (await _server.ReadPagesAsync(key, path, size)).Select(point => point.GetRawText()));
        foreach (var metric in (string[])["weight_body_mass", "step_count"])
            Assert.Equal(
                (await _server.ReadItemsAsync(key, $"/v1/metrics/{metric}/series?bucket=week"))
                    .Select(point => point.Number("value")),
                (await _server.ReadItemsAsync(key, path + "&bucket=week"))
                    .Where(point => point.Text("metric") == metric).Select(point => point.Number("value")));
        Assert.StartsWith("metric,unit,start,date,value,", await _server.ReadCsvAsync(key, path));
    }

    [Fact]
    public async Task What_is_asked_of_several_metrics_is_refused_by_name()
    {
        var key = await _server.AddKeyAsync();
        foreach (var query in (string[])["", "?metrics=", "?metrics=a,,b", "?metrics=" + string.Join(",", Enumerable.Range(0, 51))])
            Assert.Contains("metrics", await _server.RefusedParameterAsync(key, "/v1/series" + query));
        Assert.Contains("sent_unit", await _server.RefusedParameterAsync(key, "/v1/series?metrics=steps&sent_unit=x"));
        using var unknown = await _server.GetAsync(key, "/v1/series?metrics=step_count,nothing_known");
        await unknown.ReadProblemAsync(404, "not_found");
        await _server.PushMetricAsync(
            key, "step_count", "count", null, Point("2026-01-15 08:00:00 +0100", 1),
            Point("2026-01-16 08:00:00 +0100", 1));
        var cursor = (await _server.ReadAsync(key, "/v1/series?metrics=step_count&limit=1")).Text("next_cursor");
        Assert.Contains("cursor", await _server.RefusedParameterAsync(
            key, $"/v1/series?metrics=step_count,body_mass&cursor={cursor}"));
        Assert.Contains("cursor", await _server.RefusedParameterAsync(
            key, $"/v1/metrics/step_count/series?cursor={cursor}"));
    }

    [Fact]
    public async Task Blood_pressure_is_put_together_again_reading_by_reading()
    {
        var key = await _server.AddKeyAsync();
        Assert.Empty(await _server.ReadItemsAsync(key, "/v1/blood-pressure"));
        await PushPressureAsync(
            key, Pressure("2026-01-16 08:00:00 +0100", 121, 81), Pressure("2026-01-15 08:00:00 +0100", 120, 80),
            Pressure("2026-01-15 08:00:00 +0100", 130, 90, "Other cuff"));
        Assert.Equal(
            [
                """{"at":"2026-01-15T08:00:00+01:00","systolic":120,"diastolic":80,"source":"Cuff"}""",
                """{"at":"2026-01-15T08:00:00+01:00","systolic":130,"diastolic":90,"source":"Other cuff"}""",
                """{"at":"2026-01-16T08:00:00+01:00","systolic":121,"diastolic":81,"source":"Cuff"}""",
            ],
            (await _server.ReadItemsAsync(key, "/v1/blood-pressure")).Select(item => item.GetRawText()));
        Assert.Equal(
            """
            at,systolic,diastolic,source
            2026-01-16T08:00:00+01:00,121,81,Cuff

            """.ReplaceLineEndings("\r\n"),
            await _server.ReadCsvAsync(key, "/v1/blood-pressure?from=2026-01-16"));

        // Half a reading is shown as what it is.
        await _server.PushMetricAsync(
            key, "blood_pressure_systolic", "mmHg", null, Point("2026-01-17 08:00:00 +0100", 140, "Cuff"));
        var half = (await _server.ReadItemsAsync(key, "/v1/blood-pressure?from=2026-01-17")).Single();
        Assert.Equal(140, half.Number("systolic"));
        Assert.Equal(JsonValueKind.Null, half.GetProperty("diastolic").ValueKind);
    }

    [Fact]
    public async Task Blood_pressure_that_came_as_samples_is_not_listed_again_as_buckets()
    {
        var key = await _server.AddKeyAsync();
        await PushPressureAsync(
            key, Pressure("2026-01-15 08:00:37 +0100", 120, 80), Pressure("2026-01-15 20:00:00 +0100", 130, 90));
        await PushRowsAsync("2026-01-15T08:00:00+01:00,120,80", "2026-01-15T08:01:00+01:00,125,85");
        await PushRowsAsync("2026-01-15T00:00:00+01:00,125,85", "2026-01-16T00:00:00+01:00,140,95");

        var readings = await _server.ReadItemsAsync(key, "/v1/blood-pressure");

        Assert.Equal([120, 125, 130, 140], readings.Select(reading => reading.Number("systolic")));
        Assert.Equal(
            readings.Select(reading => reading.GetRawText()),
            (await _server.ReadPagesAsync(key, "/v1/blood-pressure", 1)).Select(reading => reading.GetRawText()));

        async Task PushRowsAsync(params string[] rows)
        {
            const string Heading = "Date/Time,Blood Pressure [Systolic] (mmHg),Blood Pressure [Diastolic] (mmHg)";
            using var response = await _server.PushAsync(
                key, Encoding.UTF8.GetBytes(string.Join('\n', [Heading, .. rows])), "text/csv");
            Assert.Equal("completed", (await response.ReadJsonAsync()).Text("status"));
        }
    }

    [Fact]
    public async Task Blood_pressure_comes_in_pages_of_any_size_once_each()
    {
        var key = await _server.AddKeyAsync();
        await PushPressureAsync(
            key, Enumerable.Range(0, 30).Select(i => Pressure(
                $"2026-01-{1 + i / 6:00} 08:00:00 +0100", 110 + i, 70 + i, $"Cuff {i % 6}")));
        var all = (await _server.ReadItemsAsync(key, "/v1/blood-pressure")).Select(item => item.GetRawText()).ToList();
        Assert.Equal(30, all.Distinct().Count());
        foreach (var size in (int[])[1, 4, 6, 7, 30])
            Assert.Equal(
                all,
                (await _server.ReadPagesAsync(key, "/v1/blood-pressure", size)).Select(item => item.GetRawText()));
        var cursor = (await _server.ReadAsync(key, "/v1/blood-pressure?limit=1")).Text("next_cursor");
        var other = await _server.AddKeyAsync();
        Assert.Contains("cursor", await _server.RefusedParameterAsync(other, $"/v1/blood-pressure?cursor={cursor}"));
        Assert.Empty(await _server.ReadItemsAsync(other, "/v1/blood-pressure"));
    }
}
