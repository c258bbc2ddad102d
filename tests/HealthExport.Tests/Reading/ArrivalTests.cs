namespace HealthExport.Tests.Reading;

/// <summary>However the bytes arrive, and however small the window, a payload is read to the same items.</summary>
public sealed class ArrivalTests
{
    public static TheoryData<string> All => Documents.All;

    [Theory, MemberData(nameof(All))]
    public void A_document_holds_items_and_is_whole(string name)
    {
        var outcome = Outcome.Of(Documents.Get(name));
        Assert.Null(outcome.TruncatedAt);
        Assert.NotEmpty(outcome.Lines());
    }

    [Theory, MemberData(nameof(All))]
    public void A_read_may_end_anywhere(string name)
    {
        var document = Documents.Get(name);
        var whole = Outcome.Of(document).Lines();
        for (var at = 0; at <= document.Length; at++)
            Assert.Equal(whole, Outcome.Of(TricklingStream.Split(document, at)).Lines());
    }

    [Theory, MemberData(nameof(All))]
    public void Bytes_may_come_one_by_one(string name)
    {
        var document = Documents.Get(name);
        Assert.Equal(
            Outcome.Of(document).Lines(), Outcome.Of(TricklingStream.ByteByByte(document), window: 16).Lines());
    }

    [Theory, MemberData(nameof(All))]
    public void The_window_may_end_anywhere(string name)
    {
        var document = Documents.Get(name);
        var (whole, told) = (Outcome.Of(document).Lines(), Outcome.Of(document).Told());
        for (var window = 8; window <= document.Length + 1; window++)
        {
            var narrow = Outcome.Of(document, window: window);
            Assert.Equal(whole, narrow.Lines());
            Assert.Equal(told, narrow.Told());
            Assert.Equal(whole, Outcome.Of(document, thorough: true, window: window).Lines());
        }
    }

    [Theory, MemberData(nameof(All))]
    public void A_payload_cut_anywhere_gives_what_was_complete_before(string name)
    {
        var document = Documents.Get(name);
        var end = document.AsSpan().TrimEnd(" \n"u8).Length;
        var whole = Outcome.Of(document).Lines();
        var before = 0;
        for (var length = 0; length < end; length++)
        {
            var cut = Outcome.Of(document[..length], window: 64);
            Assert.Equal(length, cut.TruncatedAt);
            var lines = cut.Lines();
            Assert.All(lines, line => Assert.Contains(line, whole));
            Assert.True(lines.Count >= before, $"At {length} there is less than before.");
            before = lines.Count;
        }
        Assert.Equal(whole.Count, before);
    }

    [Fact]
    public void Of_a_cut_array_every_complete_point_is_handed_out_but_the_array_has_not_ended()
    {
        const string points =
            """{"date":"2026-01-15 08:00:00 +0100","qty":60},{"date":"2026-01-15 08:00:05 +0100","qty":61},{"da""";
        var streamed = Outcome.Of("""{"data":{"metrics":[{"name":"heart_rate","units":"bpm","data":[""" + points);
        Assert.Equal([60, 61], streamed.Rows.Select(r => r.Sample.Value));
        Assert.Empty(streamed.Ended);
        Assert.True(streamed.Rows[0].Array.HasUnplacedItems);

        var indexed = Outcome.Of(
            """{"data":{"metrics":[{"name":"step_count","units":"count","data":[""" + points,
                Outcome.Context("Minutes"));
        Assert.Equal([60, 61], indexed.Rows.Select(r => r.Sample.Value));
        Assert.Empty(indexed.Ended);
        Assert.True(indexed.Rows[0].Array.HasUnplacedItems);
    }

    [Theory]
    [InlineData("""{"data":{"metrics":[{"data":[{"date":"2026-01-15 08:00:00 +0100","qty":60}],"units":"bpm","na""")]
    [InlineData(
        """{"data":{"metrics":[{"name":"active_energy","data":[{"date":"2026-01-15 08:00:00 +0100","qty":60}]""")]
    public void Points_whose_name_or_unit_had_not_come_are_not_placed_by_guess(string payload)
    {
        var outcome = Outcome.Of(payload);
        Assert.Empty(outcome.Lines());
        Assert.Equal(payload.Length, outcome.TruncatedAt);
    }

    [Theory]
    [InlineData("""{"data":{"metrics":[{"name":"heart_rate","units":"bpm","data":[{"qty":NaN}]}]}}""", "NaN")]
    [InlineData("""{"data":{"metrics":[{"name":"step_count","units":"count","data":[{"qty":NaN}]}]}}""", "NaN")]
    [InlineData("""{"data":{}} x""", "x")]
    [InlineData("""{"data":{"workouts":[{"a":tru}]}}""", "tru")]
    public void What_is_no_JSON_ends_the_reading_where_it_stands(string payload, string culprit)
    {
        Assert.InRange(
            Outcome.Of(payload).TruncatedAt!.Value, payload.IndexOf(culprit, StringComparison.Ordinal),
            payload.IndexOf(culprit, StringComparison.Ordinal) + culprit.Length);
    }

    [Theory]
    [InlineData("\uFEFF {", true)]
    [InlineData("\r\n\t [", true)]
    [InlineData("", null)]
    [InlineData("\uFEFF  ", null)]
    [InlineData("\u00EF[", false)]
    [InlineData("\"{\"", false)]
    [InlineData("Date,Steps", false)]
    public void The_first_byte_tells_whether_a_body_may_be_JSON_however_it_arrives(string body, bool? expected)
    {
        var bytes = System.Text.Encoding.UTF8.GetBytes(body);
        for (var split = 0; split <= bytes.Length; split++)
        {
            var opening = new HealthExport.Reading.OpeningByte();
            opening.Take(bytes.AsSpan(0, split));
            opening.Take(bytes.AsSpan(split));
            Assert.Equal(expected, opening.MayBeJson);
        }
    }

    [Fact]
    public void Batches_hold_some_thousand_rows()
    {
        var points = string.Join(',', Enumerable.Range(0, 10_000)
            .Select(i => $$"""{"date":"2026-01-15 08:{{i / 60 % 60:00}}:{{i % 60:00}} +0100","qty":60}"""));
        var outcome =
            Outcome.Of($$$"""{"data":{"metrics":[{"name":"heart_rate","units":"bpm","data":[{{{points}}}]}]}}""");
        Assert.Equal([4096, 4096, 1808], outcome.BatchRows);
        Assert.Single(outcome.Ended);
    }
}
