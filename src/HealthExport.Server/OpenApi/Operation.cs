using System.Text.Json.Nodes;

namespace HealthExport.Server.OpenApi;

/// <summary>Paths that belong together, as the API's description shows them.</summary>
/// <param name="Tag">Its heading.</param>
/// <param name="Components">The schemas that its operations name.</param>
sealed record Feature(
    string Tag, string About, IReadOnlyList<Component> Components, IReadOnlyList<Operation> Operations);

/// <summary>
/// What the API's description says of one endpoint beyond what its route declares: scope, class, audit action and the
/// names of query parameters come from there.
/// </summary>
/// <param name="Method">In capitals.</param>
/// <param name="Path">As a client reads it: <c>/v1/ingestions/{id}</c>.</param>
/// <param name="Id">For generated clients: a verb and a noun, unique.</param>
/// <param name="Summary">In one line.</param>
/// <param name="About">The rest, in Markdown.</param>
sealed record Operation(string Method, string Path, string Id, string Summary, string About)
{
    /// <summary>What its query and path parameters mean, where that is not what <see cref="CommonParameters"/> says.
    /// </summary>
    public IReadOnlyList<Field> Parameters { get; init; } = [];

    /// <summary>Request headers with a meaning here.</summary>
    public IReadOnlyList<Field> Headers { get; init; } = [];

    /// <summary>The forms of the body that it takes; none if it takes none.</summary>
    public IReadOnlyList<Content> Body { get; init; } = [];

    public bool IsBodyNeeded { get; init; } = true;

    /// <summary>What it answers when all is well.</summary>
    public required IReadOnlyList<Answer> Answers { get; init; }

    /// <summary>Beyond those that every endpoint of its kind may answer.</summary>
    public IReadOnlyList<Refusal> Refusals { get; init; } = [];
}

/// <param name="Headers">Names of <see cref="CommonHeaders"/>, beyond those that every answer bears.</param>
sealed record Answer(int Status, string About, IReadOnlyList<Content> Contents, params string[] Headers);

/// <summary>One form of a body.</summary>
/// <param name="Example">As <paramref name="MediaType"/> writes it.</param>
sealed record Content(string MediaType, JsonObject Schema, JsonNode Example)
{
    /// <param name="example">JSON text.</param>
    public static Content Json(
        Component component, [System.Diagnostics.CodeAnalysis.StringSyntax("Json")] string example,
        string mediaType = "application/json") =>
        new(mediaType, component.Reference, JsonNode.Parse(example)!);

    /// <summary>A form that is not JSON, as text.</summary>
    public static Content Text(string mediaType, string about, string example) =>
        new(mediaType, new() { ["type"] = "string", ["description"] = about }, example);

    /// <summary>A form that is no text.</summary>
    public static Content Bytes(string mediaType, string about) =>
        new(mediaType, new() { ["type"] = "string", ["contentMediaType"] = mediaType, ["description"] = about }, "");
}
