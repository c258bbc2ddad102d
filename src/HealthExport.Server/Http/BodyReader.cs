using System.Buffers;
using System.Text.Json;
using HealthExport.Server.Limits;
using HealthExport.Time;

namespace HealthExport.Server.Http;

/// <summary>
/// Reads the fields of a request's JSON object, for requests of a few fields. All that cannot be used, fields that
/// nobody asked for included, becomes one <see cref="Problem"/>: a mistyped name must not pass for an absent field.
/// </summary>
sealed class BodyReader : IDisposable
{
    const int MaxBytes = 64 << 10;
    const int MaxDepth = 8;

    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(15);

    readonly JsonDocument? _document;
    readonly ProblemResult? _refusal;
    readonly HashSet<string> _asked = new(StringComparer.Ordinal);
    readonly SortedDictionary<string, string[]> _errors = new(StringComparer.Ordinal);

    BodyReader(JsonDocument? document, ProblemResult? refusal) => (_document, _refusal) = (document, refusal);

    /// <summary>Takes the whole body.</summary>
    /// <param name="mayBeEmpty">Whether no body stands for an object without fields.</param>
    /// <exception cref="IOException">The connection broke before the body's end.</exception>
    public static async ValueTask<BodyReader> ReadAsync(HttpContext context, bool mayBeEmpty = false)
    {
        var reader = context.Request.BodyReader;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        patience.CancelAfter(s_patience);
        try
        {
            var read = await reader.ReadAtLeastAsync(MaxBytes + 1, patience.Token);
            var (document, refusal) = Parse(context, read.Buffer, mayBeEmpty);
            var bytes = read.Buffer.Length;
            reader.AdvanceTo(read.Buffer.End);
            if (refusal is null && context.Features.Get<Budget>() is { } budget)
                refusal = await budget.TakeBodyAsync(bytes);
            return new(document, refusal);
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            context.Response.Headers.Connection = "close";
            return new(null, Problems.Of(StatusCodes.Status408RequestTimeout));
        }
    }

    /// <summary>Why the request cannot be used; null if it can. To be asked when every field has been.</summary>
    public ProblemResult? Problem
    {
        get
        {
            if (_refusal is not null) return _refusal;
            if (_document is not null && _document.RootElement.EnumerateObject().Any(sent => !IsAsked(sent)))
                Refuse("body", $"has a field that is unknown here; there are {string.Join(", ", _asked.Order())}.");
            return _errors.Count > 0 ? Problems.InvalidRequest(_errors) : null;
        }
    }

    /// <summary>Whether a field was sent, if only as null.</summary>
    public bool Has(string name)
    {
        _asked.Add(name);
        return _document is not null && _document.RootElement.TryGetProperty(name, out _);
    }

    /// <summary>A text.</summary>
    /// <returns>Null if absent, null or refused.</returns>
    public string? Text(string name, bool isNeeded = false) =>
        Find(name, isNeeded) is not { } value ? null
        : FindText(value) is { } text ? text
        : Refuse<string>(name, "must be a text.");

    /// <summary>A list of texts.</summary>
    /// <returns>Null if absent, null or refused.</returns>
    public IReadOnlyList<string>? Texts(string name, bool isNeeded = false)
    {
        if (Find(name, isNeeded) is not { } value) return null;
        if (value.ValueKind != JsonValueKind.Array) return Refuse<IReadOnlyList<string>>(name, "must be a list.");
        List<string> texts = [];
        foreach (var element in value.EnumerateArray())
        {
            if (FindText(element) is not { } text)
                return Refuse<IReadOnlyList<string>>(name, "must be a list of texts.");
            texts.Add(text);
        }
        return texts;
    }

    /// <summary>A whole number from <paramref name="min"/> to <paramref name="max"/>.</summary>
    public long? Number(string name, long min, long max)
    {
        if (Find(name, isNeeded: false) is not { } value) return null;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number)
            && number >= min && number <= max) return number;
        Refuse(name, $"must be a whole number from {min} to {max}.");
        return null;
    }

    /// <summary>An RFC 3339 timestamp with offset.</summary>
    public Instant? Instant(string name)
    {
        if (Find(name, isNeeded: false) is not { } value) return null;
        if (FindText(value) is { } text && Rfc3339.Find(text) is { } at) return at;
        Refuse(name, "must be an RFC 3339 timestamp with offset (2026-01-31T08:00:00Z).");
        return null;
    }

    /// <summary>Says what is wrong with a field; the first word on it stays.</summary>
    public void Refuse(string name, string problem) => _errors.TryAdd(name, [problem]);

    public void Dispose() => _document?.Dispose();

    bool IsAsked(JsonProperty sent)
    {
        foreach (var name in _asked)
            if (sent.NameEquals(name)) return true;
        return false;
    }

    T? Refuse<T>(string name, string problem) where T : class
    {
        Refuse(name, problem);
        return null;
    }

    JsonElement? Find(string name, bool isNeeded)
    {
        _asked.Add(name);
        if (_document is not null && _document.RootElement.TryGetProperty(name, out var value)
            && value.ValueKind != JsonValueKind.Null) return value;
        if (isNeeded) Refuse(name, "is needed.");
        return null;
    }

    static string? FindText(JsonElement value)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            // An escape of half a surrogate pair.
            return null;
        }
    }

    static (JsonDocument?, ProblemResult?) Parse(HttpContext context, ReadOnlySequence<byte> body, bool mayBeEmpty)
    {
        if (body.Length > MaxBytes)
        {
            context.Response.Headers.Connection = "close";
            return (null, Problems.BodyTooLarge(MaxBytes, "Send the fields that this path takes, and no more."));
        }
        if (body.IsEmpty)
            return (null, mayBeEmpty ? null : Problems.MalformedBody("The body is empty; a JSON object is needed."));
        if (!context.Request.HasJsonContentType() || context.Request.Headers.ContentEncoding.Count > 0)
            return (null, Problems.UnsupportedMediaType(
                "The body is not plain JSON.", "Send Content-Type: application/json, without Content-Encoding."));
        try
        {
            var document = JsonDocument.Parse(body.ToArray(), new JsonDocumentOptions
            {
                // Of two values of one field, nobody knows which was meant.
                AllowDuplicateProperties = false,
                MaxDepth = MaxDepth,
            });
            if (document.RootElement.ValueKind == JsonValueKind.Object) return (document, null);
            document.Dispose();
            return (null, Problems.MalformedBody("The body is JSON, but not an object."));
        }
        // The second is a name that escapes half a surrogate pair. Neither's text goes on: it repeats what was sent.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            var place = e is JsonException { LineNumber: { } line, BytePositionInLine: { } at }
                ? $" (line {line + 1}, byte {at})" : "";
            return (null, Problems.MalformedBody($"The body is not a JSON object of distinct fields{place}."));
        }
    }
}
