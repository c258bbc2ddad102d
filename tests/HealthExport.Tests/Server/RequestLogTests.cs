using HealthExport.Tests.Support;
using Microsoft.Extensions.Logging;

namespace HealthExport.Tests.Server;

public sealed class RequestLogTests : IAsyncLifetime
{
    RunningServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await RunningServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task A_request_is_one_line_with_its_route_and_nothing_of_its_path_query_body_or_key()
    {
        var key = await _server.AddKeyAsync();
        using var response = await _server.PushAsync(
            key, """{"data":{"metrics":[],"private":"4711"}}"""u8.ToArray(), path: "/v1/ingest?target=4711",
            headers: [("automation-name", "4711"), ("X-Request-Id", "call-1")]);
        using var unknown = await _server.GetAsync(key, "/v1/4711");
        await Eventually.TrueAsync(() => _server.Log.Of(1001).Count() == 2);

        var line = _server.Log.Of(1001).First();
        Assert.Equal(LogLevel.Information, line.Level);
        Assert.Equal("POST", line.Values["Method"]);
        Assert.Equal("/v1/ingest", line.Values["Route"]);
        Assert.Equal(200, line.Values["Status"]);
        Assert.True((double)line.Values["ElapsedMs"]! > 0);
        Assert.Equal("call-1", line.Values["RequestId"]);
        Assert.Equal(key.Id, line.Values["KeyId"]);
        Assert.Equal("-", _server.Log.Of(1001).Last().Values["Route"]);
        Assert.DoesNotContain(_server.Log.Lines, logged => logged.Text.Contains("4711"));
        Assert.DoesNotContain(_server.Log.Lines, logged => logged.Text.Contains(key.Text));
    }

    [Theory]
    [InlineData("0b3c.A_-9", true)]
    [InlineData("has space", false)]
    [InlineData("\"quoted\"", false)]
    [InlineData("12345678901234567890123456789012345678901234567890123456789012345", false)]
    public async Task A_sane_request_id_comes_back_and_another_is_replaced(string sent, bool isSane)
    {
        using var response = await _server.SendAsync(HttpMethod.Get, "/health", null, null, ("X-Request-Id", sent));
        var id = response.Headers.GetValues("X-Request-Id").Single();
        Assert.Equal(isSane, id == sent);
        Assert.Matches("^[A-Za-z0-9._-]{1,64}$", id);
    }

    [Fact]
    public async Task A_method_nobody_knows_is_not_repeated_in_the_log()
    {
        using var response = await _server.SendAsync(new("SECRET4711"), "/v1/ingest", null);
        await response.ReadProblemAsync(405, "method_not_allowed");
        await Eventually.TrueAsync(() => _server.Log.Of(1001).Any(line => line.Values["Method"] is "OTHER"));
    }

    [Fact]
    public async Task The_framework_adds_no_lines_of_its_own()
    {
        using var response = await _server.GetAsync(null, "/health");
        await Eventually.TrueAsync(() => _server.Log.Of(1001).Any());
        Assert.All(_server.Log.Lines, line => Assert.StartsWith("HealthExport.", line.Category));
    }
}
