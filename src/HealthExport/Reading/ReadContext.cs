using HealthExport.Pushes;
using HealthExport.Samples;

namespace HealthExport.Reading;

/// <summary>What every part of one payload's reading shares.</summary>
sealed class ReadContext(PushContext push, bool isThorough, int batchRows)
{
    public PushContext Push { get; } = push;
    public bool IsThorough { get; } = isThorough;
    public BatchBuilder Batches { get; } = new(batchRows);
    public DriftNotes Drift { get; } = new();
    public SourceCache Sources { get; } = new();
    public StampReader Stamps { get; } = new(push.Zone, push.ReceivedAt, CsvType.Is(push.ContentType));
    public AggregationHeader Aggregation { get; } = AggregationHeader.Parse(push.Aggregation);

    /// <summary>The payload is CSV: see <see cref="MetricArray.SaysFiguresOnly"/>.</summary>
    public bool IsCsv { get; } = CsvType.Is(push.ContentType);

    /// <summary>As <see cref="ReceivedPush.Revisions"/>.</summary>
    public int Revisions { get; } = NdjsonType.RevisionsOf(push.ContentType);

    public PushPeriod Period { get; } = new(push.Period, push.ReceivedAt);

    /// <summary>Metric arrays met so far: numbers them from 1; 0 is where items come one by one.</summary>
    public int Arrays { get; set; }

    /// <summary>A standard item was met.</summary>
    public bool HasStandardItems { get; set; }

    /// <summary>Rejects an element that is no object.</summary>
    public void RejectUnreadable(string itemType, int index, ReadOnlySpan<byte> element, string expected) =>
        Batches.Reject(itemType, index, Fault.Unreadable($"The item is not {expected}"), element);

    public void WarnRepeated(string itemType, string key) =>
        Batches.Warn(
            itemType, -1, WarningCodes.RepeatedKey, $"The key '{key}' came more than once; the last one counts", key);
}
