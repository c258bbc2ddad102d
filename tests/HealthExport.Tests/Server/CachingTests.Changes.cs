using System.Net;
using HealthExport.Deletions;
using HealthExport.Server.Caching;
using HealthExport.Tests.CommandLine;
using HealthExport.Tests.Isolation;
using HealthExport.Tests.Support;
using HealthExport.Totals;
using static HealthExport.Tests.Server.MetricsPushes;

namespace HealthExport.Tests.Server;

public abstract partial class CachingTests
{
    static readonly TimeSpan s_step = TimeSpan.FromMilliseconds(100);

    /// <summary>Every kind of read, with a workout and an event that are there.</summary>
    static string[] ReadsOf(Guid workout, string happening) =>
    [
        "/v1/metrics", "/v1/metrics/latest", Samples, "/v1/metrics/step_count/series", "/v1/series?metrics=step_count",
        "/v1/blood-pressure", "/v1/sleep", "/v1/events", $"/v1/events/{happening}", "/v1/workouts", "/v1/unmapped",
        $"/v1/workouts/{workout}", $"/v1/workouts/{workout}/route",
    ];

    [Fact]
    public async Task Whatever_changes_what_a_read_answers_changes_every_tag_and_nothing_else_does()
    {
        var key = await _server.AddKeyAsync();
        var workout = Guid.NewGuid();
        var first = await PushAsync(PushedLife.Of("anna", workout));
        var happening = (await _server.ReadAsync(key, "/v1/events")).GetProperty("items")[0].Text("id")!;
        var seen = new HashSet<string>();
        var last = await TagsAsync();

        var second = PushedLife.Of("anna", Guid.NewGuid(), day: 11);
        await ChangesAsync(async () => await PushAsync(second));
        foreach (var item in (string[])
            [
                """{"type":"HeartRate","recorded_at":"2026-01-12T08:00:00Z","avg_bpm":70}""",
                """{"type":"BloodPressure","recorded_at":"2026-01-12T08:00:00Z","systolic":120,"diastolic":80}""",
                """{"type":"SleepStage","start_at":"2026-01-12T01:00:00Z","end_at":"2026-01-12T02:00:00Z","stage":"deep"}""",
                """{"type":"Sleep","sleep_start":"2026-01-13T01:00:00Z","sleep_end":"2026-01-13T02:00:00Z"}""",
                """{"type":"Event","kind":"symptoms","start_at":"2026-01-12T08:00:00Z","code":"fever","payload":{}}""",
                """{"type":"Event","kind":"symptoms","start_at":"2026-01-12T08:00:00Z","code":"fever","payload":{"a":1}}""",
            ])
            await ChangesAsync(async () => await PushAsync($$$"""{"data":{"metrics":[{{{item}}}]}}"""));
        await ChangesAsync(async () => await PatchAsync("""{"source_ranks":["anna phone","anna watch"]}"""));
        await ChangesAsync(async () => await PatchAsync("""{"time_zone":"Asia/Tokyo"}"""));
        await ChangesAsync(async () => Assert.Equal(
            1, await _server.Get<IDeletionStore>().DeleteAsync(
                key.User.Id, Deleting.Of("anna_hue", to: Instant("2026-01-11")))));

        await ChangesNothingAsync(async () => await PushAsync(second));
        await ChangesNothingAsync(async () => await PushAsync("""{"data":{"metrics":[]}}"""));
        await ChangesNothingAsync(async () => await PatchAsync("""{"time_zone":"Asia/Tokyo"}"""));
        await ChangesNothingAsync(async () => await _server.Get<IDeletionStore>().DeleteAsync(
            key.User.Id, Deleting.Of("step_count"), dryRun: true));
        await ChangesNothingAsync(async () => await ReplayAsync(first));
        await ChangesNothingAsync(async () => await _server.Get<DailyTotals>().RefreshAsync(key.User.Id, default));
        await ChangesNothingAsync(async () => await PushAsync(
            PushedLife.Of("other", Guid.NewGuid()), await _server.AddKeyAsync()));
        // Who has anything of it does not have what is no longer there.
        await _server.Get<IDeletionStore>().DeleteAsync(key.User.Id, Deleting.Of("workouts"));
        using var gone = await AskAsync(key, $"/v1/workouts/{workout}", "*");
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);

