using System.Net;
using System.Text;
using System.Text.Json;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Server;

public abstract class AnswerTests(ServerFixture fixture)
{
    readonly RunningServer _server = fixture.Server;

    [Fact]
    public async Task A_receipt_has_the_contracts_members_in_its_order()
    {
        var key = await _server.AddKeyAsync();
        using var response = await _server.PushAsync(key, "{}");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/json", response.Content.Headers.ContentType!.MediaType);
        var answer = await response.ReadJsonAsync();
        Assert.Equal(
            [
                "success", "ingestion_id", "status", "format", "duplicate_of", "truncated", "processed", "counts",
                "by_type", "parts", "errors", "warnings", "errors_truncated", "processing_time_ms",
            ],
            NamesOf(answer));
        Assert.Equal(["metrics", "workouts"], NamesOf(answer.GetProperty("processed")));
        Assert.Equal(
            ["received", "inserted", "updated", "unchanged", "rejected"], NamesOf(answer.GetProperty("counts")));
        Assert.Equal(
            ["workout_series_points", "route_points", "ecg_voltages"], NamesOf(answer.GetProperty("parts")));
        Assert.True(answer.GetProperty("success").GetBoolean());
        Assert.Equal("completed", answer.GetProperty("status").GetString());
        Assert.Equal("hae_json", answer.GetProperty("format").GetString());
        Assert.Equal(JsonValueKind.Null, answer.GetProperty("duplicate_of").ValueKind);
        Assert.True(answer.GetProperty("processing_time_ms").GetDouble() >= 0);
    }

    [Theory]
    [InlineData("respond-async")]
    [InlineData("return=minimal, respond-async")]
    [InlineData("Respond-Async; foo=bar")]
    public async Task Respond_async_is_202_at_once_and_the_receipt_comes_later(string preference)
    {
        var key = await _server.AddKeyAsync();
        using var response = await _server.PushAsync(key, "{}", ("Prefer", preference));
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        Assert.Equal("respond-async", response.Headers.GetValues("Preference-Applied").Single());
        var answer = await response.ReadJsonAsync();
        Assert.Equal($"/v1/ingestions/{answer.IngestionId()}", response.Headers.Location!.ToString());
        Assert.False(answer.GetProperty("success").GetBoolean());
        foreach (var name in (string[])["format", "processed", "counts", "by_type", "parts", "processing_time_ms"])
            Assert.Equal(JsonValueKind.Null, answer.GetProperty(name).ValueKind);

        var settled = await _server.FollowAsync(key, answer.IngestionId());
        Assert.Equal("completed", settled.GetProperty("status").GetString());
        Assert.Equal(0, settled.GetProperty("counts").GetProperty("received").GetInt64());
    }

