using HealthExport.Catalogue;
using HealthExport.Samples;
using HealthExport.Time;

namespace HealthExport.Reading;

/// <summary>
/// What the header <c>automation-period</c> says of the span that a push covers: a bucket that starts before it may be
/// only a sliver of the whole.
/// </summary>
readonly struct PushPeriod
{
    readonly Instant _receivedAt;
    readonly int? _daysBefore;

    public PushPeriod(string? header, Instant receivedAt)
    {
        _receivedAt = receivedAt;
        var period = Header.Fold(header);
        IsSinceLastSync = period is "sincelastsync" or "lastsync";
        _daysBefore = period switch
        {
            "today" => 0,
            "yesterday" or "default" => 1,
            "previous7days" => 7,
            _ => null,
        };
    }

    /// <summary>The span begins at the last sync, somewhere within the first bucket of every array.</summary>
    public bool IsSinceLastSync { get; }

    /// <summary>
    /// Whether a bucket of an amount began before what this push covers, so that it may hold only a part.
    /// </summary>
    /// <param name="firstBucket">Of the array, if the span begins within it.</param>
    public bool MayCut(MetricArray array, in Sample row, Instant firstBucket)
    {
        if (array.Grain == Grain.Sample || array.Metric.Kind != MetricKind.Cumulative) return false;
        if (row.StartAt == firstBucket) return true;
        if (_daysBefore is not { } days) return false;
        var date = row.StartAt.DateAt(array.Grain >= Grain.Day ? 0 : row.OffsetMinutes);
        return date < _receivedAt.DateAt(row.OffsetMinutes).AddDays(-days);
    }
}
