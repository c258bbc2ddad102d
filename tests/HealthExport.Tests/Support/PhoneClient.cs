using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using HealthExport.Catalogue;
using HealthExport.Samples;

namespace HealthExport.Tests.Support;

/// <summary>Speaks to a server as a phone and as its owner do, knowing nothing but the contract.</summary>
/// <param name="http">Bound to the server, with the key in its default headers.</param>
sealed class PhoneClient(HttpClient http)
{
    public HttpClient Http => http;

    public static PhoneClient Connect(Uri server, string key)
    {
        var http = new HttpClient { BaseAddress = server, Timeout = TimeSpan.FromMinutes(2) };
        http.DefaultRequestHeaders.Add("X-API-Key", key);
        return new(http);
    }

    public Task<PushAnswer> PushAsync(SentPush push, CancellationToken cancellationToken = default) =>
        PushAsync(new ByteArrayContent(push.Body), "application/json", push.Aggregation, push.Period,
            cancellationToken);

    public Task<PushAnswer> PushAsync(byte[] body, string? contentType = "application/json") =>
        PushAsync(new ByteArrayContent(body), contentType);

    public async Task<PushAnswer> PushAsync(
        HttpContent body, string? contentType, string? aggregation = null, string? period = null,
        CancellationToken cancellationToken = default)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/ingest") { Content = body };
        if (contentType is not null) body.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        if (aggregation is not null) request.Headers.Add("automation-aggregation", aggregation);
        if (period is not null) request.Headers.Add("automation-period", period);
        using var response = await http.SendAsync(request, cancellationToken);
        return await PushAnswer.ReadAsync(response, cancellationToken);
    }

    public async Task<PushAnswer> ReplayAsync(Guid id)
    {
        using var response = await http.PostAsync($"/v1/ingestions/{id}/replay", null);
        Assert.True(response.IsSuccessStatusCode, $"replay answered {response.StatusCode}");
        return await WaitUntilSettledAsync(id);
    }

    /// <summary>Asks for the receipt until the push is settled.</summary>
    public async Task<PushAnswer> WaitUntilSettledAsync(Guid id)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            var answer = await GetReceiptAsync(id);
            if (answer.Text("status") is not ("queued" or "processing")) return answer;
            await Task.Delay(TimeSpan.FromMilliseconds(5), patience.Token);
        }
    }

    public async Task<PushAnswer> GetReceiptAsync(Guid id)
    {
        using var response = await http.GetAsync($"/v1/ingestions/{id}");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await PushAnswer.ReadAsync(response, default);
    }

    public async Task<JsonElement> GetAsync(string path)
    {
        using var response = await http.GetAsync(path);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == HttpStatusCode.OK, $"{path} answered {response.StatusCode}: {text}");
        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }

    /// <summary>Every item of a list, page by page.</summary>
    public async Task<List<JsonElement>> ListAsync(string path, int limit)
    {
        var items = new List<JsonElement>();
        var pages = 0;
        for (string? cursor = null; pages == 0 || cursor is not null; pages++)
        {
            var page = await GetAsync(
                $"{path}{(path.Contains('?') ? '&' : '?')}limit={limit}"
                + (cursor is null ? "" : $"&cursor={Uri.EscapeDataString(cursor)}"));
            var found = page.GetProperty("items").EnumerateArray().ToList();
            Assert.True(found.Count <= limit);
            items.AddRange(found);
            cursor = page.GetProperty("next_cursor").GetString();
        }
        return items;
    }

    /// <param name="sentUnit">For rows that no known unit could be made of.</param>
    public async Task<List<ModelRow>> ReadRowsAsync(string metric, string? sentUnit = null, int limit = 1_000)
    {
        var query = sentUnit is null ? "" : $"?sent_unit={Uri.EscapeDataString(sentUnit)}";
        var items = await ListAsync($"/v1/metrics/{Uri.EscapeDataString(metric)}/samples{query}", limit);
        return [.. items.Select(item => ReadRow(metric, item))];
    }

    /// <summary>Every row of every metric the server says this user has, and that it says no other count.</summary>
    public async Task<List<ModelRow>> ReadAllRowsAsync(int limit = 1_000)
    {
        var rows = new List<ModelRow>();
        foreach (var metric in await ListAsync("/v1/metrics", 10_000))
        {
            var name = metric.GetProperty("name").GetString()!;
            var unit = metric.GetProperty("unit").GetString()!;
            var isKnown = MetricCatalogue.Find(name)?.Unit == unit;
            var found = await ReadRowsAsync(name, isKnown ? null : unit, limit);
            Assert.Equal(metric.GetProperty("count").GetInt64(), found.Count);
            Assert.Equal(
                found.Select(row => row.Grain.ToString().ToLowerInvariant()).Order().Distinct(),
                metric.GetProperty("grains").EnumerateArray().Select(grain => grain.GetString()!).Order());
            rows.AddRange(found);
        }
        return rows;
    }

    static ModelRow ReadRow(string metric, JsonElement item) => new(
        Enum.Parse<Grain>(Text(item, "grain")!, ignoreCase: true),
        new(
            metric, Text(item, "unit")!, Date(item, "start_at")!.Value, Date(item, "end_at"),
            Number(item, "value"), Number(item, "min"), Number(item, "max"), Text(item, "sent_unit"),
            Text(item, "source"), Json(item, "extra")));

    static string? Text(JsonElement item, string name) =>
        item.TryGetProperty(name, out var value) ? value.GetString() : null;

    static DateTimeOffset? Date(JsonElement item, string name) => Text(item, name) is { } text
        ? DateTimeOffset.Parse(text, System.Globalization.CultureInfo.InvariantCulture)
        : null;

    static double Number(JsonElement item, string name) =>
        item.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number
            ? value.GetDouble()
            : double.NaN;

    static string? Json(JsonElement item, string name) =>
        item.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value.GetRawText() : null;
}
