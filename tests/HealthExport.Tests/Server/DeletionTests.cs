using System.Net;
using System.Text.Json;
using HealthExport.Audit;
using HealthExport.Keys;
using HealthExport.Tests.Isolation;
using HealthExport.Tests.Support;
using static HealthExport.Tests.Server.MetricsPushes;

namespace HealthExport.Tests.Server;

/// <summary>DELETE /v1/data, from outside.</summary>
public abstract class DeletionTests(ServerFixture fixture)
{
    readonly RunningServer _server = fixture.Server;

    async Task<JsonElement> DeleteAsync(TestKey key, string query)
    {
        using var response = await _server.SendAsync(HttpMethod.Delete, $"/v1/data?{query}", key);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await response.ReadJsonAsync();
    }

    /// <returns>What would be deleted, which is then deleted: both say the same.</returns>
    async Task<string> DeleteBothAsync(TestKey key, string query)
    {
        var before = await ReadAllAsync(key);
        var dry = await DeleteAsync(key, $"{query}&dry_run=true");
        Assert.Equal(("dry_run", JsonValueKind.Null), (dry.Text("status"), dry.GetProperty("deletion_id").ValueKind));
        Assert.Equal(before, await ReadAllAsync(key));
        var done = await DeleteAsync(key, query);
        Assert.Equal("deleted", done.Text("status"));
        Assert.Equal(7, done.GetProperty("deletion_id").GetGuid().Version);
        var types = done.GetProperty("by_type").GetRawText();
        Assert.Equal(dry.GetProperty("by_type").GetRawText(), types);
        Assert.Equal(dry.GetProperty("deleted").GetInt64(), done.GetProperty("deleted").GetInt64());
        Assert.Equal(
            done.GetProperty("by_type").EnumerateObject().Sum(one => one.Value.GetInt64()),
            done.GetProperty("deleted").GetInt64());
        return types;
    }

    async Task<string> ReadAllAsync(TestKey key)
    {
        var read = "";
        foreach (var path in (string[])
            ["metrics", "metrics/latest", "series?metrics=step_count,heart_rate&bucket=day", "sleep?stages=true",
             "workouts", "events", "blood-pressure"])
            read += (await _server.ReadAsync(key, $"/v1/{path}")).GetRawText();
        return read;
    }

    async Task<double[]> ReadValuesAsync(TestKey key, string metric, string query = "") =>
        [.. (await _server.ReadItemsAsync(key, $"/v1/metrics/{metric}/samples?order=asc{query}"))
            .Select(item => item.Number("value"))];

    [Fact]
    public async Task Everything_of_a_person_goes_type_by_type_and_then_all_at_once()
    {
        var (key, other) = (await _server.AddKeyAsync(), await _server.AddKeyAsync());
        foreach (var one in (TestKey[])[key, other])
        {
            using var pushed = await _server.PushAsync(one, PushedLife.Of("anna", Guid.NewGuid()));
            Assert.Equal(HttpStatusCode.OK, pushed.StatusCode);
        }
        var theirs = await ReadAllAsync(other);

        Assert.Equal("""{"step_count":3}""", await DeleteBothAsync(key, "metric=Steps"));
        Assert.Equal(
            """{"blood_pressure_diastolic":1,"blood_pressure_systolic":1}""",
            await DeleteBothAsync(key, "metric=blood_pressure"));
        Assert.Equal("""{"sleep_analysis":2}""", await DeleteBothAsync(key, "metric=sleep"));
        Assert.Equal("""{"symptoms":1}""", await DeleteBothAsync(key, "metric=symptoms"));
        Assert.Equal("""{"anna_hue":1}""", await DeleteBothAsync(key, "metric=Anna Hue"));
        Assert.Equal("""{}""", await DeleteBothAsync(key, "metric=anna_hue"));
        Assert.Equal("""{"blood_oxygen_saturation":1,"workouts":1}""", await DeleteBothAsync(key, "metric=*"));
        Assert.Equal("""{}""", await DeleteBothAsync(key, "metric=*"));

        Assert.Empty(await _server.ReadItemsAsync(key, "/v1/metrics"));
        Assert.Equal(theirs, await ReadAllAsync(other));
    }

