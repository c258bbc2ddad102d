using System.Text.Json;

namespace HealthExport.Tests.Support;

/// <summary>Compares rows read back with rows that must be there: every one, every field, to the last bit.</summary>
static class RowAssert
{
    public static void Equal(IEnumerable<ModelRow> expected, IEnumerable<ModelRow> actual)
    {
        var left = expected.Select(Describe).Order(StringComparer.Ordinal).ToList();
        var right = actual.Select(Describe).Order(StringComparer.Ordinal).ToList();
        var missing = left.Except(right).Take(5).ToList();
        var surplus = right.Except(left).Take(5).ToList();
        Assert.True(
            missing.Count + surplus.Count == 0,
            $"missing:\n  {string.Join("\n  ", missing)}\nnot expected:\n  {string.Join("\n  ", surplus)}");
        Assert.Equal(left.Count, right.Count);
    }

    /// <summary>The row as text in which equal means equal: offsets and all 17 digits included.</summary>
    static string Describe(ModelRow row) => FormattableString.Invariant(
        $"{row.Row.Metric} ({row.Row.Unit}) {row.Grain} {row.Row.Start:O} to {row.Row.End?.ToUniversalTime():O} {row.Row.Value:R}/{row.Row.Min:R}/{row.Row.Max:R} sent {row.Row.SentUnit} by '{row.Row.Source}' {Canonical(row.Row.Extra)}");

    static string Canonical(string? json)
    {
        if (json is null) return "";
        using var document = JsonDocument.Parse(json);
        return Canonical(document.RootElement);
    }

    static string Canonical(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => "{" + string.Join(",", element.EnumerateObject()
            .OrderBy(property => property.Name, StringComparer.Ordinal)
            .Select(property => $"{property.Name}:{Canonical(property.Value)}")) + "}",
        JsonValueKind.Array => "[" + string.Join(",", element.EnumerateArray().Select(Canonical)) + "]",
        JsonValueKind.String => $"'{element.GetString()}'",
        JsonValueKind.Number => FormattableString.Invariant($"{element.GetDouble():R}"),
        _ => element.GetRawText(),
    };
}
