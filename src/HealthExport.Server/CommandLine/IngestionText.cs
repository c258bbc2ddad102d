using System.Text.Json.Nodes;
using HealthExport.Pushes;
using HealthExport.Server.Ingest;

namespace HealthExport.Server.CommandLine;

/// <summary>What became of a push, in a line or as JSON.</summary>
static class IngestionText
{
    /// <summary>Counts only: nothing of what the push held.</summary>
    public static string Describe(Ingestion ingestion)
    {
        var status = IngestionNames.Of(ingestion.Status);
        if (ingestion.Receipt is not { } receipt) return status;
        var counts = receipt.Counts;
        var text = $"{status}, {counts.Received} received: {counts.Inserted} inserted, {counts.Updated} updated, "
            + $"{counts.Unchanged} unchanged, {counts.Rejected} rejected";
        return receipt.Truncated is { } cut ? $"{text}; cut short at byte {cut.AtByte}" : text;
    }

    public static JsonObject ToJson(Ingestion ingestion)
    {
        var node = new JsonObject
        {
            ["ingestion_id"] = ingestion.Id.ToString(),
            ["status"] = IngestionNames.Of(ingestion.Status),
            ["duplicate_of"] = ingestion.DuplicateOf?.ToString(),
        };
        if (ingestion.Receipt is { } receipt)
        {
            node["counts"] = ToJson(receipt.Counts);
            node["truncated"] = receipt.Truncated is { } cut ? new JsonObject { ["at_byte"] = cut.AtByte } : null;
        }
        else node["counts"] = null;
        return node;
    }

    public static JsonObject ToJson(ItemCounts counts) => new()
    {
        ["received"] = counts.Received,
        ["inserted"] = counts.Inserted,
        ["updated"] = counts.Updated,
        ["unchanged"] = counts.Unchanged,
        ["rejected"] = counts.Rejected,
    };
}
