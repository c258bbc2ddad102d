namespace HealthExport.Tests.Support;

/// <summary>Counts of one item type, as a receipt gives them.</summary>
sealed record ModelCounts
{
    public long Received { get; set; }
    public long Inserted { get; set; }
    public long Updated { get; set; }
    public long Unchanged { get; set; }
    public long Rejected { get; set; }
    public long Removed { get; set; }
}

/// <summary>What the receipt of a push must say.</summary>
sealed class ModelReceipt
{
    public SortedDictionary<string, ModelCounts> ByType { get; } = new(StringComparer.Ordinal);

    public List<(string Type, int Index, string Code)> Rejects { get; } = [];

    public ModelCounts this[string type] =>
        ByType.TryGetValue(type, out var counts) ? counts : ByType[type] = new();

    public string Status => Rejects.Count > 0 ? "partial" : "completed";
}
