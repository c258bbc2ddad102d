using HealthExport.Catalogue;
using HealthExport.Memory;
using HealthExport.Pushes;
using HealthExport.Time;

namespace HealthExport.Samples;

/// <summary>
/// Consecutive samples of one metric array of a payload, in the order sent. The array of rows is pooled: whoever
/// applies the run returns it.
/// </summary>
public sealed class SampleRun
{
    public required MetricArray Array { get; init; }
    public required Sample[] Rows { get; init; }
    public int Count { get; set; }

    public Span<Sample> Samples => Rows.AsSpan(0, Count);

    /// <summary>Gives the rows back to their pool: the run must not be used any more.</summary>
    public void Release() => BoundedPool<Sample>.Shared.Return(Rows, clearArray: true);
}

/// <summary>One `data` array of a payload, or the stand-in for items that came one by one.</summary>
public sealed class MetricArray
{
    public required Metric Metric { get; init; }
    public required Grain Grain { get; init; }

    /// <summary>The name that receipts count these items under.</summary>
    public required string ItemType { get; init; }

    /// <summary>Which array of the payload, from 0: with an item's index it names the item.</summary>
    public int Ordinal { get; init; }

    /// <summary>
    /// Rows of one item are spread over several runs of the same batch (blood pressure, activity): its outcome is the
    /// strongest of theirs, and it counts once.
    /// </summary>
    public bool IsComposite { get; init; }

    /// <summary>
    /// The array lists every bucket between its first and last stamp (an explicit aggregation of a cumulative metric),
    /// so that a stored bucket in between that it lacks has vanished upstream.
    /// </summary>
    public bool ListsEveryBucket { get; init; }

    /// <summary>
    /// How many numbers before the push's own the rows' number lies, where the items say themselves in which order they
    /// were received (see <see cref="NdjsonType.RevisionsOf"/>); null for the push's own.
    /// </summary>
    public long? NumbersBefore { get; init; }

    /// <summary>The payload has a place for figures and hardly for more: what is stored beside them stays.</summary>
    public bool SaysFiguresOnly { get; init; }

    /// <summary>The rows' times were sent without an offset, and read by the user's zone.</summary>
    public bool IsOnWallClock { get; set; }

    /// <summary>Set by the reader when an item of the array could not be placed in time, or the array was cut short:
    /// then nothing may be concluded from what it lacks.</summary>
    public bool HasUnplacedItems { get; set; }

    /// <summary>Starts of the array's rows; filled only when <see cref="ListsEveryBucket"/>.</summary>
    public List<Instant> Starts { get; } = [];
}
