using System.Text.Json;
using HealthExport.Samples;
using HealthExport.Stores;
using HealthExport.Tests.Support;
using HealthExport.Time;
using HealthExport.Totals;
using static HealthExport.Tests.Server.MetricsPushes;

namespace HealthExport.Tests.Server;

public abstract class MetricSeriesTests(ServerFixture fixture)
{
    const string Series = "/v1/metrics/step_count/series";

    readonly RunningServer _server = fixture.Server;

    static IEnumerable<string> Minutes(double each) =>
        Enumerable.Range(0, 120).Select(i => Point($"2026-01-15 {8 + i / 60:00}:{i % 60:00}:00 +0100", each));

    static IEnumerable<string> Hours(double each) =>
        [Point("2026-01-15 08:00:00 +0100", each), Point("2026-01-15 09:00:00 +0100", each)];

    static string Day(double value) => Point("2026-01-15 00:00:00 +0100", value);

    async Task<double> TotalAsync(TestKey key) =>
        Assert.Single(await _server.ReadItemsAsync(key, Series)).Number("value");

    [Fact]
    public async Task The_days_total_stays_right_by_minute_by_hour_by_day_grown_and_corrected()
    {
        var key = await _server.AddKeyAsync();
        await _server.PushMetricAsync(key, "step_count", "count", "Minutes", Minutes(10));
        Assert.Equal(1200, await TotalAsync(key));
        await _server.PushMetricAsync(key, "step_count", "count", "Hours", Hours(600));
        Assert.Equal(1200, await TotalAsync(key));
        await _server.PushMetricAsync(key, "step_count", "count", "Days", Day(1200));
        Assert.Equal(1200, await TotalAsync(key));
        await _server.PushMetricAsync(key, "step_count", "count", "Minutes", Minutes(11));
        Assert.Equal(1320, await TotalAsync(key));
        await _server.PushMetricAsync(key, "step_count", "count", "Days", Day(1100));
        Assert.Equal(1100, await TotalAsync(key));
        await _server.PushMetricAsync(key, "step_count", "count", "Days", Day(1500));
        Assert.Equal(1500, await TotalAsync(key));
    }

    [Fact]
    public async Task Without_the_header_the_grain_is_inferred_and_nothing_counts_twice()
    {
        var key = await _server.AddKeyAsync();
        await _server.PushMetricAsync(key, "step_count", "count", null, Minutes(10));
        await _server.PushMetricAsync(key, "step_count", "count", null, Hours(600));
        await _server.PushMetricAsync(key, "step_count", "count", null, Day(1200));
        Assert.Equal(1200, await TotalAsync(key));
    }

    [Fact]
    public async Task Figures_come_in_the_unit_asked_for_but_never_a_sum_without_a_common_zero()
    {
        var key = await _server.AddKeyAsync();
        await _server.PushMetricAsync(
            key, "active_energy", "kcal", "Hours",
            [Point("2026-01-15 08:00:00 +0100", 100), Point("2026-01-15 09:00:00 +0100", 25)]);
        await _server.PushMetricAsync(
            key, "body_temperature", "degC", null,
            [Point("2026-01-15 08:00:00 +0100", 36), Point("2026-01-15 09:00:00 +0100", 38)]);

        var energy = Assert.Single(await _server.ReadItemsAsync(key, "/v1/metrics/active_energy/series?unit=kJ"));
        Assert.Equal((523, 2), (energy.Number("value"), energy.Number("count")));
        Assert.Equal(104.6, energy.Number("min"), 1e-9);
        Assert.Equal(418.4, energy.Number("max"), 1e-9);
        var warmth = Assert.Single(await _server.ReadItemsAsync(key, "/v1/metrics/body_temperature/series?unit=degF"));
        Assert.Equal(98.6, warmth.Number("value"), 1e-9);
        var count = Assert.Single(
            await _server.ReadItemsAsync(key, "/v1/metrics/body_temperature/series?unit=degF&agg=count"));
        Assert.Equal(2, count.Number("value"));
        foreach (var refused in (string[])["unit=degF&agg=sum", "unit=kJ"])
            await _server.RefusedParameterAsync(key, $"/v1/metrics/body_temperature/series?{refused}");
    }

