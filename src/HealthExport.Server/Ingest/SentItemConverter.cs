using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Unicode;

namespace HealthExport.Server.Ingest;

/// <summary>
/// Writes an item as it was sent: as JSON where it is such, to the last digit and duplicate key, else as a text with
/// replacement characters for what is no UTF-8.
/// </summary>
sealed class SentItemConverter : JsonConverter<ReadOnlyMemory<byte>>
{
    public override void Write(Utf8JsonWriter writer, ReadOnlyMemory<byte> item, JsonSerializerOptions options)
    {
        if (IsJson(item.Span)) writer.WriteRawValue(item.Span, skipInputValidation: true);
        else writer.WriteStringValue(Encoding.UTF8.GetString(item.Span));
    }

    public override ReadOnlyMemory<byte> Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
        throw new NotSupportedException();

    static bool IsJson(ReadOnlySpan<byte> item)
    {
        if (item.IsEmpty || !Utf8.IsValid(item)) return false;
        try
        {
            var reader = new Utf8JsonReader(item, new JsonReaderOptions { MaxDepth = 256 });
            while (reader.Read()) { }
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
