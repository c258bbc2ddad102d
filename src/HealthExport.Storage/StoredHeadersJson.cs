using System.Text.Json.Serialization;

namespace HealthExport.Storage;

/// <summary>The headers of a push as every engine keeps them: one JSON object.</summary>
[JsonSerializable(typeof(Dictionary<string, string>))]
sealed partial class StoredHeadersJson : JsonSerializerContext;
