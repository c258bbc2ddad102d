using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using HealthExport.Server.OpenApi;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.OpenApi;

/// <summary>The description as the server gives it, to hold answers to.</summary>
sealed class ApiDescription
{
    // What every answer may bear, because the server says it of all of them, or HTTP does.
    static readonly string[] s_ofAny =
    [
        "Date", "Cache-Control", "Content-Security-Policy", "Cross-Origin-Resource-Policy", "Referrer-Policy",
        "X-Content-Type-Options", "X-Frame-Options", "Vary", "Transfer-Encoding", "Content-Type", "Content-Length",
        "Content-Encoding",
    ];

    // Only where there is something to say.
    static readonly string[] s_atTimes = [CommonHeaders.Link, CommonHeaders.PreferenceApplied];

    readonly JsonObject _document;
    readonly SchemaCheck _schemas;

    ApiDescription(JsonObject document) => (_document, _schemas) = (document, new(document));

    public static async Task<ApiDescription> ReadAsync(RunningServer server)
    {
        using var response = await server.GetAsync(null, GetOpenApi.Path);
        return new(JsonNode.Parse(await response.Content.ReadAsStringAsync())!.AsObject());
    }

    /// <returns>Such as <c>GET /v1/workouts/{id}</c>: the path as the document has it, of several the plainest; null if
    /// it has none.</returns>
    public string? FindOperation(string method, string path) =>
        (from one in _document["paths"]!.AsObject()
         where one.Value![method.ToLowerInvariant()] is not null
         where Regex.IsMatch(path, $"^{Regex.Replace(one.Key, @"\{[a-z]+\}", "[^/]+")}$")
         orderby one.Key.Count(letter => letter == '{')
         select $"{method} {one.Key}").FirstOrDefault();

    /// <summary>Holds an answer to what is described.</summary>
    /// <returns>What is not as described; empty if all is.</returns>
    public IReadOnlyList<string> Check(string method, string path, HttpResponseMessage response, string text)
    {
        if (FindOperation(method, path) is not { } operation) return [$"{method} {path} is not described"];
        var status = ((int)response.StatusCode).ToString();
        var responses = _document["paths"]![operation.Split(' ')[1]]![method.ToLowerInvariant()]!["responses"]!;
        if (responses[status] is not { } described) return [$"{operation} does not say what {status} is"];
        if (described["$ref"] is { } reference) described = _schemas.Find((string)reference!);
        return [.. CheckHeaders(described, response), .. CheckContent(described, response, text)];
    }

    static IEnumerable<string> CheckHeaders(JsonNode described, HttpResponseMessage response)
    {
        var told = described["headers"]!.AsObject().Select(header => header.Key).ToList();
        var sent = response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated)
            .Select(header => header.Key).ToList();
        foreach (var header in sent.Except(told, StringComparer.OrdinalIgnoreCase)
            .Except(s_ofAny, StringComparer.OrdinalIgnoreCase)) yield return $"the header {header} is not described";
        foreach (var header in told.Except(sent, StringComparer.OrdinalIgnoreCase).Except(s_atTimes))
            yield return $"there is no header {header}";
    }

    IEnumerable<string> CheckContent(JsonNode described, HttpResponseMessage response, string text)
    {
        var type = response.Content.Headers.ContentType?.MediaType;
        if (described["content"] is not JsonObject contents) return text.Length == 0 ? [] : ["there is a body"];
        if ((contents[type ?? ""] ?? contents["*/*"]) is not { } content) return [$"the form {type} is not described"];
        if (type == "text/csv") return CheckHeading((string)content["example"]!, text);
        if (!contents.ContainsKey(type!) || !type!.EndsWith("json", StringComparison.Ordinal)) return [];
        return _schemas.Check(content["schema"]!, JsonNode.Parse(text));
    }

    static IReadOnlyList<string> CheckHeading(string example, string text) =>
        example.Split('\n')[0].TrimEnd('\r') is var told && text.Split("\r\n")[0] is var sent && told == sent
            ? []
            : [$"the heading is {sent}, not {told}"];
}