    [Fact]
    public async Task A_point_has_the_contracts_members()
    {
        var key = await _server.AddKeyAsync();
        await _server.PushMetricAsync(key, "step_count", "count", "Hours", Hours(600));
        Assert.Equal(
            """
            {"start":"2026-01-15T00:00:00+01:00","date":"2026-01-15","value":1200,"min":600,"max":600,"count":2,"grain":"hour"}
            """,
            Assert.Single(await _server.ReadItemsAsync(key, Series)).GetRawText());
        Assert.Equal(
            """
            {"start":"2026-01-15T08:00:00+01:00","date":"2026-01-15","value":600,"min":600,"max":600,"count":1,"grain":"hour","source":"iPhone"}
            """,
            (await _server.ReadItemsAsync(key, $"{Series}?bucket=hour&by=source"))[0].GetRawText());
        Assert.Equal(
            "start,date,value,min,max,count,grain\r\n2026-01-12T00:00:00+01:00,2026-01-12,1200,1200,1200,2,hour\r\n",
            await _server.ReadCsvAsync(key, $"{Series}?bucket=week"));
    }

    [Theory]
    [InlineData("sum", 400)]
    [InlineData("avg", 200)]
    [InlineData("min", 100)]
    [InlineData("max", 300)]
    [InlineData("count", 2)]
    [InlineData("latest", 300)]
    public async Task Takes_the_figure_asked_for(string aggregation, double expected)
    {
        var key = await _server.AddKeyAsync();
        await _server.PushMetricAsync(
            key, "step_count", "count", "Hours",
            Point("2026-01-15 08:00:00 +0100", 100), Point("2026-01-15 09:00:00 +0100", 300));
        var point = Assert.Single(await _server.ReadItemsAsync(key, $"{Series}?agg={aggregation}"));
        Assert.Equal(expected, point.Number("value"));
    }

    [Fact]
    public async Task A_measurement_is_averaged_unless_asked_otherwise()
    {
        var key = await _server.AddKeyAsync();
        await _server.PushMetricAsync(
            key, "heart_rate", "bpm", null,
            """{"date":"2026-01-15 08:00:00 +0100","Min":58,"Avg":60,"Max":71}""",
            """{"date":"2026-01-15 08:05:00 +0100","Min":60,"Avg":70,"Max":90}""");
        Assert.Equal(
            """
            {"start":"2026-01-15T00:00:00+01:00","date":"2026-01-15","value":65,"min":58,"max":90,"count":2,"grain":"sample"}
            """,
            Assert.Single(await _server.ReadItemsAsync(key, "/v1/metrics/heart_rate/series")).GetRawText());
    }

    [Fact]
    public async Task Phone_and_watch_are_merged_unless_asked_otherwise()
    {
        var key = await _server.AddKeyAsync();
        await _server.PushMetricAsync(
            key, "step_count", "count", "Seconds",
            Point("2026-01-15 08:00:00 +0100", 500, "Apple Watch"), Point("2026-01-15 08:00:00 +0100", 300),
            Point("2026-01-15 09:00:00 +0100", 200));
        Assert.Equal(700, await TotalAsync(key));
        Assert.Equal(1000, Assert.Single(await _server.ReadItemsAsync(key, $"{Series}?merge=none")).Number("value"));
        var sources = await _server.ReadItemsAsync(key, $"{Series}?by=source");
        Assert.Equal(
            [("Apple Watch", 500.0), ("iPhone", 500.0)],
            sources.Select(point => (point.Text("source")!, point.Number("value"))));
    }

