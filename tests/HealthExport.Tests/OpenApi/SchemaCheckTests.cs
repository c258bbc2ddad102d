using System.Text.Json.Nodes;

namespace HealthExport.Tests.OpenApi;

public sealed class SchemaCheckTests
{
    static readonly SchemaCheck s_check = new(JsonNode.Parse(
        """
        { "components": { "schemas": {
          "Night": { "type": "object", "required": ["date", "asleep"], "properties": {
            "date": { "type": "string", "format": "date" },
            "asleep": { "type": ["number", "null"], "minimum": 0 },
            "basis": { "type": "string", "enum": ["segments", "session"] },
            "stages": { "type": "array", "items": { "type": "string", "maxLength": 4 } },
            "source": { "anyOf": [{ "$ref": "#/components/schemas/Source" }, { "type": "null" }] },
            "counts": { "type": "object", "additionalProperties": { "type": "integer" } } } },
          "Source": { "type": "object", "properties": { "at": { "type": "string", "format": "date-time" } } } } } }
        """)!);

    [Theory]
    [InlineData("""{ "date": "2026-01-15", "asleep": null }""")]
    [InlineData("""{ "date": "2026-01-15", "asleep": 450.5, "basis": "session", "stages": ["deep"] }""")]
    [InlineData("""{ "date": "2026-01-15", "asleep": 0, "source": null, "counts": { "any": 3 } }""")]
    [InlineData("""{ "date": "2026-01-15", "asleep": 0, "source": { "at": "2026-01-15T08:00:00.5+01:00" } }""")]
    public void What_fits_is_let_pass(string json) => Assert.Empty(Check(json));

    [Theory]
    [InlineData("""{ "date": "2026-01-15" }""", "$ has no asleep")]
    [InlineData("""{ "date": "15.1.2026", "asleep": 1 }""", "$.date is 15.1.2026, no date")]
    [InlineData("""{ "date": null, "asleep": 1 }""", "$.date is null, not \"string\"")]
    [InlineData("""{ "date": "2026-01-15", "asleep": "1" }""", "$.asleep is \"1\", not [\"number\",\"null\"]")]
    [InlineData("""{ "date": "2026-01-15", "asleep": -1 }""", "$.asleep is -1, outside 0 to ")]
    [InlineData("""{ "date": "2026-01-15", "asleep": 1, "basis": "guess" }""",
        "$.basis is \"guess\", none of [\"segments\",\"session\"]")]
    [InlineData("""{ "date": "2026-01-15", "asleep": 1, "stages": ["deep", "light"] }""",
        "$.stages[1] has 5 characters")]
    [InlineData("""{ "date": "2026-01-15", "asleep": 1, "counts": { "any": 1.5 } }""",
        "$.counts.any is 1.5, not \"integer\"")]
    [InlineData("""{ "date": "2026-01-15", "asleep": 1, "source": { "at": "08:00" } }""",
        "$.source.at is 08:00, no date-time")]
    [InlineData("""{ "date": "2026-01-15", "asleep": 1, "moon": "full" }""",
        "$ has moon, of which the description knows nothing")]
    public void What_does_not_fit_is_told(string json, string complaint) =>
        Assert.Equal([complaint], Check(json));

    static IReadOnlyList<string> Check(string json) =>
        s_check.Check(s_check.Find("#/components/schemas/Night"), JsonNode.Parse(json));
}
