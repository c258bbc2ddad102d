using System.Text.Json;
using HealthExport.Tests.Support;
using static HealthExport.Tests.Server.MetricsPushes;

namespace HealthExport.Tests.Server;

public abstract class MetricSamplesTests(ServerFixture fixture)
{
    const string Unknown = "no_such_metric";

    readonly RunningServer _server = fixture.Server;

    [Fact]
    public async Task A_row_comes_back_in_its_own_offset_with_every_field()
    {
        var key = await _server.AddKeyAsync();
        await _server.PushMetricAsync(
            key, "heart_rate", "count/min", null,
            """{"date":"2026-01-15 08:00:00 +0530","Min":58,"Avg":60.300000000000004,"Max":71}""");
        var row = Assert.Single(await _server.ReadItemsAsync(key, "/v1/metrics/heart_rate/samples"));
        Assert.Equal(
            """
            {"start_at":"2026-01-15T08:00:00+05:30","end_at":null,"value":60.300000000000004,"min":58,"max":71,"unit":"/min","grain":"sample","source":null,"sent_unit":null,"extra":null}
            """,
            row.GetRawText());
    }

    [Fact]
    public async Task A_day_starts_at_its_local_midnight()
    {
        var key = await _server.AddKeyAsync();
        await _server.PushMetricAsync(key, "step_count", "count", "Days", Point("2026-01-15 00:00:00 +0900", 5000));
        var row = Assert.Single(await _server.ReadItemsAsync(key, "/v1/metrics/step_count/samples"));
        Assert.Equal(("2026-01-15T00:00:00+09:00", "day"), (row.Text("start_at"), row.Text("grain")));
        Assert.Single(await _server.ReadItemsAsync(
            key, "/v1/metrics/step_count/samples?from=2026-01-15&to=2026-01-16"));
        Assert.Empty(await _server.ReadItemsAsync(key, "/v1/metrics/step_count/samples?to=2026-01-15"));
        // As an instant it began at 15:00 UTC the day before.
        Assert.Single(await _server.ReadItemsAsync(key, "/v1/metrics/step_count/samples?to=2026-01-14T15:00:01Z"));
        Assert.Empty(await _server.ReadItemsAsync(key, "/v1/metrics/step_count/samples?to=2026-01-14T15:00:00Z"));
    }

    [Fact]
    public async Task Filters_by_time_grain_and_source_and_goes_either_way()
    {
        var key = await _server.AddKeyAsync();
        await _server.PushMetricAsync(
            key, "step_count", "count", "Seconds",
            Point("2026-01-15 08:00:00 +0100", 1, "Apple Watch"), Point("2026-01-15 09:00:00 +0100", 2),
            Point("2026-01-15 10:00:00 +0100", 3, "Apple Watch"));
        await _server.PushMetricAsync(key, "step_count", "count", "Hours", Point("2026-01-15 08:00:00 +0100", 4));

        // In one text, because a span of doubles does not outlive an await.
        async Task<string> Values(string query) => string.Join(
            ' ', (await _server.ReadItemsAsync(key, $"/v1/metrics/step_count/samples?{query}"))
                .Select(row => row.Number("value")));

        Assert.Equal("1 4 2 3", await Values(""));
        Assert.Equal("3 2 4 1", await Values("order=desc"));
        Assert.Equal("4", await Values("grain=hour"));
        Assert.Equal("1 3", await Values("source=Apple%20Watch"));
        Assert.Equal("2", await Values("from=2026-01-15T08:30:00%2B01:00&to=2026-01-15T09:00:00Z"));
        Assert.Equal("2", await Values("from=2026-01-15T08:30:00+01:00&to=2026-01-15T09:00:00Z"));
        Assert.Empty(await Values("from=2026-01-16"));
    }

    [Fact]
    public async Task Pages_hold_every_row_once()
    {
        var key = await _server.AddKeyAsync();
        await _server.PushMetricAsync(
            key, "step_count", "count", "Minutes",
            Enumerable.Range(0, 50).Select(i => Point($"2026-01-15 08:{i:00}:00 +0100", i)));
        foreach (var order in (string[])["asc", "desc"])
        {
            var path = $"/v1/metrics/step_count/samples?order={order}";
            var values = (await _server.ReadPagesAsync(key, path, 7)).Select(row => row.Number("value")).ToArray();
            var expected = Enumerable.Range(0, 50).Select(i => (double)i);
            Assert.Equal(order == "asc" ? expected : expected.Reverse(), values);
        }
    }

