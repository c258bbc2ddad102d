using HealthExport.Samples;
using HealthExport.Totals;
using static HealthExport.Tests.Totals.TestRows;

namespace HealthExport.Tests.Totals;

public sealed class DiscreteSeriesTests
{
    const string Eight = "2026-01-15 08:00 +01:00";
    const string Nine = "2026-01-15 09:00 +01:00";

    static Figures Day(params IEnumerable<SampleRow> rows) =>
        Assert.Single(Measurements(SeriesBucket.Day, rows)).Figures;

    [Fact]
    public void Each_hour_counts_its_finest_grain()
    {
        var day = Day(
        [
            Row(Grain.Sample, Eight, 60), Row(Grain.Hour, Eight, 200), .. Minutes(Eight, 150),
            .. Minutes(Nine, 80), Row(Grain.Hour, Nine, 300),
            Row(Grain.Hour, "2026-01-15 10:00 +01:00", 100),
            Row(Grain.Day, "2026-01-15 00:00 +01:00", 999, 9),
        ]);
        Assert.Equal((80.0, 60.0, 100.0, 62L, Grain.Sample), (day.Average, day.Min, day.Max, day.Count, day.Grain));
    }

    [Fact]
    public void A_day_bucket_answers_a_day_that_has_nothing_finer() =>
        Assert.Equal((70.0, 50.0, 120.0), (
            Day(Row(Grain.Day, Eight, 70, min: 50, max: 120)).Average,
            Day(Row(Grain.Day, Eight, 70, min: 50, max: 120)).Min,
            Day(Row(Grain.Day, Eight, 70, min: 50, max: 120)).Max));

    [Fact]
    public void Samples_that_last_weigh_by_how_long() =>
        Assert.Equal(65, Day(
            Row(Grain.Sample, Eight, 60, minutes: 30), Row(Grain.Sample, Nine, 80, minutes: 10)).Average);

    [Fact]
    public void Samples_that_do_not_all_last_weigh_the_same() =>
        Assert.Equal(70, Day(Row(Grain.Sample, Eight, 60, minutes: 30), Row(Grain.Sample, Nine, 80)).Average);

    [Fact]
    public void An_hour_of_samples_weighs_as_much_as_an_hour_bucket() =>
        Assert.Equal(80, Day(
            Row(Grain.Sample, Eight, 50), Row(Grain.Sample, "2026-01-15 08:10 +01:00", 70), Row(Grain.Hour, Nine, 100))
            .Average);

    [Fact]
    public void Least_and_greatest_come_from_the_bounds_that_a_row_bears()
    {
        var day = Day(
            Row(Grain.Sample, Eight, 60, min: 48, max: 70), Row(Grain.Sample, Nine, 80),
            Row(Grain.Sample, Nine, double.NaN, min: 55, max: 130));
        Assert.Equal((70.0, 48.0, 130.0, 3L), (day.Average, day.Min, day.Max, day.Count));
    }

    [Fact]
    public void Rows_with_bounds_only_have_no_average()
    {
        var day = Day(Row(Grain.Sample, Eight, double.NaN, min: 55, max: 130));
        Assert.True(double.IsNaN(day.Average));
        Assert.True(double.IsNaN(day.Sum));
        Assert.True(double.IsNaN(day.Latest));
        Assert.Equal((55.0, 130.0, 1L), (day.Min, day.Max, day.Count));
    }

    [Fact]
    public void The_latest_is_the_value_of_the_latest_start() =>
        Assert.Equal(71, Day(
            Row(Grain.Sample, Nine, 71), Row(Grain.Sample, Eight, 60),
            Row(Grain.Sample, "2026-01-15 09:30 +01:00", double.NaN, min: 1)).Latest);

    [Fact]
    public void A_week_averages_its_hours_not_its_days() =>
        Assert.Equal((60 + 60 + 90) / 3.0, Assert.Single(Measurements(
            SeriesBucket.Week,
            Row(Grain.Hour, Eight, 60), Row(Grain.Hour, Nine, 60),
            Row(Grain.Hour, "2026-01-16 09:00 +01:00", 90))).Figures.Average);

    [Fact]
    public void A_month_bucket_answers_a_month_that_has_nothing_finer()
    {
        var month = Row(Grain.Month, "2026-01-01 00:00 +01:00", 66);
        Assert.Equal(66, Assert.Single(Measurements(SeriesBucket.Month, month)).Figures.Average);
        Assert.Equal(50, Assert.Single(Measurements(
            SeriesBucket.Month, month, Row(Grain.Sample, Eight, 50))).Figures.Average);
    }
}
