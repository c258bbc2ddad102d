using HealthExport.Catalogue;
using HealthExport.Samples;

namespace HealthExport.Tests.Catalogue;

public sealed class BoundsTests
{
    public static TheoryData<Grain> Grains => [.. Enum.GetValues<Grain>()];

    [Theory, MemberData(nameof(Grains))]
    public void A_measurement_is_bounded_at_every_grain(Grain grain)
    {
        var bounds = MetricCatalogue.Find("heart_rate")!.Bounds;
        Assert.True(bounds.Allows(20, grain));
        Assert.True(bounds.Allows(300, grain));
        Assert.False(bounds.Allows(19.999, grain));
        Assert.False(bounds.Allows(300.001, grain));
    }

    [Theory, MemberData(nameof(Grains))]
    public void An_amount_a_day_is_bounded_up_to_the_day(Grain grain)
    {
        var bounds = MetricCatalogue.Find("step_count")!.Bounds;
        Assert.True(bounds.Allows(0, grain));
        Assert.True(bounds.Allows(200_000, grain));
        Assert.False(bounds.Allows(-1, grain));
        Assert.Equal(grain is Grain.Week or Grain.Month or Grain.Year, bounds.Allows(200_001, grain));
    }

    [Theory, MemberData(nameof(Grains))]
    public void What_is_no_finite_number_is_never_allowed(Grain grain)
    {
        foreach (var bounds in (Bounds[])[Bounds.None, MetricCatalogue.Find("step_count")!.Bounds])
        {
            Assert.False(bounds.Allows(double.NaN, grain));
            Assert.False(bounds.Allows(double.PositiveInfinity, grain));
            Assert.False(bounds.Allows(double.NegativeInfinity, grain));
        }
    }

    [Fact]
    public void An_unknown_metric_has_no_bounds()
    {
        var metric = Metric.Unknown("future_metric_2027", "widgets", MetricKind.Discrete);
        Assert.True(metric.Bounds.Allows(-1e300, Grain.Sample));
        Assert.True(metric.Bounds.Allows(1e300, Grain.Year));
        Assert.False(metric.IsSuspicious(1e300));
    }

    [Fact]
    public void Every_metric_is_bounded_in_a_way_that_its_kind_allows() => Assert.All(MetricCatalogue.All, metric =>
    {
        Assert.True(double.IsFinite(metric.Bounds.Lower) && double.IsFinite(metric.Bounds.Upper));
        Assert.True(metric.Bounds.Lower < metric.Bounds.Upper);
        // A bound on one sample would be wrong for a sum of them.
        if (metric.Kind == MetricKind.Cumulative) Assert.Equal(BoundsBasis.Day, metric.Bounds.Basis);
    });

    [Theory]
    [InlineData("sleep_analysis", 0, 24, BoundsBasis.Session)]
    [InlineData("blood_oxygen_saturation", 40, 100, BoundsBasis.Sample)]
    [InlineData("underwater_temperature", -5, 60, BoundsBasis.Sample)]
    [InlineData("forced_vital_capacity", 0.1, 12, BoundsBasis.Sample)]
    [InlineData("active_energy", 0, 20_000, BoundsBasis.Day)]
    public void Bounds_are_in_the_canonical_unit(string name, double lower, double upper, BoundsBasis basis) =>
        Assert.Equal(new Bounds(lower, upper, basis), MetricCatalogue.Find(name)!.Bounds);

    [Theory]
    [InlineData("heart_rate", 29.9, true)]
    [InlineData("heart_rate", 30, false)]
    [InlineData("heart_rate", 220, false)]
    [InlineData("heart_rate", 220.1, true)]
    [InlineData("blood_oxygen_saturation", 69, true)]
    [InlineData("blood_oxygen_saturation", 100, false)]
    [InlineData("body_temperature", 41.5, true)]
    [InlineData("body_temperature", 36.6, false)]
    [InlineData("weight_body_mass", 9, true)]
    [InlineData("step_count", 199_999, false)]
    public void The_unusual_is_told_from_the_impossible(string name, double value, bool suspicious)
    {
        var metric = MetricCatalogue.Find(name)!;
        Assert.True(metric.Bounds.Allows(value, Grain.Sample));
        Assert.Equal(suspicious, metric.IsSuspicious(value));
    }

    [Fact]
    public void What_is_usual_lies_within_what_is_possible_and_is_said_of_measurements_only() =>
        Assert.All(MetricCatalogue.All.Where(metric => metric.Usual != Bounds.None), metric =>
        {
            Assert.Equal(MetricKind.Discrete, metric.Kind);
            if (double.IsFinite(metric.Usual.Lower)) Assert.True(metric.Usual.Lower > metric.Bounds.Lower);
            if (double.IsFinite(metric.Usual.Upper)) Assert.True(metric.Usual.Upper < metric.Bounds.Upper);
        });

    [Fact]
    public void A_workout_ends_after_it_starts_and_within_two_days()
    {
        Assert.False(HealthBounds.AllowsWorkout(TimeSpan.FromSeconds(-1)));
        Assert.False(HealthBounds.AllowsWorkout(TimeSpan.Zero));
        Assert.True(HealthBounds.AllowsWorkout(TimeSpan.FromSeconds(22)));
        Assert.True(HealthBounds.AllowsWorkout(TimeSpan.FromHours(48)));
        Assert.False(HealthBounds.AllowsWorkout(TimeSpan.FromHours(48) + TimeSpan.FromTicks(1)));
        Assert.Equal((0d, 20_000d), (HealthBounds.WorkoutEnergyKcal.Lower, HealthBounds.WorkoutEnergyKcal.Upper));
        Assert.Equal((0d, 1_000_000d), (HealthBounds.WorkoutDistanceM.Lower, HealthBounds.WorkoutDistanceM.Upper));
        Assert.Equal((20d, 300d), (HealthBounds.WorkoutHeartRate.Lower, HealthBounds.WorkoutHeartRate.Upper));
    }

    [Fact]
    public void Sleep_lasts_a_day_at_most()
    {
        Assert.False(HealthBounds.AllowsSleep(TimeSpan.FromTicks(-1)));
        Assert.True(HealthBounds.AllowsSleep(TimeSpan.Zero));
        Assert.True(HealthBounds.AllowsSleep(TimeSpan.FromHours(24)));
        Assert.False(HealthBounds.AllowsSleep(TimeSpan.FromHours(24) + TimeSpan.FromTicks(1)));
    }

    [Theory]
    [InlineData(90, 180, 9_000d, true)]
    [InlineData(-90, -180, -500d, true)]
    [InlineData(0, 0, null, true)]
    [InlineData(90.000001, 0, null, false)]
    [InlineData(0, -180.000001, null, false)]
    [InlineData(0, 0, 9_000.1, false)]
    [InlineData(0, 0, -500.1, false)]
    [InlineData(double.NaN, 0, null, false)]
    [InlineData(0, 0, double.NaN, false)]
    public void A_route_point_is_on_Earth(double latitude, double longitude, double? altitude, bool allowed) =>
        Assert.Equal(allowed, HealthBounds.AllowsRoutePoint(latitude, longitude, altitude));
}
