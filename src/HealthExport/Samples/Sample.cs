using HealthExport.Json;
using HealthExport.Time;

namespace HealthExport.Samples;

/// <summary>
/// One row of one metric, in the metric's canonical unit: what the reader makes, the store keeps and a query gives
/// back. A mutable struct, because a push holds a million of them in pooled arrays.
/// </summary>
public struct Sample
{
    /// <summary>
    /// The key's time. For <see cref="Grain.Sample"/>, minute and hour: the instant (minute and hour floored). From day
    /// on: the local date at 00:00 UTC, whatever the offset, so that a flight does not make two of one day.
    /// </summary>
    public Instant StartAt;

    /// <summary>End of the measured span, or <see cref="Instant.None"/>.</summary>
    public Instant EndAt;

    /// <summary>The value (an average where min and max are there too); NaN if only min and max were sent.</summary>
    public double Value;

    /// <summary>NaN if not sent.</summary>
    public double Min;

    /// <summary>NaN if not sent.</summary>
    public double Max;

    /// <summary>Offset from UTC in minutes, as sent. The first one of a row is kept and never compared.</summary>
    public short OffsetMinutes;

    /// <summary>
    /// The bucket may be a sliver of the whole: it lowers no stored value, and is not the last word on its day. Stored.
    /// </summary>
    public bool MayNotShrink;

    /// <summary>Items that made the row beside the one that any row is of: further cells of a wide CSV.</summary>
    public byte FurtherItems;

    /// <summary>Index of the item within its own array, for the receipt.</summary>
    public int ItemIndex;

    /// <summary>Who measured it, normalised by <see cref="SourceName"/>; null if not sent.</summary>
    public string? Source;

    /// <summary>The unit as sent, when it is another than the canonical one.</summary>
    public string? SentUnit;

    /// <summary>Fields that are no part of the row, as a JSON object; null for nearly all.</summary>
    public string? Extra;

    /// <summary>True when both rows say the same: everything but key, offset and item index.</summary>
    public readonly bool SaysTheSameAs(in Sample other) =>
        Same(Value, other.Value) && Same(Min, other.Min) && Same(Max, other.Max) && EndAt == other.EndAt
        && SentUnit == other.SentUnit && Source == other.Source && CanonicalJson.Same(Extra, other.Extra);

    static bool Same(double a, double b) => a == b || (double.IsNaN(a) && double.IsNaN(b));
}
