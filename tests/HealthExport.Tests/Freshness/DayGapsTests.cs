using FsCheck;
using FsCheck.Fluent;
using HealthExport.Freshness;

namespace HealthExport.Tests.Freshness;

public sealed class DayGapsTests
{
    static readonly DateOnly s_first = new(2026, 1, 1);
    static readonly DateOnly s_today = new(2026, 2, 1);

    static DateOnly January(int day) => s_first.AddDays(day - 1);

    static List<DateOnly> Without(params int[] missing) =>
        [.. Enumerable.Range(1, 31).Where(day => !missing.Contains(day)).Select(January)];

    static IReadOnlyList<DaySpan> Find(List<DateOnly> dates) => DayGaps.Find(dates, s_first, s_today);

    [Fact]
    public void Days_side_by_side_are_one_span_from_the_first_to_before_the_end()
    {
        Assert.Empty(Find(Without()));
        Assert.Equal(
            [new(January(4), January(5)), new(January(10), January(13))], Find(Without(4, 10, 11, 12)));
    }

    [Fact]
    public void What_is_missing_at_either_end_is_missing_but_today_is_not_over()
    {
        Assert.Equal(
            [new(January(1), January(3)), new(January(30), s_today)], Find(Without(1, 2, 30, 31)));
        Assert.Empty(DayGaps.Find([.. Without().SkipLast(1)], s_first, s_today.AddDays(-1)));
        Assert.Empty(DayGaps.Find([.. Without(), s_today, s_today.AddDays(1)], s_first, s_today));
    }

    [Fact]
    public void What_does_not_come_daily_has_no_gaps()
    {
        // Three days in four.
        Assert.Empty(Find([.. Enumerable.Range(1, 31).Where(day => day % 4 > 0).Select(January)]));
        Assert.Empty(Find([.. Without().Take(DayGaps.LeastDays - 1)]));
        Assert.NotEmpty(Find([.. Without().Take(DayGaps.LeastDays)]));
        Assert.Empty(Find([]));
    }

    [Fact]
    public void Gaps_of_several_metrics_that_touch_are_exported_again_at_once()
    {
        Assert.Equivalent(
            new SharedGap[]
            {
                new(January(3), January(8), ["heart_rate", "step_count"]), new(January(9), January(10), ["step_count"]),
            },
            DayGaps.Join(
                [
                    ("step_count", new(January(9), January(10))), ("step_count", new(January(3), January(5))),
                    ("heart_rate", new(January(5), January(8))), ("step_count", new(January(6), January(7))),
                ]),
            strict: true);
        Assert.Empty(DayGaps.Join([]));
    }

    [Fact]
    public void Every_day_is_there_or_in_exactly_one_gap()
    {
        var days = Gen.Choose(0, 60).ListOf().Select(list => list.Distinct().Order().ToList());
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(1_000), Prop.ForAll(days.ToArbitrary(), list =>
        {
            var dates = list.ConvertAll(s_first.AddDays);
            var today = s_first.AddDays(50);
            var gaps = DayGaps.Find(dates, s_first, today);
            if (!DayGaps.IsDaily(dates)) return gaps.Count == 0;
            var joined = DayGaps.Join(gaps.Select(gap => ("a", gap)).Concat(gaps.Select(gap => ("b", gap))));
            return Enumerable.Range(0, 60).Select(s_first.AddDays).All(day =>
                    gaps.Count(gap => gap.From <= day && day < gap.To)
                    == (day < today && !dates.Contains(day) ? 1 : 0))
                && joined.Select(gap => new DaySpan(gap.From, gap.To)).SequenceEqual(gaps);
        }));
    }
}
