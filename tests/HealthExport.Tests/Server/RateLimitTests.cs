using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using HealthExport.Audit;
using HealthExport.Keys;
using HealthExport.Limits;
using HealthExport.Server.Audit;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Server;

/// <summary>What a client meets of its key's limits, wherever they are counted.</summary>
public abstract class RateLimitTests(RateLimitFixture fixture)
{
    const int Clients = 64;
    const int Mebibyte = 1 << 20;

    static readonly string[] s_headers =
    [
        "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "X-RateLimit-Bytes-Limit",
        "X-RateLimit-Bytes-Remaining",
    ];

    readonly RunningServer _server = fixture.Server;

    [Theory]
    [InlineData(KeyScopes.All)]
    [InlineData(KeyScopes.None)]
    public async Task Every_answer_to_a_key_bears_the_limits_of_its_class_errors_included(KeyScopes scopes)
    {
        foreach (var endpoint in Endpoints.Of(_server).Where(endpoint => endpoint.AnyOf != KeyScopes.None))
        {
            // Without the scope, too: each key has another one, but where every one will do.
            var key = await _server.AddKeyAsync(
                await _server.AddUserAsync(),
                scopes == KeyScopes.All || endpoint.AnyOf == KeyScopes.All ? scopes | KeyScopes.Read
                    : endpoint.AnyOf.Include(KeyScopes.Ingest) ? KeyScopes.Admin : KeyScopes.Ingest,
                profile: LimitProfile.Phone);
            foreach (var query in (string[])["", "?no-such-parameter=1"])
            {
                using var response = await _server.SendAsync(new(endpoint.Method), endpoint.SamplePath + query, key);
                var limits = KeyLimits.Of(LimitProfile.Phone)
                    .Of(endpoint.LimitClass.StartsWith("ingest", StringComparison.Ordinal)
                        ? LimitClass.Ingest : LimitClass.Read);
                Assert.True(
                    limits.Requests == Number(response, "Limit") && limits.Bytes == Number(response, "Bytes-Limit"),
                    $"{endpoint} answered {response.StatusCode} with other limits.");
                var isFree = endpoint.LimitClass.EndsWith("free", StringComparison.Ordinal);
                Assert.Equal(
                    limits.Requests - (isFree ? 0 : query.Length == 0 ? 1 : 2), Number(response, "Remaining"));
                Assert.Equal(0, Number(response, "Reset"));
                Assert.Equal(limits.Bytes, Number(response, "Bytes-Remaining"));
            }
        }
    }

    [Fact]
    public async Task Who_bears_no_key_in_force_is_told_no_limits_and_uses_up_none()
    {
        var key = await AddKeyAsync();
        await _server.Get<IKeyStore>().RevokeAsync(key.Id, key.User.Id, Entries.KeyRevoked, default);
        foreach (var (path, sent, status) in ((string, TestKey?, int)[])
            [("/v1/metrics", null, 401), ("/v1/metrics", key, 401), ("/nowhere", key, 404), ("/health", key, 200)])
        {
            using var response = await _server.GetAsync(sent, path);
            Assert.Equal(status, (int)response.StatusCode);
            Assert.All(s_headers, name => Assert.False(response.Headers.Contains(name), name));
        }
        var usage = await _server.Get<IUsage>().TakeAsync(
            new(key.Id, LimitClass.Read), new(1, 1), Cost.Nothing);
        Assert.Equal(Cost.Nothing, usage.Used);
    }

