using System.Text.Json.Serialization;
using HealthExport.Drift;

namespace HealthExport.Pushes;

/// <summary>
/// What became of a push, item by item: <c>received = inserted + updated + unchanged + rejected</c>, in total and per
/// type. Kept with the ingestion as JSON; the names are the contract's.
/// </summary>
public sealed class Receipt
{
    public PayloadFormat Format { get; set; }

    /// <summary>Where the payload stopped being JSON; null when it was read to its end.</summary>
    public Truncation? Truncated { get; set; }

    public ProcessedCounts Processed { get; set; } = new();
    public ItemCounts Counts { get; set; } = new();
    public SortedDictionary<string, ItemCounts> ByType { get; set; } = new(StringComparer.Ordinal);
    public PartCounts Parts { get; set; } = new();

    /// <summary>The first 100; all are kept as rejects.</summary>
    public List<ItemError> Errors { get; set; } = [];

    /// <summary>The first 100.</summary>
    public List<ItemWarning> Warnings { get; set; } = [];

    public bool ErrorsTruncated { get; set; }
    public bool WarningsTruncated { get; set; }

    /// <summary>
    /// Whether what the push held and the reader did not know is in the drift report. A push counts there once: not
    /// again when it is replayed, nor when its duplicate is, which bears its receipt; but one counts that failed before,
    /// or was settled before there was a report, for then no receipt says this.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool DriftIsCounted { get; set; }

    /// <summary>What the commit of this receipt adds to the drift report; kept there, not with the receipt.</summary>
    [JsonIgnore]
    public IReadOnlyList<DriftNote> Drift { get; set; } = [];

    [JsonIgnore]
    public bool IsPartial => Counts.Rejected > 0 || Truncated is not null;
}

/// <param name="AtByte">Offset in the decoded body.</param>
public sealed record Truncation(long AtByte);

public sealed record ProcessedCounts
{
    /// <summary>Items of every section but workouts, less the rejected.</summary>
    public long Metrics { get; set; }

    public long Workouts { get; set; }
}

public sealed class ItemCounts
{
    public long Received { get; set; }
    public long Inserted { get; set; }
    public long Updated { get; set; }
    public long Unchanged { get; set; }
    public long Rejected { get; set; }

    /// <summary>Rows, not items: buckets that vanished upstream. Outside the identity of the other five.</summary>
    public long Removed { get; set; }
}

/// <summary>What came inside items: counted, but not items.</summary>
public sealed record PartCounts
{
    public long WorkoutSeriesPoints { get; set; }
    public long RoutePoints { get; set; }
    public long EcgVoltages { get; set; }
}

public sealed record ItemError(
    string ItemType, int ItemIndex, string Code, string Error, string? Hint, ItemDetails Details);

public sealed record ItemWarning(string ItemType, int ItemIndex, string Code, string Warning, ItemDetails Details);

public sealed record ItemDetails(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Field,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double[]? Allowed);

/// <summary>Receipts as JSON, in the contract's names.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true,
    Converters = [typeof(PayloadFormatConverter)])]
[JsonSerializable(typeof(Receipt))]
public sealed partial class ReceiptJson : JsonSerializerContext;

sealed class PayloadFormatConverter()
    : JsonStringEnumConverter<PayloadFormat>(System.Text.Json.JsonNamingPolicy.SnakeCaseLower);
