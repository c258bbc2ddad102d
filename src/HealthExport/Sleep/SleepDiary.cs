using HealthExport.Time;
using HealthExport.Totals;

namespace HealthExport.Sleep;

/// <summary>Where a night stands in the list: by date of waking, then by end, then by start.</summary>
public readonly record struct SleepPosition(DateOnly Date, Instant EndAt, Instant StartAt)
    : IComparable<SleepPosition>
{
    public static SleepPosition Of(SleepNight night) => new(night.Date, night.EndAt, night.StartAt);

    public int CompareTo(SleepPosition other) =>
        Date != other.Date ? Date.CompareTo(other.Date)
        : EndAt != other.EndAt ? EndAt.CompareTo(other.EndAt)
        : StartAt.CompareTo(other.StartAt);
}

/// <summary>Reads a person's nights. Safe for concurrent use.</summary>
public sealed class SleepDiary(ISleepStore store)
{
    // A time of sleep is rarely longer; what tells of it begins before, and naps may follow on its date.
    const int DaysBefore = 3;
    const int DaysAfter = 2;
    const int DaysBeside = 30;

    /// <summary>Nights and naps from the oldest on.</summary>
    /// <param name="span">Dates are those of waking; instants are compared with the waking itself.</param>
    /// <param name="after">Only those after this place; null for all.</param>
    /// <param name="limit">How many at most.</param>
    public async ValueTask<IReadOnlyList<SleepNight>> ListAsync(
        long userId, TimeSpanBounds span, SourceRanks ranks, SleepPosition? after, int limit,
        CancellationToken cancellationToken)
    {
        var nights = new List<SleepNight>();
        if (await store.FindEndsAsync(userId, cancellationToken) is not var (first, last)) return nights;
        var from = Later(first.DateAt(0).AddDays(-1), Later(span.FromDate, DateOf(span.From, -1)));
        var end = Earlier(last.DateAt(0).AddDays(3), Earlier(span.ToDate, DateOf(span.To, 2)));
        if (after is { } place) from = Later(from, place.Date);
        while (from < end && nights.Count < limit)
        {
            var until = Earlier(from.AddDays(limit - nights.Count + DaysBeside), end);
            var (start, stop) = (Instant.From(from.AddDays(-DaysBefore)), Instant.From(until.AddDays(DaysAfter)));
            var found = SleepNights.Of(
                await store.ListStagesAsync(userId, start, stop, cancellationToken),
                await store.ListSessionsAsync(userId, start, stop, cancellationToken), ranks);
            nights.AddRange(found.Where(night => night.Date >= from && night.Date < until && IsAskedFor(night)));
            from = until;
        }
        return nights.Count > limit ? nights[..limit] : nights;

        bool IsAskedFor(SleepNight night) =>
            !(night.EndAt < span.From) && !(night.EndAt >= span.To)
            && !(night.Date < span.FromDate) && !(night.Date >= span.ToDate)
            && (after is not { } known || SleepPosition.Of(night).CompareTo(known) > 0);
    }

    static DateOnly? DateOf(Instant? at, int days) => at is { } known
        ? DateOnly.FromDayNumber(Math.Clamp(known.DateAt(0).DayNumber + days, 10, DateOnly.MaxValue.DayNumber - 400_000))
        : null;

    static DateOnly Later(DateOnly a, DateOnly? b) => b > a ? b.Value : a;
    static DateOnly? Later(DateOnly? a, DateOnly? b) => a is null || b > a ? b ?? a : a;
    static DateOnly Earlier(DateOnly a, DateOnly? b) => b < a ? b.Value : a;
    static DateOnly? Earlier(DateOnly? a, DateOnly? b) => a is null || b < a ? b ?? a : a;
}
