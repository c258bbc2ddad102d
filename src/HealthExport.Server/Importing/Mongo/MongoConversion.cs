using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using HealthExport.Pushes;

namespace HealthExport.Server.Importing.Mongo;

/// <summary>
/// Puts an exported collection of the vendor's server as the app's JSON. Instants are put on the person's clock, since
/// days depend on it; all else stays what it is. Memory is bounded by the longest document and the number of days.
/// </summary>
/// <param name="open">The export from its beginning; it is read several times.</param>
/// <param name="collection">The name of the collection.</param>
/// <param name="workouts">What has been read of workouts before, and what is now.</param>
sealed class MongoConversion(Func<Stream> open, string collection, TimeZoneInfo zone, WorkoutIndex workouts)
{
    /// <summary>Of an export, enough to know that it is one.</summary>
    public const int HeadBytes = 64 << 10;

    const int HandBytes = 64 << 10;

    static readonly JsonWriterOptions s_plain = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true,
    };

    readonly ArrayBufferWriter<byte> _pending = new();

    /// <summary>The automation's aggregation that the app would have said; null for none. Holds after
    /// <see cref="Write"/>.</summary>
    public string? Aggregation { get; private set; }

    /// <summary>Whether it begins with a document of MongoDB: those have an <c>_id</c>, which the app's have not.</summary>
    public static bool IsOne(ReadOnlySpan<byte> head)
    {
        if (head.StartsWith("\uFEFF"u8)) head = head[3..];
        var reader = new Utf8JsonReader(head, isFinalBlock: false, new(new() { AllowMultipleValues = true }));
        try
        {
            if (!reader.Read() || (reader.TokenType == JsonTokenType.StartArray && !reader.Read())
                || reader.TokenType != JsonTokenType.StartObject)
                return false;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("_id"u8)) return true;
                if (!reader.Read() || !reader.TrySkip()) return false;
            }
        }
        catch (JsonException)
        {
            // Whoever reads it as what else it may be says where it is broken.
        }
        return false;
    }

    /// <returns>Why it cannot be, as the end of a sentence; null when the spool holds it whole.</returns>
    public string? Write(PayloadSpool spool, CancellationToken cancellationToken)
    {
        try
        {
            using var json = new Utf8JsonWriter(_pending, s_plain);
            json.WriteStartObject();
            json.WriteStartObject("data"u8);
            switch (FindShape())
            {
                case DocumentShape.Point:
                    WritePoints(json, spool, cancellationToken);
                    break;
                case DocumentShape.Metric:
                    WriteAll("metrics", json, spool, cancellationToken, WriteFields);
                    break;
                case DocumentShape.Workout:
                    WriteAll(ItemTypes.Workouts, json, spool, cancellationToken, WriteWorkout);
                    break;
                case DocumentShape.Route:
                    WriteAll(ItemTypes.Workouts, json, spool, cancellationToken, WriteRoute);
                    break;
                case DocumentShape.Event:
                    WriteAll(MongoCollections.FindSection(collection)!, json, spool, cancellationToken, WriteFields);
                    break;
                default:
                    return "is an export of MongoDB, and of no collection that the vendor's server has";
            }
            json.WriteEndObject();
            json.WriteEndObject();
            Hand(json, spool, isLast: true);
            return null;
        }
        catch (BrokenExportException broken)
        {
            return broken.Message;
        }
        catch (InvalidOperationException)
        {
            // Of the reader: escapes of half a character.
            return "is no whole export: it holds text that is no Unicode";
        }
    }

    DocumentShape FindShape()
    {
        var first = Documents().FirstOrDefault();
        if (MongoCollections.FindSection(collection) is not null) return DocumentShape.Event;
        var fields = first.IsEmpty ? [] : FieldsOf(first);
        return fields.Contains("locations") ? DocumentShape.Route
            : fields.Contains("workoutId") ? DocumentShape.Workout
            : fields.Contains("data") ? DocumentShape.Metric
            : fields.Contains("date") ? DocumentShape.Point
            : DocumentShape.Unknown;
    }

    void WritePoints(Utf8JsonWriter json, PayloadSpool spool, CancellationToken cancellationToken)
    {
        var groups = new PointGroups(collection, zone);
        var count = 0;
        foreach (var document in Documents()) groups.Add(count++, HeadOf(document));
        Aggregation = groups.Aggregation;
        json.WriteStartArray("metrics"u8);
        foreach (var (unit, holds) in groups.FindAll())
        {
            json.WriteStartObject();
            json.WriteString("name"u8, collection);
            json.WriteString("units"u8, unit);
            json.WriteStartArray("data"u8);
            var ordinal = 0;
            foreach (var document in Documents())
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (holds(ordinal++, HeadOf(document))) WritePoint(json, document);
                Hand(json, spool);
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    void WriteAll(
        string section, Utf8JsonWriter json, PayloadSpool spool, CancellationToken cancellationToken,
        Action<Utf8JsonWriter, ReadOnlyMemory<byte>> write)
    {
        json.WriteStartArray(section);
        foreach (var document in Documents())
        {
            cancellationToken.ThrowIfCancellationRequested();
            json.WriteStartObject();
            write(json, document);
            json.WriteEndObject();
            Hand(json, spool);
        }
        json.WriteEndArray();
    }

    void WritePoint(Utf8JsonWriter json, ReadOnlyMemory<byte> document)
    {
        json.WriteStartObject();
        WriteFields(json, document, "units");
        json.WriteEndObject();
    }

    void WriteFields(Utf8JsonWriter json, ReadOnlyMemory<byte> document) => WriteFields(json, document, "");

    void WriteWorkout(Utf8JsonWriter json, ReadOnlyMemory<byte> document)
    {
        var reader = ReaderOf(document);
        string? id = null, name = null;
        DateTimeOffset? start = null, end = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("workoutId"u8)) id = ReadText(ref reader);
            else if (reader.ValueTextEquals("name"u8)) name = ReadText(ref reader);
            else if (reader.ValueTextEquals("start"u8)) start = ReadInstant(ref reader);
            else if (reader.ValueTextEquals("end"u8)) end = ReadInstant(ref reader);
            else Skip(ref reader);
        }
        if (id is not null && start is { } from && end is { } to) workouts.Add(id, new(name, from, to));
        if (id is not null) json.WriteString("id"u8, id);
        WriteFields(json, document, "workoutId");
    }

    /// <summary>A route as a part of its workout: what else is known of that stays as it is stored.</summary>
    void WriteRoute(Utf8JsonWriter json, ReadOnlyMemory<byte> document)
    {
        var reader = ReaderOf(document);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("locations"u8))
            {
                reader.Read();
                json.WritePropertyName("route"u8);
                ExtendedJson.Write(ref reader, document.Span, json, zone);
            }
            else if (reader.ValueTextEquals("workoutId"u8) && ReadText(ref reader) is { } id)
            {
                json.WriteString("id"u8, id);
                if (workouts.Find(id) is not { } workout) continue;
                json.WriteString("name"u8, workout.Name ?? "");
                json.WritePropertyName("start"u8);
                ExtendedJson.WriteInstant(json, workout.StartAt, zone);
                json.WritePropertyName("end"u8);
                ExtendedJson.WriteInstant(json, workout.EndAt, zone);
            }
            else Skip(ref reader);
        }
    }

    void WriteFields(Utf8JsonWriter json, ReadOnlyMemory<byte> document, string but)
    {
        var reader = ReaderOf(document);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (MongoCollections.IsBookkeeping(reader.ValueSpan) || reader.ValueTextEquals(but))
            {
                Skip(ref reader);
                continue;
            }
            ExtendedJson.WriteName(ref reader, json);
            reader.Read();
            ExtendedJson.Write(ref reader, document.Span, json, zone);
        }
    }

    static PointHead HeadOf(ReadOnlyMemory<byte> document)
    {
        var reader = ReaderOf(document);
        DateTimeOffset? at = null;
        string? unit = null, source = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("date"u8)) at = ReadInstant(ref reader);
            else if (reader.ValueTextEquals("units"u8)) unit = ReadText(ref reader);
            else if (reader.ValueTextEquals("source"u8)) source = ReadText(ref reader);
            else Skip(ref reader);
        }
        return new(at, unit ?? "", source ?? "");
    }

    static HashSet<string> FieldsOf(ReadOnlyMemory<byte> document)
    {
        var fields = new HashSet<string>(StringComparer.Ordinal);
        var reader = ReaderOf(document);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            fields.Add(reader.GetString()!);
            Skip(ref reader);
        }
        return fields;
    }

    /// <returns>Behind the brace that opens the document.</returns>
    static Utf8JsonReader ReaderOf(ReadOnlyMemory<byte> document)
    {
        var reader = new Utf8JsonReader(document.Span);
        reader.Read();
        return reader;
    }

    static void Skip(ref Utf8JsonReader reader)
    {
        reader.Read();
        reader.Skip();
    }

    static string? ReadText(ref Utf8JsonReader reader)
    {
        reader.Read();
        var text = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
        reader.Skip();
        return text;
    }

    static DateTimeOffset? ReadInstant(ref Utf8JsonReader reader)
    {
        reader.Read();
        return ExtendedJson.ReadInstant(ref reader);
    }

    IEnumerable<ReadOnlyMemory<byte>> Documents()
    {
        using var content = open();
        var documents = new DocumentReader(content);
        while (documents.TryRead(out var document)) yield return document;
    }

    void Hand(Utf8JsonWriter json, PayloadSpool spool, bool isLast = false)
    {
        if (json.BytesPending < HandBytes && !isLast) return;
        json.Flush();
        spool.Write(_pending.WrittenSpan);
        _pending.ResetWrittenCount();
    }
}
