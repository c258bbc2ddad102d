using HealthExport.Catalogue;
using HealthExport.Samples;
using HealthExport.Totals;
using static HealthExport.Tests.Totals.TestRows;

namespace HealthExport.Tests.Totals;

public sealed class DayTotalTests
{
    const string Midnight = "2026-01-15 00:00 +01:00";
    const string Eight = "2026-01-15 08:00 +01:00";
    const string Nine = "2026-01-15 09:00 +01:00";

    static IEnumerable<SampleRow> ByMinute(double each, long push) =>
        [.. Minutes(Eight, each, push), .. Minutes(Nine, each, push)];

    static SampleRow[] ByHour(double each, long push) =>
        [Row(Grain.Hour, Eight, each, push), Row(Grain.Hour, Nine, each, push)];

    static SampleRow ByDay(double value, long push) => Row(Grain.Day, Midnight, value, push);

    [Fact]
    public void The_same_day_by_minute_by_hour_and_by_day_counts_once()
    {
        Assert.Equal(1200, DayTotal(ByMinute(10, 1)));
        Assert.Equal(1200, DayTotal(ByHour(600, 1)));
        Assert.Equal(1200, DayTotal(ByDay(1200, 1)));
        Assert.Equal(1200, DayTotal([.. ByMinute(10, 1), .. ByHour(600, 2), ByDay(1200, 3)]));
        Assert.Equal(1200, DayTotal([.. ByMinute(10, 3), .. ByHour(600, 2), ByDay(1200, 1)]));
        Assert.Equal(1200, DayTotal([.. ByMinute(10, 1), .. ByHour(600, 1), ByDay(1200, 1)]));
    }

    [Fact]
    public void A_day_that_has_grown_is_told_by_whichever_grain_grew()
    {
        Assert.Equal(1320, DayTotal([.. ByMinute(11, 4), .. ByHour(600, 2), ByDay(1200, 3)]));
        Assert.Equal(1300, DayTotal([.. ByMinute(10, 1), .. ByHour(650, 4), ByDay(1200, 3)]));
        Assert.Equal(1500, DayTotal([.. ByMinute(10, 1), .. ByHour(600, 2), ByDay(1500, 4)]));
    }

    [Fact]
    public void A_day_corrected_downwards_by_the_day_is_smaller() =>
        Assert.Equal(1000, DayTotal([.. ByMinute(10, 1), .. ByHour(600, 2), ByDay(1000, 3)]));

    [Fact]
    public void A_day_corrected_downwards_by_the_hour_is_smaller()
    {
        Assert.Equal(1000, DayTotal([.. ByMinute(10, 1), .. ByHour(500, 2)]));
        Assert.Equal(1000, DayTotal(
        [
            .. ByHour(500, 2),
            Row(Grain.Sample, Eight, 600, 1, Watch, 60), Row(Grain.Sample, Nine, 600, 1, Watch, 60),
        ]));
    }

    [Fact]
    public void A_sliver_of_a_day_does_not_stand_for_the_day()
    {
        var sliver = ByDay(5, 9);
        var row = sliver.Row;
        row.MayNotShrink = true;
        Assert.Equal(1200, DayTotal([.. ByMinute(10, 1), sliver with { Row = row }]));
    }

    [Fact]
    public void An_hour_is_told_like_a_day()
    {
        static double Hour(params IEnumerable<SampleRow> rows) =>
            Assert.Single(Amounts(SeriesBucket.Hour, rows)).Figures.Sum;

        var sample = Row(Grain.Sample, Eight, 700, 3, Watch, 30);
        Assert.Equal(500, Hour([.. Minutes(Eight, 10, 1), Row(Grain.Hour, Eight, 500, 2)]));
        Assert.Equal(600, Hour([.. Minutes(Eight, 10, 2), Row(Grain.Hour, Eight, 500, 1)]));
        Assert.Equal(700, Hour([.. Minutes(Eight, 10, 1), Row(Grain.Hour, Eight, 500, 2), sample]));
        Assert.Equal(500, Hour([.. Minutes(Eight, 10, 1), Row(Grain.Hour, Eight, 500, 4), sample]));
    }

    [Fact]
    public void A_day_received_before_its_minutes_holds_only_while_it_is_larger()
    {
        Assert.Equal(900, DayTotal([ByDay(900, 1), .. Minutes(Eight, 10, 2)]));
        Assert.Equal(1200, DayTotal([ByDay(900, 1), .. ByMinute(10, 2)]));
    }

    [Fact]
    public void A_day_received_with_its_minutes_is_not_newer_than_they_are() =>
        Assert.Equal(1200, DayTotal([ByDay(900, 5), .. ByMinute(10, 5)]));

    [Fact]
    public void Hours_and_minutes_fill_each_other_in()
    {
        // 8:00 has only an hour bucket, 9:00 only minutes, at 10:00 the minutes are incomplete.
        Assert.Equal(600 + 600 + 600, DayTotal(
        [
            Row(Grain.Hour, Eight, 600), .. Minutes(Nine, 10),
            Row(Grain.Hour, "2026-01-15 10:00 +01:00", 600), .. Minutes("2026-01-15 10:00 +01:00", 10, count: 20),
        ]));
    }

