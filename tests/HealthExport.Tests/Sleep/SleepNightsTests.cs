using System.Globalization;
using HealthExport.Sleep;
using HealthExport.Time;
using HealthExport.Totals;

namespace HealthExport.Tests.Sleep;

public sealed class SleepNightsTests
{
    const string Watch = "Alex's Apple Watch";
    const string Phone = "Alex's iPhone";

    [Fact]
    public void A_night_of_stages_adds_up_and_belongs_to_the_date_of_waking()
    {
        var night = Assert.Single(Of(
            Stage("14 23:00", "14 23:10", "awake"), Stage("14 23:10", "15 01:00", "core"),
            Stage("15 01:00", "15 02:00", "deep"), Stage("15 02:00", "15 02:15", "awake"),
            Stage("15 02:15", "15 03:45", "rem"), Stage("15 03:45", "15 06:30", "core"),
            Stage("15 06:30", "15 06:45", "awake"), Stage("14 22:50", "15 06:50", "in_bed")));
        Assert.Equal(new DateOnly(2026, 1, 15), night.Date);
        Assert.Equal((At("14 23:10"), At("15 06:30")), (night.StartAt, night.EndAt));
        Assert.Equal(
            (480, 425, 275, 60, 90, 15),
            (night.InBedMinutes, night.AsleepMinutes, night.CoreMinutes, night.DeepMinutes, night.RemMinutes,
                night.AwakeMinutes));
        Assert.Equal(425.0 / 480, night.Efficiency);
        Assert.Equal((Watch, SleepBasis.Segments, false), (night.Source, night.Basis, night.IsNap));
        Assert.Equal(8, night.Stages.Count);
    }

    [Fact]
    public void A_month_whose_stages_and_time_in_bed_cover_the_same_time_is_counted_once()
    {
        var stages = new List<SleepStage>();
        for (var day = 1; day <= 30; day++)
        {
            // 205 h of stages a month, 10 min a night of them awake, and 194 h in bed, in four pieces over the same
            // time.
            stages.Add(Stage($"{day:00} 00:00", $"{day:00} 03:00", "core"));
            stages.Add(Stage($"{day:00} 03:00", $"{day:00} 03:10", "awake"));
            stages.Add(Stage($"{day:00} 03:10", $"{day:00} 06:50", "deep"));
            for (var piece = 0; piece < 4; piece++)
                stages.Add(Stage($"{day:00} {piece * 97 / 60:00}:{piece * 97 % 60:00}",
                    $"{day:00} {(piece + 1) * 97 / 60:00}:{(piece + 1) * 97 % 60:00}", "in_bed"));
        }
        var nights = Of([.. stages]);
        Assert.Equal(30, nights.Count);
        Assert.Equal(205 * 60 - 30 * 10.0, nights.Sum(night => night.AsleepMinutes));
        Assert.Equal(30 * 10.0, nights.Sum(night => night.AwakeMinutes));
        Assert.Equal(194 * 60.0, nights.Sum(night => night.InBedMinutes));
        Assert.All(nights, night => Assert.InRange(night.Efficiency!.Value, 0.97, 0.98));
        Assert.All(nights, night => Assert.False(night.IsNap));
    }

    [Fact]
    public void An_app_whose_asleep_repeats_the_stages_does_not_double_the_night()
    {
        var night = Assert.Single(Of(
            Stage("15 00:00", "15 04:00", "core"), Stage("15 04:00", "15 06:00", "rem"),
            Stage("15 00:00", "15 06:05", "asleep"), Stage("15 00:00", "15 06:00", "asleep", "AutoSleep")));
        Assert.Equal((365, 240, 120), (night.AsleepMinutes, night.CoreMinutes, night.RemMinutes));
        Assert.Equal(Watch, night.Source);
    }

    [Fact]
    public void Overlapping_and_repeated_segments_count_every_minute_once()
    {
        var night = Assert.Single(Of(
            Stage("15 00:00", "15 02:00", "core"), Stage("15 00:00", "15 02:00", "core"),
            Stage("15 01:00", "15 03:00", "core"), Stage("15 01:30", "15 02:30", "deep"),
            Stage("15 02:00", "15 03:30", "awake")));
        Assert.Equal((180, 120, 60), (night.AsleepMinutes, night.CoreMinutes, night.DeepMinutes));
        Assert.Equal(0, night.AwakeMinutes);
        Assert.Equal(At("15 03:00"), night.EndAt);
    }

