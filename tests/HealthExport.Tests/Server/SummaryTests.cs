using System.Globalization;
using System.Text.Json;
using HealthExport.Tests.Support;
using HealthExport.Totals;
using static HealthExport.Tests.Server.MetricsPushes;

namespace HealthExport.Tests.Server;

public abstract class SummaryTests(ServerFixture fixture)
{
    static readonly string[] s_headings = ["activity", "heart", "vitals", "body", "nutrition", "mindfulness"];

    readonly RunningServer _server = fixture.Server;

    [Theory]
    [InlineData("2026-03-20", "2026-04-10")]
    // The 23 hours of one day, and a day of which 14 hours were in Tokyo.
    [InlineData("2026-03-29", "2026-03-30")]
    [InlineData("2026-04-01", "2026-04-02")]
    [InlineData("2026-03-28T23:30:00Z", "2026-04-01T17:15:00Z")]
    [InlineData("2026-03-25", "2026-04-01T17:15:00Z")]
    [InlineData("2026-03-25T05:00:00Z", "2026-04-03")]
    [InlineData("2026-03-25", "2026-03-25")]
    [InlineData("0001-01-01", "9999-12-31")]
    [InlineData("0001-01-01T00:00:00Z", "9999-12-31T00:00:00Z")]
    [InlineData("2190-01-01", "2190-02-01")]
    public async Task Its_numbers_are_those_of_the_series(string from, string to)
    {
        var key = await _server.AddKeyAsync();
        await PushTravelsAsync(key);
        // Once from the rows, once from the totals: at another path, since nothing has changed for who asks again.
        var fromRows = await AssertAgreesAsync(key, "/v1", from, to);
        await _server.Get<DailyTotals>().RefreshAsync(key.User.Id, default);
        Assert.Equal(fromRows, await AssertAgreesAsync(key, "/api/v1", from, to));
    }

    /// <returns>The whole answer.</returns>
    async Task<string> AssertAgreesAsync(TestKey key, string prefix, string from, string to)
    {
        var summary = await _server.ReadAsync(key, $"{prefix}/summary?from={from}&to={to}");
        var before = Uri.EscapeDataString(summary.Text("previous_from")!);
        foreach (var heading in s_headings)
        {
            foreach (var metric in summary.GetProperty(heading).EnumerateObject())
            {
                await AssertAgreesAsync(key, $"{prefix}/metrics/{metric.Name}", from, to, metric.Value.GetProperty("current"));
                await AssertAgreesAsync(key, $"{prefix}/metrics/{metric.Name}", before, from, metric.Value.GetProperty("previous"));
            }
        }
        return summary.GetRawText();
    }

    async Task AssertAgreesAsync(TestKey key, string metric, string from, string to, JsonElement figures)
    {
        var path = $"{metric}/series?from={from}&to={to}";
        var days = await _server.ReadItemsAsync(key, path);
        if (days.Length == 0)
        {
            Assert.Equal(JsonValueKind.Null, figures.ValueKind);
            return;
        }
        Assert.Equal(days.Length, figures.Number("days"));
        var year = Assert.Single(await _server.ReadItemsAsync(key, path + "&bucket=year&agg=avg"));
        if (figures.TryGetProperty("total", out var total))
        {
            Assert.Equal(days.Sum(day => day.Number("value")), total.GetDouble(), 1e-6);
            Assert.Equal(days.Min(day => day.Number("value")), figures.Number("daily_min"));
            Assert.Equal(days.Max(day => day.Number("value")), figures.Number("daily_max"));
            Assert.Equal(year.Number("value"), figures.Number("daily_mean"), 1e-6);
        }
        else
        {
            var latest = await _server.ReadItemsAsync(key, path + "&agg=latest");
            Assert.Equal(latest[^1].Number("value"), figures.Number("latest"));
            Assert.Equal(days.Min(day => day.Number("min")), figures.Number("min"));
            Assert.Equal(days.Max(day => day.Number("max")), figures.Number("max"));
            Assert.Equal(year.Number("value"), figures.Number("mean"), 1e-9);
        }
    }

    // Four weeks in Berlin, over the night when its clocks go forward, with a day that ends in Tokyo.
    async Task PushTravelsAsync(TestKey key)
    {
        var start = new DateTimeOffset(2026, 3, 10, 0, 20, 0, TimeSpan.Zero);
        List<string> steps = [], hearts = [], weights = [];
        for (var hour = 0; hour < 24 * 28; hour += 3)
        {
            var at = start.AddHours(hour);
            var offset = at is { Month: 4, Day: 1, Hour: >= 10 } ? 9 : at < new DateTimeOffset(
                2026, 3, 29, 1, 0, 0, TimeSpan.Zero) ? 1 : 2;
            var stamp = at.ToOffset(TimeSpan.FromHours(offset))
                .ToString("yyyy-MM-dd HH:mm:ss ", CultureInfo.InvariantCulture) + $"+{offset:00}00";
            steps.Add(Point(stamp, 100.25 + hour % 17, "Watch"));
            steps.Add(Point(stamp, 90.5 + hour % 19, "Phone"));
            hearts.Add($$"""{"date":"{{stamp}}","Min":{{50 + hour % 7}},"Avg":{{60 + hour % 11}},"Max":{{90 + hour % 13}}}""");
            if (hour % 48 == 6) weights.Add(Point(stamp, 80 - hour / 96.0));
        }
        await _server.PushMetricAsync(key, "step_count", "count", "Seconds", steps);
        await _server.PushMetricAsync(key, "heart_rate", "count/min", null, hearts);
        await _server.PushMetricAsync(key, "body_mass", "kg", null, weights);
    }

