using HealthExport.Pushes;
using HealthExport.Samples;
using HealthExport.Time;

namespace HealthExport.Tests.Reading;

public sealed class GrainTests
{
    static Outcome Read(string metric, string? aggregation, string? period, params string[] stamps)
    {
        var points = string.Join(',', stamps.Select(s => $$"""{"qty":60,"date":"{{s}}"}"""));
        var unit = metric == "heart_rate" ? "bpm" : "count";
        return Outcome.Of(
            $$$"""{"data":{"metrics":[{"name":"{{{metric}}}","units":"{{{unit}}}","data":[{{{points}}}]}]}}""",
            Outcome.Context(aggregation, period));
    }

    static Grain GrainOf(Outcome outcome) => Assert.Single(outcome.Rows.Select(r => r.Array.Grain).Distinct());

    const string Midnight = "2026-01-15 00:00:00 +0100", NextMidnight = "2026-01-16 00:00:00 +0100";
    const string Hour = "2026-01-15 07:00:00 +0100", Minute = "2026-01-15 07:31:00 +0100",
        Second = "2026-01-15 07:31:12 +0100";

    [Theory]
    [InlineData("step_count", Grain.Day, Midnight, NextMidnight)]
    [InlineData("step_count", Grain.Hour, Midnight, Hour)]
    [InlineData("step_count", Grain.Minute, Midnight, Hour, Minute)]
    [InlineData("step_count", Grain.Sample, Midnight, Second)]
    [InlineData("heart_rate", Grain.Sample, Midnight, NextMidnight)]
    [InlineData("resting_heart_rate", Grain.Sample, Midnight, NextMidnight)]
    [InlineData("novel_metric", Grain.Sample, Midnight, NextMidnight)]
    [InlineData("step_count", Grain.Day, "2026-01-01 00:00:00 +0100", "2025-12-01 00:00:00 +0100")]
    public void Without_a_header_the_stamps_of_a_cumulative_metric_tell(
        string metric, Grain expected, params string[] stamps)
    {
        foreach (var header in (string?[])[null, "", "Default", "none", "Fortnights"])
            Assert.Equal(expected, GrainOf(Read(metric, header, null, stamps)));
    }

    [Theory]
    [InlineData("Default", Grain.Minute, Midnight)]
    [InlineData("Default", Grain.Minute, Hour)]
    [InlineData("Default", Grain.Minute, Hour, Hour)]
    [InlineData("Default", Grain.Minute, Minute)]
    [InlineData("Default", Grain.Sample, Second)]
    [InlineData("Default", Grain.Day, Midnight, NextMidnight)]
    [InlineData(null, Grain.Day, Midnight)]
    [InlineData(null, Grain.Hour, Hour)]
    public void A_lone_stamp_under_the_default_interval_is_a_minute_at_most(
        string? header, Grain expected, params string[] stamps)
    {
        Assert.Equal(expected, GrainOf(Read("step_count", header, null, stamps)));
    }

    [Theory]
    [InlineData("Watch", "Phone", Grain.Sample)]
    [InlineData("Watch", "Watch", Grain.Minute)]
    [InlineData("Watch|Phone", "Phone | Watch", Grain.Minute)]
    public void Two_sources_at_one_stamp_are_samples(string first, string second, Grain expected)
    {
        var outcome = Outcome.Of($$"""
            [{"name":"step_count","units":"count","data":[
                {"qty":1,"date":"{{Minute}}","source":"{{first}}"},{"qty":2,"date":"{{Minute}}","source":"{{second}}"}
            ]}]
            """);

        Assert.Equal(expected, GrainOf(outcome));
    }

    [Theory]
    [InlineData("Minutes", Grain.Minute)]
    [InlineData(" mi nutes", Grain.Minute)]
    [InlineData("HOURS", Grain.Hour)]
    [InlineData("Days", Grain.Day)]
    [InlineData("Weeks", Grain.Week)]
    [InlineData("months", Grain.Month)]
    [InlineData("Years", Grain.Year)]
    [InlineData("Seconds", Grain.Sample)]
    public void The_header_names_the_grain_of_every_metric(string header, Grain expected)
    {
        foreach (var metric in (string[])["step_count", "heart_rate", "novel_metric"])
        {
            var outcome = Read(metric, header, null, "2024-01-01 00:00:00 +0100", "2024-01-01 00:00:00 +0100");
            Assert.Equal(expected, GrainOf(outcome));
            Assert.DoesNotContain(WarningCodes.AggregationContradicted, outcome.WarningCodes);
            Assert.Equal(metric == "step_count" && expected > Grain.Sample, outcome.Rows[0].Array.ListsEveryBucket);
        }
    }

    [Theory]
    [InlineData("step_count", "Days", Grain.Hour, Midnight, Hour, "2026-01-15 08:00:00 +0100")]
    [InlineData("heart_rate", "Hours", Grain.Sample, Second, Minute, "2026-01-15 07:40:12 +0100")]
    [InlineData("step_count", "Months", Grain.Day, "2026-01-01 00:00:00 +0100", Midnight, NextMidnight)]
    [InlineData("step_count", "Weeks", Grain.Day, Midnight, NextMidnight, "2026-01-17 00:00:00 +0100")]
    public void A_header_that_the_stamps_contradict_is_not_believed(
        string metric, string header, Grain expected, params string[] stamps)
    {
        var outcome = Read(metric, header, null, stamps);
        Assert.Equal(expected, GrainOf(outcome));
        Assert.Equal([WarningCodes.AggregationContradicted], outcome.WarningCodes);
        Assert.False(outcome.Rows[0].Array.ListsEveryBucket);
    }

