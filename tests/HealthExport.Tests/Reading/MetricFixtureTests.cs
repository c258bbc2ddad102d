using HealthExport.Pushes;
using HealthExport.Samples;
using HealthExport.Time;

namespace HealthExport.Tests.Reading;

/// <summary>The metric payloads in Fixtures/Payloads, compared value by value with what was sent.</summary>
public sealed class MetricFixtureTests
{
    static DateTimeOffset At(int hour, int minute, int second = 0, int day = 15) =>
        new(2026, 1, day, hour, minute, second, TimeSpan.FromHours(1));

    [Fact]
    public void Every_form_of_date_is_read()
    {
        var outcome = Outcome.OfFixture("dates-all-forms.json", Outcome.Context(zone: "Europe/Berlin"));
        Assert.Empty(outcome.Rejects);
        Assert.Equal(Enumerable.Range(50, 17).Select(v => (double)v), outcome.Rows.Select(r => r.Sample.Value));
        Assert.All(outcome.Rows, r => Assert.Equal(Grain.Sample, r.Array.Grain));

        var usual = At(14, 30);
        DateTimeOffset[] expected =
        [
            usual, usual, usual, usual, usual, usual, At(0, 0), At(12, 0), usual, usual, usual, usual, usual, At(0, 0),
            new(2026, 1, 15, 14, 30, 0, TimeSpan.FromHours(9.5)),
                new(2026, 1, 15, 14, 30, 0, TimeSpan.FromHours(13.75)), usual,
        ];
        Assert.Equal(expected, outcome.Rows.Select(r => r.At));
        Assert.Equal(825, outcome.Rows[15].Sample.OffsetMinutes);
    }

    [Fact]
    public void Without_the_persons_zone_a_date_alone_is_rejected_with_what_to_do()
    {
        var outcome = Outcome.OfFixture("dates-all-forms.json");
        var reject = Assert.Single(outcome.Rejects);
        Assert.Equal(
            ("resting_heart_rate", 13, RejectCodes.UnreadableDate, "date"),
            (reject.ItemType, reject.ItemIndex, reject.Code, reject.Field));
        Assert.Contains("time zone", reject.Hint);
        Assert.Equal(16, outcome.Rows.Count);
    }

    [Fact]
    public void The_hour_that_comes_twice_stays_two_instants()
    {
        var outcome = Outcome.OfFixture("dates-dst-and-duplicate-hour.json", Outcome.Context(receivedAt: Outcome.Now));
        Assert.Equal([10, 11, 12, 13], outcome.Rows.Select(r => r.Sample.Value));
        Assert.Equal(
            Instant.PerHour, outcome.Rows[1].Sample.StartAt.Microseconds - outcome.Rows[0].Sample.StartAt.Microseconds);
        Assert.Equal(
            Instant.PerMinute,
                outcome.Rows[3].Sample.StartAt.Microseconds - outcome.Rows[2].Sample.StartAt.Microseconds);
        Assert.All(outcome.Rows, r => Assert.Equal(Grain.Minute, r.Array.Grain));
    }

    [Fact]
    public void Every_variant_of_a_point_is_read()
    {
        var outcome = Outcome.OfFixture("metric-point-variants.json");
        Assert.Empty(outcome.Rejects);
        Assert.Equal([WarningCodes.UnknownMetric], outcome.WarningCodes);

        var steps = outcome.Rows.Where(r => r.Metric == "step_count").ToList();
        Assert.Equal([12, 13.4387, 9, 9, 40, 41], steps.Select(r => r.Sample.Value));
        Assert.Equal(
            [null, null, null, null, "Test’s Apple\u00A0Watch|Test’s iPhone", "Test’s Apple\u00A0Watch|Test’s iPhone"],
            steps.Select(r => r.Sample.Source));
        Assert.Equal(Instant.From(At(8, 4)), steps[4].Sample.EndAt);
        Assert.Equal("""{"start":"2026-01-15 08:03:04 +0100"}""", steps[4].Sample.Extra);
        Assert.Equal("""{"metadata":{"key":"value"}}""", steps[5].Sample.Extra);

        var heart = outcome.Rows.Where(r => r.Metric == "heart_rate").Select(r => r.Sample).ToList();
        Assert.Equal([60, double.NaN, 61, 51], heart.Select(s => s.Value));
        Assert.Equal([58, 55, double.NaN, 50], heart.Select(s => s.Min));
        Assert.Equal([63, 90, double.NaN, 52], heart.Select(s => s.Max));
        Assert.Equal(
            ["Test’s Apple\u00A0Watch", null, "Test’s Apple\u00A0Watch", "Test’s Apple\u00A0Watch"],
                heart.Select(s => s.Source));

        var glucose = Assert.Single(outcome.Rows, r => r.Metric == "blood_glucose").Sample;
        Assert.Equal(5.1 * 18.015588, glucose.Value, 9);
        Assert.Equal(("mmol/L", """{"mealTime":"Unspecified"}"""), (glucose.SentUnit, glucose.Extra));

        var pressure = outcome.Rows.Where(r => r.Array.ItemType == "blood_pressure").ToList();
        Assert.Equal(
            [("blood_pressure_systolic", 121), ("blood_pressure_diastolic", 79)],
                pressure.Select(r => (r.Metric, r.Sample.Value)));
        Assert.All(pressure, r => Assert.True(r.Array.IsComposite));
        Assert.All(pressure, r => Assert.Equal("Cuff", r.Sample.Source));

        var wrist = Assert.Single(outcome.Rows, r => r.Metric == "apple_sleeping_wrist_temperature").Sample;
        Assert.Equal((35.9, Instant.From(At(6, 30))), (wrist.Value, wrist.EndAt));

        var future = Assert.Single(outcome.Rows, r => r.Metric == "future_metric_2027");
        Assert.Equal("widgets", future.Array.Metric.Unit);
        Assert.False(future.Array.Metric.IsKnown);
        Assert.Equal("""{"novelField":{"a":[1,2]}}""", future.Sample.Extra);
    }

