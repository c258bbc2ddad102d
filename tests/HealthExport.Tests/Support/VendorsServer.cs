using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace HealthExport.Tests.Support;

/// <summary>
/// What the app vendor's own server keeps of a push, and how mongoexport writes that: a collection a metric with one
/// document for each instant and source, workouts, and their routes apart. Written after its schemas: what those do not
/// name it drops.
/// </summary>
sealed class VendorsServer
{
    static readonly string[] s_sleepDates = ["date", "inBedStart", "inBedEnd", "sleepStart", "sleepEnd"];

    static readonly string[] s_workoutFields =
    [
        "name", "start", "end", "duration", "activeEnergyBurned", "distance", "heartRateData", "heartRateRecovery",
        "stepCount", "temperature", "humidity", "intensity",
    ];

    readonly Dictionary<string, Dictionary<string, JsonObject>> _collections = [];

    /// <summary>Takes a push of the app.</summary>
    public void Take(string body)
    {
        var data = JsonNode.Parse(body)!["data"]!;
        foreach (var metric in data["metrics"]?.AsArray() ?? [])
            foreach (var point in metric!["data"]!.AsArray())
            {
                var document = PointOf((string)metric["name"]!, point!.AsObject());
                document["units"] = (string)metric["units"]!;
                Put((string)metric["name"]!, $"{point["date"]} {point["source"]}", document);
            }
        foreach (var workout in data["workouts"]?.AsArray() ?? [])
        {
            var id = (string)workout!["id"]!;
            var document = new JsonObject { ["workoutId"] = id };
            foreach (var field in s_workoutFields)
                if (workout[field] is { } value) document[field] = WithDates(value);
            Put("workouts", id, document);
            if (workout["route"] is JsonArray { Count: > 0 } route)
                Put("workout_routes", id, new() { ["workoutId"] = id, ["locations"] = WithDates(route) });
        }
    }

    /// <summary>mongoexport --collection, one document a line.</summary>
    /// <param name="isCanonical">--jsonFormat=canonical</param>
    public string Export(string collection, bool isCanonical = false)
    {
        var lines = new StringBuilder();
        foreach (var document in DocumentsOf(collection, isCanonical)) lines.Append(document.ToJsonString()).Append('\n');
        return lines.ToString();
    }

    /// <summary>mongoexport --jsonArray --pretty, or what MongoDB Compass writes.</summary>
    public string ExportArray(string collection, bool isCanonical = false) =>
        new JsonArray([.. DocumentsOf(collection, isCanonical)]).ToJsonString(new() { WriteIndented = true });

    IEnumerable<JsonObject> DocumentsOf(string collection, bool isCanonical)
    {
        foreach (var document in _collections[collection].Values)
        {
            var written = Typed(document, isCanonical)!.AsObject();
            written.Insert(0, "_id", new JsonObject { ["$oid"] = "65f0c0ffee65f0c0ffee65f0" });
            written["__v"] = isCanonical ? new JsonObject { ["$numberInt"] = "0" } : 0;
            yield return written;
        }
    }

    void Put(string collection, string key, JsonObject document)
    {
        if (!_collections.TryGetValue(collection, out var documents)) _collections[collection] = documents = [];
        documents[key] = document;
    }

    static JsonObject PointOf(string metric, JsonObject point)
    {
        string[] fields = metric switch
        {
            "blood_pressure" => ["systolic", "diastolic", "date", "source"],
            "heart_rate" => ["Min", "Avg", "Max", "date", "source"],
            "sleep_analysis" => [.. s_sleepDates, "core", "rem", "deep", "awake", "inBed", "source"],
            _ => ["qty", "date", "source"],
        };
        var document = new JsonObject();
        foreach (var field in fields)
            if (point[field] is { } value)
                document[field] = s_sleepDates.Contains(field) ? DateOf(value) : value.DeepClone();
        return document;
    }

    /// <summary>An instant stands as its milliseconds under a name of its own, until it is written.</summary>
    static JsonObject DateOf(JsonNode text) => new()
    {
        ["$instant"] = DateTimeOffset.ParseExact(
            (string)text!, "yyyy-MM-dd HH:mm:ss zzz", CultureInfo.InvariantCulture).ToUnixTimeMilliseconds(),
    };

    static JsonNode WithDates(JsonNode value) => value switch
    {
        JsonArray items => new JsonArray([.. items.Select(item => WithDates(item!))]),
        JsonObject fields => new JsonObject(
            fields.Select(field => KeyValuePair.Create<string, JsonNode?>(
                field.Key, field.Key is "date" or "timestamp" ? DateOf(field.Value!) : WithDates(field.Value!)))),
        _ when value.GetValueKind() == System.Text.Json.JsonValueKind.String && ((string)value!).Contains(" +")
            => DateOf(value),
        _ => value.DeepClone(),
    };

    static JsonNode? Typed(JsonNode? value, bool isCanonical) => value switch
    {
        JsonObject fields when fields["$instant"] is { } instant => new JsonObject
        {
            ["$date"] = isCanonical
                ? new JsonObject { ["$numberLong"] = instant.ToString() }
                : DateTimeOffset.FromUnixTimeMilliseconds((long)instant).ToString(
                    "yyyy-MM-dd'T'HH:mm:ss.FFF'Z'", CultureInfo.InvariantCulture),
        },
        JsonObject fields => new JsonObject(
            fields.Select(field => KeyValuePair.Create(field.Key, Typed(field.Value, isCanonical)))),
        JsonArray items => new JsonArray([.. items.Select(item => Typed(item, isCanonical))]),
        JsonValue when isCanonical && value.GetValueKind() == System.Text.Json.JsonValueKind.Number => new JsonObject
        {
            [value.ToJsonString().Contains('.') ? "$numberDouble" : "$numberInt"] = value.ToJsonString(),
        },
        _ => value?.DeepClone(),
    };
}
