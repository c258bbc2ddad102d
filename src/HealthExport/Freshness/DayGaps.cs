namespace HealthExport.Freshness;

/// <summary>Local days from the first to before the end.</summary>
public readonly record struct DaySpan(DateOnly From, DateOnly To);

/// <summary>Local days on which at least one metric lacks data.</summary>
/// <param name="Metrics">Those that lack some, in ordinal order.</param>
public sealed record SharedGap(DateOnly From, DateOnly To, IReadOnlyList<string> Metrics);

/// <summary>Finds days without data of what usually comes every day. Pure.</summary>
public static class DayGaps
{
    /// <summary>With fewer days nothing is usual.</summary>
    public const int LeastDays = 14;

    const double MostDays = 0.8;

    /// <summary>Whether there is data on at least fourteen days, and on four in five from the first to the last.
    /// </summary>
    /// <param name="dates">In order, none twice.</param>
    public static bool IsDaily(IReadOnlyList<DateOnly> dates) =>
        dates.Count >= LeastDays && dates.Count >= MostDays * (dates[^1].DayNumber - dates[0].DayNumber + 1);

    /// <summary>The days from <paramref name="from"/> to before <paramref name="today"/> that are missing, side by side
    /// ones as one span; none of what does not come daily.</summary>
    /// <param name="dates">With data, in order, none twice.</param>
    /// <param name="today">Not over yet, so that nothing is missing of it.</param>
    public static IReadOnlyList<DaySpan> Find(IReadOnlyList<DateOnly> dates, DateOnly from, DateOnly today)
    {
        List<DaySpan> gaps = [];
        if (!IsDaily(dates)) return gaps;
        var next = from;
        foreach (var date in dates)
        {
            if (date >= today) break;
            if (date < next) continue;
            if (date > next) gaps.Add(new(next, date));
            next = date.AddDays(1);
        }
        if (next < today) gaps.Add(new(next, today));
        return gaps;
    }

    /// <summary>Gaps of several metrics as the spans to export again: what overlaps or lies side by side is one.
    /// </summary>
    public static IReadOnlyList<SharedGap> Join(IEnumerable<(string Metric, DaySpan Gap)> gaps)
    {
        List<SharedGap> joined = [];
        List<(string Metric, DaySpan Gap)> open = [];
        var end = DateOnly.MinValue;
        foreach (var gap in gaps.OrderBy(gap => gap.Gap.From))
        {
            if (gap.Gap.From > end) Close();
            open.Add(gap);
            if (gap.Gap.To > end) end = gap.Gap.To;
        }
        Close();
        return joined;

        void Close()
        {
            if (open.Count > 0)
                joined.Add(new(
                    open[0].Gap.From, end,
                    [.. open.Select(gap => gap.Metric).Distinct().Order(StringComparer.Ordinal)]));
            open.Clear();
        }
    }
}
