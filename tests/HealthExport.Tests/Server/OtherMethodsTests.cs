using System.Net;
using HealthExport.Keys;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Server;

public sealed class OtherMethodsTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    readonly RunningServer _server = fixture.Server;

    [Theory]
    [InlineData("/health", false)]
    [InlineData("/ready", false)]
    [InlineData("/v1/metrics", true)]
    [InlineData("/api/v1/metrics", true)]
    [InlineData("/v1/metrics/heart_rate/samples", true)]
    [InlineData("/v1/ingestions", true)]
    public async Task HEAD_answers_as_GET_does_without_a_body(string path, bool withKey)
    {
        var key = withKey ? await _server.AddKeyAsync() : null;
        if (key is not null) (await _server.PushAsync(key, HeartRates.Write(3))).Dispose();
        using var get = await _server.GetAsync(key, path);
        using var head = await _server.SendAsync(HttpMethod.Head, path, key);
        Assert.Equal(HttpStatusCode.OK, head.StatusCode);
        Assert.NotEmpty(await get.Content.ReadAsStringAsync());
        Assert.Equal("", await head.Content.ReadAsStringAsync());
        Assert.Equal(get.Content.Headers.ContentType, head.Content.Headers.ContentType);
        Assert.Equal(NamesOf(get), NamesOf(head));
    }

    [Fact]
    public async Task HEAD_of_a_payload_says_how_long_it_is()
    {
        var key = await _server.AddKeyAsync();
        using var push = await _server.PushAsync(key, "{}");
        using var head = await _server.SendAsync(
            HttpMethod.Head, $"/v1/ingestions/{(await push.ReadJsonAsync()).IngestionId()}/payload", key);
        Assert.Equal(HttpStatusCode.OK, head.StatusCode);
        Assert.Equal(2, head.Content.Headers.ContentLength);
        Assert.Equal("", await head.Content.ReadAsStringAsync());
    }

    // On the wire: a body after a HEAD would be read as the answer to the next request.
    [Theory]
    [InlineData("/health", 200)]
    [InlineData("/v1/metrics", 401)]
    [InlineData("/nothing", 404)]
    [InlineData("/v1/ingest", 405)]
    public async Task HEAD_leaves_the_connection_as_it_was(string path, int status)
    {
        using var client = await RawConnection.OpenAsync(_server.Url);
        await client.SendAsync($"HEAD {path} HTTP/1.1\r\nHost: test\r\n\r\n");
        Assert.StartsWith($"HTTP/1.1 {status} ", await client.ReadHeadAsync());
        await client.SendAsync("GET /health HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 200 ", await client.ReadToEndAsync());
    }

    [Fact]
    public async Task HEAD_needs_the_key_and_the_scope_that_GET_needs()
    {
        using var unknown = await _server.SendAsync(HttpMethod.Head, "/v1/metrics", null);
        Assert.Equal(HttpStatusCode.Unauthorized, unknown.StatusCode);
        using var other = await _server.SendAsync(
            HttpMethod.Head, "/v1/metrics", await _server.AddKeyAsync(KeyScopes.Ingest));
        Assert.Equal(HttpStatusCode.Forbidden, other.StatusCode);
        using var parameter = await _server.SendAsync(
            HttpMethod.Head, "/v1/metrics?nothing=1", await _server.AddKeyAsync());
        Assert.Equal(HttpStatusCode.BadRequest, parameter.StatusCode);
    }

    [Fact]
    public async Task HEAD_is_logged_as_what_it_was()
    {
        using var head = await _server.SendAsync(
            HttpMethod.Head, "/health", null, null, ("X-Request-Id", "head-1"));
        await Eventually.TrueAsync(() => _server.Log.Of(1001).Any(line => line.Values["RequestId"] is "head-1"));
        var line = _server.Log.Of(1001).Single(line => line.Values["RequestId"] is "head-1");
        Assert.Equal("HEAD", line.Values["Method"]);
        Assert.Equal("/health", line.Values["Route"]);
    }

    [Theory]
    [InlineData("/health", "GET, HEAD, OPTIONS")]
    [InlineData("/v1/ingest", "OPTIONS, POST")]
    [InlineData("/api/data", "OPTIONS, POST")]
    [InlineData("/v1/ingestions/00000000-0000-0000-0000-000000000000", "GET, HEAD, OPTIONS")]
    public async Task What_a_path_allows_stands_in_405_and_in_the_answer_to_OPTIONS(string path, string allowed)
    {
        foreach (var key in (TestKey?[])[null, await _server.AddKeyAsync()])
        {
            using var refused = await _server.SendAsync(HttpMethod.Put, path, key);
            await refused.ReadProblemAsync(405, "method_not_allowed");
            Assert.Equal(allowed, string.Join(", ", refused.Content.Headers.Allow));
            using var options = await _server.SendAsync(HttpMethod.Options, path, key);
            Assert.Equal(HttpStatusCode.NoContent, options.StatusCode);
            Assert.Equal(allowed, string.Join(", ", options.Content.Headers.Allow));
            Assert.Equal("", await options.Content.ReadAsStringAsync());
        }
    }

    [Fact]
    public async Task OPTIONS_of_nothing_is_404_and_of_the_whole_server_204()
    {
        using var nothing = await _server.SendAsync(HttpMethod.Options, "/nothing", null);
        await nothing.ReadProblemAsync(404, "not_found");
        using var client = await RawConnection.OpenAsync(_server.Url);
        await client.SendAsync("OPTIONS * HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 204 ", await client.ReadToEndAsync());
    }

    [Theory]
    [InlineData("TRACE")]
    [InlineData("PATCH")]
    [InlineData("PROPFIND")]
    public async Task Any_other_method_is_405(string method)
    {
        using var response = await _server.SendAsync(new(method), "/v1/metrics", await _server.AddKeyAsync());
        await response.ReadProblemAsync(405, "method_not_allowed");
    }

    static IEnumerable<string> NamesOf(HttpResponseMessage response) =>
        response.Headers.Concat(response.Content.Headers).Select(header => header.Key)
            // How a body would be framed.
            .Except(["Transfer-Encoding", "Content-Length"]).Order(StringComparer.Ordinal);
}