    [Fact]
    public void Samples_of_phone_and_watch_are_merged_before_they_are_compared()
    {
        SampleRow[] samples =
        [
            Row(Grain.Sample, Eight, 600, 1, Watch, 60),
            Row(Grain.Sample, Eight, 500, 1, Phone, 60),
            Row(Grain.Sample, Nine, 300, 1, Phone, 60),
        ];
        Assert.Equal(900, DayTotal(samples));
        Assert.Equal(950, DayTotal([.. samples, Row(Grain.Hour, Eight, 950, 1)]));
        var plain = Series(
            new(MetricKind.Cumulative, SeriesBucket.Day, default, MergesSources: false), samples);
        Assert.Equal(1400, Assert.Single(plain).Figures.Sum);
    }

    [Fact]
    public void Weeks_months_and_years_never_enter_a_day() =>
        Assert.Equal(600, DayTotal(
        [
            Row(Grain.Hour, "2026-01-01 08:00 +01:00", 600),
            Row(Grain.Week, "2026-01-01 00:00 +01:00", 9000, 7),
            Row(Grain.Month, "2026-01-01 00:00 +01:00", 90000, 8),
            Row(Grain.Year, "2026-01-01 00:00 +01:00", 900000, 9),
        ]));

    [Fact]
    public void The_point_tells_the_finest_grain_that_fed_it_and_how_many_rows()
    {
        var minutes = Assert.Single(Amounts(SeriesBucket.Day, [.. ByMinute(10, 3), ByDay(900, 1)])).Figures;
        Assert.Equal((Grain.Minute, 120L, 10.0, 10.0), (minutes.Grain, minutes.Count, minutes.Min, minutes.Max));
        var day = Assert.Single(Amounts(SeriesBucket.Day, [.. ByMinute(10, 3), ByDay(900, 4)])).Figures;
        Assert.Equal((Grain.Day, 1L, 900.0), (day.Grain, day.Count, day.Average));
    }

    [Fact]
    public void Tenths_of_a_unit_add_up_without_dust() =>
        Assert.Equal(144, DayTotal(
            Enumerable.Range(0, 24).SelectMany(hour => Minutes($"2026-01-15 {hour:00}:00 +01:00", 0.1))));

    [Fact]
    public void The_order_of_rows_does_not_matter()
    {
        SampleRow[] rows =
        [
            .. ByMinute(0.1, 2), .. ByHour(7.7, 1), ByDay(5, 1),
            Row(Grain.Sample, Eight, 3.3, 3, Watch, 60), Row(Grain.Sample, Eight, 4.1, 3, Phone, 90),
        ];
        var total = DayTotal(rows);
        var random = new Random(5);
        for (var i = 0; i < 50; i++)
        {
            random.Shuffle(rows);
            Assert.Equal(total, DayTotal(rows));
        }
    }

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    public void A_random_history_of_one_grain_totals_what_was_sent_last(int seed)
    {
        var random = new Random(seed);
        for (var run = 0; run < 200; run++)
        {
            var truth = Enumerable.Range(0, 24).Select(_ => (double)random.Next(1000)).ToArray();
            SampleRow[] rows =
            [
                .. truth.Select((value, hour) =>
                    Row(Grain.Hour, $"2026-01-15 {hour:00}:00 +01:00", value, random.Next(1, 9))),
                ByDay(truth.Sum() - random.Next(500), 0),
            ];
            Assert.Equal(truth.Sum(), DayTotal(rows));
        }
    }

    [Theory]
    [InlineData(21)]
    [InlineData(22)]
    [InlineData(23)]
    public void A_day_that_only_grows_totals_what_was_sent_last_whatever_the_grain(int seed)
    {
        var random = new Random(seed);
        for (var run = 0; run < 100; run++)
        {
            var truth = new double[24 * 3];
            var stored = new Dictionary<(Grain, string), SampleRow>();
            for (var push = 1; push < 12; push++)
            {
                for (var grown = random.Next(20); grown > 0; grown--)
                    truth[random.Next(truth.Length)] += random.Next(50);
                foreach (var row in WholeDay(truth, (Grain)random.Next((int)Grain.Minute, (int)Grain.Week), push))
                {
                    // Only differences are written.
                    var key = (row.Grain, row.Row.StartAt.ToString());
                    if (!stored.TryGetValue(key, out var old) || old.Row.Value != row.Row.Value) stored[key] = row;
                }
                Assert.Equal(truth.Sum(), DayTotal(stored.Values));
            }
        }
    }

    /// <param name="truth">By 20 minutes.</param>
    static IEnumerable<SampleRow> WholeDay(double[] truth, Grain grain, long push) => grain switch
    {
        Grain.Minute => truth.Select((value, i) =>
            Row(grain, $"2026-01-15 {i / 3:00}:{i % 3 * 20:00} +01:00", value, push)),
        Grain.Hour => truth.Chunk(3).Select((hour, i) =>
            Row(grain, $"2026-01-15 {i:00}:00 +01:00", hour.Sum(), push)),
        _ => [Row(grain, Midnight, truth.Sum(), push)],
    };
}
