using System.Globalization;
using System.IO.Compression;
using System.Net;
using HealthExport.Tests.Support;
using static HealthExport.Tests.Server.MetricsPushes;

namespace HealthExport.Tests.Server;

/// <summary>What stays as it was is not sent, nor worked out, again; and what has changed always is.</summary>
public abstract partial class CachingTests(ServerFixture fixture)
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
            [etag, $"W/{etag}", $"\"else\", {etag}", $"W/\"else\",W/{etag}", "*"])
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
            TagOf(await _server.GetAsync(key, $"{Samples}?source=limit")),
            TagOf(await _server.GetAsync(key, $"/api{Samples}")),
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
            [
                ($"{Samples}?limit=0", HttpStatusCode.BadRequest),
                ("/v1/metrics/nothing/samples", HttpStatusCode.NotFound),
            ])
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

    [Theory]
    [InlineData("gzip", "gzip")]
    [InlineData("br", "br")]
    [InlineData("gzip, deflate, br", "br")]
    [InlineData("gzip, br;q=0.1", "gzip")]
    [InlineData("*", "br")]
    public async Task Is_compressed_as_the_client_takes_it_and_bears_the_tag_of_those_bytes(string takes, string coding)
    {
        var key = await AddKeyWithStepsAsync(points: 50);
        using var plain = await _server.GetAsync(key, Samples);
        var text = await plain.Content.ReadAsStringAsync();
        Assert.Empty(plain.Content.Headers.ContentEncoding);
        Assert.Contains("Accept-Encoding", plain.Headers.Vary);
        // From the cache, worked out anew, and streamed since it is too large to keep.
        foreach (var path in (string[])[Samples, $"{Samples}?order=asc"])
            for (var time = 0; time < 2; time++)
            {
                using var packed = await AskAsync(key, path, coding: takes);
                Assert.Equal([coding], packed.Content.Headers.ContentEncoding);
                Assert.Contains("Accept-Encoding", packed.Headers.Vary);
                Assert.EndsWith($"-{coding}\"", TagOf(packed));
                Assert.Equal(text, await UnpackAsync(packed));
                Assert.Equal(
                    packed.Content.Headers.ContentLength, (await packed.Content.ReadAsByteArrayAsync()).Length);

                using var head = await AskAsync(key, path, coding: takes, method: HttpMethod.Head);
                Assert.Equal(TagOf(packed), TagOf(head));
                Assert.Equal([coding], head.Content.Headers.ContentEncoding);
                Assert.Equal(packed.Content.Headers.ContentLength, head.Content.Headers.ContentLength);

                using var again = await AskAsync(key, path, TagOf(packed), coding: takes);
                Assert.Equal(HttpStatusCode.NotModified, again.StatusCode);
                Assert.Equal(TagOf(packed), TagOf(again));
                // It could not read what it has.
                using var unable = await AskAsync(key, path, TagOf(packed), coding: $"{coding};q=0, identity");
                Assert.Equal(HttpStatusCode.OK, unable.StatusCode);
                Assert.Empty(unable.Content.Headers.ContentEncoding);
                Assert.Equal(text, await unable.Content.ReadAsStringAsync());
            }
    }

    [Fact]
    public async Task What_fits_into_a_packet_is_not_compressed_and_says_its_length()
    {
        var key = await AddKeyWithStepsAsync();
        foreach (var path in (string[])[$"{Samples}?limit=1", "/v1/users/me", "/v1/nothing", $"{Samples}?limit=0"])
        {
            using var small = await AskAsync(key, path, coding: "gzip, br");
            Assert.Empty(small.Content.Headers.ContentEncoding);
            Assert.InRange(small.Content.Headers.ContentLength ?? 0, 1, 1_023);
            using var head = await AskAsync(key, path, coding: "gzip, br", method: HttpMethod.Head);
            Assert.Equal(small.Content.Headers.ContentLength, head.Content.Headers.ContentLength);
        }
    }

    [Fact]
    public async Task What_is_too_large_to_keep_is_streamed_as_before()
    {
        var key = await AddKeyWithStepsAsync(points: 12_000, source: new('x', 400));
        const string path = $"{Samples}?limit=10000";
        using var plain = await _server.GetAsync(key, path);
        var text = await plain.Content.ReadAsStringAsync();
        Assert.InRange(text.Length, 4 << 20, int.MaxValue);
        Assert.True(plain.Headers.TransferEncodingChunked);
        using var packed = await AskAsync(key, path, coding: "gzip");
        Assert.True(packed.Headers.TransferEncodingChunked);
        Assert.Equal(text, await UnpackAsync(packed));
        Assert.Equal(TagOf(plain).Insert(23, "-gzip"), TagOf(packed));
        foreach (var held in (string[])[TagOf(packed), "*"])
        {
            using var again = await AskAsync(key, path, held, coding: "gzip");
            Assert.Equal(HttpStatusCode.NotModified, again.StatusCode);
            Assert.Empty(await again.Content.ReadAsByteArrayAsync());
        }
    }

    [Fact]
    public async Task Fifty_who_ask_for_the_same_at_once_have_it_worked_out_once()
    {
        var key = await AddKeyWithStepsAsync(points: 500);
        using var outcomes = new CacheOutcomes(_server);
        var texts = await Task.WhenAll(Enumerable.Range(0, 50).Select(async i =>
        {
            using var response = await AskAsync(
                key, $"{Samples}?limit=400", coding: (i % 3) switch { 0 => null, 1 => "gzip", _ => "br" });
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            return await UnpackAsync(response);
        }));
        Assert.Single(texts.Distinct());
        Assert.Equal((1, 49), (outcomes["miss"], outcomes["hit"]));

        await _server.PushMetricAsync(key, "step_count", "count", "Minutes", Point("2026-02-15 08:00:00 +0100", 10));
        using var newer = await _server.GetAsync(key, $"{Samples}?limit=10000");
        Assert.Equal(501, (await newer.ReadJsonAsync()).GetProperty("items").GetArrayLength());
        Assert.Equal((2, 49), (outcomes["miss"], outcomes["hit"]));
    }

    [Fact]
    public async Task The_audit_trail_tells_of_rows_that_were_kept_and_of_none_where_none_were_sent()
    {
        var key = await AddKeyWithStepsAsync();
        using var first = await _server.GetAsync(key, Samples);
        using var kept = await _server.GetAsync(key, Samples);
        using var none = await AskAsync(key, Samples, TagOf(first));
        using var any = await AskAsync(key, Samples, "*");
        Assert.Equal(HttpStatusCode.NotModified, any.StatusCode);
        // One entry, or two where a minute begins in between.
        await Eventually.TrueAsync(async () =>
        {
            var entries = await _server.ReadAuditAsync(key, "&action=data.read");
            return entries.Sum(entry => entry.GetProperty("metadata").GetProperty("rows").GetInt64()) == 4
                && entries.Sum(entry => entry.GetProperty("metadata").GetProperty("count").GetInt64()) == 4;
        });
    }

    async Task<TestKey> AddKeyWithStepsAsync(int points = 2, string source = "iPhone")
    {
        var key = await _server.AddKeyAsync();
        var first = new DateTimeOffset(2026, 1, 15, 8, 0, 0, TimeSpan.FromHours(1));
        await _server.PushMetricAsync(
            key, "step_count", "count", "Minutes",
            Enumerable.Range(0, points).Select(i => Point(
                first.AddMinutes(i).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) + " +0100", 10 + i,
                source)));
        return key;
    }

    Task<HttpResponseMessage> AskAsync(
        TestKey key, string path, string? held = null, string? accept = null, HttpMethod? method = null,
        string? coding = null) =>
        _server.SendAsync(
            method ?? HttpMethod.Get, path, key, null,
            [
                .. held is null ? ((string, string)[])[] : [("If-None-Match", held)],
                .. accept is null ? ((string, string)[])[] : [("Accept", accept)],
                .. coding is null ? ((string, string)[])[] : [("Accept-Encoding", coding)],
            ]);

    static async Task<string> UnpackAsync(HttpResponseMessage response)
    {
        var body = await response.Content.ReadAsStreamAsync();
        await using var unpacked = response.Content.Headers.ContentEncoding.SingleOrDefault() switch
        {
            "gzip" => new GZipStream(body, CompressionMode.Decompress),
            "br" => new BrotliStream(body, CompressionMode.Decompress),
            _ => body,
        };
        using var reader = new StreamReader(unpacked);
        return await reader.ReadToEndAsync();
    }

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
