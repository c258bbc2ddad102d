using System.Text;
using HealthExport.Pushes;
using HealthExport.Samples;
using HealthExport.Time;

namespace HealthExport.Tests.Reading;

public sealed class StandardItemTests
{
    static readonly Instant Eight = Instant.From(new DateTimeOffset(2026, 1, 15, 8, 0, 0, TimeSpan.Zero));

    static Outcome Read(params string[] items)
    {
        var outcome = Outcome.Of($$$"""{"data":{"metrics":[{{{string.Join(',', items)}}}]}}""");
        Assert.Equal(PayloadFormat.StandardJson, outcome.Format);
        return outcome;
    }

    [Theory]
    [InlineData("HeartRate")]
    [InlineData("heart_rate")]
    [InlineData("HEARTRATE")]
    public void A_heart_rate_is_read(string type)
    {
        var outcome =
            Read($$"""{"recorded_at":"2026-01-15T08:00:00Z","min_bpm":60,"avg_bpm":75,"max_bpm":90,"source":"Watch","context":"rest","type":"{{type}}"}""");
        var row = Assert.Single(outcome.Rows);
        Assert.Equal(
            ("heart_rate", "heart_rate", Grain.Sample, Eight),
                (row.Metric, row.Array.ItemType, row.Array.Grain, row.Sample.StartAt));
        Assert.Equal(
            (60, 75, 90, "Watch", """{"context":"rest"}"""),
                (row.Sample.Min, row.Sample.Value, row.Sample.Max, row.Sample.Source, row.Sample.Extra));
    }

    [Fact]
    public void Blood_pressure_and_activity_are_several_rows_of_one_item()
    {
        var outcome = Read(
            """{"type":"BloodPressure","recorded_at":"2026-01-15T08:00:00Z","systolic":120,"diastolic":80,"pulse":61}""",
            """{"type":"Activity","recorded_at":"2026-01-15T08:00:00Z","step_count":10,"distance_meters":7.5,"active_energy_burned_kcal":1,"basal_energy_burned_kcal":2,"flights_climbed":3}""");
        Assert.Equal(
            [
                ("blood_pressure", 0, "blood_pressure_systolic", 120),
                    ("blood_pressure", 0, "blood_pressure_diastolic", 80), ("blood_pressure", 0, "heart_rate", 61),
                ("activity", 1, "step_count", 10), ("activity", 1, "walking_running_distance", 7.5),
                    ("activity", 1, "active_energy", 1),
                ("activity", 1, "basal_energy_burned", 2), ("activity", 1, "flights_climbed", 3),
            ],
            outcome.Rows.Select(r => (r.Array.ItemType, r.Sample.ItemIndex, r.Metric, r.Sample.Value)));
        Assert.All(outcome.Rows, r => Assert.True(r.Array.IsComposite));
    }

    [Fact]
    public void A_quantity_is_any_metric_in_any_unit_and_grain()
    {
        var outcome = Read(
            """{"type":"Quantity","metric":"active_energy","unit":"kJ","start_at":"2026-01-15T00:00:00+01:00","end_at":"2026-01-16T00:00:00+01:00","value":41.84,"grain":"day","source":"b|a","extra":{"k": [1]},"novel":2}""",
            """{"type":"Quantity","metric":"novel","unit":"x","start_at":"2026-01-15T08:00:00Z","min":1,"max":2}""",
            """{"type":"Quantity","metric":"heart_rate","unit":"furlong","start_at":"2026-01-15T08:00:00Z","value":1}""");
        Assert.Empty(outcome.Rejects);
        var energy = outcome.Rows[0];
        Assert.Equal(
            (10, "kJ", "a|b", """{"k":[1],"novel":2}"""),
                (energy.Sample.Value, energy.Sample.SentUnit, energy.Sample.Source, energy.Sample.Extra));
        Assert.Equal((Grain.Day, Instant.From(new DateOnly(2026, 1, 15))), (energy.Array.Grain, energy.Sample.StartAt));
        Assert.Equal(
            ("novel", "x", double.NaN, 1, 2),
                (outcome.Rows[1].Metric, outcome.Rows[1].Array.Metric.Unit, outcome.Rows[1].Sample.Value,
                    outcome.Rows[1].Sample.Min, outcome.Rows[1].Sample.Max));
        Assert.Equal(("heart_rate", "furlong"), (outcome.Rows[2].Metric, outcome.Rows[2].Array.Metric.Unit));
        Assert.Equal([WarningCodes.UnknownMetric, WarningCodes.UnknownUnit], outcome.WarningCodes);
    }

