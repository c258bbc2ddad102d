using System.IO.Compression;
using System.Net;
using System.Text;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Server;

public sealed class ReceiveTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    const string Push = """{"data":{"metrics":[],"workouts":[]}}""";

    readonly RunningServer _server = fixture.Server;

    [Theory]
    [InlineData("application/json")]
    [InlineData("application/json; charset=utf-8")]
    [InlineData("application/json; charset=\"UTF-8\"")]
    [InlineData("APPLICATION/JSON")]
    [InlineData("text/json")]
    [InlineData("text/plain")]
    [InlineData("application/vnd.health+json")]
    [InlineData(null)]
    public async Task A_body_that_may_be_JSON_is_taken(string? contentType)
    {
        var key = await _server.AddKeyAsync();
        using var response = await _server.PushAsync(key, Encoding.UTF8.GetBytes(Push), contentType);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData("multipart/form-data")]
    [InlineData("multipart/mixed; boundary=x")]
    [InlineData("text/csv; charset=iso-8859-1")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("application/octet-stream")]
    [InlineData("image/png")]
    [InlineData("application/json; charset=utf-16")]
    [InlineData("nonsense")]
    public async Task Another_content_type_is_415_with_a_hint_and_nothing_is_kept(string contentType)
    {
        var key = await _server.AddKeyAsync();
        using var response = await _server.PushAsync(key, Encoding.UTF8.GetBytes(Push), contentType);
        var problem = await response.ReadProblemAsync(415, "unsupported_media_type");
        Assert.NotEmpty(problem.GetProperty("hint").GetString()!);
        Assert.Equal(0, await _server.CountKeptAsync(key));
    }

    [Theory]
    [InlineData("gzip", "gzip")]
    [InlineData("GZIP", "gzip")]
    [InlineData("x-gzip", "gzip")]
    [InlineData("br", "br")]
    [InlineData("deflate", "zlib")]
    [InlineData("deflate", "deflate")]
    [InlineData("identity", "none")]
    public async Task A_compressed_body_is_kept_decoded_byte_by_byte(string coding, string form)
    {
        var key = await _server.AddKeyAsync();
        var body = Encoding.UTF8.GetBytes($$$"""{"data":{"metrics":[],"note":"{{{new string('x', 300_000)}}}"}}""");
        using var response = await _server.PushAsync(
            key, Compress(form, body), headers: ("Content-Encoding", coding));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var id = (await response.ReadJsonAsync()).IngestionId();

        using var payload = await _server.GetAsync(key, $"/v1/ingestions/{id}/payload");
        Assert.Equal(body, await payload.Content.ReadAsByteArrayAsync());
        Assert.Equal("application/json", payload.Content.Headers.ContentType!.ToString());
        Assert.Equal(body.Length, payload.Content.Headers.ContentLength);
    }

    [Theory]
    [InlineData("gzip, br")]
    [InlineData("zstd")]
    [InlineData("compress")]
    public async Task An_unknown_coding_and_a_chain_of_them_are_415(string coding)
    {
        var key = await _server.AddKeyAsync();
        using var response = await _server.PushAsync(key, Push, ("Content-Encoding", coding));
        await response.ReadProblemAsync(415, "unsupported_media_type");
    }

    [Theory]
    [InlineData("gzip", "gzip")]
    [InlineData("br", "br")]
    [InlineData("deflate", "zlib")]
    [InlineData("deflate", "deflate")]
    public async Task A_compressed_body_cut_short_anywhere_is_400_and_nothing_is_kept(string coding, string form)
    {
        var key = await _server.AddKeyAsync();
        var whole = Compress(form, Encoding.UTF8.GetBytes(Push));
        for (var length = 0; length < whole.Length; length++)
        {
            using var response = await _server.PushAsync(key, whole[..length], headers: ("Content-Encoding", coding));
            await response.ReadProblemAsync(400, "malformed_body");
        }
        Assert.Equal(0, await _server.CountKeptAsync(key));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("deflate")]
    public async Task A_body_that_is_not_what_its_coding_says_is_400(string coding)
    {
        var key = await _server.AddKeyAsync();
        using var response = await _server.PushAsync(key, Push, ("Content-Encoding", coding));
        await response.ReadProblemAsync(400, "malformed_body");
        Assert.Equal(0, await _server.CountKeptAsync(key));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" \r\n\t ")]
    [InlineData("\uFEFF")]
    [InlineData("\"text\"")]
    [InlineData("12")]
    [InlineData("null")]
    [InlineData("NaN")]
    [InlineData("<html>")]
    [InlineData("a,b\n1,2")]
    [InlineData("\0{}")]
    public async Task What_begins_neither_as_an_object_nor_as_an_array_is_400_and_not_kept(string body)
    {
        var key = await _server.AddKeyAsync();
        using var response = await _server.PushAsync(key, body);
        await response.ReadProblemAsync(400, "malformed_body");
        Assert.Equal(0, await _server.CountKeptAsync(key));
    }

    [Theory]
    [InlineData("\uFEFF" + Push)]
    [InlineData("\uFEFF \r\n\t" + Push)]
    [InlineData(" \r\n\t" + Push)]
    [InlineData("[]")]
    [InlineData("{}")]
    public async Task A_byte_order_mark_and_blanks_are_skipped(string body)
    {
        var key = await _server.AddKeyAsync();
        using var response = await _server.PushAsync(key, body);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData("/v1/ingest")]
    [InlineData("/api/v1/ingest")]
    [InlineData("/api/data")]
    [InlineData("/v1/ingest?target=phone&anything=goes")]
    public async Task Every_path_of_a_push_takes_it_whatever_its_query(string path)
    {
        var key = await _server.AddKeyAsync();
        using var response = await _server.PushAsync(key, Encoding.UTF8.GetBytes(Push), path: path);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    internal static byte[] Compress(string form, byte[] body)
    {
        if (form == "none") return body;
        var packed = new MemoryStream();
        using (Stream packing = form switch
        {
            "gzip" => new GZipStream(packed, CompressionLevel.Fastest),
            "br" => new BrotliStream(packed, CompressionLevel.Fastest),
            "zlib" => new ZLibStream(packed, CompressionLevel.Fastest),
            _ => new DeflateStream(packed, CompressionLevel.Fastest),
        })
            packing.Write(body);
        return packed.ToArray();
    }
}
