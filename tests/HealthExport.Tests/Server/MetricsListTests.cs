using System.Text.Json;
using HealthExport.Catalogue;
using HealthExport.Keys;
using HealthExport.Tests.Support;
using static HealthExport.Tests.Server.MetricsPushes;

namespace HealthExport.Tests.Server;

public abstract class MetricsListTests(ServerFixture fixture)
{
    readonly RunningServer _server = fixture.Server;

    [Fact]
    public async Task Lists_what_a_person_has_and_nobody_elses()
    {
        var key = await _server.AddKeyAsync();
        var other = await _server.AddKeyAsync();
        await _server.PushMetricAsync(other, "body_mass", "kg", null, Point("2026-01-15 08:00:00 +0100", 80));
        await _server.PushMetricAsync(
            key, "step_count", "count", "Minutes",
            Point("2026-01-15 08:00:00 +0100", 10), Point("2026-01-16 09:30:00 -0500", 20, "Apple Watch"));

        var item = Assert.Single(await _server.ReadItemsAsync(key, "/v1/metrics"));
        Assert.Equal(
            """
            {"name":"step_count","display_name":"Step Count","unit":"{steps}","kind":"cumulative","category":"activity","loinc":"55423-8","count":2,"first_at":"2026-01-15T08:00:00+01:00","last_at":"2026-01-16T09:30:00-05:00","grains":["minute"],"sources":["Apple Watch","iPhone"]}
            """,
            item.GetRawText());
    }

    [Fact]
    public async Task All_adds_the_catalogue_without_what_is_never_stored_under_its_name()
    {
        var key = await _server.AddKeyAsync();
        await _server.PushMetricAsync(key, "step_count", "count", null, Point("2026-01-15 08:10:00 +0100", 10));
        var items = await _server.ReadPagesAsync(key, "/v1/metrics?all=true", 50);
        var names = items.Select(item => item.Text("name")!).ToArray();
        Assert.Equal(names.Order(StringComparer.Ordinal), names);
        Assert.Equal(
            MetricCatalogue.All
                .Where(metric => metric.Shape is not (MetricShape.BloodPressure or MetricShape.Sleep))
                .Select(metric => metric.Name).Order(StringComparer.Ordinal),
            names);
        var without = items.First(item => item.Text("name") == "heart_rate");
        Assert.Equal(0, without.GetProperty("count").GetInt32());
        Assert.Equal(JsonValueKind.Null, without.GetProperty("first_at").ValueKind);
        Assert.Equal(JsonValueKind.Null, without.GetProperty("last_at").ValueKind);
        Assert.Equal(0, without.GetProperty("grains").GetArrayLength());
        Assert.Equal(1, items.First(item => item.Text("name") == "step_count").GetProperty("count").GetInt32());
    }

    [Theory]
    [InlineData("/v1/metrics?all=yes", "all: must be one of true, false")]
    [InlineData("/v1/metrics?al=true", "al: is not a parameter of this path")]
    [InlineData("/v1/metrics?limit=0", "limit: must be a whole number from 1 to 10000")]
    [InlineData("/v1/metrics?cursor=AAAAAAAAAAAA", "cursor: ")]
    [InlineData("/v1/metrics?cursor=%2F%2F", "cursor: ")]
    public async Task Says_which_parameter_it_does_not_take(string path, string says) =>
        Assert.StartsWith(says, await _server.RefusedParameterAsync(await _server.AddKeyAsync(), path));

    [Fact]
    public async Task A_cursor_of_another_list_is_refused()
    {
        var key = await _server.AddKeyAsync();
        var page = await _server.ReadAsync(key, "/v1/metrics?all=true&limit=2");
        var cursor = page.Text("next_cursor");
        Assert.StartsWith("cursor: ", await _server.RefusedParameterAsync(key, $"/v1/metrics?cursor={cursor}"));
        Assert.StartsWith("cursor: ", await _server.RefusedParameterAsync(
            await _server.AddKeyAsync(), $"/v1/metrics?all=true&cursor={cursor}"));
    }

    [Theory]
    [InlineData("/v1/metrics")]
    [InlineData("/api/v1/metrics")]
    [InlineData("/v1/metrics/step_count/samples")]
    [InlineData("/v1/metrics/step_count/series")]
    public async Task Needs_the_scope_read(string path)
    {
        using var denied = await _server.GetAsync(await _server.AddKeyAsync(KeyScopes.Ingest | KeyScopes.Admin), path);
        await denied.ReadProblemAsync(403, "forbidden");
        Assert.Empty(await _server.ReadItemsAsync(await _server.AddKeyAsync(KeyScopes.Read), path));
    }
}