    [Fact]
    public async Task A_span_of_days_takes_rows_by_their_own_local_days_and_an_instant_by_the_instant()
    {
        var key = await _server.AddKeyAsync();
        await _server.PushMetricAsync(
            key, "heart_rate_variability", "ms", null,
            Point("2026-01-14 23:30:00 -0800", 1), Point("2026-01-15 00:30:00 +0900", 2),
            Point("2026-01-15 23:59:59 +0900", 3), Point("2026-01-16 00:00:00 +0900", 4),
            Point("2026-01-15 23:59:59 -0800", 5));
        await _server.PushMetricAsync(
            key, "step_count", "count", "Days", Point("2026-01-14 00:00:00 -0800", 6),
            Point("2026-01-15 00:00:00 +0900", 7), Point("2026-01-16 00:00:00 +0100", 8));
        await _server.PushMetricAsync(key, "step_count", "count", "Months", Point("2026-01-01 00:00:00 +0100", 9));

        Assert.Equal(
            """{"heart_rate_variability":3,"step_count":1}""", await DeleteBothAsync(key, "from=2026-01-15&to=2026-01-16"));
        Assert.Equal<double[]>([1, 4], await ReadValuesAsync(key, "heart_rate_variability"));
        // The month holds what was deleted, and stays: its first day is not covered.
        Assert.Equal<double[]>([9, 6, 8], await ReadValuesAsync(key, "step_count"));

        // The day in California begins at eight in the morning here; a month by its first.
        Assert.Equal(
            """{"step_count":1}""",
            await DeleteBothAsync(key, "metric=step_count&from=2026-01-14T07:59:59Z&to=2026-01-14T08:00:01Z"));
        Assert.Equal("""{"step_count":1}""", await DeleteBothAsync(key, "metric=step_count&to=2026-01-02"));
        Assert.Equal<double[]>([8], await ReadValuesAsync(key, "step_count"));
        var metrics = await _server.ReadItemsAsync(key, "/v1/metrics");
        Assert.Equal([2, 1], metrics.Select(one => one.Number("count")));
        Assert.Equal("""["day"]""", metrics[1].GetProperty("grains").GetRawText());
        Assert.Equal("2026-01-16T00:00:00+01:00", metrics[1].Text("first_at"));
        var days = await _server.ReadItemsAsync(key, "/v1/metrics/step_count/series?bucket=day");
        Assert.Equal([8.0], days.Select(day => day.Number("value")));
    }

    [Fact]
    public async Task What_reaches_into_a_span_stays_and_what_begins_in_it_goes()
    {
        var key = await _server.AddKeyAsync();
        await PushAsync(
            key,
            """
            {"data":{"metrics":[
              {"type":"SleepStage","start_at":"2026-01-14T22:00:00+01:00","end_at":"2026-01-15T00:10:00+01:00","stage":"deep"},
              {"type":"SleepStage","start_at":"2026-01-15T00:10:00+01:00","end_at":"2026-01-15T06:00:00+01:00","stage":"rem"}],
             "mystery":[{"name":"without a time"}],
             "workouts":[
              {"workout_type":"Run","start_time":"2026-01-14T23:30:00+01:00","end_time":"2026-01-15T00:30:00+01:00"},
              {"workout_type":"Row","start_time":"2026-01-15T23:30:00+01:00","end_time":"2026-01-16T00:30:00+01:00"}]}}
            """);

        Assert.Equal(
            """{"sleep_analysis":1,"workouts":1}""", await DeleteBothAsync(key, "from=2026-01-15&to=2026-01-16"));
        Assert.Equal("Run", Assert.Single(await _server.ReadItemsAsync(key, "/v1/workouts")).Text("name"));
        Assert.Equal(
            """{"sleep_analysis":1,"workouts":1}""", await DeleteBothAsync(key, "to=2030-01-01"));
        // Only without a span.
        Assert.Equal("""{"unknown:mystery":1}""", await DeleteBothAsync(key, "metric=mystery"));
    }

