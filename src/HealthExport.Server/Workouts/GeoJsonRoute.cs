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
/// not. A line across the antimeridian is not cut in two, so that points and times stay one to one.
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
        var unsent = new ArrayBufferWriter<byte>(FlushAt * 2);
        using var json = new Utf8JsonWriter(
            unsent, new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true });
        json.WriteStartObject();
        json.WriteString("type"u8, "Feature"u8);
        json.WriteString("id"u8, workout.Id!.Value);
        json.WriteStartObject("geometry"u8);
        json.WriteString("type"u8, route.Count == 1 ? "Point"u8 : "LineString"u8);
        json.WritePropertyName("coordinates"u8);
        if (route.Count > 1) json.WriteStartArray();
        for (var i = 0; i < route.Count; i++)
        {
            json.WriteStartArray();
            json.WriteNumberValue(route.Longitudes[i]);
            json.WriteNumberValue(route.Latitudes[i]);
            if (double.IsFinite(route.Altitudes[i])) json.WriteNumberValue(route.Altitudes[i]);
            json.WriteEndArray();
            if (i % PointsBetweenChecks == 0) await FlushAsync(atLeast: FlushAt);
        }
        if (route.Count > 1) json.WriteEndArray();
        json.WriteEndObject();

        json.WriteStartObject("properties"u8);
        json.WriteString("activity"u8, workout.Activity);
        json.WriteString("name"u8, workout.NameAsSent);
        WriteTime(json, "start_at"u8, workout.StartAt, workout.OffsetMinutes);
        WriteTime(json, "end_at"u8, workout.EndAt, workout.OffsetMinutes);
        json.WriteStartArray("times"u8);
        for (var i = 0; i < route.Count; i++)
        {
            WriteTime(json, default, route.Times[i], workout.OffsetMinutes);
            if (i % PointsBetweenChecks == 0) await FlushAsync(atLeast: FlushAt);
        }
        json.WriteEndArray();
        await WriteNumbersAsync("speeds", route.Speeds);
        await WriteNumbersAsync("courses", route.Courses);
        await WriteNumbersAsync("horizontal_accuracies", route.HorizontalAccuracies);
        await WriteNumbersAsync("vertical_accuracies", route.VerticalAccuracies);
        await WriteNumbersAsync("speed_accuracies", route.SpeedAccuracies);
        await WriteNumbersAsync("course_accuracies", route.CourseAccuracies);
        json.WriteEndObject();
        json.WriteEndObject();
        await FlushAsync(atLeast: 0);

        async ValueTask WriteNumbersAsync(string name, double[]? values)
        {
            if (values is null) return;
            json.WriteStartArray(name);
            for (var i = 0; i < values.Length; i++)
            {
                if (double.IsFinite(values[i])) json.WriteNumberValue(values[i]);
                else json.WriteNullValue();
                if (i % PointsBetweenChecks == 0) await FlushAsync(atLeast: FlushAt);
            }
            json.WriteEndArray();
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
