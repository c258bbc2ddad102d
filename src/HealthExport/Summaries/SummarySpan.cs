using HealthExport.Time;

namespace HealthExport.Summaries;

/// <summary>Which span a summary is of, and which one lies before it. Pure.</summary>
public static class SummarySpan
{
    /// <summary>Local days of a span whose beginning nobody named; today is the last of them.</summary>
    public const int DefaultDays = 30;

    static readonly Instant s_first = Instant.From(DateOnly.MinValue);

    /// <summary>Gives a span the ends that it lacks: the end of today, and thirty days. One that begins later is empty.
    /// </summary>
    /// <param name="today">The person's local date.</param>
    public static TimeSpanBounds Complete(TimeSpanBounds asked, DateOnly today)
    {
        var span = asked;
        var tomorrow = today.AddDays(1);
        if (span is { To: null, ToDate: null })
            span = span.FromDate > tomorrow || span.From > Instant.From(tomorrow.AddDays(1))
                ? span with { To = span.From, ToDate = span.FromDate }
                : span with { ToDate = tomorrow };
        if (span is not { From: null, FromDate: null }) return span;
        return span.ToDate is { } end
            ? span with { FromDate = DayBefore(end, DefaultDays) }
            : span with { From = Earlier(span.To!.Value, DefaultDays * Instant.PerDay) };
    }

    /// <summary>The span of the same length that ends where this one begins. Days are counted as days, whatever their
    /// hours; where an end is an instant, hours.</summary>
    /// <param name="span">Has both ends.</param>
    /// <param name="offsetMinutes">At which a date begins, where the other end is an instant.</param>
    public static TimeSpanBounds Before(TimeSpanBounds span, int offsetMinutes)
    {
        if (span is { FromDate: { } first, ToDate: { } end })
            return new(null, DayBefore(first, Math.Max(0, end.DayNumber - first.DayNumber)), null, first);
        var from = span.From ?? StartOf(span.FromDate!.Value);
        var to = span.To ?? StartOf(span.ToDate!.Value);
        return new(Earlier(from, Math.Max(0, to.Microseconds - from.Microseconds)), null, span.From, span.FromDate);

        Instant StartOf(DateOnly date) => new(Instant.From(date).Microseconds - offsetMinutes * Instant.PerMinute);
    }

    /// <summary>The local dates that a span may touch, with the day after the last.</summary>
    internal static (DateOnly From, DateOnly End) Days(this TimeSpanBounds span)
    {
        return (span.FromDate ?? DateOf(span.From!.Value, -1), span.ToDate ?? DateOf(span.To!.Value, 2));

        static DateOnly DateOf(Instant at, int days) => DateOnly.FromDayNumber(
            Math.Clamp(at.DateAt(0).DayNumber + days, 0, DateOnly.MaxValue.DayNumber));
    }

    // Years before the first are none.
    static DateOnly DayBefore(DateOnly date, int days) => DateOnly.FromDayNumber(Math.Max(0, date.DayNumber - days));

    static Instant Earlier(Instant at, long by) => new(Math.Max(s_first.Microseconds, at.Microseconds - by));
}
