using HealthExport.Samples;
using HealthExport.Totals;
using static HealthExport.Tests.Totals.TestRows;

namespace HealthExport.Tests.Totals;

public sealed class SourceMergeTests
{
    static double Sum(params SampleRow[] rows) => SourceMerge.Sum(rows, SourceRanks.Guessed);

    static SampleRow Steps(string source, string time, double value, double? minutes) =>
        Row(Grain.Sample, $"2026-01-15 {time} +01:00", value, source: source, minutes: minutes);

    [Fact]
    public void A_phone_counts_only_where_the_watch_was_off()
    {
        // The watch was worn from 8:00 to 8:30 and from 9:00; the phone was carried all the time.
        Assert.Equal(300 + 200 + 60 + 240, Sum(
            Steps(Watch, "08:00", 300, 30),
            Steps(Watch, "09:00", 200, 20),
            Steps(Phone, "08:00", 90, 30),
            Steps(Phone, "08:30", 60, 20),
            Steps(Phone, "08:50", 480, 20)));
    }

    // The watch charges from 13:00 to 15:00, the phone lies at home until 9:00 and from 18:00 on.
    static readonly SampleRow[] s_watchOfADay =
    [
        Steps(Watch, "07:30", 2_400, 90), Steps(Watch, "09:00", 5_200, 240), Steps(Watch, "15:00", 3_900, 180),
        Steps(Watch, "18:00", 1_300, 240),
    ];

    static readonly SampleRow[] s_phoneOfADay =
    [
        Steps(Phone, "09:00", 4_900, 240), Steps(Phone, "13:00", 1_200, 100), Steps(Phone, "14:40", 158, 40),
        Steps(Phone, "15:20", 3_100, 160),
    ];

    [Fact]
    public void A_day_of_phone_and_watch_is_neither_their_sum_nor_the_share_of_one()
    {
        Assert.Equal(12_800, Sum(s_watchOfADay));
        Assert.Equal(9_358, Sum(s_phoneOfADay));
        // All of the watch, the phone while the watch was charging, and half of what it counted around 15:00.
        Assert.Equal(12_800 + 1_200 + 79, Sum([.. s_watchOfADay, .. s_phoneOfADay]));
        Assert.Equal(14_079, Sum([.. s_phoneOfADay, .. s_watchOfADay]));
    }

    [Fact]
    public void A_ring_beside_a_watch_counts_before_it_was_put_on_and_after_it_was_taken_off()
    {
        SampleRow[] ring =
        [
            Steps("Ring", "06:00", 500, 60), Steps("Ring", "07:00", 600, 60), Steps("Ring", "08:00", 9_000, 780),
            Steps("Ring", "22:00", 40, 30),
        ];
        Assert.Equal(14_079 + 500 + 300 + 40, Sum([.. s_phoneOfADay, .. s_watchOfADay, .. ring]));
    }

    [Fact]
    public void A_sample_that_is_half_covered_counts_half() =>
        Assert.Equal(150, Sum(Steps(Watch, "08:00", 100, 10), Steps(Phone, "08:05", 100, 10)));

    [Fact]
    public void A_sample_covered_in_the_middle_counts_at_both_ends() =>
        Assert.Equal(130, Sum(Steps(Watch, "08:10", 100, 10), Steps(Phone, "08:00", 45, 30)));

    [Fact]
    public void Overlapping_samples_of_one_source_all_count() =>
        Assert.Equal(30, Sum(Steps(Watch, "08:00", 10, 10), Steps(Watch, "08:05", 20, 10)));

    [Fact]
    public void A_sample_without_an_end_lasts_until_the_next_of_its_source() =>
        Assert.Equal(50 + 50 + 0 + 20, Sum(
            Steps(Watch, "08:00", 50, null), Steps(Watch, "08:04", 50, 1),
            Steps(Phone, "08:02", 30, 2), Steps(Phone, "08:05", 20, 1)));

    [Fact]
    public void A_sample_without_an_end_lasts_ten_minutes_at_most() =>
        Assert.Equal(100 + 0 + 20, Sum(
            Steps(Watch, "08:00", 100, null), Steps(Phone, "08:09", 30, 1), Steps(Phone, "08:10", 20, 1)));

