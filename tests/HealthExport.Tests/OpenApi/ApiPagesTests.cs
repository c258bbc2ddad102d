using System.Net;
using System.Text.RegularExpressions;
using HealthExport.Tests.Server;

namespace HealthExport.Tests.OpenApi;

/// <summary>The pages at /docs need nothing that their policy or their network would not let them have.</summary>
public sealed partial class ApiPagesTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    [Theory]
    [InlineData("/docs")]
    [InlineData("/docs/")]
    public async Task The_pages_come_with_all_that_they_name_from_this_server_alone(string path)
    {
        // Led on to the page itself, as a browser is.
        using var page = await fixture.Server.GetAsync(null, path);
        Assert.Equal((HttpStatusCode.OK, "text/html"), (page.StatusCode, page.Content.Headers.ContentType!.MediaType));
        var html = await page.Content.ReadAsStringAsync();
        var policy = page.Headers.GetValues("Content-Security-Policy").Single();
        Assert.Contains("default-src 'none'; script-src 'self';", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        // What the policy would not let run or paint.
        Assert.DoesNotMatch("<script>|<style|style=|javascript:| on[a-z]+=", html);

        var named = Named().Matches(html).Select(match => match.Groups[1].Value).ToList();
        Assert.Equal(7, named.Count);
        foreach (var name in named)
        {
            Assert.DoesNotContain("//", name, StringComparison.Ordinal);
            using var asset = await fixture.Server.GetAsync(null, $"/docs/{name}");
            Assert.Equal(HttpStatusCode.OK, asset.StatusCode);
            Assert.EndsWith(
                Path.GetExtension(name) switch { ".css" => "/css", ".js" => "/javascript", _ => "/png" },
                asset.Content.Headers.ContentType!.MediaType, StringComparison.Ordinal);
            Assert.Equal(policy, asset.Headers.GetValues("Content-Security-Policy").Single());
            Assert.NotEmpty(await asset.Content.ReadAsByteArrayAsync());
        }
        using var script = await fixture.Server.GetAsync(null, "/docs/index.js");
        Assert.Contains(
            "\"url\":\"/openapi/v1.json\"", await script.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task There_is_nothing_else_at_docs()
    {
        using var response = await fixture.Server.GetAsync(null, "/docs/../appsettings.json");
        using var other = await fixture.Server.GetAsync(null, "/docs/nothing.js");
        Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.NotFound), (response.StatusCode, other.StatusCode));
    }

    [GeneratedRegex("""(?:src|href)="(?:\./)?([^"]+)["]""")]
    private static partial Regex Named();
}