    [Fact]
    public async Task Another_zone_moves_samples_to_its_own_days()
    {
        var key = await _server.AddKeyAsync();
        await _server.PushMetricAsync(
            key, "step_count", "count", "Hours",
            Point("2026-01-15 08:00:00 +0100", 100), Point("2026-01-15 23:00:00 -0500", 300));
        var own = await _server.ReadItemsAsync(key, Series);
        Assert.Equal(400, Assert.Single(own).Number("value"));
        var moved = await _server.ReadItemsAsync(key, $"{Series}?tz=Europe/Berlin");
        Assert.Equal(
            [("2026-01-15T00:00:00+01:00", 100.0), ("2026-01-16T00:00:00+01:00", 300.0)],
            moved.Select(point => (point.Text("start")!, point.Number("value"))));
        // Days asked for are the zone's too.
        Assert.Equal(300, Assert.Single(
            await _server.ReadItemsAsync(key, $"{Series}?tz=Europe/Berlin&from=2026-01-16")).Number("value"));
    }

    [Fact]
    public async Task A_week_that_the_phone_began_on_Sunday_answers_the_week_it_mostly_is()
    {
        var key = await _server.AddKeyAsync();
        await _server.PushMetricAsync(key, "step_count", "count", "Weeks", Point("2026-01-11 00:00:00 +0100", 7000));
        var week = Assert.Single(await _server.ReadItemsAsync(key, $"{Series}?bucket=week"));
        Assert.Equal(("2026-01-12", 7000.0, "week"), (week.Text("date"), week.Number("value"), week.Text("grain")));
        Assert.Equal(JsonValueKind.Null, week.GetProperty("min").ValueKind);
        Assert.Empty(await _server.ReadItemsAsync(key, Series));
    }

    [Fact]
    public async Task A_crowded_day_among_empty_years_is_read_whole()
    {
        var key = await _server.AddKeyAsync();
        await _server.PushMetricAsync(
            key, "step_count", "count", "Seconds",
            Enumerable.Range(0, 50_000)
                .Select(i => Point($"2026-01-15 {i / 3600:00}:{i / 60 % 60:00}:{i % 60:00} +0100", 1))
                .Append(Point("2015-03-01 08:00:00 +0100", 7)));
        Assert.Equal(
            [("2015-03-01", 7.0, 1), ("2026-01-15", 50_000.0, 50_000)],
            (await _server.ReadItemsAsync(key, Series)).Select(day =>
                (day.Text("date")!, day.Number("value"), day.GetProperty("count").GetInt32())));
    }

    [Fact]
    public async Task A_span_that_begins_within_a_bucket_cuts_it()
    {
        var key = await _server.AddKeyAsync();
        await _server.PushMetricAsync(key, "step_count", "count", "Hours", Hours(600));
        await _server.PushMetricAsync(key, "step_count", "count", "Days", Day(1200));
        var cut = Assert.Single(await _server.ReadItemsAsync(key, $"{Series}?from=2026-01-15T08:30:00%2B01:00"));
        Assert.Equal(("2026-01-15T00:00:00+01:00", 600.0), (cut.Text("start"), cut.Number("value")));
    }

    [Fact]
    public async Task The_hour_that_comes_twice_in_autumn_and_a_flight_come_back_right()
    {
        var key = await _server.AddKeyAsync();
        await _server.PushMetricAsync(
            key, "step_count", "count", "Hours",
            Point("2026-10-25 02:00:00 +0200", 10), Point("2026-10-25 02:00:00 +0100", 20),
            Point("2026-10-25 20:00:00 -0500", 40), Point("2026-10-26 08:00:00 -0500", 80));
        Assert.Equal(
            [
                ("2026-10-25T02:00:00+02:00", 10.0), ("2026-10-25T02:00:00+01:00", 20.0),
                ("2026-10-25T20:00:00-05:00", 40.0), ("2026-10-26T08:00:00-05:00", 80.0),
            ],
            (await _server.ReadItemsAsync(key, $"{Series}?bucket=hour"))
                .Select(hour => (hour.Text("start")!, hour.Number("value"))));
        Assert.Equal(
            [("2026-10-25T00:00:00+02:00", 70.0), ("2026-10-26T00:00:00-05:00", 80.0)],
            (await _server.ReadItemsAsync(key, Series)).Select(day => (day.Text("start")!, day.Number("value"))));
    }

