using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using HealthExport.Server.Http;
using HealthExport.Time;
using HealthExport.Workouts;

namespace HealthExport.Server.Workouts;

/// <summary>
/// A route as a GeoJSON Feature (RFC 7946): a LineString, or a Point if there is but one, of longitude, latitude and,
/// where known, altitude in metres. Beside it, one a point: <c>times</c>, and what else was recorded, null where it was
/// not. Where it crosses the antimeridian it is cut: a MultiLineString, whose lines end and begin at places between two
/// points, and beside it a list for each line.
/// </summary>
static class GeoJsonRoute
{
    public const string MediaType = "application/geo+json";

    const int FlushAt = 16 << 10;
    const int PointsBetweenChecks = 128;

    public static async Task WriteAsync(HttpResponse response, Workout workout, CancellationToken cancellationToken)
    {
        response.ContentType = MediaType;
        var route = workout.Route!;
        var cuts = AntimeridianCuts.Of(route.Longitudes);
        var unsent = new ArrayBufferWriter<byte>(FlushAt * 2);
        using var json = new Utf8JsonWriter(
            unsent, new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true });
        json.WriteStartObject();
        json.WriteString("type"u8, "Feature"u8);
        json.WriteString("id"u8, workout.Id!.Value);
        json.WriteStartObject("geometry"u8);
        json.WriteString(
            "type"u8,
            route.Count == 1 ? "Point"u8 : cuts.Before.Count == 0 ? "LineString"u8 : "MultiLineString"u8);
        json.WritePropertyName("coordinates"u8);
        if (route.Count == 1) WritePlace(route.Longitudes[0], route.Latitudes[0], route.Altitudes[0]);
        else
            await WriteLinesAsync(
                i => WritePlace(cuts.Longitudes[i], route.Latitudes[i], route.Altitudes[i]),
                (i, isEnd) => WritePlace(
                    isEnd ? cuts.EndAt(i) : -cuts.EndAt(i), Between(route.Latitudes, i), Between(route.Altitudes, i)));
        json.WriteEndObject();

        json.WriteStartObject("properties"u8);
        json.WriteString("activity"u8, workout.Activity);
        json.WriteString("name"u8, workout.NameAsSent);
        WriteTime(json, "start_at"u8, workout.StartAt, workout.OffsetMinutes);
        WriteTime(json, "end_at"u8, workout.EndAt, workout.OffsetMinutes);
        json.WritePropertyName("times"u8);
        await WriteLinesAsync(
            i => WriteTime(json, default, route.Times[i], workout.OffsetMinutes),
            (i, _) => WriteTime(
                json, default, route.Times[i - 1] + cuts.FractionAt(i) * (route.Times[i] - route.Times[i - 1]),
                workout.OffsetMinutes));
        await WriteNumbersAsync("speeds", route.Speeds);
        await WriteNumbersAsync("courses", route.Courses);
        await WriteNumbersAsync("horizontal_accuracies", route.HorizontalAccuracies);
        await WriteNumbersAsync("vertical_accuracies", route.VerticalAccuracies);
        await WriteNumbersAsync("speed_accuracies", route.SpeedAccuracies);
        await WriteNumbersAsync("course_accuracies", route.CourseAccuracies);
        json.WriteEndObject();
        json.WriteEndObject();
        await FlushAsync(atLeast: 0);

        void WritePlace(double longitude, double latitude, double altitude)
        {
            json.WriteStartArray();
            json.WriteNumberValue(longitude);
            json.WriteNumberValue(latitude);
            if (double.IsFinite(altitude)) json.WriteNumberValue(altitude);
            json.WriteEndArray();
        }

        double Between(double[] values, int cut) =>
            values[cut - 1] + cuts.FractionAt(cut) * (values[cut] - values[cut - 1]);

        async ValueTask WriteNumbersAsync(string name, double[]? values)
        {
            if (values is null) return;
            json.WritePropertyName(name);
            await WriteLinesAsync(
                i =>
                {
                    if (double.IsFinite(values[i])) json.WriteNumberValue(values[i]);
                    else json.WriteNullValue();
                },
                (_, _) => json.WriteNullValue());
        }

        // One list of points, or, where the route is cut, one a line.
        async ValueTask WriteLinesAsync(Action<int> write, Action<int, bool> writeCut)
        {
            var next = 0;
            if (cuts.Before.Count > 0) json.WriteStartArray();
            json.WriteStartArray();
            for (var i = 0; i < route.Count; i++)
            {
                if (next < cuts.Before.Count && cuts.Before[next] == i)
                {
                    // A point on the antimeridian is the end of its line already.
                    if (cuts.FractionAt(i) > 0) writeCut(i, true);
                    json.WriteEndArray();
                    json.WriteStartArray();
                    writeCut(i, false);
                    next++;
                }
                write(i);
                if (i % PointsBetweenChecks == 0) await FlushAsync(atLeast: FlushAt);
            }
            json.WriteEndArray();
            if (cuts.Before.Count > 0) json.WriteEndArray();
        }

        async ValueTask FlushAsync(int atLeast)
        {
            if (json.BytesPending + unsent.WrittenCount < atLeast) return;
            json.Flush();
            await response.BodyWriter.WriteAsync(unsent.WrittenMemory, cancellationToken);
            unsent.ResetWrittenCount();
        }
    }

    // Within an array if there is no name.
    static void WriteTime(Utf8JsonWriter json, ReadOnlySpan<byte> name, Instant at, int offsetMinutes)
    {
        Span<byte> utf8 = stackalloc byte[Rfc3339.MaxLength];
        var text = utf8[..Rfc3339.Write(utf8, at, offsetMinutes)];
        if (name.IsEmpty) json.WriteStringValue(text);
        else json.WriteString(name, text);
    }
}
