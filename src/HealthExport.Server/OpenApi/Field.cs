using System.Text.Json.Nodes;

namespace HealthExport.Server.OpenApi;

/// <summary>A property of a JSON object, or a parameter: its name, and its schema with a description in it.</summary>
/// <param name="Schema">JSON Schema 2020-12, which OpenAPI 3.1 takes as it is. Never changed.</param>
/// <param name="IsNeeded">Null for what is usual where it stands: needed in answers and paths, not in requests.</param>
sealed record Field(string Name, JsonObject Schema, bool? IsNeeded = null)
{
    public static Field Text(string name, string about) => Of(name, about, new() { ["type"] = "string" });

    public static Field OneOf(string name, string about, IEnumerable<string> choices) => Of(
        name, about, new() { ["type"] = "string", ["enum"] = new JsonArray([.. choices.Select(c => (JsonNode)c)]) });

    /// <summary>A double; its unit stands in the description.</summary>
    public static Field Number(string name, string about) =>
        Of(name, about, new() { ["type"] = "number", ["format"] = "double" });

    public static Field Whole(string name, string about, long? min = 0, long? max = null) => Of(
        name, about, Bounded(new() { ["type"] = "integer", ["format"] = "int64" }, min, max));

    public static Field Flag(string name, string about) => Of(name, about, new() { ["type"] = "boolean" });

    /// <summary>RFC 3339, with offset.</summary>
    public static Field Moment(string name, string about) => Formatted(name, about, "date-time");

    public static Field Date(string name, string about) => Formatted(name, about, "date");

    public static Field Uuid(string name, string about) => Formatted(name, about, "uuid");

    public static Field Formatted(string name, string about, string format) =>
        Of(name, about, new() { ["type"] = "string", ["format"] = format });

    /// <summary>Any JSON.</summary>
    public static Field Any(string name, string about) => Of(name, about, []);

    public static Field A(string name, string about, Component component) => Of(name, about, component.Reference);

    public static Field ListOf(string name, string about, Component component) =>
        Of(name, about, new() { ["type"] = "array", ["items"] = component.Reference });

    /// <summary>A list of what the field is one of.</summary>
    public Field AsList()
    {
        var items = (JsonObject)Schema.DeepClone();
        items.Remove("description");
        return this with
        {
            Schema = new() { ["description"] = About, ["type"] = "array", ["items"] = items },
        };
    }

    /// <summary>An object whose names are data.</summary>
    public static Field MapOf(string name, string about, Component component) =>
        Of(name, about, new() { ["type"] = "object", ["additionalProperties"] = component.Reference });

    public static Field TextsByName(string name, string about) => Of(
        name, about,
        new() { ["type"] = "object", ["additionalProperties"] = new JsonObject { ["type"] = "string" } });

    public static Field Group(string name, string about, params Field[] fields) =>
        new(name, ObjectOf(about, areNeeded: true, fields));

    public static Field Of(string name, string about, JsonObject schema)
    {
        var described = new JsonObject { ["description"] = about };
        foreach (var (key, value) in schema) described[key] = value?.DeepClone();
        return new(name, described);
    }

    public string About => (string)Schema["description"]!;

    public Field OrNull()
    {
        var schema = (JsonObject)Schema.DeepClone();
        if (schema["$ref"] is not null)
        {
            schema.Remove("$ref");
            schema["anyOf"] = new JsonArray(
                new JsonObject { ["$ref"] = Schema["$ref"]!.DeepClone() }, new JsonObject { ["type"] = "null" });
        }
        else if (schema["type"] is JsonValue type) schema["type"] = new JsonArray(type.DeepClone(), "null");
        if (schema["enum"] is JsonArray choices) choices.Add(null);
        return this with { Schema = schema };
    }

    public Field Needed() => this with { IsNeeded = true };

    public Field Optional() => this with { IsNeeded = false };

    public Field Like(JsonNode example) => With("examples", new JsonArray(example));

    /// <param name="value">What holds if it is not given.</param>
    public Field Absent(JsonNode value) => With("default", value);

    public Field Within(double min, double max) => this with { Schema = Bounded((JsonObject)Schema.DeepClone(), min, max) };

    public Field Long(int min, int max) => With("minLength", min).With("maxLength", max);

    /// <summary>The schema of an object.</summary>
    /// <param name="areNeeded">Whether those are that do not say it.</param>
    public static JsonObject ObjectOf(string about, bool areNeeded, IReadOnlyCollection<Field> fields)
    {
        var schema = new JsonObject { ["description"] = about, ["type"] = "object" };
        JsonArray needed = [.. fields.Where(field => field.IsNeeded ?? areNeeded).Select(field => (JsonNode)field.Name)];
        if (needed.Count > 0) schema["required"] = needed;
        schema["properties"] = new JsonObject(
            fields.Select(field => KeyValuePair.Create(field.Name, (JsonNode?)field.Schema.DeepClone())));
        return schema;
    }

    Field With(string key, JsonNode value)
    {
        var schema = (JsonObject)Schema.DeepClone();
        schema[key] = value;
        return this with { Schema = schema };
    }

    static JsonObject Bounded(JsonObject schema, double? min, double? max)
    {
        if (min is not null) schema["minimum"] = min;
        if (max is not null) schema["maximum"] = max;
        return schema;
    }
}

/// <summary>A schema with a name of its own, which others refer to.</summary>
sealed record Component(string Name, JsonObject Schema)
{
    /// <summary>What the server writes: every field is there unless it says that it may be missing.</summary>
    public static Component Answer(string name, string about, params Field[] fields) =>
        new(name, Field.ObjectOf(about, areNeeded: true, fields));

    /// <summary>What a client writes: no field has to be there unless it says so.</summary>
    public static Component Request(string name, string about, params Field[] fields) =>
        new(name, Field.ObjectOf(about, areNeeded: false, fields));

    /// <summary>A page of a list.</summary>
    public static Component PageOf(Component item) => Answer(
        $"{item.Name}Page", $"A page of a list; its items are of the schema {item.Name}.",
        Field.ListOf("items", "In the order that the path says.", item),
        Field.Text("next_cursor", "To be passed as `cursor` for the next page; null at the end.").OrNull());

    public JsonObject Reference => new() { ["$ref"] = $"#/components/schemas/{Name}" };
}
