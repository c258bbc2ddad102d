using HealthExport.Catalogue;
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

    /// <summary>
    /// Takes over from the stored row what a CSV has no place for, and a figure that is the same but for its rounding.
    /// </summary>
    /// <param name="metric">That both are of.</param>
    public void KeepWhatIsUnsaid(in Sample stored, Metric metric)
    {
        var sentIn = SentUnit is { } unit && metric.TryGetConversion(unit, out var conversion)
            ? conversion : UnitConversion.Identity;
        // CSV tells none of these: JSON has told the figures beside them, exactly.
        var isExact = stored.Source is not null || stored.Extra is not null || !stored.EndAt.IsNone;
        // Every figure, not as far as the first that differs.
        if (TryKeep(ref Value, stored.Value, sentIn, isExact) & TryKeep(ref Min, stored.Min, sentIn, isExact)
            & TryKeep(ref Max, stored.Max, sentIn, isExact)) SentUnit = stored.SentUnit;
        Source ??= stored.Source;
        EndAt = stored.EndAt;
        Extra = Extra is not null && stored.Extra is not null
            ? CanonicalJson.Unite(stored.Extra, Extra)
            : Extra ?? stored.Extra;
    }

    static bool TryKeep(ref double sent, double stored, UnitConversion sentIn, bool isExact)
    {
        if (!double.IsNaN(sent) && !IsAsGoodAs(sent, stored, sentIn, isExact)) return false;
        sent = stored;
        return true;
    }

    /// <summary>Whether a figure is another but for what conversion, or the fewer decimals it is told with, do to it.
    /// </summary>
    static bool IsAsGoodAs(double sent, double stored, UnitConversion sentIn, bool isExact)
    {
        // Beyond the digits that two programs agree upon after converting.
        const double Noise = 1e-12;
        const int MostDecimals = 6;
        if (Math.Abs(sent - stored) <= Noise * Math.Abs(stored)) return true;
        if (!isExact || double.IsNaN(stored)) return false;
        var (told, exact) = (sentIn.Invert(sent), sentIn.Invert(stored));
        // A whole number is one: a count is not the rounding of another.
        for (var decimals = 1; decimals <= MostDecimals; decimals++)
        {
            var rounded = Math.Round(told, decimals);
            if (Math.Abs(rounded - told) > Noise * Math.Abs(told)) continue;
            // By a little more than half: a half is not to be had exactly.
            return rounded != Math.Round(told) && Math.Abs(exact - told) < 0.500001 * Math.Pow(10, -decimals);
        }
        return false;
    }

    static bool Same(double a, double b) => a == b || (double.IsNaN(a) && double.IsNaN(b));
}
