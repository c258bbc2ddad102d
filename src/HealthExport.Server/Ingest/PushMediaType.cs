using HealthExport.Pushes;
using HealthExport.Server.Http;
using Microsoft.Net.Http.Headers;

namespace HealthExport.Server.Ingest;

/// <summary>Which content types a push may have.</summary>
static class PushMediaType
{
    const string Accepted =
        "A push is JSON, CSV or GPX: send application/json, application/x-ndjson, text/csv, multipart/form-data or "
        + "application/gpx+xml.";

    /// <returns>Null if a body of this type is taken; none stands for JSON.</returns>
    public static ProblemResult? Refuse(string? contentType)
    {
        if (string.IsNullOrWhiteSpace(contentType)) return null;
        if (!MediaTypeHeaderValue.TryParse(contentType, out var type))
            return Problems.UnsupportedMediaType("The Content-Type cannot be read.", Accepted);
        if (type.Charset.HasValue && !IsUtf8(type.Charset.Value.AsSpan().Trim('"')))
            return Problems.UnsupportedMediaType("The charset is not UTF-8.", "Every push is UTF-8 here.");
        return type.MediaType.Value?.ToLowerInvariant() switch
        {
            "application/json" or "text/json" or "text/plain" or NdjsonType.Name => null,
            { } name when name.StartsWith("application/", StringComparison.Ordinal)
                && name.EndsWith("+json", StringComparison.Ordinal) => null,
            CsvType.File or GpxType.Name => null,
            CsvType.Form when CsvType.FindBoundary(contentType) is { Length: > 0 } => null,
            CsvType.Form => Problems.UnsupportedMediaType(
                "The Content-Type of the form does not say its boundary.",
                "It looks like multipart/form-data; boundary=something-that-is-in-no-part."),
            _ => Problems.UnsupportedMediaType("The Content-Type is not one of a push.", Accepted),
        };
    }

    static bool IsUtf8(ReadOnlySpan<char> charset) =>
        charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase)
        || charset.Equals("utf8", StringComparison.OrdinalIgnoreCase)
        || charset.Equals("us-ascii", StringComparison.OrdinalIgnoreCase);
}
