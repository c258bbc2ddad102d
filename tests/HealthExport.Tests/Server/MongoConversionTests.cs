using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using HealthExport.Pushes;
using HealthExport.Server.Importing.Mongo;

namespace HealthExport.Tests.Server;

/// <summary>Documents of MongoDB as the app's JSON, however they are written and however their bytes arrive.</summary>
public sealed class MongoConversionTests
{
    static readonly TimeZoneInfo s_berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");

    [Theory]
    [InlineData("""{"$date":"2026-03-29T00:30:00Z"}""", "\"2026-03-29T01:30:00\u002B01:00\"")]
    [InlineData("""{"$date":"2026-03-29T01:30:00.25Z"}""", "\"2026-03-29T03:30:00.25\u002B02:00\"")]
    [InlineData("""{"$date":"2026-03-29T01:30:00.000+0000"}""", "\"2026-03-29T03:30:00\u002B02:00\"")]
    [InlineData("""{"$date":{"$numberLong":"1774747800250"}}""", "\"2026-03-29T03:30:00.25\u002B02:00\"")]
    [InlineData("""{"$date":1774747800250}""", "\"2026-03-29T03:30:00.25\u002B02:00\"")]
    [InlineData("""{"$date":{"$numberLong":"-1"}}""", "\"1970-01-01T00:59:59.999\u002B01:00\"")]
    [InlineData("""{"$date":{"$numberLong":"99999999999999999"}}""", "null")]
    [InlineData("""{"$date":"no date"}""", "null")]
    [InlineData("""{"$numberDouble":"0.0083333333333333332"}""", "0.0083333333333333332")]
    [InlineData("""{"$numberDouble":"1E-7"}""", "1E-7")]
    [InlineData("""{"$numberDouble":"NaN"}""", "\"NaN\"")]
    [InlineData("""{"$numberDouble":"-Infinity"}""", "\"-Infinity\"")]
    [InlineData("""{"$numberDouble":"01"}""", "\"01\"")]
    [InlineData("""{"$numberInt":"-5"}""", "-5")]
    [InlineData("""{"$numberLong":"9007199254740993"}""", "9007199254740993")]
    [InlineData("""{"$numberLong":7}""", "7")]
    [InlineData("""{"$numberDecimal":"1.10"}""", "1.10")]
    [InlineData("""{"$oid":"65f0"}""", "\"65f0\"")]
    [InlineData("""{"$undefined":true}""", "null")]
    [InlineData("""{"$binary":{"base64":"AA==","subType":"00"}}""", "null")]
    [InlineData("""139.00000000000003""", "139.00000000000003")]
    [InlineData("\"a\\u00e9\\/b\"", "\"a\\u00e9\\/b\"")]
    [InlineData("""{"a b":[1,{"$numberInt":"2"},null,true,{}]}""", """{"a b":[1,2,null,true,{}]}""")]
    public void A_value_stays_what_it_is(string extended, string plain) => Assert.Equal(
        $$$"""{"data":{"metrics":[{"name":"steps","units":"count","data":[{"date":"2026-01-01T01:00:00+01:00","x":{{{plain}}}}]}]}}"""
            .Replace("+", "\u002B", StringComparison.Ordinal),
        Convert("steps", $$$"""
            {"_id":{"$oid":"1"},"date":{"$date":"2026-01-01T00:00:00Z"},"units":"count","x":{{{extended}}},"__v":0}
            """).Text);

    [Fact]
    public void However_the_documents_lie_and_their_bytes_arrive_they_are_the_same()
    {
        string[] documents =
        [
            """{"_id":1,"date":{"$date":"2026-01-01T00:00:00Z"},"units":"count","qty":{"$numberInt":"1"},"t":"}{][\\\""}""",
            """{"_id":2,"date":{"$date":"2026-01-02T00:00:00Z"},"units":"count","qty":2,"t":"€"}""",
        ];
        string[] forms =
        [
            string.Join('\n', documents), string.Join("\r\n", documents) + "\r\n\r\n", string.Concat(documents),
            $"[{string.Join(",\n", documents)}]", $"\uFEFF  [ {string.Join(" , ", documents)} ]\n",
            string.Join('\n', documents.Select(one => JsonNode.Parse(one)!.ToJsonString(new() { WriteIndented = true }))),
        ];
        var expected = documents.Select(Compact).ToArray();
        foreach (var form in forms)
        {
            var bytes = Encoding.UTF8.GetBytes(form);
            for (var piece = 1; piece <= bytes.Length; piece += piece < 40 ? 1 : 37)
                foreach (var window in (int[])[16, 64, 1000])
                    Assert.Equal(expected, Read(bytes, piece, window));
        }

        static string Compact(string json) => JsonNode.Parse(json)!.ToJsonString();

        static string[] Read(byte[] bytes, int piece, int window)
        {
            var reader = new DocumentReader(new PieceStream(bytes, piece), window);
            List<string> read = [];
            while (reader.TryRead(out var document)) read.Add(Compact(Encoding.UTF8.GetString(document.Span)));
            return [.. read];
        }
    }

    [Theory]
    [InlineData("{\"_id\":1,\"date\":1}\n{\"_id\":2,\"da", "is no whole export: it is not JSON from byte ")]
    [InlineData("{\"_id\":1,\"date\":1}\noops", "is no whole export: it is not JSON from byte ")]
    [InlineData("[{\"_id\":1,\"date\":1},", "is no whole export: it is not JSON from byte ")]
    [InlineData("{\"_id\":1,\"colour\":1}", "is an export of MongoDB, and of no collection that the vendor's server has")]
    [InlineData("{\"_id\":1,\"date\":1,\"\\ud800\":1}", "is no whole export: it holds text that is no Unicode")]
    public void What_is_broken_is_refused_whole(string export, string why) =>
        Assert.StartsWith(why, Convert("steps", export).Fault, StringComparison.Ordinal);

