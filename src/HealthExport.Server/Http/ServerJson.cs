using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using HealthExport.Server.Auth;
using HealthExport.Server.Deletions;
using HealthExport.Server.Health;
using HealthExport.Server.Ingest;
using HealthExport.Server.Limits;
using HealthExport.Server.People;

namespace HealthExport.Server.Http;

/// <summary>Everything the server answers as JSON, in the contract's names.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(PersonAnswer))]
[JsonSerializable(typeof(ErasureAnswer))]
[JsonSerializable(typeof(DeletionAnswer))]
[JsonSerializable(typeof(HealthAnswer))]
[JsonSerializable(typeof(ReadyAnswer))]
[JsonSerializable(typeof(RateLimitAnswer))]
[JsonSerializable(typeof(IngestionAnswer))]
[JsonSerializable(typeof(IngestionDetails))]
[JsonSerializable(typeof(ListAnswer<IngestionSummary>))]
[JsonSerializable(typeof(ListAnswer<RejectedItem>))]
[JsonSerializable(typeof(ListAnswer<KeyAnswer>))]
[JsonSerializable(typeof(IssuedKeyAnswer))]
sealed partial class ServerJson : JsonSerializerContext
{
    static ServerJson() => Default = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        // The answers are JSON for machines, never pasted into HTML: texts stay readable.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}

/// <param name="NextCursor">Null at the end.</param>
sealed record ListAnswer<T>(IReadOnlyList<T> Items, string? NextCursor);
