using System.Net;
using HealthExport.Server.Settings;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Server;

/// <summary>Who a request is taken to come from. The tests' own address is the proxy's.</summary>
public sealed class TrustedProxiesTests
{
    [Theory]
    [InlineData("203.0.113.9")]
    [InlineData("127.0.0.2, 203.0.113.9")]
    [InlineData("::1")]
    public async Task Without_a_trusted_proxy_what_the_headers_say_counts_for_nothing(string forwarded)
    {
        await using var server = await StartAsync("");
        Assert.Equal($"127.0.0.1 http {server.Url.Authority}", await AskAsync(server, forwarded));
    }

    [Fact]
    public async Task A_proxy_that_is_not_on_the_list_is_not_believed_loopback_neither()
    {
        await using var server = await StartAsync("10.0.0.0/8, 192.0.2.1, ::1");
        Assert.Equal($"127.0.0.1 http {server.Url.Authority}", await AskAsync(server, "203.0.113.9"));
    }

    [Theory]
    // One hop: what the proxy wrote last. What the client had written before it counts for nothing.
    [InlineData("127.0.0.1", "203.0.113.9", "203.0.113.9")]
    [InlineData("127.0.0.1", "1.2.3.4, 203.0.113.9", "203.0.113.9")]
    [InlineData("127.0.0.1", "127.0.0.1, 203.0.113.9", "203.0.113.9")]
    [InlineData("127.0.0.0/8", "1.2.3.4,203.0.113.9", "203.0.113.9")]
    [InlineData("127.0.0.1", "203.0.113.9:51234", "203.0.113.9")]
    // A chain: back to the first hop that nobody trusts, and no further.
    [InlineData("127.0.0.1, 10.0.0.0/8", "203.0.113.9, 10.1.2.3, 10.4.5.6", "203.0.113.9")]
    [InlineData("127.0.0.1, 10.0.0.0/8", "1.2.3.4, 203.0.113.9, 10.4.5.6", "203.0.113.9")]
    [InlineData("127.0.0.1, 10.0.0.0/8", "10.9.9.9, 10.1.2.3, 10.4.5.6", "10.9.9.9")]
    [InlineData("127.0.0.1", "203.0.113.9, 10.4.5.6", "10.4.5.6")]
    // IPv6, with brackets and port too, and IPv4 in its clothes.
    [InlineData("127.0.0.1", "2001:db8::9", "2001:db8::9")]
    [InlineData("127.0.0.1", "[2001:db8::9]:51234", "2001:db8::9")]
    [InlineData("127.0.0.1, fd00::/8", "2001:db8::9, fd00::17", "2001:db8::9")]
    [InlineData("127.0.0.1", "::ffff:203.0.113.9", "203.0.113.9")]
    [InlineData("127.0.0.1, 10.0.0.0/8", "203.0.113.9, ::ffff:10.1.2.3", "203.0.113.9")]
    [InlineData("::ffff:127.0.0.1", "203.0.113.9", "203.0.113.9")]
    // Nothing that can be read: as far as it could be, at worst the proxy itself.
    [InlineData("127.0.0.1", "unknown", "127.0.0.1")]
    [InlineData("127.0.0.1", "_hidden", "127.0.0.1")]
    [InlineData("127.0.0.1", "", "127.0.0.1")]
    [InlineData("127.0.0.1", " , ,, ", "127.0.0.1")]
    [InlineData("127.0.0.1", "203.0.113.9'; drop table users", "127.0.0.1")]
    [InlineData("127.0.0.1", "999.1.1.1", "127.0.0.1")]
    [InlineData("127.0.0.1, 10.0.0.0/8", "unknown, 10.1.2.3", "10.1.2.3")]
    [InlineData("127.0.0.1, 10.0.0.0/8", "203.0.113.9, unknown, 10.1.2.3", "10.1.2.3")]
    public async Task A_trusted_chain_is_followed_from_its_end(string trusted, string forwarded, string expected)
    {
        await using var server = await StartAsync(trusted);
        Assert.StartsWith($"{expected} http ", await AskAsync(server, forwarded));
    }

