using HealthExport.Catalogue;

namespace HealthExport.Tests.Catalogue;

public sealed class MetricUnitsTests
{
    [Fact]
    public void Every_unit_the_app_is_known_to_send_converts_and_leads_back() => Assert.All(AppMetrics.All, row =>
    {
        var metric = MetricCatalogue.Find(row.Name)!;
        Assert.NotEmpty(row.Units);
        foreach (var unit in row.Units.Append(metric.Unit))
        {
            Assert.True(metric.TryGetConversion(unit, out var conversion), unit);
            Assert.Equal(63.7, conversion.Invert(conversion.Apply(63.7)), 1e-9);
        }
    });

    [Fact]
    public void What_no_exact_factor_joins_is_not_converted()
    {
        var refused = AppMetrics.All
            .SelectMany(row => row.Unconvertible.Select(unit => (row.Canonical, unit)))
            .Distinct()
            .ToArray();
        // A count of washings is no time; an IU of vitamin A or E depends on the form of the vitamin.
        Assert.Equal(
            [("handwashing", "count"), ("toothbrushing", "count"), ("vitamin_a", "IU"), ("vitamin_e", "IU")],
            refused.Order());
        Assert.All(refused, pair =>
        {
            Assert.False(MetricCatalogue.Find(pair.Canonical)!.TryGetConversion(pair.unit, out var conversion));
            Assert.True(conversion.IsIdentity);
        });
    }

    [Theory]
    [InlineData("active_energy", "kJ", 4.184, 1)]
    [InlineData("active_energy", "Cal", 250.5, 250.5)]
    [InlineData("walking_running_distance", "mi", 1, 1609.344)]
    [InlineData("walking_running_distance", "km", 5, 5000)]
    [InlineData("weight_body_mass", "lb", 1, 0.45359237)]
    [InlineData("weight_body_mass", "st", 1, 6.35029318)]
    [InlineData("body_temperature", "degF", 212, 100)]
    [InlineData("body_temperature", "K", 273.15, 0)]
    [InlineData("blood_glucose", "mmol/L", 1, 18.015588)]
    [InlineData("blood_glucose", "mmol<180.1558800000541>/L", 1, 18.015588)]
    [InlineData("blood_glucose", "mg/dL", 97, 97)]
    [InlineData("blood_pressure_systolic", "kPa", 0.133322387415, 1)]
    [InlineData("blood_oxygen_saturation", "%", 97.6, 97.6)]
    [InlineData("blood_oxygen_saturation", "fraction", 0.5, 50)]
    [InlineData("blood_alcohol_content", "\u2030", 0.5, 0.05)]
    [InlineData("vitamin_d", "IU", 400, 10)]
    [InlineData("insulin_delivery", "U", 2.5, 2.5)]
    [InlineData("insulin_delivery", "IU", 2.5, 2.5)]
    [InlineData("dietary_water", "fl_oz_us", 1, 29.5735295625)]
    [InlineData("apple_stand_hour", "hours", 11, 11)]
    [InlineData("apple_stand_hour", "hr", 11, 11)]
    [InlineData("mindful_minutes", "hr", 0.5, 30)]
    [InlineData("sleep_analysis", "min", 90, 1.5)]
    [InlineData("walking_speed", "km/hr", 3.6, 1)]
    [InlineData("peak_expiratory_flow_rate", "L/s", 7, 420)]
    [InlineData("electrodermal_activity", "S", 0.000002, 2)]
    [InlineData("physical_effort", "MET", 3.5, 3.5)]
    [InlineData("body_mass_index", "count", 22.1, 22.1)]
    [InlineData("environmental_audio_exposure", "dB(A)", 71.5, 71.5)]
    public void A_value_becomes_one_of_the_canonical_unit(string name, string unit, double sent, double stored)
    {
        Assert.True(MetricCatalogue.Find(name)!.TryGetConversion(unit, out var conversion));
        Assert.Equal(stored, conversion.Apply(sent));
    }

    [Theory]
    [InlineData("step_count", "widgets")]
    [InlineData("step_count", "km")]
    [InlineData("heart_rate", "steps")]
    [InlineData("heart_rate", "ms")]
    [InlineData("blood_oxygen_saturation", "1")]
    [InlineData("vitamin_c", "IU")]
    [InlineData("dietary_water", "oz")]
    [InlineData("cholesterol", "mmol/L")]
    [InlineData("heart_rate", "")]
    [InlineData("heart_rate", null)]
    [InlineData("body_mass_index", " ")]
    public void An_unknown_unit_of_a_known_metric_is_never_guessed(string name, string? unit)
    {
        Assert.False(MetricCatalogue.Find(name)!.TryGetConversion(unit, out var conversion));
        Assert.Equal(42.5, conversion.Apply(42.5));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("{steps}")]
    [InlineData("Steps")]
    public void A_count_needs_no_unit(string? unit)
    {
        Assert.True(MetricCatalogue.Find("step_count")!.TryGetConversion(unit, out var conversion));
        Assert.True(conversion.IsIdentity);
    }

    [Fact]
    public void An_unknown_metric_takes_its_own_unit_alone()
    {
        var metric = Metric.Unknown("future_metric_2027", "kJ", MetricKind.Discrete);
        Assert.False(metric.IsKnown);
        Assert.Equal(("future_metric_2027", "kJ", MetricKind.Discrete), (metric.Name, metric.Unit, metric.Kind));
        Assert.True(metric.TryGetConversion("kJ", out var conversion));
        Assert.True(conversion.IsIdentity);
        Assert.False(metric.TryGetConversion("kcal", out _));
        Assert.False(metric.TryGetConversion("", out _));
        Assert.True(Metric.Unknown("future_metric_2027", "", MetricKind.Discrete).TryGetConversion("", out _));
    }

    [Fact]
    public void A_vitamin_in_units_leads_back_exactly()
    {
        Assert.True(MetricCatalogue.Find("vitamin_d")!.TryGetConversion("iu", out var conversion));
        Assert.Equal(new UnitConversion(0, 1, 40), conversion);
        Assert.Equal(400, conversion.Invert(10));
    }
}