    [Fact]
    public void Sleep_is_read_as_nights_and_stages()
    {
        var outcome = Read(
            """{"type":"Sleep","sleep_start":"2026-01-14T22:00:00Z","sleep_end":"2026-01-15T06:00:00Z","duration_minutes":420,"deep_sleep_minutes":60,"rem_sleep_minutes":90,"light_sleep_minutes":270,"awake_minutes":10}""",
            """{"type":"SleepStage","start_at":"2026-01-14T22:00:00Z","end_at":"2026-01-14T23:00:00Z","stage":"deep","source":"Watch"}""");
        var night = Assert.Single(outcome.Sessions);
        Assert.Equal(
            (420.0, 270.0, 60.0, 90.0, 10.0),
                (night.AsleepMinutes, night.CoreMinutes, night.DeepMinutes, night.RemMinutes, night.AwakeMinutes));
        Assert.Equal(
            ("deep", "Watch", 1),
                (Assert.Single(outcome.Stages).Stage, outcome.Stages[0].Source, outcome.Stages[0].ItemIndex));
    }

    [Fact]
    public void An_exported_event_is_the_same_event_again()
    {
        const string symptom =
            """{"start":"2026-01-15 10:00:00 +0100","end":"2026-01-15 12:00:00 +0100","name":"Headache","source":"Health"}""";
        var sent = Outcome.Of($$$"""{"data":{"symptoms":[{{{symptom}}}]}}""").Events[0];
        var again =
            Assert.Single(
                Read($$$"""{"type":"Event","kind":"symptom","start_at":"2026-01-15T09:00:00Z","code":"headache","payload":{{{symptom}}}}""").Events);
        Assert.Equal(
            (sent.Kind, sent.Identity, sent.Code, sent.StartAt),
                (again.Kind, again.Identity, again.Code, again.StartAt));
        Assert.Equal(sent.Payload.ToArray(), again.Payload.ToArray());
        Assert.Equal("events", again.ItemType);

        var unknown = Outcome.Of("""{"data":{"audiograms":[{"x":1}]}}""").Events[0];
        var unknownAgain =
            Assert.Single(Read("""{"type":"Event","kind":"unknown:audiograms","payload":{"x":1}}""").Events);
        Assert.Equal((unknown.Kind, unknown.Identity), (unknownAgain.Kind, unknownAgain.Identity));

        var own =
            Assert.Single(
                Read("""{"type":"Event","kind":"vaccination","start_at":"2026-01-15T08:00:00Z","code":"flu","payload":{"lot":"A"}}""").Events);
        Assert.Equal(
            ("vaccination", "flu", """{"lot":"A"}"""), (own.Kind, own.Code, Encoding.UTF8.GetString(own.Payload.Span)));
    }

    [Fact]
    public void An_event_of_a_known_kind_needs_no_payload_in_the_phones_shape()
    {
        var own = Assert.Single(Read(
            """
            {"type":"Event","kind":"symptom","start_at":"2026-01-15T08:00:00Z","code":"fatigue","payload":{"name":"Fatigue"}}
            """).Events);

        Assert.Equal(
            ("symptom", "fatigue", Instant.From(new DateTimeOffset(2026, 1, 15, 8, 0, 0, TimeSpan.Zero))),
            (own.Kind, own.Code, own.StartAt));
    }

