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
}