    [Fact]
    public async Task A_replay_brings_nothing_back_and_the_same_bytes_pushed_anew_do()
    {
        var key = await _server.AddKeyAsync();
        var body = PushedLife.Of("bea", Guid.NewGuid());
        var id = (await PushAsync(key, body)).IngestionId();
        var before = await ReadAllAsync(key);
        Assert.Equal("duplicate", (await PushAsync(key, body)).Text("status"));

        await DeleteBothAsync(key, "source=bea watch");
        await DeleteBothAsync(key, "metric=bea_hue&from=2026-01-10&to=2026-01-11");
        var left = await ReadAllAsync(key);
        Assert.DoesNotContain("bea watch", left, StringComparison.Ordinal);
        using (var replayed = await _server.SendAsync(HttpMethod.Post, $"/v1/ingestions/{id}/replay", key))
            Assert.Equal(HttpStatusCode.Accepted, replayed.StatusCode);
        var receipt = await _server.FollowAsync(key, id);
        Assert.Equal(0, receipt.GetProperty("counts").Number("inserted"));
        Assert.Equal(left, await ReadAllAsync(key));

        var anew = await PushAsync(key, body);
        Assert.Equal(JsonValueKind.Null, anew.GetProperty("duplicate_of").ValueKind);
        Assert.NotEqual(0, anew.GetProperty("counts").Number("inserted"));
        Assert.Equal(before, await ReadAllAsync(key));
    }

    [Fact]
    public async Task Kept_bytes_stay_unless_they_are_meant_too_and_then_go_with_what_receipts_quote()
    {
        var (key, workout) = (await _server.AddKeyAsync(), Guid.NewGuid());
        var (first, same, other) = (
            (await PushAsync(key, PushedLife.Of("cleo", workout))).IngestionId(),
            (await PushAsync(key, PushedLife.Of("cleo", workout))).IngestionId(),
            (await PushAsync(key, PushedLife.Of("cleo", Guid.NewGuid(), day: 12))).IngestionId());
        var rows = """{"deleted":0,"kept":3}""";
        Assert.Equal(rows, (await DeleteAsync(key, "metric=steps&dry_run=true")).GetProperty("payloads").GetRawText());
        Assert.Equal(rows, (await DeleteAsync(key, "metric=steps&to=2026-01-01")).GetProperty("payloads").GetRawText());
        Assert.NotEmpty(await RejectsAsync(first));

        // Of the day of two of them; a rejected item is of no day that is known, so it is in all three.
        const string day = "metric=cleo_hue&from=2026-01-10&to=2026-01-11&payloads=true";
        var gone = """{"deleted":2,"kept":0}""";
        Assert.Equal(gone, (await DeleteAsync(key, $"{day}&dry_run=true")).GetProperty("payloads").GetRawText());
        Assert.Equal(gone, (await DeleteAsync(key, day)).GetProperty("payloads").GetRawText());
        foreach (var (id, status) in (IEnumerable<(Guid, int)>)[(first, 404), (same, 404), (other, 200)])
        {
            using var payload = await _server.GetAsync(key, $"/v1/ingestions/{id}/payload");
            Assert.Equal(status, (int)payload.StatusCode);
            var receipt = await _server.ReadAsync(key, $"/v1/ingestions/{id}");
            Assert.Equal(status == 200, receipt.GetProperty("has_payload").GetBoolean());
            Assert.Equal(1, receipt.GetProperty("by_type").GetProperty("heart_rate").Number("rejected"));
            Assert.Contains("412", receipt.GetProperty("errors").GetRawText(), StringComparison.Ordinal);
            using var replayed = await _server.SendAsync(HttpMethod.Post, $"/v1/ingestions/{id}/replay", key);
            Assert.Equal(status == 200 ? 202 : 404, (int)replayed.StatusCode);
        }
        await _server.FollowAsync(key, other);

        // What quotes the value goes; the bytes that came after do not, though they are the same.
        var again = (await PushAsync(key, PushedLife.Of("cleo", workout))).IngestionId();
        Assert.Equal(
            """{"deleted":2,"kept":0}""",
            (await DeleteAsync(key, "metric=heart_rate&payloads=true")).GetProperty("payloads").GetRawText());
        foreach (var id in (Guid[])[first, same, other, again])
        {
            var receipt = await _server.ReadAsync(key, $"/v1/ingestions/{id}");
            Assert.Equal(1, receipt.GetProperty("by_type").GetProperty("heart_rate").Number("rejected"));
            Assert.Equal(0, receipt.GetProperty("errors").GetArrayLength());
            Assert.Empty(await RejectsAsync(id));
        }
        var last = (await PushAsync(key, PushedLife.Of("cleo", workout))).IngestionId();
        using var bytes = await _server.GetAsync(key, $"/v1/ingestions/{last}/payload");
        Assert.Equal(PushedLife.Of("cleo", workout), await bytes.Content.ReadAsStringAsync());

        Task<JsonElement[]> RejectsAsync(Guid id) => _server.ReadItemsAsync(key, $"/v1/ingestions/{id}/rejects");
    }