    [Theory]
    [InlineData("bucket=hour")]
    [InlineData("bucket=day")]
    [InlineData("bucket=week")]
    [InlineData("bucket=hour&by=source")]
    [InlineData("bucket=day&tz=Asia/Tokyo")]
    [InlineData("bucket=month&by=source&merge=none")]
    public async Task Pages_hold_every_point_once(string query)
    {
        var key = await _server.AddKeyAsync();
        var random = new Random(3);
        await _server.PushMetricAsync(
            key, "step_count", "count", "Seconds",
            Enumerable.Range(0, 200).Select(i => Point(
                $"2026-{1 + i / 50:00}-{1 + i % 28:00} {random.Next(24):00}:{random.Next(60):00}:00 "
                    + $"+0{random.Next(3)}00",
                i, random.Next(2) == 0 ? "iPhone" : "Apple Watch")));
        var whole = await _server.ReadItemsAsync(key, $"{Series}?{query}");
        var paged = await _server.ReadPagesAsync(key, $"{Series}?{query}", 3);
        Assert.True(whole.Length > 3);
        Assert.Equal(whole.Select(point => point.GetRawText()), paged.Select(point => point.GetRawText()));
        // A span in the middle says the same of what it holds.
        var middle = await _server.ReadItemsAsync(key, $"{Series}?{query}&from=2026-02-01&to=2026-03-01");
        if (query.Contains("week", StringComparison.Ordinal)) return;
        Assert.Equal(
            whole
                .Where(point => point.Text("date")!.StartsWith("2026-02", StringComparison.Ordinal))
                .Select(point => point.GetRawText()),
            middle.Select(point => point.GetRawText()));
    }

    [Fact]
    public async Task A_forged_place_of_the_list_is_refused_as_a_parameter()
    {
        var key = await _server.AddKeyAsync();
        await _server.PushMetricAsync(key, "step_count", "count", "Hours", Hours(600));
        var metric = Assert.Single(await _server.Get<ISampleStore>().ListMetricsAsync(key.User.Id, default));
        // The check is no secret: whoever knows how a list is named can make a cursor of whatever he likes.
        var list = $"series {key.User.Id} {metric.MetricId} {SeriesBucket.Day} {default(TimeSpanBounds)}  False True";
        var cursor = OpaqueCursor.Write(list, [0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0]);
        Assert.StartsWith("cursor: ", await _server.RefusedParameterAsync(key, $"{Series}?cursor={cursor}"));
    }

    [Theory]
    [InlineData("bucket=minute", "bucket: must be one of hour, day, week, month, year")]
    [InlineData("agg=median", "agg: must be one of sum, avg, min, max, count, latest")]
    [InlineData("tz=Middle-earth/Shire", "tz: must be an IANA time zone")]
    [InlineData("tz=../../etc/passwd", "tz: must be an IANA time zone")]
    [InlineData("by=grain", "by: must be one of source")]
    [InlineData("merge=maybe", "merge: must be one of auto, none")]
    [InlineData("unit=km", "unit: must be one of {steps}, count, steps.")]
    [InlineData("units=km", "units: is not a parameter of this path")]
    [InlineData("cursor=nonsense", "cursor: ")]
    public async Task Says_which_parameter_it_does_not_take_and_what_it_does(string query, string says) =>
        Assert.StartsWith(says, await _server.RefusedParameterAsync(await _server.AddKeyAsync(), $"{Series}?{query}"));
}
