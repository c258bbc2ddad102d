using System.Buffers;
using System.Text.Json;

namespace HealthExport.Server.Http;

/// <summary>
/// The fields of a small JSON object that a request sent. What cannot be used is collected by field and becomes
/// <see cref="Problem"/>, so that one answer names everything that is wrong.
/// </summary>
sealed class BodyFields
{
    const int LimitBytes = 64 << 10;

    static readonly JsonDocumentOptions s_options = new() { AllowDuplicateProperties = false, MaxDepth = 8 };

    readonly JsonElement _object;
    readonly SortedDictionary<string, string[]> _errors = new(StringComparer.Ordinal);

    BodyFields(JsonElement json) => _object = json;

    /// <summary>Null as long as everything read was usable.</summary>
    public ProblemResult? Problem => _errors.Count == 0 ? null : Problems.InvalidRequest(_errors);

    /// <param name="known">Every field there is; another one is a problem.</param>
    /// <returns>The fields, or why there are none.</returns>
    public static async ValueTask<(BodyFields? Fields, ProblemResult? Problem)> ReadAsync(
        HttpRequest request, IReadOnlyCollection<string> known, CancellationToken cancellationToken)
    {
        if (!request.HasJsonContentType())
            return (null, Problems.UnsupportedMediaType(
                "This path takes a JSON object.", "Send it with Content-Type: application/json."));
        if (request.Headers.ContentEncoding.Count > 0)
            return (null, Problems.UnsupportedMediaType("This path takes no compressed body."));
        var body = new ArrayBufferWriter<byte>();
        int read;
        do
        {
            if (body.WrittenCount > LimitBytes)
                return (null, Problems.BodyTooLarge(LimitBytes, "Send nothing but the fields of this path."));
            read = await request.Body.ReadAsync(body.GetMemory(4096), cancellationToken);
            body.Advance(read);
        }
        while (read > 0);
        try
        {
            using var document = JsonDocument.Parse(body.WrittenMemory, s_options);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                var fields = new BodyFields(document.RootElement.Clone());
                fields.RefuseUnknown(known);
                return (fields, null);
            }
        }
        catch (JsonException)
        {
            // As for JSON that is no object.
        }
        return (null, Problems.MalformedBody("The body must be one JSON object, each of its fields once."));
    }

    public bool Has(string field) => _object.TryGetProperty(field, out _);

    /// <returns>Null for null, and for what is no text, which is a problem then.</returns>
    public string? Text(string field) => !_object.TryGetProperty(field, out var value)
        || value.ValueKind == JsonValueKind.Null ? null : Text(field, value);

    /// <returns>None for null; null for what is no list of texts, which is a problem then.</returns>
    public string[]? Texts(string field)
    {
        if (!_object.TryGetProperty(field, out var value) || value.ValueKind == JsonValueKind.Null) return [];
        if (value.ValueKind != JsonValueKind.Array)
        {
            Refuse(field, "must be a list of texts.");
            return null;
        }
        var texts = value.EnumerateArray().Select((item, i) => Text($"{field}[{i}]", item)).ToArray();
        return texts.Contains(null) ? null : [.. texts.OfType<string>()];
    }

    /// <param name="problem">A sentence without its subject, which is the field.</param>
    public void Refuse(string field, string problem) => _errors.TryAdd(field, [problem]);

    string? Text(string field, JsonElement value)
    {
        try
        {
            if (value.ValueKind == JsonValueKind.String) return value.GetString();
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair.
        }
        Refuse(field, "must be a text.");
        return null;
    }

    void RefuseUnknown(IReadOnlyCollection<string> known)
    {
        foreach (var field in _object.EnumerateObject())
            if (!known.Contains(field.Name))
                Refuse(field.Name, $"is not a field of this path, which takes {string.Join(", ", known)}.");
    }
}