    [Fact]
    public void A_point_in_time_counts_unless_it_is_covered() =>
        Assert.Equal(100 + 0 + 7, Sum(
            Steps(Watch, "08:00", 100, 10), Steps(Phone, "08:05", 3, 0), Steps(Phone, "08:10", 7, 0)));

    [Fact]
    public void Several_devices_in_one_text_rank_as_the_best_of_them() =>
        Assert.Equal(SourceRanks.Watch, SourceRanks.Guessed.Of("Anna's iPhone|Anna's Apple Watch"));

    [Fact]
    public void A_phone_ranks_before_what_is_unknown()
    {
        Assert.Equal(SourceRanks.Phone, SourceRanks.Guessed.Of("iPhone 15"));
        Assert.Equal(SourceRanks.Other, SourceRanks.Guessed.Of("Some App"));
        Assert.Equal(SourceRanks.Other, SourceRanks.Guessed.Of(null));
        Assert.Equal(150, Sum(Steps("Some App", "08:00", 50, 10), Steps(Phone, "08:00", 150, 10)));
    }

    [Fact]
    public void A_chosen_rank_wins_over_the_guess()
    {
        var ranks = new SourceRanks(new Dictionary<string, int> { ["Some App"] = -1 });
        SampleRow[] rows = [Steps("Some App", "08:00", 200, 10), Steps(Watch, "08:00", 150, 20)];
        Assert.Equal(275, SourceMerge.Sum(rows, ranks));
    }

    [Fact]
    public void A_source_that_missed_most_does_not_take_away_what_another_counted() =>
        Assert.Equal(500, Sum(Steps(Watch, "08:00", 3, 10), Steps(Phone, "08:00", 500, 10)));

    [Fact]
    public void Rows_before_1970_merge_too() =>
        Assert.Equal(5, Sum(
            Row(Grain.Sample, "1960-01-15 08:00 +01:00", 5, source: Watch),
            Row(Grain.Sample, "1960-01-15 08:00 +01:00", 4, source: Phone)));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void The_sum_lies_between_the_best_source_and_all_of_them_in_any_order(int seed)
    {
        var random = new Random(seed);
        for (var run = 0; run < 300; run++)
        {
            var rows = Enumerable.Range(0, random.Next(1, 60)).Select(_ => RandomRow(random)).ToArray();
            var sum = Sum(rows);
            var plain = rows.Sum(row => row.Row.Value);
            var best = rows.GroupBy(row => row.Row.Source).Max(source => source.Sum(row => row.Row.Value));
            Assert.InRange(sum, best, plain);
            for (var i = 0; i < 3; i++)
            {
                random.Shuffle(rows);
                Assert.Equal(sum, Sum(rows));
            }
        }
    }

    [Fact]
    public void A_source_alone_counts_whole_and_disjoint_sources_add_up()
    {
        var random = new Random(4);
        for (var run = 0; run < 100; run++)
        {
            SampleRow[] rows =
            [
                .. Enumerable.Range(0, 20).Select(i => Steps(
                    i % 2 == 0 ? Watch : Phone, $"{i:00}:{random.Next(20):00}", random.Next(1000), random.Next(1, 40))),
            ];
            Assert.Equal(rows.Sum(row => row.Row.Value), Sum(rows));
        }
    }

    // Whole values below 2^53, so that sums are exact in any order.
    static SampleRow RandomRow(Random random)
    {
        string?[] sources = [Watch, Phone, "Some App", "Another App", "iPhone|Some App", null];
        var row = Row(
            Grain.Sample, "2026-01-15 08:00 +01:00", random.Next(1000), source: sources[random.Next(sources.Length)],
            minutes: random.Next(5) == 0 ? null : random.Next(0, 30));
        var shift = TimeSpan.FromMinutes(random.Next(0, 240));
        var moved = row.Row;
        moved.StartAt += shift;
        if (!moved.EndAt.IsNone) moved.EndAt += shift;
        return row with { Row = moved };
    }
}
