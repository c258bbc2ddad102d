using System.Net;
using HealthExport.Server.Settings;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Server;

/// <summary>What a browser is told about scripts of other sites.</summary>
public sealed class CrossOriginTests
{
    const string Dash = "https://dash.example.org";
    const string Evil = "https://evil.example.org";

    [Fact]
    public async Task Unless_set_no_answer_lets_another_site_read()
    {
        await using var server = await StartAsync("");
        foreach (var origin in (string[])[Dash, "null", server.Url.GetLeftPart(UriPartial.Authority)])
        {
            using var preflight = await PreflightAsync(server, "/v1/metrics", origin);
            Assert.Equal(HttpStatusCode.NoContent, preflight.StatusCode);
            AssertClosed(preflight);
            using var answer = await AskAsync(server, origin, await server.AddKeyAsync());
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            AssertClosed(answer);
        }
    }

    [Fact]
    public async Task A_preflight_of_a_set_origin_is_answered_without_a_key()
    {
        await using var server = await StartAsync($"https://other.example.org:8443, {Dash}");
        foreach (var (path, method) in ((string, string)[])
            [("/v1/metrics", "GET"), ("/v1/ingest", "POST"), ("/api/v1/metrics", "GET"), ("/nothing", "DELETE")])
        {
            using var preflight = await PreflightAsync(server, path, Dash, method);
            Assert.Equal(HttpStatusCode.NoContent, preflight.StatusCode);
            Assert.Equal(Dash, Single(preflight, "Access-Control-Allow-Origin"));
            Assert.Contains(method, Single(preflight, "Access-Control-Allow-Methods"));
            Assert.Contains("authorization", Single(preflight, "Access-Control-Allow-Headers").ToLowerInvariant());
            Assert.Contains("x-api-key", Single(preflight, "Access-Control-Allow-Headers").ToLowerInvariant());
            Assert.Equal("3600", Single(preflight, "Access-Control-Max-Age"));
            Assert.Contains("Origin", preflight.Headers.Vary);
            AssertNoCredentials(preflight);
        }
    }

    [Fact]
    public async Task An_answer_to_a_set_origin_may_be_read_whatever_its_status()
    {
        await using var server = await StartAsync($"{Dash}, https://other.example.org");
        using var answer = await AskAsync(server, Dash, await server.AddKeyAsync());
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        using var refused = await AskAsync(server, Dash, key: null);
        await refused.ReadProblemAsync(401, "unauthenticated");
        foreach (var response in (HttpResponseMessage[])[answer, refused])
        {
            Assert.Equal(Dash, Single(response, "Access-Control-Allow-Origin"));
            Assert.Contains("X-Request-Id", string.Join(',', response.Headers.GetValues("Access-Control-Expose-Headers")));
            Assert.Contains("Origin", response.Headers.Vary);
            AssertNoCredentials(response);
        }
    }

    [Theory]
    [InlineData(Evil)]
    [InlineData("null")]
    [InlineData("http://dash.example.org")]
    [InlineData("https://dash.example.org:8443")]
    [InlineData("https://dash.example.org.evil.example.org")]
    [InlineData("https://evildash.example.org")]
    [InlineData("https://a.dash.example.org")]
    [InlineData("https://dash.example.org/")]
    [InlineData("*")]
    public async Task Another_origin_gets_nothing_to_read(string origin)
    {
        await using var server = await StartAsync(Dash);
        using var preflight = await PreflightAsync(server, "/v1/metrics", origin);
        AssertClosed(preflight);
        using var answer = await AskAsync(server, origin, await server.AddKeyAsync());
        AssertClosed(answer);
    }

    [Fact]
    public async Task Everybody_is_a_star_and_never_with_credentials()
    {
        await using var server = await StartAsync("*");
        using var preflight = await PreflightAsync(server, "/v1/ingest", Evil, "POST");
        using var answer = await AskAsync(server, Evil, await server.AddKeyAsync());
        foreach (var response in (HttpResponseMessage[])[preflight, answer])
        {
            Assert.Equal("*", Single(response, "Access-Control-Allow-Origin"));
            AssertNoCredentials(response);
        }
    }

    [Fact]
    public async Task A_method_or_header_that_no_client_needs_is_not_allowed()
    {
        await using var server = await StartAsync(Dash);
        using var preflight = await PreflightAsync(server, "/v1/metrics", Dash, "TRACE", "x-forwarded-for");
        Assert.DoesNotContain("TRACE", Single(preflight, "Access-Control-Allow-Methods"));
        Assert.DoesNotContain("forwarded", Single(preflight, "Access-Control-Allow-Headers").ToLowerInvariant());
    }

    [Fact]
    public async Task A_preflight_bears_what_every_answer_bears()
    {
        await using var server = await StartAsync(Dash);
        using var preflight = await PreflightAsync(server, "/v1/metrics", Dash);
        Assert.True(preflight.Headers.Contains("X-Request-Id"));
        Assert.Equal("nosniff", Single(preflight, "X-Content-Type-Options"));
    }

    static Task<RunningServer> StartAsync(string origins) => RunningServer.StartAsync(settings => settings with
    {
        Http = HttpSettings.From(SettingSources.Load(
            null, "/no/such/.env", new Dictionary<string, string?> { [SettingList.CorsOrigins.Name] = origins })),
    });

    static Task<HttpResponseMessage> PreflightAsync(
        RunningServer server, string path, string origin, string method = "GET",
        string headers = "authorization,content-type") =>
        server.SendAsync(
            HttpMethod.Options, path, null, null, ("Origin", origin), ("Access-Control-Request-Method", method),
            ("Access-Control-Request-Headers", headers));

    static Task<HttpResponseMessage> AskAsync(RunningServer server, string origin, TestKey? key) =>
        server.SendAsync(HttpMethod.Get, "/v1/metrics", key, null, ("Origin", origin));

    static void AssertClosed(HttpResponseMessage response)
    {
        Assert.DoesNotContain(
            response.Headers, header => header.Key is "Access-Control-Allow-Origin" or "Access-Control-Expose-Headers");
        AssertNoCredentials(response);
    }

    static void AssertNoCredentials(HttpResponseMessage response) =>
        Assert.False(response.Headers.Contains("Access-Control-Allow-Credentials"));

    static string Single(HttpResponseMessage response, string name) => response.Headers.GetValues(name).Single();
}
