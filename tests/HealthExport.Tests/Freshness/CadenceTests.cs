using FsCheck;
using FsCheck.Fluent;
using HealthExport.Freshness;
using HealthExport.Time;

namespace HealthExport.Tests.Freshness;

public sealed class CadenceTests
{
    static readonly Instant s_start = Instant.From(new DateTimeOffset(2026, 1, 5, 7, 0, 0, TimeSpan.Zero));

    static Instant After(TimeSpan span) => s_start + span;
    static Instant AfterHours(double hours) => After(TimeSpan.FromHours(hours));

    static Cadence Learn(params IEnumerable<double> hours) => Cadence.Learn(hours.Select(AfterHours))!;

    [Fact]
    public void A_phone_that_pushes_every_hour_but_sleeps_at_night_may_be_silent_for_a_night()
    {
        // From 7 to 23 o'clock, four weeks long.
        var cadence = Learn(from day in Enumerable.Range(0, 28) from hour in Enumerable.Range(0, 17) select day * 24.0 + hour);
        Assert.Equal((TimeSpan.FromHours(1), TimeSpan.FromHours(8)), (cadence.Usual, cadence.Silence));
        Assert.Equal(TimeSpan.FromHours(16), cadence.Patience);
    }

    [Fact]
    public void Every_five_minutes_without_a_pause_is_late_after_an_hour()
    {
        var cadence = Learn(Enumerable.Range(0, 2_000).Select(i => i / 12.0));
        Assert.Equal(TimeSpan.FromMinutes(5), cadence.Usual);
        Assert.Equal(TimeSpan.FromHours(1), cadence.Patience);
    }

    [Fact]
    public void Once_a_day_and_once_a_week_are_learnt_from_a_handful()
    {
        Assert.Equal(TimeSpan.FromDays(2), Learn(0, 24, 48, 72, 96).Patience);
        Assert.Equal(TimeSpan.FromDays(7), Learn(0, 168, 336, 504, 672).Usual);
        Assert.Null(Cadence.Learn([AfterHours(0), AfterHours(24), AfterHours(48), AfterHours(72)]));
        Assert.Null(Cadence.Learn([]));
    }

    [Fact]
    public void What_comes_within_a_minute_comes_at_once()
    {
        var pushes = Enumerable.Range(0, 5).Select(day => TimeSpan.FromDays(day)).ToList();
        var parts = pushes.SelectMany(push => Enumerable.Range(0, 4).Select(i => After(push + TimeSpan.FromSeconds(20 * i))));
        var cadence = Cadence.Learn(parts)!;
        Assert.InRange(cadence.Usual, TimeSpan.FromDays(1) - TimeSpan.FromMinutes(1), TimeSpan.FromDays(1));
        Assert.Null(Cadence.Learn(Enumerable.Range(0, 500).Select(i => After(TimeSpan.FromMilliseconds(i)))));
    }

    [Fact]
    public void An_outage_of_days_is_not_what_is_usual()
    {
        var cadence = Learn(Enumerable.Range(0, 30).Select(day => day * 24.0 + (day > 20 ? 240 : 0)));
        Assert.Equal((TimeSpan.FromDays(1), TimeSpan.FromDays(1)), (cadence.Usual, cadence.Silence));
    }

    [Fact]
    public void What_is_silent_for_twice_as_long_as_usual_is_late_since_then()
    {
        var daily = Learn(0, 24, 48, 72, 96);
        var late = AfterHours(48);
        Assert.Equal(new(false, late), Staleness.Of(s_start, daily, late));
        Assert.Equal(new(true, late), Staleness.Of(s_start, daily, late + TimeSpan.FromMicroseconds(1)));
        Assert.Equal(default, Staleness.Of(null, daily, late));
        Assert.Equal(default, Staleness.Of(s_start, null, late));
        // A date of the future is a slip; nothing is late for it.
        Assert.Equal(new(false, AfterHours(8_808)), Staleness.Of(AfterHours(8_760), daily, late));
    }

    [Fact]
    public void Order_repeats_and_another_time_change_nothing_and_the_figures_are_of_intervals_that_were()
    {
        var steps = Gen.Choose(60, 100_000).ListOf();
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(500), Prop.ForAll(steps.ToArbitrary(), lengths =>
        {
            var seconds = lengths.Aggregate(new List<long> { 0 }, (all, next) => { all.Add(all[^1] + next); return all; });
            var times = seconds.Select(second => After(TimeSpan.FromSeconds(second))).ToList();
            var cadence = Cadence.Learn(times);
            if (lengths.Count < Cadence.LeastIntervals) return cadence is null;
            return cadence is not null
                && cadence == Cadence.Learn(times.AsEnumerable().Reverse().Concat(times))
                && cadence.Usual == Cadence.Learn(times.Select(at => at + TimeSpan.FromHours(5)))!.Usual
                && cadence == Cadence.Learn(times.Select(at => at + TimeSpan.FromDays(5)))
                && lengths.Contains((int)cadence.Usual.TotalSeconds)
                && lengths.Contains((int)cadence.Silence.TotalSeconds)
                && cadence.Silence >= cadence.Usual && cadence.Patience >= 2 * cadence.Silence;
        }));
    }
}