        async Task<string[]> TagsAsync() => await Task.WhenAll(
            ReadsOf(workout, happening).Select(async path => TagOf(await _server.GetAsync(key, path))));

        async Task ChangesAsync(Func<Task> change)
        {
            seen.UnionWith(last);
            await change();
            last = await TagsAsync();
            // None of them ever was there before.
            Assert.Empty(last.Intersect(seen));
        }

        async Task ChangesNothingAsync(Func<Task> change)
        {
            await change();
            Assert.Equal(last, await TagsAsync());
        }

        async Task<Guid> PushAsync(string json, TestKey? by = null)
        {
            using var response = await _server.PushAsync(by ?? key, json);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            return (await response.ReadJsonAsync()).IngestionId();
        }

        async Task PatchAsync(string json)
        {
            using var content = new StringContent(json, System.Text.Encoding.UTF8, "application/json");
            using var response = await _server.SendAsync(HttpMethod.Patch, "/v1/users/me", key, content);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }

        async Task ReplayAsync(Guid id)
        {
            using var response = await _server.SendAsync(HttpMethod.Post, $"/v1/ingestions/{id}/replay", key);
            Assert.True(response.IsSuccessStatusCode);
            await _server.FollowAsync(key, id);
        }

        static Time.Instant Instant(string date) => Time.Instant.From(DateOnly.Parse(date, null));
    }

    [Fact]
    public async Task A_dashboard_that_asks_for_an_hour_while_pushes_come_finds_its_answers_there()
    {
        await using var place = await StorePlace.MakeAsync(fixture.Engine);
        var clock = new FakeClock();
        await using var server = await RunningServer.StartAsync(
            overrides: services => services.AddClock(clock), shared: place);
        var key = await server.AddKeyAsync();
        await PushAsync(0);
        string[] reads =
        [
            "/v1/metrics", "/v1/metrics/latest", "/v1/metrics/step_count/series?from=2026-01-01",
            "/v1/metrics/step_count/series?bucket=hour&from=2026-01-14", "/v1/metrics/step_count/series?bucket=month",
            "/v1/metrics/heart_rate/series?from=2026-01-01", "/v1/series?metrics=step_count,heart_rate&from=2026-01-01",
            "/v1/sleep", "/v1/workouts?limit=5", "/v1/events?limit=5", "/v1/blood-pressure",
            "/v1/metrics/step_count/samples?order=desc&limit=50",
        ];
        for (var minute = 0; minute < 60; minute += 2)
        {
            var answers = await Task.WhenAll(reads.Select(path => server.ReadAsync(key, path)));
            // Never an old one.
            Assert.Equal(
                minute / 10 + 1, answers[2].GetProperty("items")[0].GetProperty("count").GetInt64());
            if (minute % 10 == 8)
            {
                var warmed = server.Get<CacheFigures>().Describe().Warmed;
                await PushAsync(minute / 10 + 1);
                await Eventually.TrueAsync(() =>
                {
                    // Little by little: however slow the machine is, it was lately that they read.
                    clock.Advance(s_step);
                    return server.Get<CacheFigures>().Describe().Warmed == warmed + reads.Length;
                });
            }
            clock.Advance(TimeSpan.FromMinutes(2));
        }

        var status = server.Get<CacheFigures>().Describe();
        Assert.Equal((30 * reads.Length, reads.Length), (status.Requests, status.Misses));
        Assert.InRange(status.HitRate!.Value, 0.8, 1);
        using var terminal = new Terminal();
        terminal.Environment["DATABASE_URL"] = place.Url;
        var shown = await terminal.RunAsync("cache", "status", "--json");
        Assert.Equal(0, shown.Code);
        var answer = Assert.Single(shown.Json.GetProperty("servers").EnumerateArray());
        Assert.Equal(status.HitRate, answer.GetProperty("hit_rate").GetDouble());
        Assert.Equal(status.Warmed, answer.GetProperty("warmed").GetInt64());
        Assert.Equal(0, answer.GetProperty("evictions").GetInt64());

        var text = await terminal.RunAsync("cache", "status");
        Assert.Contains($"Reads     {status.Requests}: {status.Hits} kept here", text.Out, StringComparison.Ordinal);

        // Who has not read for long is not worked for.
        clock.Advance(TimeSpan.FromMinutes(16));
        await PushAsync(30);
        clock.Advance(TimeSpan.FromMinutes(16));
        await server.Get<Warming>().RunAsync(default);
        Assert.Equal(status.Warmed, server.Get<CacheFigures>().Describe().Warmed);
        // Nor is what nobody asks for kept.
        Assert.Equal((0, 0), server.Get<LocalAnswers>().Count());
        await server.StopAsync();
        var gone = await terminal.RunAsync("cache", "status");
        Assert.Equal(1, gone.Code);
        Assert.StartsWith("No server of this store runs", gone.Error, StringComparison.Ordinal);

        Task PushAsync(int minute) => server.PushMetricAsync(
            key, "step_count", "count", "Minutes", Point($"2026-01-15 08:{minute:00}:00 +0000", 10));
    }

    [Fact]
    public async Task What_is_kept_takes_no_more_than_it_may_and_what_was_asked_for_longest_ago_goes_first()
    {
        await using var place = await StorePlace.MakeAsync(fixture.Engine);
        await using var server = await RunningServer.StartAsync(
            settings => settings with { Cache = new() { MemoryBytes = 100_000 } }, shared: place);
        using var outcomes = new CacheOutcomes(server);
        var key = await server.AddKeyAsync();
        await server.PushMetricAsync(
            key, "step_count", "count", "Minutes",
            Enumerable.Range(0, 60).Select(i => Point($"2026-01-15 08:{i:00}:00 +0100", i)));
        for (var limit = 1; limit <= 60; limit++)
        {
            await server.ReadAsync(key, Samples);
            await server.ReadAsync(key, $"{Samples}?limit={limit}");
            Assert.InRange(server.Get<LocalAnswers>().Count().Bytes, 1, 100_000);
        }
        // The one that was asked for in between stayed.
        Assert.Equal((61, 59), (outcomes["miss"], outcomes["hit"]));
        Assert.InRange(outcomes["health_export.cache.evictions"], 1, 60);
        Assert.Equal(
            60 + 1 - server.Get<LocalAnswers>().Count().Entries, outcomes["health_export.cache.evictions"]);
    }

    [Fact]
    public async Task Nothing_of_who_is_erased_is_kept()
    {
        await using var place = await StorePlace.MakeAsync(fixture.Engine);
        await using var server = await RunningServer.StartAsync(shared: place);
        var (key, other) = (await server.AddKeyAsync(), await server.AddKeyAsync());
        foreach (var one in (TestKey[])[key, other])
        {
            await server.PushMetricAsync(one, "step_count", "count", null, Point("2026-01-15 08:00:00 +0100", 1));
            await server.ReadAsync(one, Samples);
        }
        Assert.Equal(2, server.Get<LocalAnswers>().Count().Entries);
        using var erased = await server.SendAsync(
            HttpMethod.Delete, $"/v1/users/me?confirm={Uri.EscapeDataString(key.User.Email)}", key);
        Assert.Equal(HttpStatusCode.OK, erased.StatusCode);
        Assert.Equal(1, server.Get<LocalAnswers>().Count().Entries);
        using var gone = await AskAsync(key, Samples, "*");
        Assert.Equal(HttpStatusCode.Unauthorized, gone.StatusCode);
    }
}
