using HealthExport.Catalogue;
using HealthExport.Time;

namespace HealthExport.Totals;

/// <summary>What a series is asked for.</summary>
/// <param name="Kind">How the metric's values combine.</param>
/// <param name="Span">
/// Rows that start within it count; one that begins within a bucket cuts that bucket. Days are those of
/// <paramref name="Zone"/> if there is one.
/// </param>
/// <param name="Zone">Replaces the rows' own offsets; day buckets keep their own date.</param>
/// <param name="BySource">
/// One point for each source of a bucket, each from the rows of that source alone: added up they may be more than the
/// merged total.
/// </param>
/// <param name="MergesSources">
/// Whether an amount that two sources measured at the same time counts once. Otherwise samples are simply added;
/// buckets against samples are weighed the same either way.
/// </param>
/// <param name="Ranks">Null for those of the person.</param>
/// <param name="After">Only points after this one; null for all.</param>
public sealed record SeriesQuery(
    MetricKind Kind, SeriesBucket Bucket, TimeSpanBounds Span, TimeZoneInfo? Zone = null, bool BySource = false,
    bool MergesSources = true, SourceRanks? Ranks = null, SeriesPosition? After = null)
{
    /// <summary>Whether the days' totals, by the rows' own offsets and all sources merged, are what is asked for.
    /// </summary>
    internal bool IsOfWholeDays => Bucket >= SeriesBucket.Day && Zone is null && !BySource && MergesSources;
}

/// <summary>Where a point stands in its series: points go by date, then start, then source.</summary>
/// <param name="Source">Empty without a source.</param>
public readonly record struct SeriesPosition(DateOnly Date, Instant Start, string Source)
    : IComparable<SeriesPosition>
{
    public int CompareTo(SeriesPosition other) =>
        Date != other.Date ? Date.CompareTo(other.Date)
        : Start != other.Start ? Start.CompareTo(other.Start)
        : string.CompareOrdinal(Source, other.Source);
}

/// <summary>One bucket that is not empty.</summary>
/// <param name="Start">When it begins: the hour, or the first local midnight.</param>
/// <param name="OffsetMinutes">The zone's then, or else that of the earliest row in it.</param>
/// <param name="Date">The local date on which it begins.</param>
/// <param name="Source">Null unless asked for by source, or if the rows name none.</param>
public readonly record struct SeriesPoint(
    Instant Start, int OffsetMinutes, DateOnly Date, Figures Figures, string? Source = null)
{
    public SeriesPosition Position => new(Date, Start, Source ?? "");
}