    [Fact]
    public void One_source_is_believed_by_detail_then_rank_and_another_may_say_how_long_one_lay_in_bed()
    {
        var night = Assert.Single(Of(
            Stage("14 22:30", "15 07:30", "in_bed", Phone),
            Stage("14 23:00", "15 07:00", "asleep", "Ring"),
            Stage("14 23:30", "15 06:30", "core")));
        Assert.Equal((Watch, 420.0, 420.0), (night.Source, night.AsleepMinutes, night.CoreMinutes));
        // Of what the phone says, the part that the watch tells of.
        Assert.Equal(420.0, night.InBedMinutes);

        night = Assert.Single(Of(
            Stage("14 23:00", "15 07:00", "asleep", "Ring"), Stage("14 23:30", "15 06:30", "asleep")));
        Assert.Equal(Watch, night.Source);
        var ranks = new SourceRanks(new Dictionary<string, int> { ["Ring"] = -1 });
        night = Assert.Single(SleepNights.Of(
            [Stage("14 23:00", "15 07:00", "asleep", "Ring"), Stage("14 23:30", "15 06:30", "asleep")], [], ranks));
        Assert.Equal("Ring", night.Source);
    }

    [Fact]
    public void Naps_are_apart_from_the_night_of_their_date()
    {
        var nights = Of(
            Stage("14 23:00", "15 06:00", "core"), Stage("15 07:30", "15 08:00", "core"),
            Stage("15 14:00", "15 14:40", "core"), Stage("15 20:00", "15 21:00", "core"));
        Assert.Equal(
            [(450.0, false), (40.0, true), (60.0, true)],
            nights.Select(night => (night.AsleepMinutes!.Value, night.IsNap)));
        Assert.All(nights, night => Assert.Equal(new DateOnly(2026, 1, 15), night.Date));
    }

    [Fact]
    public void A_short_sleep_alone_is_a_nap_after_noon_and_a_night_before()
    {
        Assert.True(Assert.Single(Of(Stage("15 13:00", "15 14:30", "core"))).IsNap);
        Assert.False(Assert.Single(Of(Stage("15 03:00", "15 05:00", "core"))).IsNap);
        Assert.False(Assert.Single(Of(Stage("15 08:00", "15 16:00", "core"))).IsNap);
    }

    [Fact]
    public void Time_in_bed_alone_is_a_night_without_sleep_and_nothing_beside_sleep()
    {
        var alone = Assert.Single(Of(Stage("14 22:00", "15 06:00", "in_bed", Phone)));
        Assert.Equal((480.0, null, null), (alone.InBedMinutes, alone.AsleepMinutes, alone.Efficiency));
        Assert.False(alone.IsNap);

        var night = Assert.Single(
            Of(
                Stage("14 20:00", "14 23:00", "in_bed", Phone), Stage("15 00:00", "15 06:00", "core"),
                Stage("15 09:00", "15 10:00", "in_bed", Phone)),
            night => night.Date.Day == 15);
        Assert.Equal(360.0, night.AsleepMinutes);
    }

    [Fact]
    public void A_session_counts_only_where_no_segments_tell_of_sleep()
    {
        var session = Session("14 23:00", "15 07:00", asleep: 400, core: 200, deep: 100, rem: 100, inBed: 900);
        var night = Assert.Single(SleepNights.Of([], [session], SourceRanks.Guessed));
        Assert.Equal(SleepBasis.Session, night.Basis);
        Assert.Equal((400.0, 200.0, 480.0), (night.AsleepMinutes, night.CoreMinutes, night.InBedMinutes));
        Assert.Equal(400.0 / 480, night.Efficiency);
        Assert.Empty(night.Stages);

        night = Assert.Single(SleepNights.Of(
            [Stage("14 23:30", "15 06:30", "asleep", Phone)], [session], SourceRanks.Guessed));
        Assert.Equal((SleepBasis.Segments, 420.0), (night.Basis, night.AsleepMinutes));

        night = Assert.Single(SleepNights.Of(
            [Stage("14 22:30", "15 07:30", "in_bed", Phone)], [session], SourceRanks.Guessed));
        Assert.Equal((SleepBasis.Session, 400.0), (night.Basis, night.AsleepMinutes));
    }

    [Fact]
    public void Of_two_sessions_of_one_night_that_with_stages_is_believed_and_a_nap_stays()
    {
        var nights = SleepNights.Of(
            [],
            [
                Session("14 23:00", "15 07:00", asleep: 470, source: "Band"),
                Session("14 23:10", "15 06:50", asleep: 450, core: 300, deep: 100, rem: 50),
                Session("15 13:00", "15 13:45", asleep: 45),
            ],
            SourceRanks.Guessed);
        Assert.Equal(
            [(450.0, false), (45.0, true)], nights.Select(night => (night.AsleepMinutes!.Value, night.IsNap)));
    }

