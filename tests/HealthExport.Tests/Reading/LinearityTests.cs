using System.Text;

namespace HealthExport.Tests.Reading;

/// <summary>The work grows as the payload does: counted in bytes tokenised and read, not in time.</summary>
public sealed class LinearityTests
{
    static byte[] Metric(string name, int points, bool dataFirst)
    {
        var data = string.Join(',', Enumerable.Range(0, points)
            .Select(i => $$"""{"qty":{{i}},"date":"2026-01-15 {{i / 3600 % 24:00}}:{{i / 60 % 60:00}}:00 +0100"}"""));
        return Encoding.UTF8.GetBytes(dataFirst
            ? $$$"""{"data":{"metrics":[{"data":[{{{data}}}],"name":"{{{name}}}","units":"count"}]}}"""
            : $$$"""{"data":{"metrics":[{"name":"{{{name}}}","units":"count","data":[{{{data}}}]}]}}""");
    }

    [Theory]
    [InlineData("heart_rate", false, false, 1.01)]
    [InlineData("heart_rate", true, false, 2.01)]
    [InlineData("step_count", false, false, 2.01)]
    [InlineData("step_count", true, true, 3.01)]
    public void A_byte_is_tokenised_a_fixed_number_of_times(string name, bool dataFirst, bool thorough, double times)
    {
        foreach (var points in (int[])[1_000, 10_000, 50_000])
        {
            var payload = Metric(name, points, dataFirst);
            var stream = TricklingStream.Split(payload, 7);
            var outcome = Outcome.Of(stream, thorough: thorough, window: 4096);
            Assert.Equal(points, outcome.Rows.Count + outcome.Rejects.Count);
            Assert.InRange(outcome.BytesTokenised, payload.Length, (long)(payload.Length * times) + 1000);
            Assert.InRange(stream.BytesRead, payload.Length, (long)(payload.Length * times * 1.1) + 20_000);
        }
    }

    [Theory]
    [InlineData(100_000)]
    [InlineData(1_000_000)]
    public void One_huge_element_is_not_scanned_again_at_every_read(int length)
    {
        var payload =
            Encoding.UTF8.GetBytes(
                $$$"""{"data":{"audiograms":[{"x":[{{{string.Join(',', Enumerable.Repeat("1", length / 2))}}}]}]}}""");
        var outcome = Outcome.Of(TricklingStream.ByteByByte(payload), window: 64);
        Assert.Single(outcome.Events);
        Assert.InRange(outcome.BytesTokenised, payload.Length, payload.Length + 100);
    }

    [Fact]
    public void One_huge_point_is_scanned_a_few_times_at_most()
    {
        var payload = Encoding.UTF8.GetBytes($$$"""
            {"data":{"metrics":[{"name":"heart_rate","units":"bpm","data":[{"qty":60,"date":"2026-01-15 08:00:00 +0100","novel":"{{{new string('x', 1_000_000)}}}"}]}]}}
            """);
        var stream = TricklingStream.ByteByByte(payload);
        var outcome = Outcome.Of(stream, window: 64);
        Assert.Single(outcome.Rows);
        Assert.Equal(payload.Length, stream.BytesRead);
    }
}
