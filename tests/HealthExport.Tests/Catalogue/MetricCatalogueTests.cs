using System.Text;
using HealthExport.Catalogue;

namespace HealthExport.Tests.Catalogue;

public sealed class MetricCatalogueTests
{
    [Fact]
    public void The_list_of_the_app_s_names_is_whole()
    {
        Assert.Equal(233, AppMetrics.All.Count);
        Assert.Equal(128, AppMetrics.All.Count(row => row.Name == row.Canonical));
        Assert.Equal(124, AppMetrics.CsvColumns.Count);
    }

    [Fact]
    public void Every_name_and_alias_resolves_to_its_canonical_metric() => Assert.All(AppMetrics.All, row =>
    {
        var metric = MetricCatalogue.Find(row.Name);
        Assert.NotNull(metric);
        Assert.Equal(row.Canonical, metric.Name);
        Assert.Equal(row.Unit, metric.Unit);
        Assert.Same(metric, MetricCatalogue.FindUtf8(Encoding.UTF8.GetBytes(row.Name)));
    });

    [Fact]
    public void The_catalogue_holds_the_app_s_metrics_and_the_two_halves_of_blood_pressure() => Assert.Equal(
        AppMetrics.All.Select(row => row.Canonical).Distinct()
            .Concat(["blood_pressure_systolic", "blood_pressure_diastolic"]).Order(StringComparer.Ordinal),
        MetricCatalogue.All.Select(metric => metric.Name).Order(StringComparer.Ordinal));

    [Fact]
    public void Every_heading_of_the_app_s_CSV_resolves_and_its_unit_converts() =>
        Assert.All(AppMetrics.CsvColumns, column =>
        {
            var metric = MetricCatalogue.Find(column.Label) ?? MetricCatalogue.Find(column.Label.Split(" [")[0]);
            Assert.NotNull(metric);
            Assert.NotNull(metric.CsvLabel);
            Assert.StartsWith(metric.CsvLabel, column.Label, StringComparison.Ordinal);
            Assert.True(metric.TryGetConversion(column.Unit, out _));
        });

    [Theory]
    [InlineData("Date", null)]
    [InlineData("Weight/Body Mass", "weight_body_mass")]
    [InlineData("Dietary Biotin", "biotin")]
    [InlineData("Blood Pressure [Systolic]", "blood_pressure_systolic")]
    [InlineData("Blood Pressure [Diastolic]", "blood_pressure_diastolic")]
    [InlineData("  HEART rate ", "heart_rate")]
    [InlineData("__heart__rate__", "heart_rate")]
    [InlineData("heart\u00A0rate", "heart_rate")]
    [InlineData("vo\u2082_max", "vo2_max")]
    [InlineData("heart", null)]
    [InlineData("", null)]
    [InlineData("_", null)]
    public void A_name_is_found_however_it_is_written(string name, string? expected)
    {
        Assert.Equal(expected, MetricCatalogue.Find(name)?.Name);
        Assert.Equal(expected, MetricCatalogue.FindUtf8(Encoding.UTF8.GetBytes(name))?.Name);
    }

    [Theory]
    [InlineData("vo\u2082_max", "vo_max")]
    [InlineData("stair_speed:_up", "stair_speed_up")]
    [InlineData("weight_&_body_mass", "weight_body_mass")]
    [InlineData("weight_/_body_mass", "weight_body_mass")]
    [InlineData("walking + running distance", "walking_running_distance")]
    [InlineData("six-minute_walking_test_distance", "six_minute_walking_test_distance")]
    [InlineData("Future  Metric (2027)", "future_metric_2027")]
    [InlineData(" \u5FC3\u62CD\u6570 ", "\u5FC3\u62CD\u6570")]
    [InlineData("", "")]
    public void Names_are_normalised(string name, string expected)
    {
        Assert.Equal(expected, MetricCatalogue.Normalise(name));
        Assert.Equal(expected, MetricCatalogue.Normalise(expected));
    }

    [Fact]
    public void A_normal_name_is_not_copied()
    {
        const string name = "heart_rate";
        Assert.Same(name, MetricCatalogue.Normalise(name));
    }

    [Fact]
    public void Finding_a_normal_name_in_UTF8_allocates_nothing()
    {
        Find();
        var before = GC.GetAllocatedBytesForCurrentThread();
        Find();
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());

