using System.Buffers.Text;
using System.Globalization;
using System.Text.Json;

namespace HealthExport.Server.Importing.Mongo;

/// <summary>
/// Puts MongoDB's extended JSON, version 2 or 1, canonical or relaxed, as plain JSON: numbers digit by digit as they are
/// there, instants as local times with their offset.
/// </summary>
/// <remarks>https://github.com/mongodb/specifications/blob/master/source/extended-json/extended-json.md</remarks>
static class ExtendedJson
{
    /// <summary>Puts a value.</summary>
    /// <param name="reader">At the value's first token; afterwards at its last.</param>
    /// <param name="document">What the reader reads.</param>
    public static void Write(
        ref Utf8JsonReader reader, ReadOnlySpan<byte> document, Utf8JsonWriter json, TimeZoneInfo zone)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                reader.Read();
                if (reader.TokenType == JsonTokenType.PropertyName && reader.ValueSpan is [(byte)'$', ..])
                {
                    WriteTyped(ref reader, document, json, zone);
                    return;
                }
                json.WriteStartObject();
                for (; reader.TokenType != JsonTokenType.EndObject; reader.Read())
                {
                    WriteName(ref reader, json);
                    reader.Read();
                    Write(ref reader, document, json, zone);
                }
                json.WriteEndObject();
                return;
            case JsonTokenType.StartArray:
                json.WriteStartArray();
                for (reader.Read(); reader.TokenType != JsonTokenType.EndArray; reader.Read())
                    Write(ref reader, document, json, zone);
                json.WriteEndArray();
                return;
            default:
                WriteAsItIs(ref reader, document, json);
                return;
        }
    }

    /// <summary>Puts the name that the reader is at.</summary>
    public static void WriteName(ref Utf8JsonReader reader, Utf8JsonWriter json)
    {
        if (reader.ValueIsEscaped) json.WritePropertyName(reader.GetString()!);
        else json.WritePropertyName(reader.ValueSpan);
    }

    /// <summary>The instant of a value: null if it is none.</summary>
    /// <param name="reader">At the value's first token; afterwards at its last.</param>
    public static DateTimeOffset? ReadInstant(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return null;
        }
        reader.Read();
        var isDate = reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals("$date"u8);
        DateTimeOffset? instant = null;
        while (reader.TokenType != JsonTokenType.EndObject)
        {
            reader.Read();
            if (isDate && instant is null) instant = InstantOf(ref reader);
            else reader.Skip();
            reader.Read();
        }
        return instant;
    }

    /// <param name="reader">At the name of the type.</param>
    static void WriteTyped(
        ref Utf8JsonReader reader, ReadOnlySpan<byte> document, Utf8JsonWriter json, TimeZoneInfo zone)
    {
        var isDate = reader.ValueTextEquals("$date"u8);
        var isNumber = reader.ValueSpan.StartsWith("$number"u8);
        var isText = reader.ValueTextEquals("$oid"u8) || reader.ValueTextEquals("$symbol"u8)
            || reader.ValueTextEquals("$uuid"u8);
        reader.Read();
        if (isDate && InstantOf(ref reader) is { } instant) WriteInstant(json, instant, zone);
        else if (isNumber && reader.TokenType == JsonTokenType.String) WriteNumber(ref reader, json);
        else if (isNumber || isText) WriteAsItIs(ref reader, document, json);
        else
        {
            // A type of the database's own, which no health data have.
            reader.Skip();
            json.WriteNullValue();
        }
        for (reader.Read(); reader.TokenType != JsonTokenType.EndObject; reader.Read()) reader.Skip();
    }

    /// <param name="reader">At the value of a date; afterwards at its end.</param>
    static DateTimeOffset? InstantOf(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.StartObject)
        {
            DateTimeOffset? instant = null;
            for (reader.Read(); reader.TokenType != JsonTokenType.EndObject; reader.Read())
            {
                reader.Read();
                instant = InstantOf(ref reader);
            }
            return instant;
        }
        if (reader.TokenType == JsonTokenType.Number)
            return reader.TryGetInt64(out var number) ? FromMilliseconds(number) : null;
        if (reader.TokenType != JsonTokenType.String || reader.ValueIsEscaped) return null;
        if (Utf8Parser.TryParse(reader.ValueSpan, out long milliseconds, out var length) && length == reader.ValueSpan.Length)
            return FromMilliseconds(milliseconds);
        return DateTimeOffset.TryParse(
            reader.GetString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var parsed)
            ? parsed : null;
    }

    static DateTimeOffset? FromMilliseconds(long milliseconds) =>
        milliseconds >= DateTimeOffset.MinValue.ToUnixTimeMilliseconds()
        && milliseconds <= DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()
            ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds) : null;

    /// <summary>Puts an instant as a local time with its offset.</summary>
    public static void WriteInstant(Utf8JsonWriter json, DateTimeOffset instant, TimeZoneInfo zone)
    {
        Span<char> text = stackalloc char[40];
        TimeZoneInfo.ConvertTime(instant, zone).TryFormat(
            text, out var length, "yyyy-MM-dd'T'HH:mm:ss.FFFzzz", CultureInfo.InvariantCulture);
        json.WriteStringValue(text[..length]);
    }

    /// <summary>What is a number in quotes there is one without here; NaN stays text, and the reader's to refuse.</summary>
    static void WriteNumber(ref Utf8JsonReader reader, Utf8JsonWriter json)
    {
        if (IsNumber(reader.ValueSpan)) json.WriteRawValue(reader.ValueSpan, skipInputValidation: true);
        else json.WriteStringValue(reader.ValueSpan);
    }

    static bool IsNumber(ReadOnlySpan<byte> text)
    {
        try
        {
            var reader = new Utf8JsonReader(text);
            return reader.Read() && reader.TokenType == JsonTokenType.Number && !reader.Read();
        }
        catch (JsonException)
        {
            return false;
        }
    }

    static void WriteAsItIs(ref Utf8JsonReader reader, ReadOnlySpan<byte> document, Utf8JsonWriter json)
    {
        if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
        {
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            json.WriteRawValue(document[start..(int)reader.BytesConsumed], skipInputValidation: true);
            return;
        }
        json.WriteRawValue(
            document[(int)reader.TokenStartIndex..(int)reader.BytesConsumed], skipInputValidation: true);
    }
}