    [Fact]
    public async Task Converts_to_any_spelling_of_a_unit_and_tells_the_unit_sent()
    {
        var key = await _server.AddKeyAsync();
        await _server.PushMetricAsync(key, "active_energy", "kJ", "Days", Point("2026-01-15 00:00:00 +0100", 4184));
        var stored = Assert.Single(await _server.ReadItemsAsync(key, "/v1/metrics/active_energy_burned/samples"));
        Assert.Equal(("kcal", "kJ", 1000.0), (stored.Text("unit"), stored.Text("sent_unit"), stored.Number("value")));
        var joule = Assert.Single(await _server.ReadItemsAsync(key, "/v1/metrics/Active%20Energy/samples?unit=KJ"));
        Assert.Equal(("kJ", 4184.0), (joule.Text("unit"), joule.Number("value")));
        var refused = await _server.RefusedParameterAsync(key, "/v1/metrics/active_energy/samples?unit=km");
        Assert.StartsWith("unit: must be one of kcal, ", refused);
        Assert.Contains("kJ", refused);
    }

    [Fact]
    public async Task Rows_of_a_unit_that_does_not_convert_come_only_when_asked_for()
    {
        var key = await _server.AddKeyAsync();
        await _server.PushMetricAsync(key, "step_count", "bananas", null, Point("2026-01-15 08:00:10 +0100", 3));
        Assert.Empty(await _server.ReadItemsAsync(key, "/v1/metrics/step_count/samples"));
        Assert.Empty(await _server.ReadItemsAsync(key, "/v1/metrics/step_count/series"));
        var row = Assert.Single(
            await _server.ReadItemsAsync(key, "/v1/metrics/step_count/samples?sent_unit=bananas"));
        Assert.Equal(("bananas", 3.0), (row.Text("unit"), row.Number("value")));
        Assert.StartsWith(
            "sent_unit: must be one of bananas, {steps}",
            await _server.RefusedParameterAsync(key, "/v1/metrics/step_count/samples?sent_unit=pears"));
    }

    [Fact]
    public async Task An_unknown_metric_is_read_by_its_name()
    {
        var key = await _server.AddKeyAsync();
        await _server.PushMetricAsync(key, "Mood Ring", "hue", null, Point("2026-01-15 08:00:10 +0100", 3));
        var row = Assert.Single(await _server.ReadItemsAsync(key, "/v1/metrics/mood_ring/samples"));
        Assert.Equal(("hue", 3.0), (row.Text("unit"), row.Number("value")));
        await _server.PushMetricAsync(key, "Mood Ring", "shade", null, Point("2026-01-15 08:00:10 +0100", 4));
        Assert.StartsWith(
            "sent_unit: must be one of hue, shade",
            await _server.RefusedParameterAsync(key, "/v1/metrics/mood_ring/samples"));
    }

    [Theory]
    [InlineData("blood_pressure", "blood_pressure_systolic and blood_pressure_diastolic")]
    [InlineData("sleep_analysis", "nights and segments")]
    [InlineData(Unknown, "/v1/metrics")]
    public async Task What_is_no_metric_is_not_found_and_says_where_to_look(string name, string hint)
    {
        var key = await _server.AddKeyAsync();
        foreach (var what in (string[])["samples", "series"])
        {
            using var response = await _server.GetAsync(key, $"/v1/metrics/{name}/{what}");
            var problem = await response.ReadProblemAsync(404, "not_found");
            Assert.Contains(hint, problem.Text("hint"));
        }
    }

    [Fact]
    public async Task Another_persons_unknown_metric_is_not_found()
    {
        var other = await _server.AddKeyAsync();
        await _server.PushMetricAsync(other, "Secret Ring", "hue", null, Point("2026-01-15 08:00:10 +0100", 3));
        using var response = await _server.GetAsync(await _server.AddKeyAsync(), "/v1/metrics/secret_ring/samples");
        await response.ReadProblemAsync(404, "not_found");
    }

    [Theory]
    [InlineData("colour=red", "colour: is not a parameter of this path")]
    [InlineData("from=yesterday", "from: must be a date")]
    [InlineData("to=2026-02-30", "to: must be a date")]
    [InlineData("from=2026-01-15T08:00:00", "from: must be a date")]
    [InlineData("from=2026-01-16&to=2026-01-15", "to: must not lie before from")]
    [InlineData("grain=second", "grain: must be one of sample, minute, hour, day, week, month, year")]
    [InlineData("order=up", "order: must be one of asc, desc")]
    [InlineData("limit=10001", "limit: must be a whole number from 1 to 10000")]
    [InlineData("limit=ten", "limit: must be a whole number from 1 to 10000")]
    [InlineData("cursor=nonsense", "cursor: ")]
    [InlineData("grain=day&grain=hour", "grain: must be given once")]
    public async Task Says_which_parameter_it_does_not_take_and_what_it_does(string query, string says) =>
        Assert.StartsWith(says, await _server.RefusedParameterAsync(
            await _server.AddKeyAsync(), $"/v1/metrics/step_count/samples?{query}"));