    [Fact]
    public void The_first_stamp_of_all_may_lie_within_its_bucket()
    {
        var outcome = Read("step_count", "Days", null, Second, NextMidnight);
        Assert.Equal(Grain.Day, GrainOf(outcome));
        Assert.Equal(
            [Instant.From(new DateOnly(2026, 1, 15)), Instant.From(new DateOnly(2026, 1, 16))],
            outcome.Rows.Select(r => r.Sample.StartAt));
        Assert.Empty(outcome.Warnings);
    }

    [Fact]
    public void Stamps_are_floored_on_their_own_clock()
    {
        var hours = Read("step_count", "Hours", null, "2026-01-15 07:31:12 +0930", "2026-01-15 09:00:00 +0930");
        Assert.Equal("2026-01-15T07:00:00+09:30", hours.Rows[0].At.ToString("yyyy-MM-dd'T'HH:mm:sszzz"));
        var minutes = Read("heart_rate", "Minutes", null, Second, Minute);
        Assert.Equal(minutes.Rows[1].Sample.StartAt, minutes.Rows[0].Sample.StartAt);
    }

    [Fact]
    public void A_day_is_one_day_whatever_the_offset()
    {
        var outcome = Read("step_count", null, null, "2026-01-15 00:00:00 +1300", "2026-01-15 00:00:00 -1000");
        Assert.Equal(outcome.Rows[0].Sample.StartAt, outcome.Rows[1].Sample.StartAt);
        Assert.Equal([780, -600], outcome.Rows.Select(r => (int)r.Sample.OffsetMinutes));
    }

    [Fact]
    public void An_array_that_lists_every_bucket_knows_their_starts_also_of_rejected_ones()
    {
        var outcome = Outcome.Of("""
            {"data":{"metrics":[{"name":"step_count","units":"count","data":[
              {"qty":1,"date":"2026-01-15 08:00:00 +0100"},{"qty":-1,"date":"2026-01-15 08:01:00 +0100"},
              {"date":"2026-01-15 08:02:00 +0100"},{"qty":2,"date":"2026-01-15 08:03:00 +0100"}]}]}}
            """, Outcome.Context("Minutes"));
        var array = Assert.Single(outcome.Ended);
        Assert.Equal(4, array.Starts.Count);
        Assert.False(array.HasUnplacedItems);
        Assert.Equal(["1 out_of_range", "2 missing_value"], outcome.Codes);
    }

    [Fact]
    public void An_item_without_a_readable_date_leaves_the_array_with_unplaced_items()
    {
        var outcome = Outcome.Of("""
            {"data":{"metrics":[{"name":"step_count","units":"count","data":[
              {"qty":1,"date":"2026-01-15 08:00:00 +0100"},{"qty":1,"date":"soon"}]}]}}
            """, Outcome.Context("Minutes"));
        Assert.True(Assert.Single(outcome.Ended).HasUnplacedItems);
    }

    [Theory]
    [InlineData("Today", true, true, false)]
    [InlineData("Yesterday", true, false, false)]
    [InlineData("Default", true, false, false)]
    [InlineData("previous 7 days", false, false, false)]
    [InlineData("Since Last Sync", true, false, false)]
    [InlineData("Realtime", false, false, false)]
    [InlineData(null, false, false, false)]
    public void A_bucket_from_before_the_period_may_not_shrink(string? period, params bool[] expected)
    {
        // Received at noon UTC on the 16th: today, everywhere that is meant here.
        var outcome = Read("step_count", "Days", period, "2026-01-14 00:00:00 +0100", Midnight, NextMidnight);
        Assert.Equal(expected, outcome.Rows.Select(r => r.Sample.MayNotShrink));
        Assert.All(
            Read("heart_rate", "Days", period, "2026-01-14 00:00:00 +0100").Rows, r =>
                Assert.False(r.Sample.MayNotShrink));
        Assert.All(
            Read("step_count", "Seconds", period, "2026-01-14 00:00:00 +0100").Rows, r =>
                Assert.False(r.Sample.MayNotShrink));
    }

    [Fact]
    public void Today_is_that_of_the_rows_own_offset()
    {
        // Received at noon UTC on the 16th, when it is the 17th at +13:00.
        Assert.True(Read("step_count", null, "Today", "2026-01-16 00:00:00 +1300").Rows[0].Sample.MayNotShrink);
        Assert.False(Read("step_count", null, "Today", "2026-01-16 00:00:00 +1000").Rows[0].Sample.MayNotShrink);
    }

    [Fact]
    public void Since_last_sync_it_is_the_earliest_bucket_wherever_it_stands()
    {
        var outcome =
            Read("step_count", "Minutes", "Since Last Sync", "2026-01-15 08:01:00 +0100", "2026-01-15 08:00:00 +0100",
                "2026-01-15 08:02:00 +0100");
        Assert.Equal([false, true, false], outcome.Rows.Select(r => r.Sample.MayNotShrink));
    }
}