    [Fact]
    public async Task Several_lines_of_the_header_are_one_chain()
    {
        await using var server = await StartAsync("127.0.0.1, 10.0.0.0/8");
        using var client = await RawConnection.OpenAsync(server.Url);
        await client.SendAsync(
            "GET /health HTTP/1.1\r\nHost: test\r\nX-Forwarded-For: 1.2.3.4\r\nX-Forwarded-For: 203.0.113.9\r\n"
            + "x-forwarded-for: 10.1.2.3\r\nConnection: close\r\n\r\n");
        Assert.Contains($"{SeenClients.Header}: 203.0.113.9 http test\r\n", await client.ReadToEndAsync());
    }

    [Fact]
    public async Task A_long_chain_is_read_to_its_end_and_harms_nobody()
    {
        await using var server = await StartAsync("127.0.0.1, 10.0.0.0/8");
        var chain = string.Join(',', Enumerable.Repeat("10.0.0.1", 3_000));
        Assert.StartsWith("203.0.113.9 ", await AskAsync(server, $"203.0.113.9,{chain}"));
    }

    [Fact]
    public async Task Scheme_and_host_are_believed_from_a_trusted_proxy_only()
    {
        (string, string)[] headers =
        [
            ("X-Forwarded-For", "203.0.113.9"), ("X-Forwarded-Proto", "https"),
            ("X-Forwarded-Host", "health.example.org"),
        ];
        await using var trusting = await StartAsync("127.0.0.1");
        using var believed = await trusting.SendAsync(HttpMethod.Get, "/health", null, null, headers);
        Assert.Equal("203.0.113.9 https health.example.org", believed.SeenClient());

        await using var other = await StartAsync("10.0.0.1");
        using var ignored = await other.SendAsync(HttpMethod.Get, "/health", null, null, headers);
        Assert.Equal($"127.0.0.1 http {other.Url.Authority}", ignored.SeenClient());
    }

    [Theory]
    [InlineData("X-Forwarded-Proto", "java script:")]
    [InlineData("X-Forwarded-Host", "a b")]
    [InlineData("X-Forwarded-Host", "a/b?c")]
    public async Task A_scheme_or_host_that_is_none_is_left_alone(string name, string value)
    {
        await using var server = await StartAsync("127.0.0.1");
        using var response = await server.SendAsync(HttpMethod.Get, "/health", null, null, (name, value));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal($"127.0.0.1 http {server.Url.Authority}", response.SeenClient());
    }

    [Fact]
    public async Task The_standard_header_of_another_form_is_not_read()
    {
        await using var server = await StartAsync("127.0.0.1");
        using var response = await server.SendAsync(
            HttpMethod.Get, "/health", null, null, ("Forwarded", "for=203.0.113.9;proto=https"),
            ("X-Real-IP", "203.0.113.9"), ("X-Original-For", "203.0.113.9"));
        Assert.Equal($"127.0.0.1 http {server.Url.Authority}", response.SeenClient());
    }

    [Theory]
    [InlineData("http://[::1]:0", "::1", "[::1]")]
    [InlineData("http://[::]:0", "127.0.0.1", "127.0.0.1")]
    public async Task A_proxy_is_known_by_its_address_over_either_family(string url, string trusted, string host)
    {
        await using var server = await StartAsync(trusted, url);
        using var client = new HttpClient { BaseAddress = new($"http://{host}:{server.Url.Port}") };
        using var plain = await client.GetAsync("/health");
        Assert.StartsWith($"{trusted} ", plain.SeenClient());
        client.DefaultRequestHeaders.Add("X-Forwarded-For", "203.0.113.9");
        using var forwarded = await client.GetAsync("/health");
        Assert.StartsWith("203.0.113.9 ", forwarded.SeenClient());
    }

    static Task<RunningServer> StartAsync(string trusted, string url = "http://127.0.0.1:0") =>
        RunningServer.StartAsync(
            settings => settings with
            {
                Urls = [url],
                Http = HttpSettings.From(SettingSources.Load(
                    null, "/no/such/.env",
                    new Dictionary<string, string?> { [SettingList.TrustedProxies.Name] = trusted })),
            },
            SeenClients.AddSeenClients);

    static async Task<string> AskAsync(RunningServer server, string forwarded)
    {
        using var response = await server.SendAsync(
            HttpMethod.Get, "/health", null, null, ("X-Forwarded-For", forwarded));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return response.SeenClient();
    }
}
