using System.Net;
using System.Text.Json;
using HealthExport.Audit;
using HealthExport.Server.Audit;

namespace HealthExport.Tests.Support;

/// <summary>What a server says of its audit trail.</summary>
static class AuditAnswers
{
    /// <summary>A person's trail as the API gives it, newest first, up to this moment.</summary>
    /// <param name="key">Of scope admin.</param>
    public static async Task<IReadOnlyList<JsonElement>> ReadAuditAsync(
        this RunningServer server, TestKey key, string query = "")
    {
        using var response = await server.GetAsync(key, $"/v1/audit?limit=10000{query}");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return [.. (await response.ReadJsonAsync()).GetProperty("items").EnumerateArray()];
    }

    /// <summary>Everybody's and nobody's entries of one action, newest first, up to this moment.</summary>
    public static async Task<IReadOnlyList<AuditEntry>> ListAuditAsync(this RunningServer server, AuditAction action)
    {
        await server.Get<AuditTrail>().FlushAsync(null, default);
        return (await server.Get<IAuditStore>().ListAsync(new(null, action), null, 10_000, default)).Items;
    }

    public static string? Text(this JsonElement entry, string property) => entry.GetProperty(property).GetString();

    public static JsonElement Metadata(this AuditEntry entry)
    {
        using var document = JsonDocument.Parse(entry.Metadata ?? "{}");
        return document.RootElement.Clone();
    }
}
