using System.Text;
using HealthExport.Catalogue;
using HealthExport.Events;
using HealthExport.Samples;
using HealthExport.Time;

namespace HealthExport.Tests.Pushes;

/// <summary>What is stored, when the same comes in a form that says less.</summary>
public sealed class TwoFormsTests
{
    static readonly Metric s_energy = MetricCatalogue.Find("active_energy")!;

    static Sample Row(double value, string? source = null, string? sentUnit = null) =>
        new() { Value = value, Min = double.NaN, Max = double.NaN, EndAt = Instant.None, Source = source, SentUnit = sentUnit };

    [Theory]
    [InlineData(12.3456, 12.35, "Watch", true)]
    [InlineData(12.3456, 12.3, "Watch", true)]
    [InlineData(12.3456, 12.34, "Watch", false)]
    [InlineData(12.3456, 12.0, "Watch", false)]
    [InlineData(12.3, 12.35, "Watch", false)]
    [InlineData(-0.25, -0.3, "Watch", true)]
    [InlineData(12.3456, 12.35, null, false)]
    [InlineData(71.46, 71.5, null, false)]
    [InlineData(12.3, 12.300000000000001, null, true)]
    [InlineData(double.NaN, 12.5, "Watch", false)]
    [InlineData(0, 0.1, "Watch", false)]
    [InlineData(0, 0, null, true)]
    public void A_figure_gives_way_to_the_one_that_it_is_the_rounding_of(
        double stored, double sent, string? source, bool isKept)
    {
        var row = Row(sent);
        row.KeepWhatIsUnsaid(Row(stored, source), s_energy);
        Assert.Equal((isKept ? stored : sent, source), (row.Value, row.Source));
    }

    [Fact]
    public void Rounding_is_that_of_the_unit_which_was_sent_and_the_unit_goes_with_the_figure()
    {
        var stored = Row(52.3456789 / 4.184, "Watch", "kJ");
        var (same, inOurs, other) = (Row(52.35 / 4.184, null, "kJ"), Row(12.51), Row(52.45 / 4.184, null, "kJ"));
        same.KeepWhatIsUnsaid(stored, s_energy);
        inOurs.KeepWhatIsUnsaid(stored, s_energy);
        other.KeepWhatIsUnsaid(stored, s_energy);
        Assert.True(same.SaysTheSameAs(stored));
        Assert.True(inOurs.SaysTheSameAs(stored));
        Assert.Equal((52.45 / 4.184, "kJ", "Watch"), (other.Value, other.SentUnit, other.Source));
    }

    [Fact]
    public void Figures_without_a_column_stay()
    {
        var row = Row(61);
        row.KeepWhatIsUnsaid(Row(60) with { Min = 50, Max = 70, Extra = """{"a":1}""", EndAt = new(9) }, s_energy);
        Assert.Equal((61.0, 50.0, 70.0, """{"a":1}""", 9L), (row.Value, row.Min, row.Max, row.Extra, row.EndAt.Microseconds));
    }

    static HealthEvent Dose(string payload, long start, string status, double? dosage, bool isOfCsv) => new()
    {
        Kind = Medication.Kind, Identity = "x", ItemType = "medications", Payload = Encoding.UTF8.GetBytes(payload),
        StartAt = new(start), EndAt = Instant.None, Code = status, Text = status, Value = dosage, IsOfCsv = isOfCsv,
    };

    [Theory]
    [InlineData("taken", 1L, 1.0, """{"dosage":1,"form":"pill","start":"1","status":"taken","unit":"mg"}""")]
    [InlineData("skipped", 2L, null, """{"form":"pill","start":"2","status":"skipped","unit":"mg"}""")]
    public void Of_another_status_the_time_and_the_dose_are_others_too(
        string status, long start, double? dosage, string payload)
    {
        var stored = Dose("""{"start":"1","dosage":1,"unit":"mg","status":"taken"}""", 1, "taken", 1, isOfCsv: true);
        var sent = Dose($$"""{"start":"2","status":"{{status}}","form":"pill"}""", 2, status, null, isOfCsv: false);
        Assert.Equal((start, dosage, payload), Say(Medication.Unite(stored, sent)));
    }

    [Theory]
    [InlineData("taken", 1.0, """{"codings":[1],"dosage":1,"start":"2","status":"taken","unit":"mg"}""")]
    [InlineData("skipped", null, """{"codings":[1],"start":"2","status":"skipped","unit":"mg"}""")]
    public void A_dose_of_CSV_keeps_what_JSON_says_beside_it(string status, double? dosage, string payload)
    {
        var stored = Dose("""{"start":"1","dosage":1,"codings":[1],"status":"taken"}""", 1, "taken", 1, isOfCsv: false);
        var sent = Dose($$"""{"start":"2","status":"{{status}}","unit":"mg"}""", 2, status, null, isOfCsv: true);
        Assert.Equal((2L, dosage, payload), Say(Medication.Unite(stored, sent)));
    }

    [Theory]
    [InlineData("""{"displayText":"a\ud800","start":"1"}""")]
    [InlineData("""{"\ud800":1,"start":"1"}""")]
    [InlineData("[]")]
    public void Half_a_character_ends_nothing(string payload)
    {
        var odd = Dose(payload, 1, "taken", 1, isOfCsv: false);
        var csv = Dose("""{"displayText":"a","start":"1","unit":"mg"}""", 1, "taken", 1, isOfCsv: true);
        Assert.Equal(1, Medication.Unite(odd, csv).StartAt.Microseconds);
        Assert.Equal(1, Medication.Unite(csv, odd).StartAt.Microseconds);
        Assert.Equal(1, Medication.Unite(odd, odd with { Payload = Encoding.UTF8.GetBytes(payload + " ") }).StartAt.Microseconds);
    }

    static (long, double?, string) Say(HealthEvent dose) => (
        dose.StartAt.Microseconds, dose.Value, Encoding.UTF8.GetString(HealthExport.Json.CanonicalJson.Of(dose.Payload))
            .Replace(",}", "}", StringComparison.Ordinal).Replace(",]", "]", StringComparison.Ordinal));
}
