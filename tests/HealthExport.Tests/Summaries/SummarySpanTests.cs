using HealthExport.People;
using HealthExport.Samples;
using HealthExport.Summaries;
using HealthExport.Time;

namespace HealthExport.Tests.Summaries;

public sealed class SummarySpanTests
{
    static readonly DateOnly s_today = new(2026, 3, 29);

    static Instant At(int hour, int day = 10) => Instant.From(new DateTimeOffset(2026, 3, day, hour, 0, 0, TimeSpan.Zero));

    static TimeSpanBounds Days(DateOnly from, DateOnly to) => new(null, from, null, to);

    [Fact]
    public void Without_ends_it_is_thirty_local_days_of_which_today_is_the_last()
    {
        var span = SummarySpan.Complete(default, s_today);
        Assert.Equal(Days(new(2026, 2, 28), new(2026, 3, 30)), span);
        Assert.Equal(Days(new(2026, 1, 29), new(2026, 2, 28)), SummarySpan.Before(span, 60));
    }

    [Fact]
    public void One_end_alone_gets_the_other()
    {
        Assert.Equal(Days(new(2026, 3, 1), new(2026, 3, 30)), Complete(fromDate: new(2026, 3, 1)));
        Assert.Equal(Days(new(2026, 1, 2), new(2026, 2, 1)), Complete(toDate: new(2026, 2, 1)));
        Assert.Equal(new(At(7), null, null, new(2026, 3, 30)), Complete(from: At(7)));
        Assert.Equal(
            new(new(At(7).Microseconds - 30 * Instant.PerDay), null, At(7), null), Complete(to: At(7)));

        static TimeSpanBounds Complete(
            Instant? from = null, DateOnly? fromDate = null, Instant? to = null, DateOnly? toDate = null) =>
            SummarySpan.Complete(new(from, fromDate, to, toDate), s_today);
    }

    [Fact]
    public void A_span_that_is_yet_to_come_is_empty_if_nothing_says_how_long()
    {
        var later = s_today.AddDays(9);
        Assert.Equal(Days(later, later), SummarySpan.Complete(new(null, later, null, null), s_today));
        Assert.Equal(Days(later, later), SummarySpan.Before(Days(later, later), 0));
        var instant = Instant.From(later);
        Assert.Equal(
            new(instant, null, instant, null), SummarySpan.Complete(new(instant, null, null, null), s_today));
    }

    [Fact]
    public void Before_is_as_long_by_days_where_both_ends_are_days_else_by_hours()
    {
        // The day on which Berlin's clocks go forward is a day like any other.
        Assert.Equal(
            Days(s_today.AddDays(-1), s_today), SummarySpan.Before(Days(s_today, s_today.AddDays(1)), 120));
        Assert.Equal(
            new(At(4), null, At(7), null), SummarySpan.Before(new(At(7), null, At(10), null), 120));
        // From midnight at the person's offset: 22:00 of the day before.
        Assert.Equal(
            new(At(12, day: 9), null, null, new(2026, 3, 10)),
            SummarySpan.Before(new(null, new(2026, 3, 10), At(8), null), 120));
        Assert.Equal(
            new(At(0, day: 9), null, At(11, day: 9), null),
            SummarySpan.Before(new(At(11, day: 9), null, null, new(2026, 3, 10)), 120));
    }

    [Fact]
    public void Nothing_lies_before_the_first_day_of_all()
    {
        var all = Days(DateOnly.MinValue, DateOnly.MaxValue);
        Assert.Equal(Days(DateOnly.MinValue, DateOnly.MinValue), SummarySpan.Before(all, 0));
        var instants = new TimeSpanBounds(
            Instant.From(DateOnly.MinValue), null, Instant.From(DateOnly.MaxValue), null);
        Assert.Equal(instants.From, SummarySpan.Before(instants, 0).From);
    }

    [Fact]
    public void A_persons_clock_is_that_of_their_zone_else_of_where_they_last_were_else_of_Greenwich()
    {
        var summer = Instant.From(new DateTimeOffset(2026, 7, 1, 0, 0, 0, TimeSpan.Zero));
        var user = new User(1, Guid.Empty, "a@example.org", null, "Europe/Berlin", summer);
        UserMetric[] own = [MetricAt(5, hours: 9), MetricAt(3, hours: -4)];
        Assert.Equal(120, PersonClock.OffsetAt(summer, user, own));
        Assert.Equal(60, PersonClock.OffsetAt(At(0), user, own));
        Assert.Equal(540, PersonClock.OffsetAt(summer, user with { TimeZone = null }, own));
        Assert.Equal(0, PersonClock.OffsetAt(summer, user with { TimeZone = null }, []));

        static UserMetric MetricAt(int day, int hours) => new(
            1, SummaryMetrics.All[0].Metrics[0], 1, default,
            new DateTimeOffset(2026, 1, day, 12, 0, 0, TimeSpan.FromHours(hours)), null, [], []);
    }
}
