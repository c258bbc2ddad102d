using HealthExport.Pushes;
using HealthExport.Time;

namespace HealthExport.Tests.Reading;

public sealed class SleepTests
{
    static Outcome Read(string unit, string fields) => Outcome.Of($$$"""
        {"data":{"metrics":[{"name":"sleep_analysis","units":{{{unit}}},"data":[{{{{fields}}}}]}]}}
        """);

    const string Night = "\"sleepStart\":\"2026-01-14 22:00:00 +0100\",\"sleepEnd\":\"2026-01-15 06:00:00 +0100\"";

    [Fact]
    public void Nights_of_every_version_are_read()
    {
        var outcome = Outcome.OfFixture("sleep-variants.json");
        Assert.Empty(outcome.Rejects);
        Assert.Empty(outcome.Warnings);
        var nights = outcome.Sessions;
        Assert.Equal([366, 324.96, 364, 450, 45, 420], nights.Select(n => Math.Round(n.AsleepMinutes!.Value, 6)));
        Assert.Equal([null, 198, 218.4, 270, 0, 0], nights.Select(n => n.CoreMinutes));
        Assert.Equal([null, 7.002, 0, 30, 0, null], nights.Select(n => n.AwakeMinutes));
        Assert.Equal([6.8 * 60, 8.145 * 60, 6.0667 * 60, 0, 0, 7.4 * 60], nights.Select(n => n.InBedMinutes));
        Assert.Equal("Test’s Apple\u00A0Watch|iPhone", nights[0].Source);
        Assert.Equal(
            Instant.From(new DateTimeOffset(2021, 12, 18, 2, 21, 6, TimeSpan.FromHours(8))), nights[0].StartAt);
        Assert.Equal(
            Instant.From(new DateTimeOffset(2021, 12, 18, 9, 4, 45, TimeSpan.FromHours(8))), nights[0].InBedEndAt);
        Assert.True(nights[1].InBedStartAt.IsNone);
        Assert.All(nights, n => Assert.Null(n.Extra));
    }

    [Theory]
    [InlineData(
        "sleep-nonaggregated.json",
            new[] { "in_bed", "core", "in_bed", "deep", "awake", "rem", "rem", "asleep", "unspecified" })]
    [InlineData("sleep-nonaggregated-localised-sv.json", new[] { "in_bed", "core", "deep", "awake", "asleep" })]
    public void Segments_are_read(string fixture, string[] stages)
    {
        var outcome = Outcome.OfFixture(fixture);
        Assert.Equal(stages, outcome.Stages.Select(s => s.Stage));
        Assert.Empty(outcome.Rejects);
        Assert.Empty(outcome.Warnings);
        Assert.Equal(fixture.Contains("sv") ? "I sängen" : null, outcome.Stages[0].StageAsSent);
        Assert.All(outcome.Stages, s => Assert.Null(s.Extra));
    }

    [Theory]
    [InlineData("InBed", "in_bed", null)]
    [InlineData("In Bed", "in_bed", null)]
    [InlineData("ASLEEP_CORE", "core", null)]
    [InlineData("HKCategoryValueSleepAnalysisAsleepCore", "core", null)]
    [InlineData("HKCategoryValueSleepAnalysisInBed", "in_bed", null)]
    [InlineData("REM", "rem", null)]
    [InlineData("Kärna", "core", "Kärna")]
    [InlineData("Dösar", "Dösar", "Dösar")]
    public void A_stage_has_many_spellings(string sent, string stage, string? asSent)
    {
        var outcome =
            Read("\"hr\"",
                $"\"startDate\":\"2026-01-15 01:00:00 +0100\",\"endDate\":\"2026-01-15 02:00:00 +0100\",\"value\":\"{sent}\"");
        Assert.Equal((stage, asSent), (Assert.Single(outcome.Stages).Stage, outcome.Stages[0].StageAsSent));
        Assert.Equal(stage == sent && asSent is not null ? [WarningCodes.UnmappedText] : [], outcome.WarningCodes);
    }

    [Theory]
    [InlineData("\"hr\"", 7.5, 450)]
    [InlineData("\"min\"", 450, 450)]
    [InlineData("\"s\"", 27_000, 450)]
    [InlineData("null", 7.5, 450)]
    public void Durations_become_minutes(string unit, double sent, double minutes) =>
        Assert.Equal(minutes, Assert.Single(Read(unit, $"{Night},\"asleep\":{sent}").Sessions).AsleepMinutes);

    [Theory]
    [InlineData("\"asleep\":6,\"core\":3,\"deep\":1,\"rem\":1", 360)]
    [InlineData("\"asleep\":0,\"core\":4,\"deep\":1,\"rem\":1.5", 390)]
    [InlineData("\"asleep\":1,\"totalSleep\":7", 420)]
    [InlineData("\"asleep\":20", 480)]
    [InlineData("\"inBed\":8", null)]
    public void Asleep_is_the_largest_of_what_says_it_and_at_most_the_night(string fields, int? minutes) =>
        Assert.Equal(minutes, Assert.Single(Read("\"hr\"", $"{Night},{fields}").Sessions).AsleepMinutes);

    [Fact]
    public void Stages_longer_than_the_night_are_said()
    {
        var outcome = Read("\"hr\"", $"{Night},\"core\":5,\"deep\":2,\"rem\":2,\"novel\":1");
        Assert.Equal([WarningCodes.StagesLongerThanSession], outcome.WarningCodes);
        Assert.Equal("""{"novel":1}""", Assert.Single(outcome.Sessions).Extra);
    }

    [Theory]
    [InlineData(
        "\"sleepStart\":\"2026-01-14 22:00:00 +0100\",\"sleepEnd\":\"2026-01-14 22:00:00 +0100\"", "end_before_start")]
    [InlineData(
        "\"sleepStart\":\"2026-01-13 22:00:00 +0100\",\"sleepEnd\":\"2026-01-15 22:00:00 +0100\"", "out_of_range")]
    [InlineData("\"sleepStart\":\"2026-01-14 22:00:00 +0100\"", "unreadable_date")]
    [InlineData(Night + ",\"deep\":-1", "out_of_range")]
    [InlineData(Night + ",\"deep\":\"x\"", "not_a_number")]
    [InlineData(
        "\"startDate\":\"2026-01-14 22:00:00 +0100\",\"endDate\":\"2026-01-14 22:00:00 +0100\",\"value\":\"REM\"",
            "end_before_start")]
    [InlineData(
        "\"startDate\":\"2026-01-14 22:00:00 +0100\",\"endDate\":\"2026-01-14 23:00:00 +0100\"", "missing_value")]
    [InlineData("", "unreadable_date")]
    public void Impossible_sleep_is_rejected(string fields, string code)
    {
        var outcome = Read("\"hr\"", fields);
        Assert.Equal([$"0 {code}"], outcome.Codes);
        Assert.Equal("sleep_analysis", outcome.Rejects[0].ItemType);
    }
}
