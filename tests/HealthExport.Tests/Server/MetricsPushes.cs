using System.Globalization;
using System.Net;
using System.Text.Json;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Server;

/// <summary>Pushes of metrics, as the app sends them, and reads of what became of them.</summary>
static class MetricsPushes
{
    /// <param name="points">Each a JSON object.</param>
    /// <param name="aggregation">The header that names a grain.</param>
    public static async Task PushMetricAsync(
        this RunningServer server, TestKey key, string name, string units, string? aggregation,
        params IEnumerable<string> points)
    {
        var json =
            $$$"""
            {"data":{"metrics":[{"name":"{{{name}}}","units":"{{{units}}}","data":[{{{string.Join(",", points)}}}]}]}}
            """;
        (string, string)[] headers = aggregation is null ? [] : [("automation-aggregation", aggregation)];
        using var response = await server.PushAsync(key, json, headers);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var answer = await response.ReadJsonAsync();
        Assert.Equal("completed", answer.GetProperty("status").GetString());
    }

    /// <param name="at">As the app writes it: <c>2026-01-15 08:00:00 +0100</c>.</param>
    public static string Point(string at, double quantity, string source = "iPhone") =>
        string.Create(CultureInfo.InvariantCulture, $$"""{"date":"{{at}}","qty":{{quantity}},"source":"{{source}}"}""");

    public static async Task<JsonElement> ReadAsync(this RunningServer server, TestKey key, string path)
    {
        using var response = await server.GetAsync(key, path);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/json", response.Content.Headers.ContentType!.MediaType);
        return await response.ReadJsonAsync();
    }

    public static async Task<JsonElement[]> ReadItemsAsync(this RunningServer server, TestKey key, string path)
    {
        var list = await server.ReadAsync(key, path);
        Assert.Equal(JsonValueKind.Null, list.GetProperty("next_cursor").ValueKind);
        return [.. list.GetProperty("items").EnumerateArray()];
    }

    /// <summary>Every item of a list that is read in pages of one size.</summary>
    public static async Task<JsonElement[]> ReadPagesAsync(
        this RunningServer server, TestKey key, string path, int size)
    {
        path += path.Contains('?') ? '&' : '?';
        var items = new List<JsonElement>();
        string? cursor = null;
        do
        {
            var page = await server.ReadAsync(
                key, $"{path}limit={size}{(cursor is null ? "" : $"&cursor={cursor}")}");
            items.AddRange(page.GetProperty("items").EnumerateArray());
            cursor = page.GetProperty("next_cursor").GetString();
            Assert.True(cursor is null || page.GetProperty("items").GetArrayLength() == size);
        }
        while (cursor is not null);
        return [.. items];
    }

    public static async Task<string> ReadCsvAsync(this RunningServer server, TestKey key, string path)
    {
        using var response = await server.SendAsync(HttpMethod.Get, path, key, null, ("Accept", "text/csv"));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("text/csv", response.Content.Headers.ContentType!.MediaType);
        return await response.Content.ReadAsStringAsync();
    }

    public static async Task<string> RefusedParameterAsync(this RunningServer server, TestKey key, string path)
    {
        using var response = await server.GetAsync(key, path);
        var problem = await response.ReadProblemAsync(400, "invalid_parameter");
        return problem.GetProperty("detail").GetString()!;
    }

    public static string? Text(this JsonElement item, string name) => item.GetProperty(name).GetString();

    public static double Number(this JsonElement item, string name) => item.GetProperty(name).GetDouble();
}
