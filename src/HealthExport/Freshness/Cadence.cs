using HealthExport.Time;

namespace HealthExport.Freshness;

/// <summary>How often something comes, learnt from when it came. Pure.</summary>
/// <param name="Usual">The interval in the middle of all.</param>
/// <param name="Silence">How long it is silent now and then, such as overnight, without anything being wrong: nine
/// intervals in ten are no longer, and on every other day the longest of the day is not.</param>
public sealed record Cadence(TimeSpan Usual, TimeSpan Silence)
{
    /// <summary>With fewer intervals nothing is known.</summary>
    public const int LeastIntervals = 4;

    /// <summary>What comes closer together than this comes at once: parts of one export.</summary>
    public static readonly TimeSpan Together = TimeSpan.FromMinutes(1);

    static readonly TimeSpan s_leastPatience = TimeSpan.FromHours(1);

    /// <summary>How long after the last one the next is late: twice the usual silence, an hour at least.</summary>
    public TimeSpan Patience => 2 * Silence > s_leastPatience ? 2 * Silence : s_leastPatience;

    /// <param name="times">In any order, repeats allowed.</param>
    /// <returns>Null where there is too little to learn from.</returns>
    public static Cadence? Learn(IEnumerable<Instant> times)
    {
        List<(Instant End, TimeSpan Length)> intervals = [];
        Instant? last = null;
        foreach (var at in times.Order())
        {
            if (last is { } before && at - before >= Together) intervals.Add((at, at - before));
            last = at;
        }
        if (intervals.Count < LeastIntervals) return null;
        var lengths = intervals.Select(interval => interval.Length).Order().ToArray();
        var longestOfDays = intervals.GroupBy(interval => interval.End.DateAt(0))
            .Select(day => day.Max(interval => interval.Length)).Order().ToArray();
        var mostly = lengths[(int)Math.Ceiling(lengths.Length * 0.9) - 1];
        var ofDays = Median(longestOfDays);
        return new(Median(lengths), mostly > ofDays ? mostly : ofDays);
    }

    /// <summary>The one in the middle; of two the shorter.</summary>
    static TimeSpan Median(TimeSpan[] ordered) => ordered[(ordered.Length - 1) / 2];
}

/// <summary>Whether something is late. Pure.</summary>
/// <param name="IsStale">Null where nobody can tell.</param>
/// <param name="Since">When the next one became late, or will.</param>
public readonly record struct Staleness(bool? IsStale, Instant? Since)
{
    /// <param name="last">When it came last; null for never.</param>
    /// <param name="cadence">Null where there is too little history.</param>
    public static Staleness Of(Instant? last, Cadence? cadence, Instant now)
    {
        if (last is not { } came || cadence is null) return default;
        var late = came + cadence.Patience;
        return new(now > late, late);
    }
}
