using System.Net;
using HealthExport.Tests.Support;
using static HealthExport.Tests.Server.MetricsPushes;

namespace HealthExport.Tests.Server;

/// <summary>What stays as it was is not sent, nor worked out, again; and what has changed always is.</summary>
public abstract class CachingTests(ServerFixture fixture)
{
    const string Samples = "/v1/metrics/step_count/samples";

    readonly RunningServer _server = fixture.Server;

    [Fact]
    public async Task An_answer_that_the_client_has_is_not_sent_again()
    {
        var key = await AddKeyWithStepsAsync();
        using var first = await _server.GetAsync(key, Samples);
        var etag = TagOf(first);
        Assert.Matches("^\"[A-Za-z0-9_-]{22}\"$", etag);
        Assert.Equal("no-cache, private", first.Headers.CacheControl?.ToString());
        Assert.Contains("Accept", first.Headers.Vary);

        foreach (var held in (string[])
            [etag, $"W/{etag}", $"\"else\", {etag}", $"W/\"else\",W/{etag}"])
            foreach (var method in (HttpMethod[])[HttpMethod.Get, HttpMethod.Head])
            {
                using var again = await AskAsync(key, Samples, held, method: method);
                Assert.Equal(HttpStatusCode.NotModified, again.StatusCode);
                Assert.Equal(etag, TagOf(again));
                Assert.Equal("no-cache, private", again.Headers.CacheControl?.ToString());
                Assert.Contains("Accept", again.Headers.Vary);
                Assert.Empty(await again.Content.ReadAsByteArrayAsync());
            }
        foreach (var held in (string[])["\"else\"", etag.Trim('"'), "W/", $"\"{etag.Trim('"')}x\""])
        {
            using var again = await AskAsync(key, Samples, held);
            Assert.Equal(HttpStatusCode.OK, again.StatusCode);
            Assert.Equal(etag, TagOf(again));
            Assert.Equal(
                await first.Content.ReadAsStringAsync(), await again.Content.ReadAsStringAsync());
        }
    }

    [Fact]
    public async Task Each_form_parameter_and_path_has_a_tag_of_its_own()
    {
        var key = await AddKeyWithStepsAsync();
        List<string> tags =
        [
            TagOf(await _server.GetAsync(key, Samples)), TagOf(await AskAsync(key, Samples, accept: "text/csv")),
            TagOf(await _server.GetAsync(key, $"{Samples}?limit=5")),
            TagOf(await _server.GetAsync(key, $"{Samples}?limit=5&order=asc")),
            TagOf(await _server.GetAsync(key, $"{Samples}?limit=5&order=desc")),
            TagOf(await _server.GetAsync(key, $"{Samples}?source=limit")), TagOf(await _server.GetAsync(key, $"/api{Samples}")),
        ];
        Assert.Distinct(tags);
        Assert.Equal(tags[3], TagOf(await _server.GetAsync(key, $"{Samples}?order=asc&limit=5")));
        Assert.Equal(tags[1], TagOf(await AskAsync(key, Samples, accept: "text/csv, application/json;q=0.5")));
        using var other = await AskAsync(key, Samples, tags[0], accept: "text/csv");
        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
        Assert.Equal("text/csv", other.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task What_is_refused_or_not_there_bears_no_tag_and_says_so_to_whoever_has_anything()
    {
        var key = await AddKeyWithStepsAsync();
        foreach (var (path, status) in ((string, HttpStatusCode)[])
            [($"{Samples}?limit=0", HttpStatusCode.BadRequest), ("/v1/metrics/nothing/samples", HttpStatusCode.NotFound)])
        {
            using var refused = await AskAsync(key, path, "*");
            Assert.Equal(status, refused.StatusCode);
            Assert.Null(refused.Headers.ETag);
            Assert.Equal("no-store", refused.Headers.CacheControl?.ToString());
        }
    }

    [Fact]
    public async Task Another_persons_tag_is_nothing()
    {
        var key = await AddKeyWithStepsAsync();
        var other = await AddKeyWithStepsAsync();
        var etag = TagOf(await _server.GetAsync(key, Samples));
        using var theirs = await AskAsync(other, Samples, etag);
        Assert.Equal(HttpStatusCode.OK, theirs.StatusCode);
        Assert.NotEqual(etag, TagOf(theirs));
        Assert.Equal(etag, TagOf(await _server.GetAsync(await _server.AddKeyAsync(key.User), Samples)));
    }

    async Task<TestKey> AddKeyWithStepsAsync()
    {
        var key = await _server.AddKeyAsync();
        await _server.PushMetricAsync(
            key, "step_count", "count", "Minutes",
            Point("2026-01-15 08:00:00 +0100", 10), Point("2026-01-15 08:01:00 +0100", 20));
        return key;
    }

    Task<HttpResponseMessage> AskAsync(
        TestKey key, string path, string? held = null, string? accept = null, HttpMethod? method = null) =>
        _server.SendAsync(
            method ?? HttpMethod.Get, path, key, null,
            [
                .. held is null ? ((string, string)[])[] : [("If-None-Match", held)],
                .. accept is null ? ((string, string)[])[] : [("Accept", accept)],
            ]);

    static string TagOf(HttpResponseMessage response)
    {
        Assert.NotNull(response.Headers.ETag);
        Assert.False(response.Headers.ETag.IsWeak);
        return response.Headers.ETag.Tag;
    }
}

public sealed class SqliteCachingTests(ServerFixture fixture) : CachingTests(fixture), IClassFixture<ServerFixture>;

public sealed class PostgresCachingTests(PostgresServerFixture fixture)
    : CachingTests(fixture), IClassFixture<PostgresServerFixture>;