    [Fact]
    public void Across_a_change_of_the_clock_each_end_has_its_own_offset()
    {
        // 2026-03-29, 02:00 becomes 03:00: asleep from 23:00 +01:00 to 07:00 +02:00 is 7 hours.
        var night = Assert.Single(SleepNights.Of(
            [
                Segment(new(2026, 3, 28, 23, 0, 0, TimeSpan.FromHours(1)), 3 * 60, "core"),
                Segment(new(2026, 3, 29, 3, 0, 0, TimeSpan.FromHours(2)), 4 * 60, "core"),
            ],
            [], SourceRanks.Guessed));
        Assert.Equal((420.0, 60, 120), (night.AsleepMinutes, night.StartOffset, night.EndOffset));
        Assert.Equal(new DateOnly(2026, 3, 29), night.Date);
    }

    [Fact]
    public void Nothing_makes_no_nights_and_neither_do_segments_without_length()
    {
        Assert.Empty(Of());
        Assert.Empty(Of(Stage("15 01:00", "15 01:00", "core"), Stage("15 02:00", "15 01:00", "core")));
        Assert.Empty(SleepNights.Of([], [Session("15 01:00", "15 01:00", asleep: 0)], SourceRanks.Guessed));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void However_segments_lie_minutes_add_up_stay_within_the_night_and_do_not_hang_on_the_order(int seed)
    {
        var random = new Random(seed);
        string[] kinds = ["in_bed", "asleep", "awake", "core", "deep", "rem", "unspecified", "Dösen"];
        string?[] sources = [Watch, Phone, "Ring", null];
        for (var round = 0; round < 300; round++)
        {
            var stages = Enumerable.Range(0, random.Next(1, 40)).Select(_ => Segment(
                new DateTimeOffset(2026, 1, 10, 0, 0, 0, TimeSpan.FromHours(1)).AddMinutes(random.Next(4 * 1440)),
                random.Next(-5, 300), kinds[random.Next(kinds.Length)], sources[random.Next(sources.Length)])).ToList();
            var nights = SleepNights.Of(stages, [], SourceRanks.Guessed);
            foreach (var night in nights)
            {
                var span = (night.EndAt - night.StartAt).TotalMinutes;
                Assert.InRange(night.AsleepMinutes ?? 0, 0, span);
                Assert.InRange((night.AsleepMinutes ?? 0) + (night.AwakeMinutes ?? 0), 0, span);
                Assert.InRange(night.Efficiency ?? 0, 0, 1);
                Assert.InRange(
                    (night.CoreMinutes ?? 0) + (night.DeepMinutes ?? 0) + (night.RemMinutes ?? 0), 0,
                    night.AsleepMinutes ?? 0);
            }
            foreach (var date in nights.GroupBy(night => night.Date))
                Assert.InRange(date.Count(night => !night.IsNap), 0, 1);
            var shuffled = stages.ToArray();
            random.Shuffle(shuffled);
            Assert.Equal(nights.Select(Figures), SleepNights.Of(shuffled, [], SourceRanks.Guessed).Select(Figures));
        }

        static object Figures(SleepNight night) => night with { Stages = [] };
    }

    static IReadOnlyList<SleepNight> Of(params SleepStage[] stages) => SleepNights.Of(stages, [], SourceRanks.Guessed);

    static SleepStage Stage(string start, string end, string stage, string? source = Watch) => new()
    {
        StartAt = At(start), EndAt = At(end), OffsetMinutes = 60, Stage = stage, Source = source,
    };

    static SleepStage Segment(DateTimeOffset start, int minutes, string stage, string? source = Watch) => new()
    {
        StartAt = Instant.From(start), EndAt = Instant.From(start.AddMinutes(minutes)),
        OffsetMinutes = (short)start.Offset.TotalMinutes, Stage = stage, Source = source,
    };

    static SleepSession Session(
        string start, string end, double? asleep = null, double? core = null, double? deep = null, double? rem = null,
        double? inBed = null, string? source = Watch) => new()
    {
        StartAt = At(start), EndAt = At(end), OffsetMinutes = 60, AsleepMinutes = asleep, CoreMinutes = core,
        DeepMinutes = deep, RemMinutes = rem, InBedMinutes = inBed, Source = source,
    };

    /// <summary>Day and time of January 2026, an hour east of UTC.</summary>
    static Instant At(string dayAndTime) => Instant.From(DateTimeOffset.ParseExact(
        $"2026-01-{dayAndTime} +01:00", "yyyy-MM-dd HH:mm zzz", CultureInfo.InvariantCulture));
}
