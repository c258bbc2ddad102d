using System.Text.Json;
using HealthExport.Catalogue;

namespace HealthExport.Tests.Support;

/// <summary>
/// A payload of the fixtures, parsed by <see cref="JsonDocument"/> and taken at its word: what its metrics must become.
/// The catalogue's factors are taken over; other tests hold them.
/// </summary>
sealed class FixturePayload
{
    static readonly string[] Known =
        ["qty", "date", "source", "Min", "Avg", "Max", "min", "avg", "max", "systolic", "diastolic", "end", "endDate"];

    public FixturePayload(string name)
    {
        Body = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Fixtures", "Payloads", name));
        try
        {
            using var document = JsonDocument.Parse(
                Body.AsMemory(Body.AsSpan().StartsWith("\uFEFF"u8) ? 3 : 0), new() { MaxDepth = 64 });
            Root = document.RootElement.Clone();
        }
        catch (JsonException)
        {
            // Not whole: nothing can be expected of it here.
        }
    }

    public byte[] Body { get; }

    public JsonElement Root { get; }

    /// <summary>Elements of a section, wherever the section lies.</summary>
    public IEnumerable<JsonElement> Section(string name)
    {
        if (Root.ValueKind == JsonValueKind.Array) return name == "metrics" ? Root.EnumerateArray() : [];
        if (Root.ValueKind != JsonValueKind.Object) return [];
        var inner = Root.TryGetProperty("data", out var data) ? data : Root;
        return inner.ValueKind == JsonValueKind.Object && inner.TryGetProperty(name, out var section)
            && section.ValueKind == JsonValueKind.Array ? section.EnumerateArray() : [];
    }

    /// <summary>The push of its metrics; sleep is none of them.</summary>
    /// <param name="rejects">
    /// Codes by the array (its place, or the canonical name of its metric) and the item's place.
    /// </param>
    public SentPush ToPush(TimeZoneInfo? zone, IReadOnlyDictionary<(string Array, int Item), string> rejects) => new(
        Body, null, null,
        [
            .. Section("metrics").Select((metric, ordinal) => (Metric: metric, Ordinal: ordinal))
                .Where(each => Text(each.Metric, "name") is { Length: > 0 } name && name != "sleep_analysis"
                    && each.Metric.GetProperty("data").ValueKind == JsonValueKind.Array)
                .Select(each => ToArray(
                    each.Metric,
                    (name, index) => rejects.GetValueOrDefault((name, index)) ?? rejects.GetValueOrDefault(
                        (each.Ordinal.ToString(System.Globalization.CultureInfo.InvariantCulture), index)),
                    zone)),
        ]);

    static SentArray ToArray(JsonElement array, Func<string, int, string?> findReject, TimeZoneInfo? zone)
    {
        var unit = Text(array, "units") ?? "";
        var name = Text(array, "name")!;
        var metric = MetricCatalogue.Find(name) ?? Metric.Unknown(name, unit, MetricKind.Discrete);
        return new(
            metric.Name, metric.Kind == MetricKind.Cumulative,
            [
                .. array.GetProperty("data").EnumerateArray().Select((point, index) =>
                {
                    var reject = findReject(metric.Name, index);
                    var stamp = point.ValueKind == JsonValueKind.Object && reject is not "date_out_of_range"
                        ? StampText.Read(Text(point, "date"), zone)
                        : null;
                    return new SentItem(
                        index, stamp, reject is null ? ToRows(metric, unit, point, stamp!.Value, zone) : [], reject);
                }),
            ]);
    }

    static SentRow[] ToRows(Metric metric, string unit, JsonElement point, DateTimeOffset at, TimeZoneInfo? zone)
    {
        if (metric.Name == "blood_pressure")
            return
            [
                ToRow(MetricCatalogue.Find("blood_pressure_systolic")!, unit, point, at, zone)
                    with { Value = Number(point, "systolic") },
                ToRow(MetricCatalogue.Find("blood_pressure_diastolic")!, unit, point, at, zone)
                    with { Value = Number(point, "diastolic") },
            ];
        var row = ToRow(metric, unit, point, at, zone);
        return metric.Name == "sexual_activity"
            ? [row with
            {
                Value = Number(point, "Unspecified") + Number(point, "Protection Used")
                    + Number(point, "Protection Not Used"),
            }]
            : [row];
    }

    static SentRow ToRow(Metric metric, string unit, JsonElement point, DateTimeOffset at, TimeZoneInfo? zone)
    {
        var stored = metric.TryGetConversion(unit, out var conversion) ? metric
            : Metric.Unknown(metric.Name, unit, metric.Kind);
        double Find(params string[] names) =>
            names.Select(name => Number(point, name))
                .FirstOrDefault(value => !double.IsNaN(value), double.NaN) is var value
            && double.IsNaN(value) ? value : conversion.Apply(value);

        return new(
            metric.Name, stored.Unit, at, StampText.Read(Text(point, "end") ?? Text(point, "endDate"), zone),
            Find("qty", "Avg", "avg"), Find("Min", "min"), Find("Max", "max"), conversion.IsIdentity ? null : unit,
            NormaliseSource(Text(point, "source")), Extra(point));
    }

    static string? Extra(JsonElement point)
    {
        var rest = point.EnumerateObject().Where(field => !Known.Contains(field.Name))
            .Select(field => $"{JsonSerializer.Serialize(field.Name)}:{field.Value.GetRawText()}").ToArray();
        return rest.Length == 0 ? null : "{" + string.Join(',', rest) + "}";
    }

    static string? NormaliseSource(string? source)
    {
        var parts = (source ?? "").Replace('\0', '\uFFFD').Split('|').Select(part => part.Trim())
            .Where(part => part.Length > 0).Distinct().Order(StringComparer.Ordinal).ToArray();
        return parts.Length == 0 ? null : string.Join('|', parts);
    }

    public static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()
            : null;

    /// <summary>A number, also from a string; NaN if there is none.</summary>
    public static double Number(JsonElement element, string name) =>
        !element.TryGetProperty(name, out var value) ? double.NaN
        : value.ValueKind == JsonValueKind.Number ? value.GetDouble()
        : value.ValueKind == JsonValueKind.String
            ? double.Parse(value.GetString()!, System.Globalization.CultureInfo.InvariantCulture)
        : double.NaN;
}