    [Fact]
    public async Task The_same_bytes_again_are_a_duplicate_with_the_first_ones_counts()
    {
        var key = await _server.AddKeyAsync();
        using var first = await _server.PushAsync(key, "{}");
        var original = await first.ReadJsonAsync();
        using var again = await _server.PushAsync(key, "{}", ("Prefer", "respond-async"));
        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
        var duplicate = await again.ReadJsonAsync();
        Assert.Equal("duplicate", duplicate.GetProperty("status").GetString());
        Assert.True(duplicate.GetProperty("success").GetBoolean());
        Assert.Equal(original.IngestionId(), duplicate.GetProperty("duplicate_of").GetGuid());
        Assert.NotEqual(original.IngestionId(), duplicate.IngestionId());
        Assert.Equal(
            original.GetProperty("counts").GetRawText(), duplicate.GetProperty("counts").GetRawText());
        using var payload = await _server.GetAsync(key, $"/v1/ingestions/{duplicate.IngestionId()}/payload");
        Assert.Equal("{}", await payload.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task An_idempotency_key_with_the_same_bytes_is_the_same_ingestion()
    {
        var key = await _server.AddKeyAsync();
        using var first = await _server.PushAsync(key, "{}", ("Idempotency-Key", "a 1"));
        using var other = await _server.PushAsync(key, "[]");
        using var again = await _server.PushAsync(key, "{}", ("Idempotency-Key", "a 1"));
        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
        Assert.Equal((await first.ReadJsonAsync()).IngestionId(), (await again.ReadJsonAsync()).IngestionId());
        Assert.Equal(2, await _server.CountKeptAsync(key));
    }

    [Fact]
    public async Task An_idempotency_key_with_other_bytes_is_409_and_nothing_is_kept()
    {
        var key = await _server.AddKeyAsync();
        using var first = await _server.PushAsync(key, "{}", ("Idempotency-Key", "a"));
        using var other = await _server.PushAsync(key, "[]", ("Idempotency-Key", "a"));
        await other.ReadProblemAsync(409, "conflict");
        Assert.Equal(1, await _server.CountKeptAsync(key));
        using var freed = await _server.PushAsync(key, "[]", ("Idempotency-Key", "b"));
        Assert.Equal(HttpStatusCode.OK, freed.StatusCode);
    }

    [Fact]
    public async Task The_idempotency_keys_of_two_people_have_nothing_to_do_with_each_other()
    {
        var (one, two) = (await _server.AddKeyAsync(), await _server.AddKeyAsync());
        using var first = await _server.PushAsync(one, "{}", ("Idempotency-Key", "a"));
        using var other = await _server.PushAsync(two, "[]", ("Idempotency-Key", "a"));
        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
    }

    [Theory]
    [InlineData("")]
    [InlineData("tab\tinside")]
    [InlineData("käse")]
    public async Task An_idempotency_key_that_is_not_printable_is_422(string idempotencyKey) =>
        await RefusesIdempotencyKeyAsync(idempotencyKey);

    [Fact]
    public async Task An_idempotency_key_of_255_characters_is_taken_and_of_256_is_422()
    {
        using var response = await _server.PushAsync(
            await _server.AddKeyAsync(), "{}", ("Idempotency-Key", new string('k', 255)));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        await RefusesIdempotencyKeyAsync(new string('k', 256));
    }

    [Fact]
    public async Task Automation_headers_are_kept_as_sent()
    {
        var key = await _server.AddKeyAsync();
        using var response = await _server.PushAsync(
            key, "{}", ("Automation-Name", "Every hour"), ("automation-aggregation", "Hours"),
            ("session-id", "0A"), ("X-Other", "not kept"));
        using var details = await _server.GetAsync(
            key, $"/v1/ingestions/{(await response.ReadJsonAsync()).IngestionId()}");
        var automation = (await details.ReadJsonAsync()).GetProperty("automation");
        Assert.Equal(["automation-aggregation", "automation-name", "session-id"], NamesOf(automation).Order());
        Assert.Equal("Every hour", automation.GetProperty("automation-name").GetString());
    }

    [Theory]
    [InlineData("St\u00FCndlich \U0001F600", true)]
    [InlineData("St\u00FCndlich", false)]
    public async Task An_automation_may_have_any_name_in_any_encoding(string name, bool isUtf8)
    {
        var key = await _server.AddKeyAsync();
        using var client = await RawConnection.OpenAsync(_server.Url);
        await client.SendAsync($"POST /v1/ingest HTTP/1.1\r\nHost: test\r\napi-key: {key.Text}\r\nautomation-name: ");
        await client.SendAsync((isUtf8 ? Encoding.UTF8 : Encoding.Latin1).GetBytes(name));
        await client.SendAsync("\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}");
        Assert.StartsWith("HTTP/1.1 200 ", await client.ReadToEndAsync());
        using var list = await _server.GetAsync(key, "/v1/ingestions");
        var kept = (await list.ReadJsonAsync()).GetProperty("items")[0].GetProperty("automation");
        Assert.Equal(
            isUtf8 ? name : name.Replace('\u00FC', '\uFFFD'), kept.GetProperty("automation-name").GetString());
    }

    async Task RefusesIdempotencyKeyAsync(string idempotencyKey)
    {
        var key = await _server.AddKeyAsync();
        using var client = await RawConnection.OpenAsync(_server.Url);
        await client.SendAsync(
            $"POST /v1/ingest HTTP/1.1\r\nHost: test\r\napi-key: {key.Text}\r\nIdempotency-Key: {idempotencyKey}\r\n"
            + "Connection: close\r\nContent-Length: 2\r\n\r\n{}");
        var answer = await client.ReadToEndAsync();
        Assert.StartsWith("HTTP/1.1 422 ", answer);
        Assert.Contains("\"errors\":{\"Idempotency-Key\":[", answer);
        Assert.Equal(0, await _server.CountKeptAsync(key));
    }

    static IEnumerable<string> NamesOf(JsonElement value) => value.EnumerateObject().Select(member => member.Name);
}
