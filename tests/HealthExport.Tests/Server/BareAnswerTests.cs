using HealthExport.Tests.Support;

namespace HealthExport.Tests.Server;

/// <summary>What is no proper request never reaches a route, and still gets a proper answer.</summary>
public sealed class BareAnswerTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    readonly RunningServer _server = fixture.Server;

    [Theory]
    [InlineData("GARBAGE\r\n\r\n", 400, "malformed_request")]
    [InlineData("GET /health HTTP/1.1\r\n\r\n", 400, "malformed_request")]
    [InlineData("GET /health HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "malformed_request")]
    [InlineData("GET /health HTTP/1.1\r\nHost: a b\r\n\r\n", 400, "malformed_request")]
    [InlineData("GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n", 400, "malformed_request")]
    [InlineData("GET /health HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n", 400, "malformed_request")]
    [InlineData("GET /health HTTP/1.1\r\nHost: a\r\nX : a\r\n\r\n", 400, "malformed_request")]
    [InlineData("GET /health HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", 400, "malformed_request")]
    [InlineData("POST /v1/ingest HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", 400, "malformed_request")]
    [InlineData("POST /v1/ingest HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400, "malformed_request")]
    [InlineData(
        "POST /v1/ingest HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400,
        "malformed_request")]
    [InlineData("POST /v1/ingest HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 400, "malformed_request")]
    [InlineData("POST /v1/ingest HTTP/1.0\r\nHost: a\r\n\r\n", 400, "malformed_request")]
    // Somebody speaks TLS where there is none.
    [InlineData("\u0016\u0003\u0001\u0002\0\u0001\0\u0001\u0001\u0003\u0003", 400, "malformed_request")]
    [InlineData("TRACE * HTTP/1.1\r\nHost: a\r\n\r\n", 405, "method_not_allowed")]
    [InlineData("GET /health HTTP/3.7\r\nHost: a\r\n\r\n", 505, "version_not_supported")]
    public async Task What_cannot_be_read_is_a_problem(string request, int status, string code)
    {
        var answer = await AskAsync(request);
        AssertProper(answer, status, code);
        if (status == 405) Assert.Equal("OPTIONS", answer.Headers["Allow"]);
    }

    [Theory]
    [InlineData(8 << 10, 414, "uri_too_long")]
    [InlineData(200 << 10, 414, "uri_too_long")]
    public async Task So_is_a_line_that_is_too_long(int length, int status, string code) =>
        AssertProper(
            await AskAsync($"GET /{new string('4', length)} HTTP/1.1\r\nHost: a\r\n\r\n"), status, code);

    [Fact]
    public async Task So_are_headers_that_are_too_large_or_too_many()
    {
        AssertProper(
            await AskAsync($"GET /health HTTP/1.1\r\nHost: a\r\nX: {new string('4', 32 << 10)}\r\n\r\n"), 431,
            "headers_too_large", "/health");
        AssertProper(
            await AskAsync(
                "GET /health HTTP/1.1\r\nHost: a\r\n"
                + string.Concat(Enumerable.Range(0, 100).Select(i => $"X-{i}: 4711\r\n")) + "\r\n"),
            431, "headers_too_large", "/health");
        using var within = await RawConnection.OpenAsync(_server.Url);
        await within.SendAsync(
            $"GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX: {new string('4', 31 << 10)}\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 200 ", await within.ReadToEndAsync());
    }

    [Fact]
    public async Task So_are_headers_that_take_too_long()
    {
        await using var server = await RunningServer.StartAsync(settings => settings with
        {
            Http = settings.Http with { Headers = TimeSpan.FromSeconds(1) },
        });
        using var client = await RawConnection.OpenAsync(server.Url);
        await client.SendAsync("GET /health HTTP/1.1\r\nHost: ");
        AssertProper(RawAnswer.Parse(await client.ReadToEndAsync()), 408, "request_timeout");
    }

    [Fact]
    public async Task To_HEAD_there_is_no_body()
    {
        using var client = await RawConnection.OpenAsync(_server.Url);
        await client.SendAsync("HEAD /health HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n");
        var answer = RawAnswer.Parse(await client.ReadToEndAsync(), hasBody: false);
        Assert.Equal(400, answer.Status);
        Assert.Equal("application/problem+json", answer.Headers["Content-Type"]);
    }

    [Theory]
    [InlineData("zz\r\n")]
    [InlineData("2\r\n[]junk")]
    [InlineData("ffffffffffffffff\r\n[]")]
    public async Task A_body_that_does_not_come_as_announced_is_the_applications_to_answer(string body)
    {
        var key = await _server.AddKeyAsync();
        using var client = await RawConnection.OpenAsync(_server.Url);
        await client.SendAsync(
            $"POST /v1/ingest HTTP/1.1\r\nHost: a\r\napi-key: {key.Text}\r\nX-Request-Id: mine-1\r\n"
            + $"Transfer-Encoding: chunked\r\n\r\n{body}");
        var text = await client.ReadToEndAsync();
        Assert.StartsWith("HTTP/1.1 400 ", text);
        Assert.Contains("\r\nX-Request-Id: mine-1\r\n", text);
        Assert.Contains("\"code\":\"malformed_body\"", text);
        Assert.Single(text.Split("HTTP/1.1 ")[1..]);
        Assert.Equal(0, await _server.CountKeptAsync(key));
    }

    [Fact]
    public async Task What_came_before_on_the_connection_was_answered_as_ever()
    {
        using var client = await RawConnection.OpenAsync(_server.Url);
        await client.SendAsync("GET /health HTTP/1.1\r\nHost: a\r\n\r\nGARBAGE\r\n\r\n");
        var text = await client.ReadToEndAsync();
        Assert.StartsWith("HTTP/1.1 200 ", text);
        Assert.Contains("""{"status":"healthy","database":"connected"}""", text);
        AssertProper(
            RawAnswer.Parse(text[text.IndexOf("HTTP/1.1 400", StringComparison.Ordinal)..]), 400, "malformed_request");
    }

    // Two servers on the way that disagree where a request ends are how one slips past the first.
    [Theory]
    [InlineData("Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\n")]
    public async Task After_a_request_of_two_lengths_nothing_more_is_taken_from_the_connection(string framing)
    {
        using var client = await RawConnection.OpenAsync(_server.Url);
        await client.SendAsync(
            $"POST /v1/ingest HTTP/1.1\r\nHost: a\r\n{framing}GET /health HTTP/1.1\r\nHost: a\r\n\r\n");
        var text = await client.ReadToEndAsync();
        Assert.Single(text.Split("HTTP/1.1 ")[1..]);
        Assert.StartsWith("HTTP/1.1 401 ", text);
    }

    [Fact]
    public async Task It_is_logged_by_its_id_and_nothing_of_it_is()
    {
        var answer = await AskAsync("GET /private4711 HTTP/1.1\r\nX: canary4711\r\nHost: a\r\nHost: b\r\n\r\n");
        var id = answer.Headers["X-Request-Id"];
        await Eventually.TrueAsync(() => _server.Log.Of(1004).Any(line => line.Values["RequestId"] is { } found
            && found.Equals(id)));
        Assert.Equal(400, _server.Log.Of(1004).Single(line => id.Equals(line.Values["RequestId"])).Values["Status"]);
        Assert.DoesNotContain(_server.Log.Lines, line => line.Text.Contains("4711"));
    }

    async Task<RawAnswer> AskAsync(string request)
    {
        using var client = await RawConnection.OpenAsync(_server.Url);
        await client.SendAsync(request.Select(character => (byte)character).ToArray());
        // To its end: the connection is closed after it.
        return RawAnswer.Parse(await client.ReadToEndAsync());
    }

    static void AssertProper(RawAnswer answer, int status, string code, string? instance = null)
    {
        var problem = answer.ReadProblem(status, code);
        if (instance is not null) Assert.Equal(instance, problem.GetProperty("instance").GetString());
        Assert.Matches("^[a-f0-9]{32}$", answer.Headers["X-Request-Id"]);
        Assert.Equal("close", answer.Headers["Connection"]);
        Assert.Equal("nosniff", answer.Headers["X-Content-Type-Options"]);
        Assert.Equal("no-store", answer.Headers["Cache-Control"]);
        Assert.True(answer.Headers.ContainsKey("Date"));
        Assert.False(answer.Headers.ContainsKey("Server"));
        Assert.False(answer.Headers.ContainsKey("Strict-Transport-Security"));
    }
}
