using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Text;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.EndToEnd;

/// <summary>
/// What no phone should send. After each, the server still serves, and what somebody was answered before is still
/// there.
/// </summary>
public abstract class BadInputTests(Household household) : IAsyncLifetime
{
    const string Good = """{"name":"step_count","units":"count","data":[{"qty":7,"date":"2025-05-05 08:01:00 +0200"}]}""";

    readonly StoreModel _answered = new();
    Person _bystander = null!;
    Person _sender = null!;

    public async ValueTask InitializeAsync()
    {
        _bystander = await household.AddPersonAsync();
        _sender = await household.AddPersonAsync();
        var push = RandomPushes.Create(3);
        var expected = _answered.Apply(push, DateTimeOffset.UnixEpoch);
        (await _bystander.Phone.PushAsync(push)).AssertIs(expected);
    }

    /// <summary>Whatever was done, the bystander's rows are all there, and the sender can push again.</summary>
    public async ValueTask DisposeAsync()
    {
        RowAssert.Equal(_answered.Rows, await _bystander.Phone.ReadAllRowsAsync());
        var push = RandomPushes.Create(4);
        Assert.Equal(HttpStatusCode.OK, (await _bystander.Phone.PushAsync(push)).Code);
        using var health = await _sender.Phone.Http.GetAsync("/health");
        Assert.Equal(HttpStatusCode.OK, health.StatusCode);
    }

    [Theory]
    [InlineData("")]
    [InlineData("   \n ")]
    [InlineData("hello")]
    [InlineData("null")]
    [InlineData("17")]
    [InlineData("\"{}\"")]
    [InlineData("<xml/>")]
    [InlineData("\0{}")]
    public async Task What_is_not_JSON_is_refused_and_leaves_nothing(string body)
    {
        var answer = await _sender.Phone.PushAsync(Encoding.UTF8.GetBytes(body));

        Assert.Equal(HttpStatusCode.BadRequest, answer.Code);
        Assert.Equal("application/problem+json", answer.ContentType);
        Assert.Equal("malformed_body", answer.Text("code"));
        Assert.Empty(await _sender.Phone.ListAsync("/v1/ingestions", 10));
    }

