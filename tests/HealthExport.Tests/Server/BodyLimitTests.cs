using System.Net;
using System.Text;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Server;

public sealed class BodyLimitTests : IAsyncLifetime
{
    const int Limit = 1 << 20;

    RunningServer _server = null!;

    public async ValueTask InitializeAsync() =>
        _server = await RunningServer.StartAsync(settings => settings with
        {
            Ingest = settings.Ingest with { BodyLimitBytes = Limit },
        });

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData("none", "identity")]
    [InlineData("gzip", "gzip")]
    [InlineData("br", "br")]
    [InlineData("zlib", "deflate")]
    public async Task The_limit_is_the_last_size_that_is_taken_counted_decoded(string form, string coding)
    {
        var key = await _server.AddKeyAsync();
        using var taken = await _server.PushAsync(
            key, ReceiveTests.Compress(form, MakeBody(Limit)), headers: ("Content-Encoding", coding));
        Assert.Equal(HttpStatusCode.OK, taken.StatusCode);

        using var refused = await _server.PushAsync(
            key, ReceiveTests.Compress(form, MakeBody(Limit + 1)), headers: ("Content-Encoding", coding));
        var problem = await refused.ReadProblemAsync(413, "body_too_large");
        Assert.Contains("1048576", problem.GetProperty("detail").GetString());
        Assert.Equal(1, await _server.CountKeptAsync(key));
    }

    [Fact]
    public async Task A_body_of_unknown_length_is_counted_as_it_comes()
    {
        var key = await _server.AddKeyAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/ingest")
        {
            Content = new StreamContent(new MemoryStream(MakeBody(Limit + 1))),
        };
        request.Headers.TransferEncodingChunked = true;
        request.Headers.Add("X-API-Key", key.Text);
        using var response = await _server.Client.SendAsync(request);
        await response.ReadProblemAsync(413, "body_too_large");
        Assert.Equal(0, await _server.CountKeptAsync(key));
    }

    [Fact]
    public async Task A_client_that_listens_only_after_sending_everything_still_reads_413()
    {
        var key = await _server.AddKeyAsync();
        using var client = await RawConnection.OpenAsync(_server.Url);
        await client.SendHeadAsync(key, 64 * Limit);
        var piece = MakeBody(Limit);
        for (var i = 0; i < 64; i++) await client.SendAsync(piece);
        var answer = await client.ReadToEndAsync();
        Assert.StartsWith("HTTP/1.1 413 ", answer);
        Assert.Contains("\"code\":\"body_too_large\"", answer);
    }

    [Fact]
    public async Task A_refusal_comes_while_the_body_is_still_on_its_way()
    {
        var key = await _server.AddKeyAsync();
        using var client = await RawConnection.OpenAsync(_server.Url);
        await client.SendHeadAsync(key, 2 * Limit);
        Assert.StartsWith("HTTP/1.1 413 ", await client.ReadHeadAsync());
    }

    [Fact]
    public async Task A_small_refused_body_costs_no_connection()
    {
        var key = await _server.AddKeyAsync();
        using var client = await RawConnection.OpenAsync(_server.Url);
        await client.SendHeadAsync(key, 1);
        await client.SendAsync("x");
        await client.SendAsync("GET /health HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
        var answers = await client.ReadToEndAsync();
        Assert.StartsWith("HTTP/1.1 400 ", answers);
        Assert.Contains("HTTP/1.1 200 ", answers);
    }

    [Fact]
    public async Task A_body_that_stalls_is_broken_off_and_not_kept()
    {
        await using var server = await RunningServer.StartAsync(settings => settings with
        {
            Ingest = settings.Ingest with { Stall = TimeSpan.FromSeconds(1) },
        });
        var key = await server.AddKeyAsync();
        using var client = await RawConnection.OpenAsync(server.Url);
        await client.SendHeadAsync(key, 1000);
        await client.SendAsync("""{"data":""");
        Assert.Equal("", await client.ReadToEndAsync());
        Assert.Equal(0, await server.CountKeptAsync(key));
        using var response = await server.PushAsync(key, "{}");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_connection_that_breaks_before_the_bodys_end_keeps_nothing(bool chunked)
    {
        var key = await _server.AddKeyAsync();
        var client = await RawConnection.OpenAsync(_server.Url);
        if (chunked)
            await client.SendAsync(
                $"POST /v1/ingest HTTP/1.1\r\nHost: test\r\napi-key: {key.Text}\r\nTransfer-Encoding: chunked\r\n"
                + "\r\n2\r\n[]\r\n");
        else
        {
            await client.SendHeadAsync(key, 3);
            await client.SendAsync("[]");
        }
        client.Break();
        await Eventually.TrueAsync(() => _server.Log.Of(1001).Any(line => line.Values["Method"] is "POST"));
        Assert.Equal(0, await _server.CountKeptAsync(key));
    }

    [Fact]
    public async Task A_compressed_body_whose_connection_breaks_after_its_data_is_not_kept()
    {
        var key = await _server.AddKeyAsync();
        var packed = ReceiveTests.Compress("gzip", "{}"u8.ToArray());
        var client = await RawConnection.OpenAsync(_server.Url);
        await client.SendAsync(
            $"POST /v1/ingest HTTP/1.1\r\nHost: test\r\napi-key: {key.Text}\r\nContent-Encoding: gzip\r\n"
            + $"Content-Length: {packed.Length + 1}\r\n\r\n");
        await client.SendAsync(packed);
        client.Break();
        await Eventually.TrueAsync(() => _server.Log.Of(1001).Any(line => line.Values["Method"] is "POST"));
        Assert.Equal(0, await _server.CountKeptAsync(key));
    }

    static byte[] MakeBody(int length)
    {
        var body = Encoding.ASCII.GetBytes(new string(' ', length));
        "{\"data\":{}}"u8.CopyTo(body);
        return body;
    }
}
