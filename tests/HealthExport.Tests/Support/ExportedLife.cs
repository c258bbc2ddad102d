using System.Net;
using System.Runtime.CompilerServices;
using System.Text;
using HealthExport.Json;
using HealthExport.Tests.Server;

namespace HealthExport.Tests.Support;

/// <summary>A person of whom there is everything, and what people read of it.</summary>
static class ExportedLife
{
    static readonly (string, string)[] s_none = [];

    static readonly string s_fixtures = Path.Combine(AppContext.BaseDirectory, "Fixtures", "Payloads");
    static readonly ConditionalWeakTable<RunningServer, TestKey> s_people = [];

    /// <summary>The same person for all tests on a server: whose data nobody changes.</summary>
    public static async Task<TestKey> OfAsync(RunningServer server)
    {
        if (s_people.TryGetValue(server, out var known)) return known;
        var key = await server.AddKeyAsync();
        await PushAsync(server, key);
        s_people.Add(server, key);
        return key;
    }

    /// <summary>Pushes every fixture there is, then what they lack.</summary>
    static async Task PushAsync(RunningServer server, TestKey key)
    {
        foreach (var file in Directory.GetFiles(s_fixtures, "*.json", SearchOption.AllDirectories)
            .Order(StringComparer.Ordinal))
        {
            using var response = await server.PushAsync(key, await File.ReadAllBytesAsync(file));
            Assert.Contains(response.StatusCode, (HttpStatusCode[])[HttpStatusCode.OK, HttpStatusCode.BadRequest]);
        }
        foreach (var (body, headers) in s_pushes)
        {
            using var response = await server.PushAsync(key, body, headers);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.Equal("completed", (await response.ReadJsonAsync()).NeededText("status"));
        }
    }

    /// <summary>Holds every list and every figure of both to be the same.</summary>
    public static async Task AssertReadsTheSameAsync(RunningServer one, TestKey of, RunningServer another, TestKey and)
    {
        var metrics = await one.ReadItemsAsync(of, "/v1/metrics?limit=10000");
        var names = metrics.Where(metric => metric.GetProperty("unit").GetString() is not null)
            .Select(metric => metric.NeededText("name")).Distinct().ToList();
        List<string> paths =
        [
            "/v1/metrics?limit=10000", "/v1/metrics/latest?limit=10000", "/v1/blood-pressure?limit=10000",
            "/v1/sleep?stages=true&limit=10000", "/v1/workouts?limit=10000", "/v1/events?limit=10000",
        ];
        // The order in which things were received tells where there are several grains.
        foreach (var metric in metrics.Where(metric => metric.GetProperty("grains").GetArrayLength() > 1))
            foreach (var how in (string[])
                ["bucket=day", "bucket=hour", "bucket=week", "bucket=month", "bucket=day&by=source",
                    "bucket=day&tz=Asia/Tokyo", "bucket=day&merge=none"])
                paths.Add($"/v1/metrics/{metric.NeededText("name")}/series?{how}");
        paths.Add($"/v1/series?bucket=day&metrics={string.Join(',', names.Take(10))}");
        foreach (var path in paths)
        {
            using var first = await one.GetAsync(of, path);
            using var second = await another.GetAsync(and, path);
            Assert.Equal(HttpStatusCode.OK, first.StatusCode);
            Assert.Equal(HttpStatusCode.OK, second.StatusCode);
            // What was sent over several lines comes back on one.
            Assert.Equal(
                Encoding.UTF8.GetString(CompactJson.Of(await first.Content.ReadAsByteArrayAsync()).Span),
                Encoding.UTF8.GetString(CompactJson.Of(await second.Content.ReadAsByteArrayAsync()).Span));
        }
    }

    static readonly (string Body, (string, string)[] Headers)[] s_pushes =
    [
        // One day on three continents, in samples, then hours, then the day; then one hour's samples anew.
        (Steps(("2026-01-10 23:50:00 +0900", 100), ("2026-01-10 08:15:30 +0100", 200),
            ("2026-01-10 20:20:00 -0800", 300)), s_none),
        (Steps(("2026-01-10 08:00:00 +0100", 250), ("2026-01-10 09:00:00 +0100", 50)), [("automation-aggregation", "Hours")]),
        (Steps(("2026-01-10 00:00:00 +0100", 900), ("2026-01-11 00:00:00 +0100", 10)), [("automation-aggregation", "Days")]),
        (Steps(("2026-01-10 08:40:30 +0100", 900)), s_none),
        (Steps(("2026-01-05 00:00:00 +0100", 70_000)), [("automation-aggregation", "Weeks")]),
        (Steps(("2026-01-04 00:00:00 +0100", 80_000)), [("automation-aggregation", "Weeks")]),
        (Steps(("2026-01-12 00:00:00 +0100", 4), ("2026-01-13 00:00:00 +0100", 5)),
            [("automation-aggregation", "Days"), ("automation-period", "Since Last Sync")]),
        // Odd texts, a huge extra, an unknown metric, an unknown unit.
        ($$$"""
            {"data":{"metrics":[{"name":"Mood \u0000Ring =Hue","units":"=cmd|' /C calc'!A0","data":[
            {"date":"2026-01-15T07:30:00.123456+05:45","qty":-0.0,"source":"=1+1|@x\u2028\ud83c\udfc3|+a","note":"{{{new string('ü', 70_000)}}}","n":[1, {"a" : null}]},
            {"date":"1999-12-31 23:59:59 -1200","qty":-1.7976931348623157E308},{"date":"2026-01-15 07:30:00 +0100","qty":5E-324}]},
            {"name":"heart_rate","units":"furlong","data":[{"date":"2026-01-15 07:30:00 +0100","qty":61}]},
            {"name":"weight_body_mass","units":"lb","data":[{"date":"2026-01-15 07:30:00 +0100","qty":154.3,"source":"-2+3"}]}]}}
            """, s_none),
        // Standard items of our own.
        ("""
            {"data":{"metrics":[{"type":"Event","kind":"vaccination","start_at":"2026-01-15T08:00:00Z","code":"flu","payload":{"lot": "A",
             "n":[ 1,2 ]}},{"type":"Event","kind":"note","start_at":"2026-01-15T08:00:00Z","payload":"a \" b"},
            {"type":"HeartRate","recorded_at":"2026-01-16T08:00:00.5Z","min_bpm":60,"max_bpm":90}],
            "workouts":[{"workout_type":"Quidditch","start_time":"2026-01-16T17:00:00.25Z","end_time":"2026-01-16T17:30:00Z",
            "route":[{"lat":-0.0,"lon":180,"time":"2026-01-16T17:00:00Z"}]}]}}
            """, s_none),
    ];

    static string Steps(params (string Date, double Count)[] points) => $$$"""
        {"data":{"metrics":[{"name":"step_count","units":"count","data":[{{{string.Join(
            ',', points.Select(point => FormattableString.Invariant(
                $$"""{"date":"{{point.Date}}","qty":{{point.Count}},"source":"Watch"}""")))}}}]}]}}
        """;
}
