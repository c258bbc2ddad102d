using HealthExport.Catalogue;
using HealthExport.Samples;
using HealthExport.Totals;
using static HealthExport.Tests.Totals.TestRows;

namespace HealthExport.Tests.Totals;

public sealed class SeriesTests
{
    static string Start(SeriesPoint point) => point.Start.At(point.OffsetMinutes).ToString("yyyy-MM-dd HH:mm zzz");

    static (string Start, double Sum)[] Sums(IEnumerable<SeriesPoint> points) =>
        [.. points.Select(point => (Start(point), point.Figures.Sum))];

    [Fact]
    public void A_day_of_23_hours_and_one_of_25_have_as_many_points()
    {
        static IEnumerable<SampleRow> Hours(DateOnly date, TimeZoneInfo zone)
        {
            var at = new DateTimeOffset(date.Year, date.Month, date.Day, 0, 0, 0, TimeSpan.Zero).AddHours(-6);
            for (var i = 0; i < 40; i++, at = at.AddHours(1))
            {
                var local = TimeZoneInfo.ConvertTime(at, zone);
                if (DateOnly.FromDayNumber(local.Day - date.Day + date.DayNumber) != date) continue;
                yield return Row(Grain.Hour, local.ToString("yyyy-MM-dd HH:mm zzz"), 1);
            }
        }

        var spring = Hours(new(2026, 3, 29), Berlin).ToArray();
        var autumn = Hours(new(2026, 10, 25), Berlin).ToArray();
        Assert.Equal(23, Amounts(SeriesBucket.Hour, spring).Length);
        Assert.Equal(25, Amounts(SeriesBucket.Hour, autumn).Length);
        Assert.Equal([("2026-03-29 00:00 +01:00", 23.0)], Sums(Amounts(SeriesBucket.Day, spring)));
        Assert.Equal([("2026-10-25 00:00 +02:00", 25.0)], Sums(Amounts(SeriesBucket.Day, autumn)));
        // The zone says the same as the rows' own offsets.
        Assert.Equal(
            Sums(Amounts(SeriesBucket.Hour, autumn)),
            Sums(Series(new(MetricKind.Cumulative, SeriesBucket.Hour, default, Berlin), autumn)));
    }

    [Fact]
    public void The_hour_that_comes_twice_in_autumn_is_two_points() =>
        Assert.Equal(
            [("2026-10-25 02:00 +02:00", 10.0), ("2026-10-25 02:00 +01:00", 7.0)],
            Sums(Amounts(
                SeriesBucket.Hour,
                Row(Grain.Sample, "2026-10-25 02:10 +02:00", 4), Row(Grain.Sample, "2026-10-25 02:50 +02:00", 6),
                Row(Grain.Sample, "2026-10-25 02:10 +01:00", 7))));

    [Fact]
    public void A_flight_leaves_one_local_day_with_both_offsets()
    {
        // Berlin to New York: the day lasts 30 hours.
        SampleRow[] rows =
        [
            Row(Grain.Hour, "2026-01-15 09:00 +01:00", 500),
            Row(Grain.Hour, "2026-01-15 14:00 -05:00", 300),
            Row(Grain.Hour, "2026-01-15 23:00 -05:00", 200),
        ];
        Assert.Equal([("2026-01-15 00:00 +01:00", 1000.0)], Sums(Amounts(SeriesBucket.Day, rows)));
        Assert.Equal(1100, DayTotal([.. rows, Row(Grain.Day, "2026-01-15 00:00 -05:00", 1100, 1)]));
        // 23:00 in New York is the next day in Berlin.
        Assert.Equal(
            [("2026-01-15 00:00 +01:00", 800.0), ("2026-01-16 00:00 +01:00", 200.0)],
            Sums(Series(new(MetricKind.Cumulative, SeriesBucket.Day, default, Berlin), rows)));
    }

    [Fact]
    public void Hours_begin_where_a_clock_at_half_past_shows_them() =>
        Assert.Equal(
            [("2026-01-15 08:00 +05:30", 3.0)],
            Sums(Amounts(
                SeriesBucket.Hour,
                Row(Grain.Sample, "2026-01-15 08:10 +05:30", 1), Row(Grain.Sample, "2026-01-15 08:50 +05:30", 2))));

