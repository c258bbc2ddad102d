using System.Net;
using System.Text.Json;
using HealthExport.Keys;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Server;

public abstract partial class IngestionListTests(ServerFixture fixture)
{
    readonly RunningServer _server = fixture.Server;

    [Fact]
    public async Task Ingestions_come_newest_first_in_pages()
    {
        var key = await _server.AddKeyAsync();
        List<Guid> pushed = [];
        for (var i = 0; i < 5; i++) pushed.Insert(0, await PushAsync(key, $$"""{"n":{{i}}}"""));
        List<Guid> listed = [];
        string? cursor = null;
        do
        {
            using var response = await _server.GetAsync(
                key, $"/v1/ingestions?limit=2{(cursor is null ? "" : $"&cursor={Uri.EscapeDataString(cursor)}")}");
            var page = await response.ReadJsonAsync();
            Assert.InRange(page.GetProperty("items").GetArrayLength(), 1, 2);
            listed.AddRange(page.GetProperty("items").EnumerateArray().Select(item => item.IngestionId()));
            cursor = page.GetProperty("next_cursor").GetString();
        }
        while (cursor is not null);
        Assert.Equal(pushed, listed);
    }

    [Fact]
    public async Task Ingestions_are_filtered_by_status_and_time()
    {
        var key = await _server.AddKeyAsync();
        var whole = await PushAsync(key, "{}");
        var cut = await PushAsync(key, """{"data":{"metrics":[""");
        Assert.Equal([cut], await ListAsync(key, "?status=partial"));
        Assert.Equal([whole], await ListAsync(key, "?status=completed"));
        Assert.Equal([cut, whole], await ListAsync(key, "?from=2020-01-01&to=2100-01-01T00:00:00%2B02:00"));
        Assert.Empty(await ListAsync(key, "?to=2020-01-01"));
        Assert.Empty(await ListAsync(key, "?from=2100-01-01T00:00:00Z"));
    }

    [Fact]
    public async Task A_key_that_may_only_push_sees_only_its_own_pushes()
    {
        var user = await _server.AddUserAsync();
        var (phone, other) = (
            await _server.AddKeyAsync(user, KeyScopes.Ingest), await _server.AddKeyAsync(user, KeyScopes.Ingest));
        var reader = await _server.AddKeyAsync(user, KeyScopes.Read);
        var mine = await PushAsync(phone, "{}");
        var theirs = await PushAsync(other, "[]");
        Assert.Equal([mine], await ListAsync(phone, ""));
        Assert.Equal([theirs, mine], await ListAsync(reader, ""));
        using var hidden = await _server.GetAsync(phone, $"/v1/ingestions/{theirs}");
        await hidden.ReadProblemAsync(404, "not_found");
        using var seen = await _server.GetAsync(reader, $"/v1/ingestions/{theirs}");
        Assert.Equal(HttpStatusCode.OK, seen.StatusCode);
    }

    [Fact]
    public async Task A_person_sees_nothing_of_another()
    {
        var (one, two) = (await _server.AddKeyAsync(), await _server.AddKeyAsync());
        await PushAsync(one, "{}");
        Assert.Empty(await ListAsync(two, ""));
    }

    [Fact]
    public async Task The_details_of_an_ingestion_tell_when_what_happened()
    {
        var key = await _server.AddKeyAsync();
        var id = await PushAsync(key, "{}");
        using var response = await _server.GetAsync(key, $"/api/v1/ingestions/{id}");
        var details = await response.ReadJsonAsync();
        var times = ((string[])["queued_at", "started_at", "finished_at"])
            .Select(name => details.GetProperty(name).GetDateTimeOffset()).ToList();
        Assert.Equal(times.Order(), times);
        Assert.Equal(2, details.GetProperty("size_bytes").GetInt64());
        Assert.Equal(1, details.GetProperty("attempts").GetInt32());
        Assert.Equal("application/json", details.GetProperty("content_type").GetString());
    }

    [Fact]
    public async Task Every_reject_is_listed_with_the_item_as_sent()
    {
        var key = await _server.AddKeyAsync();
        var id = await PushAsync(key, """
            {"data":{"metrics":[{"name":"step_count","units":"count","data":[
                {"qty":1,"date":"2026-01-02 03:04:05 +0100"},
                {"qty":1.50,"date":"never","x":1,"x":2},
                {"qty":2,"date":"?"}]}]}}
            """);
        List<JsonElement> items = [];
        string? cursor = null;
        do
        {
            using var response = await _server.GetAsync(
                key,
                $"/v1/ingestions/{id}/rejects?limit=1"
                + (cursor is null ? "" : $"&cursor={Uri.EscapeDataString(cursor)}"));
            var page = await response.ReadJsonAsync();
            items.AddRange(page.GetProperty("items").EnumerateArray());
            cursor = page.GetProperty("next_cursor").GetString();
        }
        while (cursor is not null);
        Assert.Equal([1, 2], items.Select(item => item.GetProperty("item_index").GetInt32()));
        Assert.All(items, item => Assert.Equal("unreadable_date", item.GetProperty("code").GetString()));
        Assert.Equal("""{"qty":1.50,"date":"never","x":1,"x":2}""", items[0].GetProperty("item").GetRawText());
    }

    [Fact]
    public async Task A_payload_comes_back_to_the_last_byte_however_large()
    {
        var key = await _server.AddKeyAsync();
        var body = new byte[5_000_000];
        new Random(7).NextBytes(body);
        body[0] = (byte)'{';
        using var push = await _server.PushAsync(key, body, "application/json; charset=utf-8");
        var id = (await push.ReadJsonAsync()).IngestionId();
        using var payload = await _server.GetAsync(key, $"/v1/ingestions/{id}/payload");
        Assert.Equal("application/json; charset=utf-8", payload.Content.Headers.ContentType!.ToString());
        Assert.Equal(body, await payload.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task A_payload_of_no_content_type_comes_as_bytes()
    {
        var key = await _server.AddKeyAsync();
        using var push = await _server.PushAsync(key, "{}"u8.ToArray(), contentType: null);
        var id = (await push.ReadJsonAsync()).IngestionId();
        using var payload = await _server.GetAsync(key, $"/v1/ingestions/{id}/payload");
        Assert.Equal("application/octet-stream", payload.Content.Headers.ContentType!.ToString());
        Assert.Equal("{}"u8.ToArray(), await payload.Content.ReadAsByteArrayAsync());
    }

    async Task<Guid> PushAsync(TestKey key, string json)
    {
        using var response = await _server.PushAsync(key, json);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return (await response.ReadJsonAsync()).IngestionId();
    }

    async Task<List<Guid>> ListAsync(TestKey key, string query)
    {
        using var response = await _server.GetAsync(key, "/v1/ingestions" + query);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var items = (await response.ReadJsonAsync()).GetProperty("items");
        return [.. items.EnumerateArray().Select(item => item.IngestionId())];
    }
}