        static void Find()
        {
            _ = MetricCatalogue.FindUtf8("heart_rate"u8);
            _ = MetricCatalogue.FindUtf8("walk_run_distance"u8);
            _ = MetricCatalogue.FindUtf8("future_metric_2027"u8);
        }
    }

    [Fact]
    public void A_long_or_malformed_name_is_merely_unknown()
    {
        Assert.Null(MetricCatalogue.FindUtf8(Encoding.UTF8.GetBytes(new string('a', 5_000))));
        Assert.Null(MetricCatalogue.FindUtf8([0xFF, 0xC0, 0x00]));
        Assert.Same(MetricCatalogue.Find("heart_rate"), MetricCatalogue.FindUtf8([.. "heart"u8, 0xFF, .. "rate"u8]));
        Assert.Same(
            MetricCatalogue.Find("heart_rate"),
            MetricCatalogue.FindUtf8(Encoding.UTF8.GetBytes($"heart{new string(' ', 5_000)}rate")));
    }

    [Fact]
    public void No_name_or_alias_belongs_to_two_metrics()
    {
        var names = MetricCatalogue.All.SelectMany(metric => metric.Aliases.Prepend(metric.Name)).ToArray();
        Assert.Equal(names.Length, names.Distinct().Count());
        Assert.All(names, name => Assert.Equal(name, MetricCatalogue.Normalise(name)));
    }

    [Fact]
    public void Identifiers_codes_and_labels_belong_to_one_metric_each()
    {
        AssertDistinct(metric => metric.HealthKitIdentifier);
        AssertDistinct(metric => metric.Loinc);
        AssertDistinct(metric => metric.CsvLabel);
        AssertDistinct(metric => metric.DisplayName);

        static void AssertDistinct(Func<Metric, string?> property)
        {
            var values = MetricCatalogue.All.Select(property).OfType<string>().ToArray();
            Assert.Equal(values.Length, values.Distinct().Count());
        }
    }

    [Fact]
    public void Every_LOINC_code_has_a_true_check_digit() =>
        Assert.All(MetricCatalogue.All.Select(metric => metric.Loinc).OfType<string>(), code =>
        {
            // Mod 10 (Luhn): from the right, every other digit doubled, beginning with the last.
            var sum = code[..^2].Reverse().Select((digit, index) => (digit - '0') * (index % 2 == 0 ? 2 : 1))
                .Sum(product => (product / 10) + (product % 10));
            Assert.Equal((10 - (sum % 10)) % 10, code[^1] - '0');
        });

    [Fact]
    public void The_composites_are_told_by_their_shape()
    {
        var shapes = MetricCatalogue.All.Where(metric => metric.Shape != MetricShape.Plain)
            .ToDictionary(metric => metric.Name, metric => metric.Shape);
        Assert.Equal(
            new Dictionary<string, MetricShape>
            {
                ["heart_rate"] = MetricShape.MinAvgMax,
                ["blood_pressure"] = MetricShape.BloodPressure,
                ["sexual_activity"] = MetricShape.SexualActivity,
                ["sleep_analysis"] = MetricShape.Sleep,
            },
            shapes);
    }

    [Theory]
    [InlineData("step_count", MetricKind.Cumulative)]
    [InlineData("mindful_minutes", MetricKind.Cumulative)]
    [InlineData("apple_stand_hour", MetricKind.Cumulative)]
    [InlineData("heart_rate", MetricKind.Discrete)]
    [InlineData("blood_pressure", MetricKind.Discrete)]
    [InlineData("weight_body_mass", MetricKind.Discrete)]
    public void Kinds_are_as_the_app_adds_them_up(string name, MetricKind kind) =>
        Assert.Equal(kind, MetricCatalogue.Find(name)!.Kind);

    [Fact]
    public void Blood_pressure_is_stored_as_two_metrics()
    {
        var systolic = MetricCatalogue.Find("blood_pressure_systolic")!;
        var diastolic = MetricCatalogue.Find("blood_pressure_diastolic")!;
        Assert.Equal(("8480-6", "mm[Hg]"), (systolic.Loinc, systolic.Unit));
        Assert.Equal(("8462-4", "mm[Hg]"), (diastolic.Loinc, diastolic.Unit));
        Assert.Equal(new Bounds(40, 250, BoundsBasis.Sample), systolic.Bounds);
        Assert.Equal(new Bounds(30, 150, BoundsBasis.Sample), diastolic.Bounds);
    }

    [Fact]
    public void Metrics_are_equal_by_name_and_unit()
    {
        var known = MetricCatalogue.Find("heart_rate")!;
        Assert.Equal(known, Metric.Unknown("heart_rate", "/min", MetricKind.Discrete));
        Assert.Equal(known.GetHashCode(), Metric.Unknown("heart_rate", "/min", MetricKind.Discrete).GetHashCode());
        Assert.NotEqual(known, Metric.Unknown("heart_rate", "widgets", MetricKind.Discrete));
        Assert.NotEqual(known, Metric.Unknown("pulse", "/min", MetricKind.Discrete));
    }
}
