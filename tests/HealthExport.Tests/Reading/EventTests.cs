using System.Text;
using HealthExport.Events;
using HealthExport.Pushes;
using HealthExport.Texts;
using HealthExport.Time;

namespace HealthExport.Tests.Reading;

public sealed class EventTests
{
    static readonly Instant Ten = Instant.From(new DateTimeOffset(2026, 1, 15, 10, 0, 0, TimeSpan.FromHours(1)));

    static List<HealthEvent> ReadFixture(string name)
    {
        var outcome = Outcome.OfFixture(name);
        Assert.Empty(outcome.Rejects);
        Assert.Empty(outcome.Warnings);
        return outcome.Events;
    }

    [Fact]
    public void States_of_mind_are_read()
    {
        var events = ReadFixture("state-of-mind.json");
        Assert.Equal(
            [("slightly_pleasant", 0.42), ("very_unpleasant", -1)], events.Select(e => (e.Code!, e.Value!.Value)));
        Assert.Equal("b1c2d3e4-0000-4000-8000-000000000001", events[0].Identity);
        Assert.Equal(("state_of_mind", "stateOfMind"), (events[0].Kind, events[0].ItemType));
        var documented = Assert.Single(ReadFixture("state-of-mind-as-documented.json"));
        Assert.Equal(("slightly_pleasant", "5"), (documented.Code, documented.Text));
    }

    [Fact]
    public void A_dose_is_known_by_its_medication_and_the_time_it_was_due()
    {
        var events = ReadFixture("medications.json");
        Assert.Equal(["taken", "skipped", "not_interacted", "taken", "taken"], events.Select(e => e.Code));
        Assert.Equal([1, 1, null, 0.5, 2], events.Select(e => e.Value));
        Assert.Single(events.Take(3).Select(e => e.Identity).Distinct());
        Assert.StartsWith("Vitamin D\n", events[0].Identity);
        Assert.Equal(3, events.Select(e => e.Identity).Distinct().Count());

        var spanish = ReadFixture("medications-localised-es.json");
        Assert.Equal(["taken", "skipped", "not_interacted"], spanish.Select(e => e.Code));
        Assert.Equal("Tomado", spanish[0].Text);
        Assert.Equal(events[0].Identity, spanish[0].Identity);
    }

    [Fact]
    public void Symptoms_and_cycles_map_to_codes_in_every_language_seen()
    {
        Assert.Equal(["headache", "chest_tightness_or_pain"], ReadFixture("symptoms.json").Select(e => e.Code));
        var cycle = ReadFixture("cycle-tracking.json");
        Assert.Equal(["menstrual_flow", "menstrual_flow"], cycle.Select(e => e.Code));
        Assert.Equal(["Menstrual Flow", "Flujo Menstrual"], cycle.Select(e => e.Text));
        Assert.Contains("\"Pesado\"", Encoding.UTF8.GetString(cycle[1].Payload.Span));
    }

    [Fact]
    public void Severities_and_values_of_the_cycle_map_to_codes_beside_what_was_sent()
    {
        Assert.Equal(
            [("moderate", "Moderate"), ("present", "Presente")],
            ReadFixture("symptoms.json").Select(e => (e.ValueCode!, e.ValueText!)));
        Assert.Equal(
            [("heavy", "Heavy"), ("heavy", "Pesado")],
            ReadFixture("cycle-tracking.json").Select(e => (e.ValueCode!, e.ValueText!)));
    }

    [Theory]
    [InlineData("symptoms", "severity", "Nicht vorhanden", "not_present")]
    [InlineData("symptoms", "severity", "重度", "severe")]
    [InlineData("symptoms", "severity", "So-so", null)]
    [InlineData("cycleTracking", "value", "Eiweiß", "egg_white")]
    [InlineData("cycleTracking", "value", "Négatif", "negative")]
    [InlineData("cycleTracking", "value", "So-so", null)]
    public void A_value_is_kept_beside_its_code(string section, string field, string text, string? code)
    {
        var name = section == "symptoms" ? "Headache" : "Menstrual Flow";
        var outcome = Outcome.Of(
            $$$"""{"data":{"{{{section}}}":[{"start":"2026-01-15 10:00:00 +0100","name":"{{{name}}}","{{{field}}}":"{{{text}}}"}]}}""");
        var read = Assert.Single(outcome.Events);
        Assert.Equal((code, text), (read.ValueCode, read.ValueText));
        Assert.Equal(code is null ? [WarningCodes.UnmappedText] : [], outcome.WarningCodes);
        // From the payload alone it is read the same.
        Assert.Equal(new EventValue(code, text), EventValue.Of(read.Kind, read.Payload));
    }

