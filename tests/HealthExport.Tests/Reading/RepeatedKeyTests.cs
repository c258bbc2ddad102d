using System.Text;
using HealthExport.Pushes;
using HealthExport.Reading;

namespace HealthExport.Tests.Reading;

public sealed class RepeatedKeyTests
{
    const string One = """{"name":"heart_rate","units":"bpm","data":[{"qty":60,"date":"2026-01-15 08:00:00 +0100"}]}""";
    const string Two = """{"name":"heart_rate","units":"bpm","data":[{"qty":61,"date":"2026-01-15 08:00:05 +0100"}]}""";

    [Theory]
    [InlineData($$$"""{"data":{"metrics":[{{{One}}}],"metrics":[{{{Two}}}]}}""", 61.0)]
    [InlineData($$$"""{"data":{"metrics":[{{{One}}}]},"data":{"metrics":[{{{Two}}}]}}""", 61.0)]
    [InlineData($$$"""{"metrics":[{{{One}}}],"metrics":[{{{Two}}}]}""", 61.0)]
    [InlineData($$$"""{"data":{"metrics":[{{{One}}}],"metrics":[]}}""")]
    [InlineData($$$"""{"data":{"metrics":[{{{One}}}]},"data":null}""")]
    [InlineData($$$"""{"data":{"metrics":[{{{One}}}],"metrics":null}}""")]
    [InlineData(
        """{"data":{"metrics":[{"name":"heart_rate","units":"bpm","data":[{"qty":60,"date":"2026-01-15 08:00:00 +0100"}],"data":[]}]}}""")]
    [InlineData(
        """{"data":{"metrics":[{"name":"heart_rate","units":"bpm","data":[{"qty":60,"date":"2026-01-15 08:00:00 +0100"}],"name":"resting_heart_rate"}]}}""", 60.0)]
    public void What_was_handed_out_in_vain_is_said_and_read_again(string payload, params double[] expected)
    {
        var bytes = Encoding.UTF8.GetBytes(payload);
        Assert.Throws<RepeatedKeyException>(() => Outcome.Of(bytes));
        var outcome = Outcome.Of(bytes, thorough: true);
        Assert.Equal(expected, outcome.Rows.Select(r => r.Sample.Value));
        Assert.Contains(WarningCodes.RepeatedKey, outcome.WarningCodes);
        Assert.Null(outcome.TruncatedAt);
    }

    [Theory]
    [InlineData($$$"""{"data":{"metrics":[],"metrics":[{{{Two}}}]}}""", 61.0)]
    [InlineData($$$"""{"data":null,"data":{"metrics":[{{{Two}}}]}}""", 61.0)]
    [InlineData(
        """{"data":{"metrics":[{"name":"heart_rate","units":"bpm","data":[{"qty":1,"qty":60,"date":"x","date":"2026-01-15 08:00:00 +0100"}],"name":"heart_rate","units":"bpm"}]}}""", 60.0)]
    [InlineData(
        """{"data":{"metrics":[{"name":"x","data":[{"qty":1}],"data":[{"qty":60,"date":"2026-01-15 08:00:00 +0100"}],"units":"x","name":"heart_rate","units":"bpm"}]}}""", 60.0)]
    public void A_repetition_that_changes_nothing_handed_out_needs_no_second_reading(string payload, double expected)
    {
        foreach (var thorough in (bool[])[false, true])
        {
            var outcome = Outcome.Of(payload, thorough: thorough);
            Assert.Equal(expected, Assert.Single(outcome.Rows).Sample.Value);
            Assert.Empty(outcome.Rejects);
            Assert.Equal("heart_rate", outcome.Rows[0].Metric);
        }
    }

    [Fact]
    public void The_last_of_a_points_fields_counts()
    {
        var outcome = Outcome.Of("""
            {"data":{"metrics":[{"name":"heart_rate","units":"bpm","data":[
              {"qty":60,"qty":null,"date":"2026-01-15 08:00:00 +0100"},
              {"qty":"x","qty":61,"date":"2026-01-15 08:00:00 +0100","novel":1,"novel":2}]}]}}
            """);
        Assert.Equal(["0 missing_value"], outcome.Codes);
        Assert.Equal((61, """{"novel":2}"""), (outcome.Rows[0].Sample.Value, outcome.Rows[0].Sample.Extra));
    }

    [Fact]
    public void The_last_of_a_workouts_and_an_events_fields_counts()
    {
        var outcome = Outcome.Of("""
            {"data":{"workouts":[{"name":"Walking","name":"Running","start":"2026-01-15 08:00:00 +0100","end":"2026-01-15 08:10:00 +0100"}],
             "symptoms":[{"name":"Acne","name":"Fever","start":"2026-01-15 08:00:00 +0100"}]}}
            """);
        Assert.Equal("running", Assert.Single(outcome.Workouts).Activity);
        Assert.Equal("fever", Assert.Single(outcome.Events).Code);
    }

    [Fact]
    public void The_fixture_that_ends_with_an_empty_section_holds_nothing()
    {
        Assert.Throws<RepeatedKeyException>(() => Outcome.OfFixture("hostile/duplicate-keys.json"));
        Assert.Empty(Outcome.OfFixture("hostile/duplicate-keys.json", thorough: true).Lines());
    }

    [Fact]
    public void A_key_that_is_cut_before_its_value_replaces_nothing()
    {
        const string payload = $$$"""{"data":{"metrics":[{{{One}}}]},"data":""";
        Assert.Equal(60, Assert.Single(Outcome.Of(payload).Rows).Sample.Value);
        Assert.Equal(60, Assert.Single(Outcome.Of(payload, thorough: true).Rows).Sample.Value);
    }

    [Fact]
    public void Sections_in_and_beside_data_are_two()
    {
        var outcome = Outcome.Of($$$"""{"data":{"metrics":[{{{One}}}]},"metrics":[{{{Two}}}]}""");
        Assert.Equal([60, 61], outcome.Rows.Select(r => r.Sample.Value));
    }
}
