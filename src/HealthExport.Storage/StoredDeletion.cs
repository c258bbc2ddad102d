using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using HealthExport.Audit;
using HealthExport.Deletions;

namespace HealthExport.Storage;

/// <summary>The parts of a deletion that every engine keeps as JSON.</summary>
static class StoredDeletion
{
    public static string WriteCounts(IReadOnlyDictionary<string, long> counts) =>
        JsonSerializer.Serialize(
            new SortedDictionary<string, long>(new Dictionary<string, long>(counts), StringComparer.Ordinal),
            StoredDeletionJson.Default.SortedDictionaryStringInt64);

    public static IReadOnlyDictionary<string, long> ReadCounts(string json)
    {
        var read = JsonSerializer.Deserialize(json, StoredDeletionJson.Default.SortedDictionaryStringInt64)!;
        return new SortedDictionary<string, long>(read, StringComparer.Ordinal);
    }

    public static IReadOnlyDictionary<string, long> Add(
        IReadOnlyDictionary<string, long> counts, string name, long rows) =>
        new SortedDictionary<string, long>(new Dictionary<string, long>(counts), StringComparer.Ordinal)
        {
            [name] = counts.GetValueOrDefault(name) + rows,
        };

    public static string WriteEntry(AuditEntry entry) => JsonSerializer.Serialize(
        new Entry(
            entry.Id, entry.At.Microseconds, entry.Action.Name, entry.UserId, entry.KeyId, entry.Address,
            entry.UserAgent, entry.RequestId, entry.Metadata),
        StoredDeletionJson.Default.Entry);

    /// <summary>What the audit trail says of a deletion that is done.</summary>
    public static AuditEntry ReadEntry(string json, DeletionState state)
    {
        var entry = JsonSerializer.Deserialize(json, StoredDeletionJson.Default.Entry)!;
        var metadata = entry.Metadata is null ? [] : JsonNode.Parse(entry.Metadata)!.AsObject();
        metadata["rows"] = state.Counts.Values.Sum();
        metadata["payloads"] = state.Payloads;
        return new()
        {
            Id = entry.Id, At = new(entry.At), Action = AuditAction.FromStore(entry.Action), UserId = entry.UserId,
            KeyId = entry.KeyId, Address = entry.Address, UserAgent = entry.UserAgent, RequestId = entry.RequestId,
            Resource = state.Id.ToString(), Metadata = metadata.ToJsonString(),
        };
    }

    public sealed record Entry(
        Guid Id, long At, string Action, long UserId, string? KeyId, string? Address, string? UserAgent,
        string? RequestId, string? Metadata);
}

[JsonSerializable(typeof(SortedDictionary<string, long>))]
[JsonSerializable(typeof(StoredDeletion.Entry))]
sealed partial class StoredDeletionJson : JsonSerializerContext;