    [Theory]
    [InlineData("null")]
    [InlineData("\"\"")]
    [InlineData("3")]
    [InlineData("[\"Mild\"]")]
    public void What_is_no_text_is_no_value(string json)
    {
        var read = Assert.Single(Outcome.Of(
            $$$"""{"data":{"symptoms":[{"start":"2026-01-15 10:00:00 +0100","name":"Headache","severity":{{{json}}}}]}}""")
            .Events);
        Assert.Equal((null, null), (read.ValueCode, read.ValueText));
        Assert.Null(EventValue.Of("symptom", read.Payload));
        foreach (var payload in (string[])["[1]", "7", "null", "\"x\""])
            Assert.Null(EventValue.Of("symptom", Encoding.UTF8.GetBytes(payload)));
    }

    [Fact]
    public void An_event_exported_by_a_build_that_lacked_the_text_is_read_with_the_code_of_this_one()
    {
        var read = Outcome.Of("""
            {"data":{"metrics":[
            {"type":"Event","kind":"heart_rate_notification","identity":"Hohe Herzfrequenz\n7","text":"Hohe Herzfrequenz","item_type":"heartRateNotifications","payload":{}},
            {"type":"Event","kind":"symptom","identity":"Kopfschmerzen\n7\n\n","text":"Kopfschmerzen","item_type":"symptoms","payload":{"severity":"Leicht"}},
            {"type":"Event","kind":"symptom","identity":"b","code":"mine","text":"Kopfschmerzen","value_text":"Stark","value_code":"own","item_type":"symptoms","payload":{"severity":"Leicht"}}]}}
            """).Events;
        Assert.Equal(
            [
                ("high_heart_rate_notification", "high_heart_rate_notification\n7", null, null),
                ("headache", "Kopfschmerzen\n7\n\n", "mild", "Leicht"), ("mine", "b", "own", "Stark"),
            ],
            read.Select(e => (e.Code, e.Identity, e.ValueCode, e.ValueText)));
    }

    [Theory]
    [InlineData("symptoms", "name", "頭痛", "headache")]
    [InlineData("cycleTracking", "name", "Flux menstruel", "menstrual_flow")]
    [InlineData("ecg", "classification", "Vorhofflimmern", "atrial_fibrillation")]
    [InlineData("stateOfMind", "valenceClassification", "Etwas angenehm", "slightly_pleasant")]
    [InlineData("stateOfMind", "valenceClassification", "8", null)]
    public void A_text_is_kept_beside_its_code(string section, string field, string text, string? code)
    {
        var outcome = Outcome.Of(
            $$$"""{"data":{"{{{section}}}":[{"start":"2026-01-15 10:00:00 +0100","{{{field}}}":"{{{text}}}"}]}}""");
        var read = Assert.Single(outcome.Events);
        Assert.Equal((code, text), (read.Code, read.Text));
        Assert.Equal(code is null ? [WarningCodes.UnmappedText] : [], outcome.WarningCodes);
    }

    [Theory]
    [InlineData("ecg-small-epoch.json", "sinus_rhythm", 1024, 249_408)]
    [InlineData("ecg-as-documented.json", "atrial_fibrillation", 64, 0)]
    [InlineData("ecg-bad-epoch.json", "sinus_rhythm", 64, 0)]
    public void Voltages_are_an_array_with_a_frequency_and_a_beginning(
        string fixture, string code, int count, long microseconds)
    {
        var ecg = Assert.Single(ReadFixture(fixture));
        Assert.Equal((code, 72, "ECG"), (ecg.Code, (int)ecg.Value!, ecg.Source));
        Assert.Equal((512, count), (ecg.Voltages!.FrequencyHz, ecg.Voltages.Microvolts.Length));
        Assert.Equal([0, -0.499947918, -0.999583385], ecg.Voltages.Microvolts[..3]);
        Assert.Equal(Ten.Microseconds + microseconds, ecg.Voltages.StartAt.Microseconds);
        var payload = Encoding.UTF8.GetString(ecg.Payload.Span);
        Assert.DoesNotContain("voltageMeasurements", payload);
        Assert.Contains("\"samplingFrequency\":512", payload);
        Assert.Equal($"{Ten.Microseconds}\nECG", ecg.Identity);
    }

    [Fact]
    public void An_ECG_counted_from_2001_is_put_right()
    {
        var seconds = Ten.Microseconds / 1_000_000 - 978_307_200;
        var ecg = Assert.Single(Outcome.Of($$$"""
            {"data":{"ecg":[{"start":"2026-01-15 10:00:00 +0100","voltageMeasurements":[{"date":{{{seconds}}}.5,"voltage":"1.5","units":"mV"},{"date":{{{seconds}}}.75},{"date":{{{seconds + 1}}},"voltage":2}]}]}}
            """).Events);
        Assert.Equal(Ten.Microseconds + 500_000, ecg.Voltages!.StartAt.Microseconds);
        Assert.Equal(4, ecg.Voltages.FrequencyHz);
        Assert.Equal([1500, double.NaN, 2], ecg.Voltages.Microvolts);
    }

