using HealthExport.Pushes;
using HealthExport.Reading;

namespace HealthExport.Tests.Reading;

/// <summary>Items and arrays made to fill the memory: they cost themselves, and their neighbours nothing.</summary>
public sealed class LongItemTests
{
    const string Ends = "\"start\":\"2026-01-15 08:00:00 +0000\",\"end\":\"2026-01-15 09:00:00 +0000\"";
    const string Point = """
        {"latitude":52.123456,"longitude":13.123456,"altitude":34.5,"timestamp":"2026-01-15 08:10:00 +0000"}
        """;

    static readonly string s_long = new('x', Item.LongestBytes);

    static readonly PushContext s_lines = Outcome.Context() with { ContentType = NdjsonType.Name };

    [Theory]
    [InlineData("""{"data":{"metrics":[{"name":"step_count","units":"count","data":[{"date":"2026-01-15 08:00:00 +0000","qty":1,"x":"LONG"},{"date":"2026-01-15 08:01:00 +0000","qty":1}]}]}}""")]
    [InlineData("""{"data":{"metrics":[{"name":"heart_rate","units":"bpm","data":[{"date":"2026-01-15 08:00:00 +0000","qty":60,"LONG":[1]},{"date":"2026-01-15 08:01:00 +0000","qty":60}]}]}}""")]
    [InlineData("""{"data":{"metrics":[{"name":"sleep_analysis","units":"hr","data":[{"startDate":"2026-01-15 01:00:00 +0000","endDate":"2026-01-15 02:00:00 +0000","value":"LONG"},{"startDate":"2026-01-15 02:00:00 +0000","endDate":"2026-01-15 03:00:00 +0000","value":"Core"}]}]}}""")]
    [InlineData("""{"data":{"metrics":[{"type":"HeartRate","recorded_at":"2026-01-15T08:00:00Z","avg_bpm":60,"context":"LONG"},{"type":"HeartRate","recorded_at":"2026-01-15T08:00:00Z","avg_bpm":60}]}}""")]
    [InlineData("""{"data":{"metrics":[{"type":"LONG"},{"type":"HeartRate","recorded_at":"2026-01-15T08:00:00Z","avg_bpm":60}]}}""")]
    [InlineData("""{"data":{"symptoms":[{"name":"Headache",ENDS,"LONG":"x"},{"name":"Nausea",ENDS}]}}""")]
    [InlineData("""{"data":{"audiograms":[{"x":["LONG"]},{"x":["y"]}]}}""")]
    [InlineData("""{"data":{"workouts":[{"name":"LONG",ENDS},{"name":"Running",ENDS}]}}""")]
    [InlineData("""{"data":{"workouts":[{"name":"Running",ENDS,"x":["LONG"]},{"name":"Running",ENDS}]}}""")]
    public void An_item_of_megabytes_is_rejected_and_the_others_are_kept(string json)
    {
        var outcome = Outcome.Of(json.Replace("ENDS", Ends).Replace("LONG", s_long));

        Assert.Equal(["0 unreadable_item"], outcome.Codes);
        Assert.Contains($"and {Item.LongestBytes} is the most", outcome.Rejects[0].Error, StringComparison.Ordinal);
        Assert.InRange(outcome.Rejects[0].Item.Length, 1, 64 * 1024);
        Assert.Equal(
            1, outcome.Rows.Count + outcome.Stages.Count + outcome.Events.Count + outcome.Workouts.Count);
        Assert.Null(outcome.TruncatedAt);
    }

    [Fact]
    public void A_workout_may_be_long_for_its_route_but_not_without_end()
    {
        static string Workout(int points, int numbers) => """
            {"data":{"workouts":[{"name":"Running",ENDS,"x":[NUMBERS],"route":[POINTS]}]}}
            """.Replace("ENDS", Ends)
            .Replace("NUMBERS", string.Join(',', Enumerable.Repeat("0", numbers)))
            .Replace("POINTS", string.Join(',', Enumerable.Repeat(Point, points)));

        var longOne = Workout(points: 100_000, numbers: 1);
        Assert.True(longOne.Length > Item.LongestBytes);
        Assert.Equal(100_000, Assert.Single(Outcome.Of(longOne).Workouts).Route!.Count);
        Assert.Equal(["0 unreadable_item"], Outcome.Of(Workout(points: 1, numbers: 5_500_000)).Codes);
    }

    [Fact]
    public void Names_and_keys_of_megabytes_are_held_as_far_as_they_tell_anything()
    {
        var outcome = Outcome.Of("""
            {"data":{"metrics":[{"name":"LONG","units":"LONG","data":[{"date":"2026-01-15 08:00:00 +0000","qty":1}],"LONG":1}],"LONG":[1]}}
            """.Replace("LONG", s_long));

        Assert.InRange(Assert.Single(outcome.Rows).Metric.Length, 1_000, 64 * 1024);
        var section = Assert.Single(outcome.Rejects);
        Assert.Equal(("kind", 201), (section.Field, section.ItemType.Length));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Of_arrays_without_end_few_are_held_at_once(bool asLines)
    {
        const int names = 5_000;
        var items = Enumerable.Range(0, names).Select(n => asLines
            ? $$"""{"type":"Quantity","metric":"name {{n}}","unit":"x","start_at":"2026-01-15T08:00:00Z","value":1}"""
            : $$"""{"name":"name {{n}}","units":"x","data":[{"date":"2026-01-15 08:00:00 +0000","qty":1}]}""");

        var outcome = asLines
            ? Outcome.Of(string.Join('\n', items), s_lines)
            : Outcome.Of($"[{string.Join(',', items)}]");

        Assert.Equal(names, outcome.Rows.Count);
        Assert.InRange(outcome.BatchRows.Max(), 1, 300);
        // A receipt lists a hundred, and says whether there are more.
        Assert.InRange(outcome.Warnings.Count, 101, 1_000);
    }
}
