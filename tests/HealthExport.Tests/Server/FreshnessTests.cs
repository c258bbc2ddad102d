using System.Globalization;
using System.Text.Json;
using HealthExport.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using static HealthExport.Tests.Server.MetricsPushes;

namespace HealthExport.Tests.Server;

public abstract class FreshnessTests(Engine engine)
{
    static readonly DateTimeOffset s_now = new(2026, 1, 15, 12, 0, 0, TimeSpan.Zero);

    static (string, string)[] Headers(string id, string name, string session) =>
        [("automation-id", id), ("automation-name", name), ("session-id", session)];

    static string Steps(DateOnly day, double value) =>
        $$$"""
        {"data":{"metrics":[{"name":"step_count","units":"count","data":[{"date":"{{{day:yyyy-MM-dd}}} 00:00:00 +0100","qty":{{{value.ToString(CultureInfo.InvariantCulture)}}}}]}]}}
        """;

    [Fact]
    public async Task It_tells_what_came_what_is_late_and_which_days_to_export_again()
    {
        var clock = new FakeClock(s_now.AddDays(-20));
        await using var server = await RunningServer.StartAsync(
            engine: engine, overrides: services => services.AddClock(clock));
        var key = await server.AddKeyAsync();
        Assert.Equal(
            """{"stale":false,"last_push_at":null,"last_sample_at":null,"metrics":[],"automations":[],"gaps":[]}""",
            Rest(await server.ReadAsync(key, "/v1/freshness")));

        // Steps once a day in two parts, but on three days; another automation every day until a week ago.
        for (var day = -20; day <= 0; day++)
        {
            var date = DateOnly.FromDateTime(s_now.UtcDateTime).AddDays(day);
            if (day is not (-9 or -8 or -4))
            {
                await PushAsync(Steps(date.AddDays(-1), 5_000), Headers("A-1", "Daily", $"S{day}"));
                await PushAsync(Steps(date, 100), Headers("A-1", "Every day", $"S{day}"));
            }
            if (day <= -7)
                await PushAsync(
                    $$"""{"data":{"metrics":[]},"day":{{day}} }""", Headers("B-2", "Old", $"x{day}"));
            if (day < 0) clock.Advance(TimeSpan.FromDays(1));
        }

        Assert.Equal(
            """
            {"stale":true,"last_push_at":"2026-01-15T13:00:00+01:00","last_sample_at":"2026-01-15T00:00:00+01:00",
            "metrics":[{"name":"step_count","unit":"{steps}","last_sample_at":"2026-01-15T00:00:00+01:00",
            "last_push_at":"2026-01-15T13:00:00+01:00","usual_interval_s":86400,"usual_silence_s":86400,"stale":false,
            "stale_since":null,"why":null,"gaps":[{"from":"2026-01-06","to":"2026-01-07"}]}],
            "automations":[{"id":"A-1","name":"Every day","last_push_at":"2026-01-15T13:00:00+01:00","pushes":36,
            "usual_interval_s":86400,"usual_silence_s":172800,"stale":false,"stale_since":null,"why":null},
            {"id":"B-2","name":"Old","last_push_at":"2026-01-08T13:00:00+01:00","pushes":14,
            "usual_interval_s":86400,"usual_silence_s":86400,"stale":true,"stale_since":"2026-01-10T13:00:00+01:00",
            "why":"silent_for_longer_than_usual"}],
            "gaps":[{"from":"2026-01-06","to":"2026-01-07","metrics":["step_count"]}]}
            """.ReplaceLineEndings(""),
            Rest(await server.ReadAsync(key, "/v1/freshness")));

        // Of another there is nothing to see, and nothing is kept for later.
        Assert.Empty((await server.ReadAsync(await server.AddKeyAsync(), "/v1/freshness"))
            .GetProperty("automations").EnumerateArray());
        clock.Advance(TimeSpan.FromDays(5));
        var later = await server.ReadAsync(key, "/v1/freshness");
        Assert.Equal("2026-01-20T13:00:00+01:00", later.Text("as_of"));
        Assert.True(later.GetProperty("metrics")[0].GetProperty("stale").GetBoolean());
        Assert.Equal("2026-01-17T00:00:00+01:00", later.GetProperty("metrics")[0].Text("stale_since"));

        async Task PushAsync(string body, (string, string)[] headers)
        {
            using var response = await server.PushAsync(key, body, headers);
            Assert.Equal("completed", (await response.ReadJsonAsync()).Text("status"));
        }
    }

    [Fact]
    public async Task Nights_are_a_metric_too_and_who_sends_little_is_not_judged()
    {
        var clock = new FakeClock(s_now);
        await using var server = await RunningServer.StartAsync(
            engine: engine, overrides: services => services.AddClock(clock));
        var key = await server.AddKeyAsync();
        await server.PushMetricAsync(
            key, "sleep_analysis", "hr", null,
            Enumerable.Range(0, 30).Where(night => night != 10).Select(night =>
            {
                var date = s_now.AddDays(-29 + night);
                return $$"""{"startDate":"{{date:yyyy-MM-dd}} 00:00:00 +0100","endDate":"{{date:yyyy-MM-dd}} 06:00:00 +0100","value":"Core","qty":6}""";
            }));
        await server.PushMetricAsync(key, "body_mass", "kg", null, Point("2026-01-10 08:00:00 +0100", 80));
        var report = await server.ReadAsync(key, "/v1/freshness");
        Assert.Equal(
            [("weight_body_mass", "too_little_history"), ("sleep_analysis", null)],
            report.GetProperty("metrics").EnumerateArray().Select(metric => (metric.Text("name"), metric.Text("why"))));
        Assert.Equal(JsonValueKind.Null, report.GetProperty("metrics")[0].GetProperty("stale").ValueKind);
        Assert.Equal(
            """[{"from":"2025-12-27","to":"2025-12-28","metrics":["sleep_analysis"]}]""",
            report.GetProperty("gaps").GetRawText());
        Assert.StartsWith("from", await server.RefusedParameterAsync(key, "/v1/freshness?from=2026-01-01"));
    }

    static string Rest(JsonElement report)
    {
        var text = report.GetRawText();
        return "{" + text[text.IndexOf("\"stale\"", StringComparison.Ordinal)..];
    }
}

public sealed class SqliteFreshnessTests() : FreshnessTests(Engine.Sqlite);

public sealed class PostgresFreshnessTests() : FreshnessTests(Engine.Postgres);
