using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using HealthExport.Server.Audit;
using HealthExport.Server.Auth;
using HealthExport.Server.Deletions;
using HealthExport.Server.Drift;
using HealthExport.Server.Events;
using HealthExport.Server.Exports;
using HealthExport.Server.Freshness;
using HealthExport.Server.Health;
using HealthExport.Server.Ingest;
using HealthExport.Server.Metrics;
using HealthExport.Server.People;
using HealthExport.Server.Sleep;
using HealthExport.Server.Summaries;
using HealthExport.Server.Texts;
using HealthExport.Server.Vendor;
using HealthExport.Server.Workouts;
using Microsoft.Net.Http.Headers;

namespace HealthExport.Server.OpenApi;

/// <summary>
/// GET /openapi/v1.json: the API's description. Put together when first asked for, so that a start does not wait for it,
/// from the endpoints that there are, so that it cannot be another server's.
/// </summary>
sealed class GetOpenApi(EndpointDataSource endpoints)
{
    public const string Path = "/openapi/v1.json";

    /// <summary>In the order in which people read them.</summary>
    public static IReadOnlyList<Feature> Features =>
    [
        IngestApi.Feature, IngestionsApi.Feature, MetricsApi.Feature, SummariesApi.Feature, SleepApi.Feature,
        WorkoutsApi.Feature, EventsApi.Feature, TextsApi.Feature, FreshnessApi.Feature, DriftApi.Feature,
        VendorApi.Feature, ExportApi.Feature, DeletionsApi.Feature, PeopleApi.Feature, KeysApi.Feature,
        AuditApi.Feature, HealthApi.Feature,
    ];

    // As committed: lines to compare.
    static readonly JsonWriterOptions s_readable = new()
    {
        Indented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    readonly Lazy<(byte[] Json, EntityTagHeaderValue Tag)> _written = new(() =>
    {
        var json = Write(ApiDocument.Build(endpoints.Endpoints, Features));
        return (json, new($"\"{Convert.ToHexStringLower(SHA256.HashData(json).AsSpan(0, 8))}\""));
    });

    static byte[] Write(JsonObject document)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, s_readable)) document.WriteTo(json);
        bytes.WriteByte((byte)'\n');
        return bytes.ToArray();
    }

    public static IResult Handle(HttpContext context, GetOpenApi description)
    {
        var (json, tag) = description._written.Value;
        context.Response.Headers.CacheControl = "no-cache";
        return TypedResults.Bytes(json, "application/json; charset=utf-8", entityTag: tag);
    }
}