    [Fact]
    public async Task Of_sixty_four_clients_at_once_exactly_as_many_requests_are_let_in_as_the_key_may_make()
    {
        var key = await AddKeyAsync();
        var answers = await AtOnceAsync(4, async _ =>
        {
            // Refused by its type: counted all the same.
            using var response = await _server.PushAsync(key, [0], "application/pdf");
            if (response.StatusCode != HttpStatusCode.TooManyRequests) return (int)response.StatusCode;
            var problem = await response.ReadProblemAsync(429, "rate_limited");
            var seconds = problem.GetProperty("retry_after").GetInt32();
            Assert.InRange(seconds, 1, 3_600);
            Assert.Equal(seconds, response.Headers.RetryAfter!.Delta!.Value.TotalSeconds);
            Assert.Equal(seconds, Number(response, "Reset"));
            Assert.Equal(0, Number(response, "Remaining"));
            return 429;
        });
        Assert.Equal(100, answers.Count(status => status == 415));
        Assert.Equal(156, answers.Count(status => status == 429));
        Assert.Equal(0, await _server.CountKeptAsync(key));

        using var read = await _server.GetAsync(key, "/v1/metrics");
        Assert.Equal(HttpStatusCode.OK, read.StatusCode);
        Assert.Equal(5_999, Number(read, "Remaining"));
    }

    [Theory]
    [InlineData(Sending.WithLength)]
    [InlineData(Sending.InChunks)]
    [InlineData(Sending.Packed)]
    public async Task Of_sixty_four_pushes_at_once_exactly_as_many_are_kept_as_fit_the_bytes(Sending sending)
    {
        var key = await AddKeyAsync();
        var answers = await AtOnceAsync(1, async client =>
        {
            using var response = await SendAsync(key, MakeBody(Mebibyte, client), sending);
            if (response.StatusCode == HttpStatusCode.TooManyRequests)
                await response.ReadProblemAsync(429, "rate_limited");
            return (int)response.StatusCode;
        });
        Assert.Equal(10, answers.Count(status => status == 200));
        Assert.Equal(54, answers.Count(status => status == 429));
        Assert.Equal(10, await _server.CountKeptAsync(key));
        var usage = await AskAsync(key);
        Assert.Equal(10 * Mebibyte, usage.GetProperty("bytes").GetProperty("used").GetInt64());
        Assert.Equal(0, usage.GetProperty("bytes").GetProperty("remaining").GetInt64());
        Assert.InRange(usage.GetProperty("bytes").GetProperty("reset").GetInt32(), 1, 3_600);
        // What its head gave away was not even let in.
        Assert.Equal(
            sending == Sending.WithLength ? 10 : 64, usage.GetProperty("requests").GetProperty("used").GetInt64());
    }

    [Theory]
    [InlineData(Sending.WithLength)]
    [InlineData(Sending.InChunks)]
    [InlineData(Sending.Packed)]
    public async Task A_body_over_what_is_left_is_429_and_a_smaller_one_still_goes(Sending sending)
    {
        var key = await AddKeyAsync();
        using var first = await SendAsync(key, MakeBody(6 * Mebibyte, 1), sending);
        Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        Assert.Equal(4 * Mebibyte, Number(first, "Bytes-Remaining"));

        using var refused = await SendAsync(key, MakeBody(4 * Mebibyte + 1, 2), sending);
        var problem = await refused.ReadProblemAsync(429, "rate_limited");
        Assert.InRange(problem.GetProperty("retry_after").GetInt32(), 1, 3_600);
        Assert.Contains("4194305 bytes fits in", problem.GetProperty("detail").GetString());
        Assert.Equal(4 * Mebibyte, Number(refused, "Bytes-Remaining"));
        Assert.Equal(0, Number(refused, "Reset"));

        using var last = await SendAsync(key, MakeBody(4 * Mebibyte, 3), sending);
        Assert.Equal(HttpStatusCode.OK, last.StatusCode);
        Assert.Equal(0, Number(last, "Bytes-Remaining"));
        Assert.Equal(2, await _server.CountKeptAsync(key));
    }