    [Fact]
    public async Task What_cannot_be_meant_is_refused_and_deletes_nothing()
    {
        var key = await _server.AddKeyAsync();
        await PushAsync(key, PushedLife.Of("dora", Guid.NewGuid()));
        var before = await ReadAllAsync(key);
        foreach (var (query, parameter) in (IEnumerable<(string, string)>)
        [
            ("", "metric"), ("dry_run=true", "metric"), ("payloads=true", "metric"), ("metric=", "metric"),
            ("from=2026-01-02&to=2026-01-01", "to"), ("metric=*&from=soon", "from"), ("metric=*&dry_run=yes", "dry_run"),
            ("metric=*&payloads=1", "payloads"), ("source=%7C", "source"), ("metric=*&confirm=true", "confirm"),
        ])
        {
            using var refused = await _server.SendAsync(HttpMethod.Delete, $"/v1/data?{query}", key);
            var problem = await refused.ReadProblemAsync(400, "invalid_parameter");
            Assert.Equal(parameter, problem.GetProperty("errors").EnumerateObject().Single().Name);
        }
        using (var unknown = await _server.SendAsync(HttpMethod.Delete, "/v1/data?metric=step_cuont", key))
            await unknown.ReadProblemAsync(404, "not_found");
        var reader = await _server.AddKeyAsync(key.User, KeyScopes.Read | KeyScopes.Ingest);
        using (var forbidden = await _server.SendAsync(HttpMethod.Delete, "/v1/data?metric=*", reader))
            await forbidden.ReadProblemAsync(403, "forbidden");
        Assert.Equal(before, await ReadAllAsync(key));
        Assert.DoesNotContain(
            await _server.ReadAuditAsync(key), entry => entry.Text("action") == AuditAction.DataDeleted.Name);

        var done = await DeleteAsync(key, "metric=Steps&source=dora%20watch&from=2026-01-01&to=2026-02-01");
        var audited = Assert.Single(
            await _server.ReadAuditAsync(key), entry => entry.Text("action") == AuditAction.DataDeleted.Name);
        Assert.Equal(done.Text("deletion_id"), audited.Text("resource"));
        Assert.Equal(key.Id, audited.Text("key_id"));
        Assert.Equal(
            """
            {"metric":"step_count","source":"dora watch","from":"2026-01-01","to":"2026-02-01","rows":2,"payloads":0}
            """,
            audited.GetProperty("metadata").GetRawText());
    }

    async Task<JsonElement> PushAsync(TestKey key, string body)
    {
        using var pushed = await _server.PushAsync(key, body);
        Assert.Equal(HttpStatusCode.OK, pushed.StatusCode);
        return await pushed.ReadJsonAsync();
    }
}