    [Fact]
    public void A_day_bucket_keeps_its_date_in_another_zone() =>
        Assert.Equal(
            [("2026-01-15 00:00 +01:00", 900.0)],
            Sums(Series(
                new(MetricKind.Cumulative, SeriesBucket.Day, default, Berlin),
                Row(Grain.Day, "2026-01-15 00:00 +09:00", 900))));

    [Fact]
    public void A_day_whose_midnight_the_clock_skips_begins_when_the_clock_shows_it()
    {
        var santiago = TimeZoneInfo.FindSystemTimeZoneById("America/Santiago");
        Assert.Equal(
            [("2025-09-07 01:00 -03:00", 5.0)],
            Sums(Series(
                new(MetricKind.Cumulative, SeriesBucket.Day, default, santiago),
                Row(Grain.Sample, "2025-09-07 12:00 -03:00", 5))));
    }

    [Fact]
    public void Weeks_run_from_Monday_and_periods_from_their_first_day()
    {
        SampleRow[] rows =
        [
            Row(Grain.Day, "2026-01-31 00:00 +01:00", 10),
            Row(Grain.Day, "2026-02-01 00:00 +01:00", 20),
            Row(Grain.Day, "2026-02-02 00:00 +01:00", 40),
        ];
        Assert.Equal(
            [("2026-01-26 00:00 +01:00", 30.0), ("2026-02-02 00:00 +01:00", 40.0)],
            Sums(Amounts(SeriesBucket.Week, rows)));
        Assert.Equal(
            [("2026-01-01 00:00 +01:00", 10.0), ("2026-02-01 00:00 +01:00", 60.0)],
            Sums(Amounts(SeriesBucket.Month, rows)));
        var year = Assert.Single(Amounts(SeriesBucket.Year, rows));
        Assert.Equal("2026-01-01 00:00 +01:00", Start(year));
        Assert.Equal((70.0, 70.0 / 3, 10.0, 40.0, 3L, 40.0), (
            year.Figures.Sum, year.Figures.Average, year.Figures.Min, year.Figures.Max, year.Figures.Count,
            year.Figures.Latest));
    }

    [Fact]
    public void A_month_answers_only_where_nothing_finer_exists()
    {
        var month = Row(Grain.Month, "2026-01-01 00:00 +01:00", 3100, 9);
        var day = Row(Grain.Day, "2026-01-31 00:00 +01:00", 10, 1);
        var alone = Assert.Single(Amounts(SeriesBucket.Month, month)).Figures;
        Assert.Equal((3100.0, 100.0, Grain.Month, 1L), (alone.Sum, alone.Average, alone.Grain, alone.Count));
        Assert.True(double.IsNaN(alone.Min));
        Assert.Equal(10, Assert.Single(Amounts(SeriesBucket.Month, month, day)).Figures.Sum);
        Assert.Empty(Amounts(SeriesBucket.Day, month));
        Assert.Empty(Amounts(SeriesBucket.Week, month));
    }

    [Fact]
    public void A_year_takes_each_month_from_its_days_or_else_from_its_bucket()
    {
        SampleRow[] rows =
        [
            Row(Grain.Year, "2026-01-01 00:00 +01:00", 99, 9),
            Row(Grain.Month, "2026-01-01 00:00 +01:00", 3100), Row(Grain.Day, "2026-01-31 00:00 +01:00", 10),
            Row(Grain.Month, "2026-02-01 00:00 +01:00", 2800),
        ];
        Assert.Equal(2810, Assert.Single(Amounts(SeriesBucket.Year, rows)).Figures.Sum);
        Assert.Equal(99, Assert.Single(Amounts(SeriesBucket.Year, rows[0])).Figures.Sum);
    }

    [Fact]
    public void By_source_each_source_stands_alone()
    {
        var points = Series(
            new(MetricKind.Cumulative, SeriesBucket.Day, default, BySource: true),
            Row(Grain.Sample, "2026-01-15 08:00 +01:00", 100, source: Watch, minutes: 10),
            Row(Grain.Sample, "2026-01-15 08:00 +01:00", 90, source: Phone, minutes: 10),
            Row(Grain.Sample, "2026-01-15 08:00 +01:00", 5, minutes: 10));
        Assert.Equal(
            [(null, 5.0), (Watch, 100.0), (Phone, 90.0)],
            points.Select(point => (point.Source, point.Figures.Sum)));
    }
}
