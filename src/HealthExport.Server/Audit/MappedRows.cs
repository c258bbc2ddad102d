using System.Text.Json.Nodes;
using HealthExport.Texts;

namespace HealthExport.Server.Audit;

/// <summary>What the audit trail says of texts that were given codes: how many rows of each kind, and no text.</summary>
static class MappedRows
{
    public static JsonObject Of(IReadOnlyList<MappedText> texts)
    {
        var metadata = new JsonObject();
        foreach (var kind in texts.GroupBy(text => text.Kind.Name)) metadata[kind.Key] = kind.Sum(text => text.Rows);
        return metadata;
    }
}
