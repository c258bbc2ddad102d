using System.Text.Json.Serialization;

namespace HealthExport.Server.Exports;

/// <summary>A file of an export.</summary>
/// <param name="Path">Within the zip.</param>
/// <param name="Items">Lines of NDJSON, rows of CSV without the heading, points of GPX.</param>
/// <param name="Bytes">Unpacked.</param>
/// <param name="Sha256">Of the unpacked bytes, lower-case hex.</param>
/// <param name="ContentType">What to say of it when it is pushed; null for what is not to be pushed.</param>
sealed record ExportedFile(string Path, long Items, long Bytes, string Sha256, string? ContentType = null);

/// <param name="From">As asked for; null for no bound.</param>
sealed record ExportSpan(string? From, string? To);

/// <summary>The last file of an export: what it holds, and that it is whole.</summary>
/// <param name="Format">Always <see cref="OwnFormat"/>.</param>
/// <param name="Version">Grows when an older server could not read it any more.</param>
/// <param name="ServerVersion">Of the build that wrote it.</param>
/// <param name="IsConsistent">Whether nothing of the person's data changed while it was written.</param>
/// <param name="SourceRanks">As the person has set them, the first believed first.</param>
/// <param name="Files">In the order of the zip; those with a content type are imported, in this order.</param>
sealed record ExportManifest(
    string Format, int Version, string ServerVersion, DateTimeOffset ExportedAt, ExportSpan Span,
    IReadOnlyList<string> Types, [property: JsonPropertyName("consistent")] bool IsConsistent,
    string? TimeZone, IReadOnlyList<string> SourceRanks, IReadOnlyList<ExportedFile> Files)
{
    public const string Path = "manifest.json";
    public const string OwnFormat = "health-export";
    public const int OwnVersion = 1;
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, NewLine = "\n",
    RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true, MaxDepth = 8)]
[JsonSerializable(typeof(ExportManifest))]
sealed partial class ExportJson : JsonSerializerContext;