    [Fact]
    public void A_workout_is_read_in_either_place()
    {
        const string fields = """
            "id":"0A7C2F52-1111-4E2B-9B7E-000000000001","workout_type":"running","start_time":"2026-01-15T08:00:00Z","end_time":"2026-01-15T09:00:00Z",
            "total_energy_kcal":500,"active_energy_kcal":400,"distance_meters":10000,"avg_heart_rate":150,"max_heart_rate":180,
            "route":[{"lat":1,"lon":2,"altitude":3,"time":"2026-01-15T08:00:00Z"}],
            "series":[{"name":"heart_rate","unit":"/min","times":["2026-01-15T08:00:00Z"],"values":[150],"min":[140],"max":[160]}],"details":{"mood":"good"}
            """;
        var outcome =
            Outcome.Of($$$"""{"data":{"metrics":[{"type":"Workout",{{{fields}}}}],"workouts":[{{{{fields}}}}]}}""");
        Assert.Empty(outcome.Rejects);
        Assert.Equal(2, outcome.Workouts.Count);
        Assert.All(outcome.Workouts, w =>
        {
            Assert.Equal(
                ("running", 500.0, 400.0, 10_000.0, 150.0, 180.0),
                    (w.Activity, w.TotalEnergyKcal, w.ActiveEnergyKcal, w.DistanceMetres, w.HeartRateAvg,
                        w.HeartRateMax));
            Assert.Equal((1, """{"mood":"good"}"""), (w.Route!.Count, w.Details));
            Assert.Equal((140, 150, 160), (w.Series[0].Min![0], w.Series[0].Values[0], w.Series[0].Max![0]));
        });
    }

    [Theory]
    [InlineData(
        """{"type":"HeartRate","recorded_at":"2026-01-15T08:00:00Z","avg_bpm":412}""", "heart_rate", "out_of_range",
            "avg_bpm")]
    [InlineData("""{"type":"HeartRate","recorded_at":"2026-01-15T08:00:00Z"}""", "heart_rate", "missing_value", null)]
    [InlineData("""{"type":"HeartRate","avg_bpm":60}""", "heart_rate", "unreadable_date", "recorded_at")]
    [InlineData(
        """{"type":"BloodPressure","recorded_at":"2026-01-15T08:00:00Z","systolic":120}""", "blood_pressure",
            "missing_value", "diastolic")]
    [InlineData(
        """{"type":"Activity","recorded_at":"2026-01-15T08:00:00Z","step_count":1,"flights_climbed":-1}""",
            "activity", "out_of_range", "flights_climbed")]
    [InlineData(
        """{"type":"Quantity","metric":"sleep_analysis","unit":"hr","start_at":"2026-01-15T08:00:00Z","value":1}""",
            "metrics", "unreadable_item", "metric")]
    [InlineData(
        """{"type":"Quantity","metric":"step_count","unit":"count","start_at":"2026-01-15T08:00:00Z","value":1,"grain":"7"}""", "metrics", "unreadable_item", "grain")]
    [InlineData("""{"type":"Horoscope"}""", "metrics", "unreadable_item", "type")]
    public void An_item_that_cannot_be_is_rejected_whole(string item, string itemType, string code, string? field)
    {
        var outcome = Read(item);
        var reject = Assert.Single(outcome.Rejects);
        Assert.Equal((itemType, code, field), (reject.ItemType, reject.Code, reject.Field));
        Assert.Empty(outcome.Rows);
    }

    [Fact]
    public void An_element_without_type_or_name_is_rejected_and_an_empty_one_says_nothing()
    {
        var outcome = Outcome.Of("""{"data":{"metrics":[{"qty":1},{},{"name":"step_count"},3]}}""");
        Assert.Equal(["0 unreadable_item", "3 unreadable_item"], outcome.Codes);
        Assert.Equal(PayloadFormat.HaeJson, outcome.Format);
    }
}