    [Fact]
    public async Task It_says_what_was_and_what_was_before()
    {
        var key = await _server.AddKeyAsync();
        await _server.PushMetricAsync(
            key, "step_count", "count", "Days",
            Point("2026-01-08 00:00:00 +0100", 4_000), Point("2026-01-15 00:00:00 +0100", 5_000),
            Point("2026-01-16 00:00:00 +0100", 7_000));
        await _server.PushMetricAsync(
            key, "body_temperature", "degC", null,
            Point("2026-01-08 08:00:00 +0100", 36), Point("2026-01-15 08:00:00 +0100", 37.5));
        await _server.PushMetricAsync(key, "dietary_water", "mL", "Days", Point("2026-01-15 00:00:00 +0100", 0));
        await _server.PushMetricAsync(
            key, "sleep_analysis", "hr", null,
            """{"startDate":"2026-01-15 23:00:00 +0100","endDate":"2026-01-16 05:00:00 +0100","value":"Core","qty":6}""",
            """{"startDate":"2026-01-16 14:00:00 +0100","endDate":"2026-01-16 14:30:00 +0100","value":"Core","qty":1}""",
            """{"startDate":"2026-01-16 23:00:00 +0100","endDate":"2026-01-17 07:00:00 +0100","value":"Core","qty":8}""");
        await _server.PushWorkoutsAsync(
            key,
            WorkoutPushes.Run(Guid.NewGuid(), "2026-01-15T08:00:00+01:00", more: "\"distance_meters\":5000"),
            WorkoutPushes.Run(Guid.NewGuid(), "2026-01-16T08:00:00+01:00"),
            WorkoutPushes.Run(
                Guid.NewGuid(), "2026-01-16T10:00:00+01:00", "Quidditch", "\"active_energy_kcal\":120.5"),
            WorkoutPushes.Run(Guid.NewGuid(), "2026-01-09T08:00:00+01:00"));

        Assert.Equal(
            """
            {"from":"2026-01-13","to":"2026-01-20","previous_from":"2026-01-06",
            "activity":{"step_count":{"unit":"{steps}",
            "current":{"days":2,"total":12000,"daily_mean":6000,"daily_min":5000,"daily_max":7000},
            "previous":{"days":1,"total":4000,"daily_mean":4000,"daily_min":4000,"daily_max":4000},
            "change":{"daily_mean":2000,"percent":50}}},
            "heart":{},
            "vitals":{"body_temperature":{"unit":"Cel",
            "current":{"days":1,"mean":37.5,"min":37.5,"max":37.5,"latest":37.5},
            "previous":{"days":1,"mean":36,"min":36,"max":36,"latest":36},"change":{"mean":1.5}}},
            "body":{},
            "nutrition":{"dietary_water":{"unit":"mL",
            "current":{"days":1,"total":0,"daily_mean":0,"daily_min":0,"daily_max":0},"previous":null,"change":null}},
            "mindfulness":{},
            "sleep":{"current":{"nights":2,"naps":1,"in_bed":null,"asleep":420,"core":420,"deep":0,"rem":0,
            "awake":null,"efficiency":1},"previous":null,"change":null},
            "workouts":{"current":{"count":3,"duration_s":5400,"active_energy_kcal":120.5,"distance_m":5000,
            "by_activity":[{"activity":"running","name":null,"count":2,"duration_s":3600,"active_energy_kcal":null,
            "distance_m":5000},{"activity":null,"name":"Quidditch","count":1,"duration_s":1800,
            "active_energy_kcal":120.5,"distance_m":null}]},
            "previous":{"count":1,"duration_s":1800,"active_energy_kcal":null,"distance_m":null,
            "by_activity":[{"activity":"running","name":null,"count":1,"duration_s":1800,"active_energy_kcal":null,
            "distance_m":null}]},"change":{"duration_s":3600,"percent":200}}}
            """.ReplaceLineEndings(""),
            (await _server.ReadAsync(key, "/v1/summary?from=2026-01-13&to=2026-01-20")).GetRawText());
    }

    [Fact]
    public async Task Of_nobodys_data_it_is_empty_and_thirty_days_end_today_unless_it_is_told()
    {
        var key = await _server.AddKeyAsync();
        Assert.Equal(
            """
            {"from":"2026-01-31","to":"2026-03-01","previous_from":"2026-01-02","activity":{},"heart":{},"vitals":{},
            "body":{},"nutrition":{},"mindfulness":{},"sleep":{"current":null,"previous":null,"change":null},
            "workouts":{"current":null,"previous":null,"change":null}}
            """.ReplaceLineEndings(""),
            (await _server.ReadAsync(key, "/v1/summary?from=2026-01-31&to=2026-03-01")).GetRawText());
        Assert.Equal("2026-01-30", (await _server.ReadAsync(key, "/v1/summary?to=2026-03-01")).Text("from"));

        var summary = await _server.ReadAsync(key, "/v1/summary");
        var (from, to) = (DateOf("from"), DateOf("to"));
        Assert.Equal((30, 30), (to.DayNumber - from.DayNumber, from.DayNumber - DateOf("previous_from").DayNumber));
        var today = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime);
        Assert.InRange(to, today.AddDays(1), today.AddDays(2));

        DateOnly DateOf(string name) => DateOnly.Parse(summary.Text(name)!, CultureInfo.InvariantCulture);
    }

    [Fact]
    public async Task What_cannot_be_used_is_refused_by_name()
    {
        var key = await _server.AddKeyAsync();
        Assert.StartsWith("from", await _server.RefusedParameterAsync(key, "/v1/summary?from=yesterday"));
        Assert.StartsWith("to", await _server.RefusedParameterAsync(key, "/v1/summary?from=2026-02-01&to=2026-01-01"));
        Assert.StartsWith("bucket", await _server.RefusedParameterAsync(key, "/v1/summary?bucket=day"));
    }
}
