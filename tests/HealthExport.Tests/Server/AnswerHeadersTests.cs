using HealthExport.Tests.Support;

namespace HealthExport.Tests.Server;

/// <summary>What every answer bears, whatever it answers.</summary>
public sealed class AnswerHeadersTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    readonly RunningServer _server = fixture.Server;

    [Theory]
    [InlineData("GET", "/health")]
    [InlineData("GET", "/v1/metrics")]
    [InlineData("GET", "/v1/metrics?nothing=1")]
    [InlineData("GET", "/v1/ingestions/00000000-0000-0000-0000-000000000000")]
    [InlineData("GET", "/nothing")]
    [InlineData("DELETE", "/v1/ingest")]
    [InlineData("POST", "/v1/ingest")]
    public async Task Every_answer_keeps_browsers_and_caches_out(string method, string path)
    {
        foreach (var key in (TestKey?[])[await _server.AddKeyAsync(), null])
        {
            using var response = await _server.SendAsync(new(method), path, key);
            AssertKept(response);
        }
    }

    [Fact]
    public async Task So_does_health_data_in_every_form()
    {
        var key = await _server.AddKeyAsync();
        using var push = await _server.PushAsync(key, HeartRates.Write(2));
        AssertKept(push);
        var id = (await push.ReadJsonAsync()).IngestionId();
        foreach (var path in (string[])
            [$"ingestions/{id}/payload", $"ingestions/{id}", "metrics", "metrics/heart_rate/samples", "workouts"])
        {
            using var response = await _server.GetAsync(key, $"/v1/{path}");
            Assert.True(response.IsSuccessStatusCode);
            AssertKept(response);
        }
        using var csv = await _server.SendAsync(
            HttpMethod.Get, "/v1/metrics/heart_rate/samples", key, null, ("Accept", "text/csv"));
        AssertKept(csv);
    }

    static void AssertKept(HttpResponseMessage response)
    {
        Assert.Equal("nosniff", Single(response, "X-Content-Type-Options"));
        Assert.Equal("DENY", Single(response, "X-Frame-Options"));
        Assert.Equal("no-referrer", Single(response, "Referrer-Policy"));
        Assert.Equal("same-origin", Single(response, "Cross-Origin-Resource-Policy"));
        Assert.Equal("default-src 'none'; frame-ancestors 'none'", Single(response, "Content-Security-Policy"));
        // What a tag tells from every other answer the person's own client may keep, and asks each time.
        Assert.Equal(
            response.Headers.ETag is null ? "no-store" : "no-cache, private", Single(response, "Cache-Control"));
        Assert.Matches("^[A-Za-z0-9._-]{1,64}$", Single(response, "X-Request-Id"));
        Assert.False(response.Headers.Contains("Server"));
        Assert.False(response.Headers.Contains("X-Powered-By"));
        // Over plain HTTP a browser must not take it from anybody.
        Assert.False(response.Headers.Contains("Strict-Transport-Security"));
    }

    static string Single(HttpResponseMessage response, string name) => response.Headers.GetValues(name).Single();
}