    [Theory]
    [InlineData("""{"_id":{"$oid":"1"},"qty":1}""", true)]
    [InlineData("""[{"qty":{"a":[]},"_id":1}]""", true)]
    [InlineData("\uFEFF\n {\"_id\":1}", true)]
    [InlineData("""{"data":{"metrics":[{"_id":1}]}}""", false)]
    [InlineData("""[{"name":"steps","data":[]}]""", false)]
    [InlineData("[[", false)]
    [InlineData("1", false)]
    [InlineData("oops", false)]
    [InlineData("", false)]
    public void A_document_of_MongoDB_has_an_id_of_its_own(string head, bool expected) =>
        Assert.Equal(expected, MongoConversion.IsOne(Encoding.UTF8.GetBytes(head)));

    [Fact]
    public void A_days_points_are_of_the_grain_of_the_finest_so_that_no_day_is_taken_for_a_minute()
    {
        var (text, _) = Convert("step_count", string.Join('\n', [
            Steps(1, "2026-01-01T23:00:00Z", 1000, "iPhone"), Steps(2, "2026-01-02T23:00:00Z", 5, "Watch"),
            Steps(3, "2026-01-01T23:00:00Z", 2000, "Watch|iPhone"), Steps(4, "2026-01-03T07:00:00Z", 70, "Watch"),
            Steps(5, "2026-01-03T23:00:00Z", 1, "Watch"), Steps(6, "2026-01-03T23:01:00Z", 2, "Watch"),
            Steps(7, "2026-01-01T23:00:00Z", 900, "iPhone")]));
        Assert.Equal(["2000", "5 70", "1 2"], ValuesOf(text));
    }

    [Fact]
    public void Of_one_moment_the_fullest_list_of_devices_counts_and_unrelated_ones_stay_apart()
    {
        var (text, _) = Convert("resting_heart_rate", string.Join('\n', [
            Steps(1, "2026-01-02T07:00:05Z", 60, "A"), Steps(2, "2026-01-02T07:00:05Z", 70, "C"),
            Steps(3, "2026-01-02T07:00:05Z", 58, "A|B"), Steps(4, "2026-01-02T07:00:05Z", 61, "B"),
            Steps(5, "2026-01-02T07:00:05Z", 57, "B|A").Replace("\"count\"", "\"bpm\"", StringComparison.Ordinal),
            Steps(6, "2026-01-02T07:00:06Z", 59, "A")]));

        Assert.Equal(["70 58 59", "57"], ValuesOf(text));
    }

    [Fact]
    public void A_day_under_a_second_unrelated_list_leaves_the_days_days_and_the_later_one_holds()
    {
        var (text, _) = Convert("step_count", string.Join('\n', [
            Steps(1, "2026-01-01T23:00:00Z", 1000, "Old iPhone"), Steps(2, "2026-01-02T23:00:00Z", 5, "Old iPhone"),
            Steps(3, "2026-01-02T23:00:00Z", 2000, "iPhone"), Steps(4, "2026-01-03T23:00:00Z", 70, "iPhone"),
            Steps(7, "2026-01-04T23:00:00Z", 80, "A|B"), Steps(8, "2026-01-04T23:00:00Z", 90, "C"),
            Steps(9, "2026-01-04T23:00:00Z", 30, "A"),
            // A moment within the day is not a day.
            Steps(5, "2026-01-06T07:30:10Z", 8, "iPhone"), Steps(6, "2026-01-06T07:30:10Z", 9, "Watch")]));

        Assert.Equal(["1000 2000 70 90", "8 9"], ValuesOf(text));
    }

    static IEnumerable<string> ValuesOf(string text) => JsonDocument.Parse(text).RootElement
        .GetProperty("data").GetProperty("metrics").EnumerateArray()
        .Select(metric => string.Join(' ', metric.GetProperty("data").EnumerateArray().Select(point =>
            point.GetProperty("qty").GetInt32()))).Where(values => values.Length > 0);

    static string Steps(int id, string date, int value, string source) => $$$"""
        {"_id":{{{id}}},"date":{"$date":"{{{date}}}"},"units":"count","qty":{{{value}}},"source":"{{{source}}}"}
        """;

    static (string Text, string? Fault) Convert(string collection, string export)
    {
        var bytes = Encoding.UTF8.GetBytes(export);
        using var spool = new PayloadSpool(Path.GetTempPath());
        var fault = new MongoConversion(() => new PieceStream(bytes, 7), collection, s_berlin, new()).Write(spool, default);
        if (fault is not null) return ("", fault);
        spool.Complete();
        byte[] scratch = [];
        using var unpacked = PayloadOf(spool, ref scratch);
        return (Encoding.UTF8.GetString(unpacked.ToArray()), null);
    }

    static MemoryStream PayloadOf(PayloadSpool spool, ref byte[] scratch)
    {
        var all = new MemoryStream();
        for (var chunk = 0; chunk < spool.ChunkCount; chunk++)
        {
            using var stored = new MemoryStream(spool.ReadChunk(chunk, ref scratch).ToArray());
            using var content = new System.IO.Compression.BrotliStream(
                stored, System.IO.Compression.CompressionMode.Decompress);
            content.CopyTo(all);
        }
        return all;
    }

    /// <summary>Hands out its bytes a few at a time.</summary>
    sealed class PieceStream(byte[] bytes, int piece) : MemoryStream(bytes)
    {
        public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(buffer.Length, piece)]);
    }
}