    [Theory]
    [InlineData("application/xml")]
    [InlineData("application/octet-stream")]
    [InlineData("application/zip")]
    [InlineData("image/png")]
    [InlineData("text/csv; charset=utf-16")]
    [InlineData("application/json; charset=utf-16")]
    public async Task A_wrong_content_type_is_refused_and_leaves_nothing(string contentType)
    {
        var answer = await _sender.Phone.PushAsync(RandomPushes.Create(1).Body, contentType);

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, answer.Code);
        Assert.Equal("unsupported_media_type", answer.Text("code"));
        Assert.Empty(await _sender.Phone.ListAsync("/v1/ingestions", 10));
    }

    [Theory]
    [InlineData("""{"name":"heart_rate","units":"count/min","data":[{"qty":NaN,"date":"2025-05-05 08:01:00 +0200"}]}""")]
    [InlineData("""{"name":"heart_rate","units":"count/min","data":[{"qty":Infinity}]}""")]
    [InlineData("""{"name":"heart_rate","units":"count/min","data":[{"qty":07}]}""")]
    [InlineData("""{"name":"heart_rate","units":"count/min","data":[{"qty":1,,}]}""")]
    [InlineData("""{"name":"heart_rate","units":"count/min","data":[{'qty':1}]}""")]
    [InlineData("{\"name\":\"heart_rate\",\"units\":\"a\0b\",\"data\":[]}")]
    [InlineData("""{"name":"heart_rate\x","units":"","data":[]}""")]
    public async Task What_was_complete_before_a_syntax_error_is_stored(string broken)
    {
        var body = $$$"""{"data":{"metrics":[{{{Good}}},{{{broken}}}]}}""";

        var answer = await _sender.Phone.PushAsync(Encoding.UTF8.GetBytes(body));

        Assert.Equal(HttpStatusCode.OK, answer.Code);
        Assert.Equal("partial", answer.Text("status"));
        Assert.InRange(
            answer.Body.GetProperty("truncated").GetProperty("at_byte").GetInt64(),
            body.IndexOf(broken, StringComparison.Ordinal),
            body.Length);
        Assert.Equal(1, answer.Count("inserted"));
        Assert.Equal([7], (await _sender.Phone.ReadRowsAsync("step_count")).Select(row => row.Row.Value));
    }

    [Fact]
    public async Task Deep_nesting_ends_the_reading_and_nothing_before_it_is_lost()
    {
        var body = $$$"""{"data":{"metrics":[{{{Good}}}],"workouts":{{{new string('[', 200)}}}{{{new string(']', 200)}}}}}""";

        var answer = await _sender.Phone.PushAsync(Encoding.UTF8.GetBytes(body));

        Assert.Equal("partial", answer.Text("status"));
        Assert.Equal(1, answer.Count("inserted"));
    }

    [Fact]
    public async Task A_push_cut_short_anywhere_gives_what_was_complete_and_the_whole_one_the_rest()
    {
        for (var seed = 0; seed < SlowTests.Count(30, wide: 500); seed++)
        {
            var sender = await household.AddPersonAsync();
            var push = RandomPushes.Create(seed);
            var cut = new Random(seed).Next(1, push.Body.Length);
            var model = new StoreModel();
            model.Apply(push, DateTimeOffset.UnixEpoch);

            var answer = await sender.Phone.PushAsync(push.Body[..cut]);

            Assert.Equal(HttpStatusCode.OK, answer.Code);
            Assert.Equal("partial", answer.Text("status"));
            Assert.InRange(answer.Body.GetProperty("truncated").GetProperty("at_byte").GetInt64(), 1, cut);
            answer.AssertAddsUp();
            Assert.InRange(answer.Count("received"), 0, push.Arrays.Sum(array => array.Items.Count));

            var whole = await sender.Phone.PushAsync(push);
            whole.AssertAddsUp();
            RowAssert.Equal(model.Rows, await sender.Phone.ReadAllRowsAsync());
        }
    }

    [Theory]
    [InlineData("a\\u0000b", "a\uFFFDb")]
    [InlineData("lone \\ud83d high", "lone \uFFFD high")]
    [InlineData("lone \\ude00 low", "lone \uFFFD low")]
    [InlineData("pair \\ud83d\\ude00", "pair 😀")]
    [InlineData("'); drop table samples; --", "'); drop table samples; --")]
    public async Task A_hostile_source_is_a_text_like_any_other(string written, string stored)
    {
        var body = $$$"""
            {"data":{"metrics":[{"name":"resting_heart_rate","units":"bpm","data":[
            {"qty":51,"date":"2025-05-05 08:01:00 +0200","source":"{{{written}}}"}]}]}}
            """;

        var answer = await _sender.Phone.PushAsync(Encoding.UTF8.GetBytes(body));

        Assert.Equal(1, answer.Count("inserted"));
        Assert.Equal(stored, Assert.Single(await _sender.Phone.ReadRowsAsync("resting_heart_rate")).Row.Source);
    }

    [Fact]
    public async Task Sources_and_names_of_thousands_of_characters_come_back_whole()
    {
        var source =
            string.Concat(Enumerable.Range(0, 1_000).Select(i => i.ToString("x5", CultureInfo.InvariantCulture)));
        var push = new PushBuilder(new Random(1), plain: true)
            .With(KnownMetric.RestingHeartRate, source, (new(2025, 5, 5, 8, 0, 0, TimeSpan.Zero), 50)).Build();

        await _sender.Phone.PushAsync(push);

        Assert.Equal(source, Assert.Single(await _sender.Phone.ReadRowsAsync("resting_heart_rate")).Row.Source);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("deflate")]
    public async Task A_compressed_body_that_is_cut_short_or_no_such_thing_is_refused(string coding)
    {
        var packed = new MemoryStream();
        await using (Stream packing = coding switch
        {
            "gzip" => new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true),
            "br" => new BrotliStream(packed, CompressionLevel.Optimal, leaveOpen: true),
            _ => new ZLibStream(packed, CompressionLevel.Optimal, leaveOpen: true),
        })
            await packing.WriteAsync(RandomPushes.Create(5).Body);

        foreach (var body in new[] { packed.ToArray()[..(int)(packed.Length / 2)], RandomPushes.Create(5).Body })
        {
            using var content = new ByteArrayContent(body) { Headers = { ContentEncoding = { coding } } };
            var answer = await _sender.Phone.PushAsync(content, "application/json");
            Assert.Equal(HttpStatusCode.BadRequest, answer.Code);
        }
        Assert.Empty(await _sender.Phone.ListAsync("/v1/ingestions", 10));

        using var whole = new ByteArrayContent(packed.ToArray()) { Headers = { ContentEncoding = { coding } } };
        Assert.Equal(HttpStatusCode.OK, (await _sender.Phone.PushAsync(whole, "application/json")).Code);
    }

    [Fact]
    public async Task A_body_that_stalls_is_broken_off_and_leaves_nothing()
    {
        var key = await household.Server.AddKeyAsync();
        using var connection = await RawConnection.OpenAsync(household.Server.Url);
        await connection.SendHeadAsync(key, 10_000);
        await connection.SendAsync("""{"data":{"metrics":[""");

        Assert.DoesNotContain("200 OK", await connection.ReadToEndAsync(), StringComparison.Ordinal);
        Assert.Equal(0, await household.Server.CountKeptAsync(key));
    }

    [Fact]
    public async Task One_bad_point_among_very_many_is_the_only_one_rejected()
    {
        var count = SlowTests.Count(50_000, wide: 1_000_000);
        var bad = count * 2 / 3;
        var start = new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var text = new StringBuilder("""{"data":{"metrics":[{"data":[""");
        for (var i = 0; i < count; i++)
        {
            if (i > 0) text.Append(',');
            text.Append(CultureInfo.InvariantCulture, $$"""{"date":"{{PhoneDates.Usual(start.AddSeconds(i))}}","qty":{{(i == bad ? 412 : 50 + i % 90)}}}""");
        }
        text.Append("""],"units":"count\/min","name":"heart_rate"}]}}""");

        var answer = await _sender.Phone.PushAsync(Encoding.UTF8.GetBytes(text.ToString()));
        if (answer.Code == HttpStatusCode.Accepted) answer = await _sender.Phone.WaitUntilSettledAsync(answer.Id);

        Assert.Equal((count, count - 1, 1),
            (answer.Count("received"), answer.Count("inserted"), answer.Count("rejected")));
        var reject = Assert.Single(await _sender.Phone.ListAsync($"/v1/ingestions/{answer.Id}/rejects", 10));
        Assert.Equal("out_of_range", reject.GetProperty("code").GetString());
        Assert.Equal(bad, reject.GetProperty("item_index").GetInt32());
        var rows = await _sender.Phone.ReadRowsAsync("heart_rate", limit: 10_000);
        Assert.Equal(count - 1, rows.Count);
        for (int i = 0, row = 0; i < count; i++)
        {
            if (i == bad) continue;
            Assert.Equal((start.AddSeconds(i), 50 + i % 90), (rows[row].Row.Start, rows[row].Row.Value));
            row++;
        }
    }
}
