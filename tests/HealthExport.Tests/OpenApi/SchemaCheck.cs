using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace HealthExport.Tests.OpenApi;

/// <summary>
/// Holds JSON to a schema of the API's description: as much of JSON Schema 2020-12 as the description uses, but stricter.
/// A property that the schema does not name is a complaint, because a description that leaves one out is not whole.
/// </summary>
sealed class SchemaCheck(JsonNode document)
{
    /// <returns>What is wrong, and where; empty if nothing is.</returns>
    public IReadOnlyList<string> Check(JsonNode schema, JsonNode? value, string at = "$")
    {
        var told = schema.AsObject();
        if (told["$ref"] is { } reference) return Check(Find((string)reference!), value, at);
        var complaints = new List<string>();
        if (told["anyOf"] is JsonArray alternatives)
        {
            var tried = alternatives.Select(one => Check(one!, value, at)).ToList();
            if (tried.All(one => one.Count > 0)) complaints.AddRange(tried.MinBy(one => one.Count)!);
        }
        if (told["type"] is { } type && !TypesOf(type).Any(name => IsOf(name, value)))
            return [.. complaints, $"{at} is {value?.ToJsonString() ?? "null"}, not {type.ToJsonString()}"];
        if (told["enum"] is JsonArray choices && !choices.Any(choice => JsonNode.DeepEquals(choice, value)))
            complaints.Add($"{at} is {value?.ToJsonString()}, none of {choices.ToJsonString()}");
        if (value is JsonValue leaf) complaints.AddRange(CheckLeaf(told, leaf, at));
        if (value is JsonArray array && told["items"] is { } items)
            complaints.AddRange(array.SelectMany((item, i) => Check(items, item, $"{at}[{i}]")));
        if (value is JsonObject found) complaints.AddRange(CheckObject(told, found, at));
        return complaints;
    }

    /// <param name="reference">Within the document: <c>#/components/…</c>.</param>
    /// <exception cref="KeyNotFoundException">It leads nowhere.</exception>
    public JsonNode Find(string reference)
    {
        var node = document;
        foreach (var part in reference.Split('/').Skip(1))
            node = node[part.Replace("~1", "/", StringComparison.Ordinal)]
                ?? throw new KeyNotFoundException($"{reference} leads nowhere.");
        return node;
    }

    IEnumerable<string> CheckObject(JsonObject schema, JsonObject value, string at)
    {
        foreach (var name in schema["required"]?.AsArray() ?? [])
            if (!value.ContainsKey((string)name!)) yield return $"{at} has no {name}";
        var properties = schema["properties"]?.AsObject();
        var others = schema["additionalProperties"];
        foreach (var (name, member) in value)
        {
            if ((properties?[name] ?? others) is { } known)
                foreach (var complaint in Check(known, member, $"{at}.{name}")) yield return complaint;
            else if (properties is not null)
                yield return $"{at} has {name}, of which the description knows nothing";
        }
    }

    static IEnumerable<string> CheckLeaf(JsonObject schema, JsonValue value, string at)
    {
        if (value.GetValueKind() == JsonValueKind.Number)
        {
            var number = double.Parse(value.ToJsonString(), CultureInfo.InvariantCulture);
            if (number < (double?)schema["minimum"] || number > (double?)schema["maximum"])
                yield return $"{at} is {number}, outside {schema["minimum"]} to {schema["maximum"]}";
        }
        if (value.GetValueKind() != JsonValueKind.String) yield break;
        var text = (string)value!;
        if (text.Length < (int?)schema["minLength"] || text.Length > (int?)schema["maxLength"])
            yield return $"{at} has {text.Length} characters";
        var isFormatted = (string?)schema["format"] switch
        {
            "date-time" => text.Length > 19 && text[10] == 'T' && DateTimeOffset.TryParse(
                text, CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
            "date" => DateOnly.TryParseExact(
                text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
            "uuid" => Guid.TryParseExact(text, "D", out _),
            "email" => text.Contains('@'),
            null => true,
            var other => throw new NotSupportedException(other),
        };
        if (!isFormatted) yield return $"{at} is {text}, no {schema["format"]}";
    }

    static IEnumerable<string> TypesOf(JsonNode type) =>
        type is JsonArray types ? types.Select(name => (string)name!) : [(string)type!];

    static bool IsOf(string type, JsonNode? value) => (type, value?.GetValueKind() ?? JsonValueKind.Null) switch
    {
        ("null", JsonValueKind.Null) => true,
        ("string", JsonValueKind.String) => true,
        ("number", JsonValueKind.Number) => true,
        ("integer", JsonValueKind.Number) => long.TryParse(value!.ToJsonString(), out _),
        ("boolean", JsonValueKind.True or JsonValueKind.False) => true,
        ("array", JsonValueKind.Array) => true,
        ("object", JsonValueKind.Object) => true,
        _ => false,
    };
}