    [Fact]
    public void Hostile_values_are_rejected_one_by_one_and_their_neighbours_stored()
    {
        var outcome = Outcome.OfFixture("hostile/values.json");
        Assert.Equal(
            [
                "0 missing_value", "2 not_a_number", "3 out_of_range", "4 out_of_range", "6 unreadable_date",
                    "7 missing_value",
                "8 unreadable_date", "9 unreadable_date", "10 unreadable_date", "11 date_out_of_range",
                    "12 date_out_of_range",
                "13 not_a_number", "14 unreadable_item", "15 unreadable_item", "16 missing_value",
            ],
            outcome.Codes);
        Assert.Equal([12.5, 0.30000000000000004, 1, 1], outcome.Rows.Select(r => r.Sample.Value));
        Assert.All(outcome.Rows, r => Assert.Equal("step_count", r.Metric));

        var negative = outcome.Rejects[3];
        Assert.Equal("-5 {steps} is outside 0 to 200000", negative.Error);
        Assert.Equal([0, 200_000], negative.Allowed!);
        Assert.Equal("""{"qty":-5,"date":"2026-01-15 08:04:00 +0100"}"""u8.ToArray(), negative.Item.ToArray());
        Assert.Equal("null"u8.ToArray(), outcome.Rejects[12].Item.ToArray());
    }

    [Fact]
    public void Sources_of_any_script_are_kept()
    {
        var outcome = Outcome.OfFixture("hostile/unicode-source.json");
        Assert.Equal(
            ["👩‍🦽’s Watch", "iPhone|ウォッチ", "a|b", null, null, new string('x', 5000), "null\uFFFDbyte",
                "Robert'); DROP TABLE--", "' /C calc'!A0|=cmd"],
            outcome.Rows.Select(r => r.Sample.Source));
    }

    [Fact]
    public void Units_are_converted_metric_by_metric()
    {
        var outcome = Outcome.OfFixture("mixed-energy-units.json");
        Assert.Equal(
            [("active_energy", 443.8459999999998, null), ("basal_energy_burned", 7666.612813313902 / 4.184, "kJ"),
                ("dietary_energy", 8120.5 / 4.184, "kJ")],
            outcome.Rows.Select(r => (r.Metric, r.Sample.Value, r.Sample.SentUnit)));
        Assert.All(
            outcome.Rows, r =>
                Assert.Equal((Grain.Day, Instant.From(new DateOnly(2026, 1, 15))), (r.Array.Grain, r.Sample.StartAt)));
    }

    [Theory]
    [InlineData("metrics-all-names-metric-units.json")]
    [InlineData("metrics-all-names-us-units.json")]
    public void Every_name_and_alias_in_every_unit_profile_is_known(string fixture)
    {
        var outcome = Outcome.OfFixture(fixture);
        Assert.DoesNotContain(WarningCodes.UnknownMetric, outcome.WarningCodes);
        Assert.DoesNotContain(WarningCodes.UnknownUnit, outcome.WarningCodes);
        Assert.All(outcome.Rejects, r => Assert.Equal(RejectCodes.OutOfRange, r.Code));
        Assert.All(outcome.Rows, r => Assert.True(r.Array.Metric.IsKnown));
    }

    [Theory]
    [InlineData("array-root.json", 0)]
    [InlineData("bom.json", 0)]
    [InlineData("data-null.json", 0)]
    [InlineData("empty-arrays.json", 0)]
    [InlineData("empty-data.json", 0)]
    [InlineData("empty-object.json", 0)]
    [InlineData("no-data-wrapper.json", 1)]
    [InlineData("null-arrays.json", 0)]
    [InlineData("unknown-section.json", 1)]
    [InlineData("workouts-beside-data.json", 0)]
    public void Every_envelope_is_opened(string fixture, int items)
    {
        var outcome = Outcome.OfFixture($"envelopes/{fixture}");
        Assert.Null(outcome.TruncatedAt);
        Assert.Empty(outcome.Rejects);
        Assert.Equal(items, outcome.Lines().Count);
    }

    [Theory]
    [InlineData("envelopes/truncated.json", 76)]
    [InlineData("hostile/nan.json", 75)]
    [InlineData("hostile/deep-nesting.json", 81)]
    public void A_broken_payload_says_where_it_broke(string fixture, long at)
    {
        var outcome = Outcome.OfFixture(fixture);
        Assert.Equal(at, outcome.TruncatedAt);
        Assert.Empty(outcome.Lines());
    }

    [Fact]
    public void An_unknown_section_is_kept_as_sent()
    {
        var outcome = Outcome.OfFixture("envelopes/unknown-section.json");
        var kept = Assert.Single(outcome.Events);
        Assert.Equal(("unknown:audiograms", "audiograms"), (kept.Kind, kept.ItemType));
        Assert.Equal(
            Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(kept.Payload.Span)), kept.Identity);
        Assert.Equal([WarningCodes.UnknownSection], outcome.WarningCodes);
    }
}