    [Fact]
    public async Task A_cursor_goes_on_only_with_its_own_query()
    {
        var key = await _server.AddKeyAsync();
        await _server.PushMetricAsync(
            key, "step_count", "count", "Minutes",
            Point("2026-01-15 08:00:00 +0100", 1), Point("2026-01-15 08:01:00 +0100", 2));
        var page = await _server.ReadAsync(key, "/v1/metrics/step_count/samples?limit=1");
        Assert.StartsWith("cursor: ", await _server.RefusedParameterAsync(
            key, $"/v1/metrics/step_count/samples?order=desc&cursor={page.Text("next_cursor")}"));
    }

    [Fact]
    public async Task As_csv_a_source_is_never_a_formula()
    {
        var key = await _server.AddKeyAsync();
        await _server.PushMetricAsync(
            key, "body_temperature", "degC", null,
            """{"date":"2026-01-15 08:00:00 +0100","qty":36.6,"source":"=HYPERLINK(\"http://x\",\"y\")"}""",
            """{"date":"2026-01-15 08:00:01 +0100","qty":36.7,"source":"Thermometer, new"}""");
        Assert.Equal(
            """
            start_at,end_at,value,min,max,unit,grain,source,sent_unit,extra
            2026-01-15T08:00:00+01:00,,36.6,,,Cel,sample,"'=HYPERLINK(""http://x"",""y"")",,
            2026-01-15T08:00:01+01:00,,36.7,,,Cel,sample,"Thermometer, new",,

            """.ReplaceLineEndings("\r\n"),
            await _server.ReadCsvAsync(key, "/v1/metrics/body_temperature/samples"));
    }

    [Fact]
    public async Task As_csv_a_header_links_to_the_next_page()
    {
        var key = await _server.AddKeyAsync();
        await _server.PushMetricAsync(
            key, "step_count", "count", "Minutes",
            Point("2026-01-15 08:00:00 +0100", 1), Point("2026-01-15 09:00:00 +0100", 2));
        foreach (var path in (string[])["samples?limit=1", "series?bucket=hour&by=source&limit=1"])
        {
            using var first = await _server.SendAsync(
                HttpMethod.Get, $"/v1/metrics/step_count/{path}", key, null, ("Accept", "text/csv"));
            var link = Assert.Single(first.Headers.GetValues("Link"));
            Assert.EndsWith(">; rel=\"next\"", link);
            var next = link[1..link.IndexOf('>')];
            var lines = (await _server.ReadCsvAsync(key, next)).Split("\r\n");
            Assert.Equal(3, lines.Length);
            Assert.StartsWith("2026-01-15T09:00:00+01:00,", lines[1]);
            using var last = await _server.SendAsync(HttpMethod.Get, next, key, null, ("Accept", "text/csv"));
            Assert.False(last.Headers.Contains("Link"));
        }
    }

    [Theory]
    [InlineData("text/csv;q=0.5, application/json", "application/json")]
    [InlineData("application/json;q=0.5, text/csv", "text/csv")]
    [InlineData("*/*", "application/json")]
    [InlineData("image/png", "application/json")]
    public async Task Answers_csv_only_to_who_would_rather_have_it(string accept, string type)
    {
        using var response = await _server.SendAsync(
            HttpMethod.Get, "/v1/metrics/step_count/samples", await _server.AddKeyAsync(), null, ("Accept", accept));
        Assert.Equal(type, response.Content.Headers.ContentType!.MediaType);
        Assert.Contains("Accept", response.Headers.Vary);
    }

    [Fact]
    public async Task A_fraction_of_a_second_has_six_digits()
    {
        var key = await _server.AddKeyAsync();
        await _server.PushMetricAsync(
            key, "body_mass", "kg", null,
            """
            {"startDate":"2026-01-15T08:00:00.05-03:30","endDate":"2026-01-15T08:00:01-03:30","qty":80,
            "note":[1,null]}
            """);
        var row = Assert.Single(await _server.ReadItemsAsync(key, "/v1/metrics/body_mass/samples"));
        Assert.Equal("2026-01-15T08:00:00.050000-03:30", row.Text("start_at"));
        Assert.Equal("2026-01-15T08:00:01-03:30", row.Text("end_at"));
        Assert.Equal(JsonValueKind.Object, row.GetProperty("extra").ValueKind);
        Assert.Equal("""{"note":[1,null]}""", row.GetProperty("extra").GetRawText());
    }
}