    [Fact]
    public void An_ECG_without_voltages_is_an_event_as_sent()
    {
        var ecg = Assert.Single(ReadFixture("ecg-no-voltages.json"));
        Assert.Null(ecg.Voltages);
        Assert.Null(ecg.Value);
        Assert.Equal("inconclusive_poor_recording", ecg.Code);
    }

    [Fact]
    public void Notifications_of_both_shapes_are_read()
    {
        var real = ReadFixture("heart-rate-notifications-real-shape.json");
        Assert.Equal(["low_heart_rate_notification", "irregular_rhythm_notification"], real.Select(e => e.Code));
        Assert.Equal([45, null], real.Select(e => e.Value));
        Assert.Equal("Test’s Apple\u00A0Watch", real[0].Source);
        var documented = Assert.Single(ReadFixture("heart-rate-notifications-as-documented.json"));
        Assert.Equal(("high_heart_rate_notification", 120), (documented.Code, (int)documented.Value!));
    }

    [Fact]
    public void Every_section_is_found_whatever_its_spelling()
    {
        var outcome = Outcome.OfFixture("all-sections.json");
        Assert.Empty(outcome.Rejects);
        Assert.Equal((1, 1, 4), (outcome.Rows.Count, outcome.Workouts.Count, outcome.Events.Count));
        var spelt =
            Outcome.Of(
                """{"STATE_OF_MIND":[{"id":"1","start":"2026-01-15T20:15:00Z"}],"HeartRateNotifications":[null]}""");
        Assert.Equal("stateOfMind", Assert.Single(spelt.Events).ItemType);
        Assert.Equal("heartRateNotifications", Assert.Single(spelt.Rejects).ItemType);
    }

    [Fact]
    public void Unknown_sections_are_kept_where_they_can_be_meant()
    {
        var outcome = Outcome.Of("""
            {"headers":{"x":1},"path":"/","audiograms":[1,{"a":2}],"data":{"goal":{"steps":10000},"version":3,"workouts":{"no":"array"}}}
            """);
        Assert.Equal(["unknown:audiograms", "unknown:audiograms", "unknown:goal", "unknown:version"], outcome.Events.Select(e => e.Kind));
        Assert.Equal(["workouts"], outcome.Rejects.Select(r => r.ItemType));
    }

    [Theory]
    [InlineData("""{"headers":{},"json":{"data":{"metrics":[]}}}""", "headers json")]
    [InlineData("""{"data":"x"}""", "data")]
    [InlineData("""{"data":null,"metrics":[]}""", "")]
    [InlineData("""{"data":{"workouts":[]},"other":{"a":1},"more":[]}""", "other")]
    public void What_is_not_read_is_told(string payload, string told)
    {
        var outcome = Outcome.Of(payload);

        Assert.Equal(told, string.Join(' ', outcome.Warnings.Select(warning => warning.ItemType)));
    }

    [Fact]
    public void A_payload_of_countless_keys_is_cut_where_nobody_believes_it_any_more()
    {
        var keys = string.Join(',', Enumerable.Range(0, 1_500).Select(i => $"\"k{i}\":[1]"));

        var outcome = Outcome.Of("{\"data\":{" + keys + "}}");

        Assert.Equal(1_000, outcome.Events.Count);
        Assert.NotNull(outcome.TruncatedAt);
    }

    [Theory]
    [InlineData(
        "symptoms", """{"name":"Fever","start":"2026-01-15 10:00:00 +0100","end":"2026-01-15 09:00:00 +0100"}""",
            RejectCodes.EndBeforeStart)]
    [InlineData("symptoms", """{"start":"2026-01-15 10:00:00 +0100"}""", RejectCodes.MissingValue)]
    [InlineData(
        "stateOfMind", """{"id":"1","start":"2026-01-15 10:00:00 +0100","valence":3}""", RejectCodes.OutOfRange)]
    [InlineData("medications", """{"displayText":"X"}""", RejectCodes.UnreadableDate)]
    [InlineData("ecg", "7", RejectCodes.UnreadableItem)]
    public void An_event_that_cannot_be_is_rejected(string section, string item, string code)
    {
        var outcome = Outcome.Of($$$"""{"data":{"{{{section}}}":[{{{item}}}]}}""");
        Assert.Equal([$"0 {code}"], outcome.Codes);
        Assert.Empty(outcome.Events);
    }
}