    [Theory]
    [InlineData(Sending.WithLength)]
    [InlineData(Sending.InChunks)]
    [InlineData(Sending.Packed)]
    public async Task A_body_over_all_that_the_key_may_send_is_413_for_no_wait_makes_it_fit(Sending sending)
    {
        var key = await AddKeyAsync();
        using var response = await SendAsync(key, MakeBody(10 * Mebibyte + 1, 1), sending);
        var problem = await response.ReadProblemAsync(413, "body_too_large");
        Assert.Contains("10485760 bytes", problem.GetProperty("detail").GetString());
        Assert.False(problem.TryGetProperty("retry_after", out _));
        Assert.Equal(0, await _server.CountKeptAsync(key));
        using var fits = await SendAsync(key, MakeBody(10 * Mebibyte, 1), sending);
        Assert.Equal(HttpStatusCode.OK, fits.StatusCode);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Bodies_of_unknown_length_take_their_bytes_as_they_come(bool isPacked)
    {
        var key = await AddKeyAsync();
        using var first = await OpenAsync(key, isPacked);
        // Beyond a whole part, what is too little to be one.
        var body = MakeNoise(2 * (4 * Mebibyte + (Mebibyte >> 2)));
        var sent = isPacked ? ReceiveTests.Compress("gzip", body) : body;
        await SendAsync(first, sent.AsMemory(0, sent.Length / 2));
        await Eventually.TrueAsync(async () => await UsedBytesAsync() >= 4 * Mebibyte);
        await SendAsync(first, sent.AsMemory(sent.Length / 2));
        await Eventually.TrueAsync(async () => await UsedBytesAsync() >= 8 * Mebibyte);

        using var second = await OpenAsync(key, isPacked);
        await SendAsync(second, sent);
        var answer = await second.ReadHeadAsync();
        Assert.StartsWith("HTTP/1.1 429 ", answer);
        Assert.Contains("Retry-After: ", answer);
        Assert.InRange(await UsedBytesAsync(), 8 * Mebibyte, body.Length);

        first.Break();
        await Eventually.TrueAsync(async () => await UsedBytesAsync() == 0);
        Assert.Equal(0, await _server.CountKeptAsync(key));

        async Task<long> UsedBytesAsync() =>
            (await AskAsync(key)).GetProperty("bytes").GetProperty("used").GetInt64();
    }

    async Task<RawConnection> OpenAsync(TestKey key, bool isPacked)
    {
        var client = await RawConnection.OpenAsync(_server.Url);
        await client.SendAsync(
            $"POST /v1/ingest HTTP/1.1\r\nHost: test\r\napi-key: {key.Text}\r\nTransfer-Encoding: chunked\r\n"
            + (isPacked ? "Content-Encoding: gzip\r\n\r\n" : "\r\n"));
        return client;
    }

    /// <summary>Sends one chunk of a body.</summary>
    static async Task SendAsync(RawConnection client, ReadOnlyMemory<byte> chunk)
    {
        await client.SendAsync($"{chunk.Length:x}\r\n");
        await client.SendAsync(chunk);
        await client.SendAsync("\r\n");
    }

    /// <summary>The beginning of a JSON text that cannot be packed much.</summary>
    static byte[] MakeNoise(int length)
    {
        var noise = Encoding.ASCII.GetBytes(new string('"', length));
        for (var i = 2; i < length; i++) noise[i] = (byte)Random.Shared.Next('a', 'z');
        noise[0] = (byte)'[';
        return noise;
    }

    [Fact]
    public async Task What_is_not_kept_costs_no_bytes()
    {
        var key = await AddKeyAsync();
        using var kept = await SendAsync(key, MakeBody(Mebibyte, 1), Sending.WithLength, ("Idempotency-Key", "a"));
        Assert.Equal(HttpStatusCode.OK, kept.StatusCode);
        var nonsense = MakeBody(8 * Mebibyte, 2);
        nonsense[0] = (byte)'x';
        foreach (var (body, type, headers, status) in ((byte[], string, (string, string)[], int)[])
        [
            (nonsense, "application/json", [], 400), (MakeBody(8 * Mebibyte, 3), "application/pdf", [], 415),
            (MakeBody(8 * Mebibyte, 4), "application/json", [("Idempotency-Key", "a")], 409),
            (MakeBody(8 * Mebibyte, 5), "application/json", [("Idempotency-Key", new('k', 300))], 422),
            (MakeBody(8 * Mebibyte, 6), "application/json", [("Content-Encoding", "gzip")], 400),
        ])
        {
            using var refused = await _server.PushAsync(key, body, type, headers: headers);
            Assert.Equal(status, (int)refused.StatusCode);
            Assert.Equal(9 * Mebibyte, Number(refused, "Bytes-Remaining"));
        }
        using (var broken = await RawConnection.OpenAsync(_server.Url))
        {
            await broken.SendHeadAsync(key, 8 * Mebibyte);
            await broken.SendAsync(MakeBody(Mebibyte, 6));
            await Eventually.TrueAsync(async () => await UsedBytesAsync() == 9 * Mebibyte);
            broken.Break();
        }
        await Eventually.TrueAsync(async () => await UsedBytesAsync() == Mebibyte);
        Assert.Equal(7, (await AskAsync(key)).GetProperty("requests").GetProperty("used").GetInt64());
        Assert.Equal(1, await _server.CountKeptAsync(key));

        async Task<long> UsedBytesAsync() =>
            (await AskAsync(key)).GetProperty("bytes").GetProperty("used").GetInt64();
    }

    [Fact]
    public async Task The_limits_can_be_asked_for_with_any_scope_at_no_cost_even_when_they_are_used_up()
    {
        foreach (var scopes in (KeyScopes[])[KeyScopes.Ingest, KeyScopes.Read, KeyScopes.Admin])
        {
            var key = await _server.AddKeyAsync(await _server.AddUserAsync(), scopes, profile: LimitProfile.Strict);
            var strict = KeyLimits.Of(LimitProfile.Strict);
            var usage = _server.Get<IUsage>();
            await usage.TakeAsync(new(key.Id, LimitClass.Ingest), strict.Ingest, new(30, 1_000));
            await usage.TakeAsync(new(key.Id, LimitClass.Read), strict.Read, new(6_000, 0));
            using var refused = await _server.GetAsync(key, "/v1/metrics");
            await refused.ReadProblemAsync(429, "rate_limited");
            for (var i = 0; i < 3; i++)
            {
                using var response = await _server.GetAsync(key, "/v1/auth/rate-limit");
                Assert.Equal(HttpStatusCode.OK, response.StatusCode);
                var answer = await response.ReadJsonAsync();
                var reset = Number(response, "Reset");
                Assert.InRange(reset, 1, 3_600);
                Assert.Equal("strict", answer.GetProperty("profile").GetString());
                Assert.Equal(
                    """{"requests":{"limit":100,"used":30,"remaining":70,"reset":0}"""
                    + ""","bytes":{"limit":10485760,"used":1000,"remaining":10484760,"reset":0}}""",
                    answer.GetProperty("ingest").GetRawText());
                Assert.Equal(
                    $$"""{"requests":{"limit":6000,"used":6000,"remaining":0,"reset":{{reset}}}"""
                    + ""","bytes":{"limit":10485760,"used":0,"remaining":10485760,"reset":0}}""",
                    answer.GetProperty("read").GetRawText());
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_body_of_any_request_counts_by_its_bytes(bool inChunks)
    {
        var key = await AddKeyAsync();
        const string json = """{"name":"a","scopes":["read"]}""";
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/auth/keys")
        {
            Content = new StringContent(json, Encoding.UTF8, "application/json"),
        };
        request.Headers.TransferEncodingChunked = inChunks;
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key.Text);
        using var response = await _server.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        Assert.Equal((10 << 20) - json.Length, Number(response, "Bytes-Remaining"));
    }

    [Fact]
    public async Task Numbers_of_a_keys_own_count_instead_of_its_profiles()
    {
        var key = await AddKeyAsync();
        Assert.True(await _server.Get<IKeyStore>().LimitAsync(
            key.Id, "phone", new() { IngestRequests = 2, ReadBytes = 77 }, Entries.KeyLimited, default));
        for (var i = 0; i < 2; i++)
        {
            using var taken = await _server.PushAsync(key, MakeBody(100, i));
            Assert.Equal(HttpStatusCode.OK, taken.StatusCode);
        }
        using var refused = await _server.PushAsync(key, MakeBody(100, 3));
        await refused.ReadProblemAsync(429, "rate_limited");
        Assert.Equal(2, Number(refused, "Limit"));
        Assert.Equal(1L << 30, Number(refused, "Bytes-Limit"));
        using var read = await _server.GetAsync(key, "/v1/metrics");
        Assert.Equal(6_000, Number(read, "Limit"));
        Assert.Equal(77, Number(read, "Bytes-Limit"));
    }

    [Fact]
    public async Task However_many_are_refused_the_audit_trail_has_one_line_of_it()
    {
        var key = await AddKeyAsync();
        await _server.Get<IUsage>().TakeAsync(
            new(key.Id, LimitClass.Ingest), KeyLimits.Of(LimitProfile.Strict).Ingest, new(100, 0));
        for (var i = 0; i < 25; i++)
        {
            using var refused = await _server.PushAsync(key, "{}");
            Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        }
        await _server.Get<AuditTrail>().FlushAsync(key.User.Id, default);
        var entries = await _server.Get<IAuditStore>().ListAsync(
            new(key.User.Id, AuditAction.LimitHit), null, 100, default);
        // Two, if a minute was over meanwhile.
        Assert.InRange(entries.Items.Count, 1, 2);
        Assert.Equal(25, entries.Items.Sum(entry =>
            JsonDocument.Parse(entry.Metadata!).RootElement.GetProperty("count").GetInt32()));
        Assert.All(entries.Items, entry => Assert.Equal((key.Id, "ingest requests"), (entry.KeyId, entry.Resource)));
    }

    public enum Sending
    {
        WithLength,
        InChunks,
        Packed,
    }

    async Task<TestKey> AddKeyAsync() =>
        await _server.AddKeyAsync(await _server.AddUserAsync(), profile: LimitProfile.Strict);

    async Task<HttpResponseMessage> SendAsync(
        TestKey key, byte[] body, Sending sending, params (string, string)[] headers)
    {
        if (sending != Sending.InChunks)
            return await _server.PushAsync(
                key, sending == Sending.Packed ? ReceiveTests.Compress("gzip", body) : body,
                headers: sending == Sending.Packed ? [("Content-Encoding", "gzip"), .. headers] : headers);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/ingest")
        {
            Content = new StreamContent(new MemoryStream(body)) { Headers = { ContentType = new("application/json") } },
        };
        request.Headers.TransferEncodingChunked = true;
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key.Text);
        return await _server.Client.SendAsync(request);
    }

    async Task<JsonElement> AskAsync(TestKey key)
    {
        using var response = await _server.GetAsync(key, "/v1/auth/rate-limit");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return (await response.ReadJsonAsync()).GetProperty("ingest");
    }

    static async Task<int[]> AtOnceAsync(int each, Func<int, Task<int>> request)
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, Clients).Select(client => Task.Run(async () =>
        {
            var own = new int[each];
            for (var i = 0; i < each; i++) own[i] = await request(client);
            return own;
        })));
        return [.. answers.SelectMany(own => own)];
    }

    internal static long Number(HttpResponseMessage response, string name) => long.Parse(
        response.Headers.GetValues($"X-RateLimit-{name}").Single(), NumberStyles.None, CultureInfo.InvariantCulture);

    /// <summary>An empty push that is told apart by a number, filled up with blanks.</summary>
    internal static byte[] MakeBody(int length, int number)
    {
        var body = new byte[length];
        Array.Fill(body, (byte)' ');
        Encoding.ASCII.GetBytes($$"""{"data":{"metrics":[]},"n":{{number}}}""").CopyTo(body, 0);
        return body;
    }
}
