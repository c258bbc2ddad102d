using System.Buffers;
using System.Text.Json;
using HealthExport.Events;
using HealthExport.Sleep;
using HealthExport.Time;

namespace HealthExport.Storage;

/// <summary>
/// A row that was superseded by the same under its canonical key, as the JSON object kept in
/// <c>removed_samples.extra</c>: what the columns of <c>removed_samples</c> itself do not hold.
/// </summary>
static class RemovedRow
{
    public const string SleepStages = "sleep_stages";
    public const string HealthEvents = "health_events";

    public static byte[] Write(SleepStage stage) => Write(json =>
    {
        json.WriteString("stage"u8, stage.Stage);
        WriteText(json, "stage_as_sent"u8, stage.StageAsSent);
        WriteText(json, "extra"u8, stage.Extra);
    });

    /// <summary>The payload in base64, because it may hold what no text takes.</summary>
    public static byte[] Write(HealthEvent stored) => Write(json =>
    {
        json.WriteString("kind"u8, stored.Kind);
        json.WriteString("identity"u8, stored.Identity);
        WriteText(json, "code"u8, stored.Code);
        WriteText(json, "text"u8, stored.Text);
        if (stored.Value is { } value) json.WriteNumber("value"u8, value);
        json.WriteString("item_type"u8, stored.ItemType);
        json.WriteBase64String("payload"u8, stored.Payload.Span);
    });

    /// <summary>The column must have a start: 1970 for an event that has none.</summary>
    public static Instant StartOf(HealthEvent stored) => stored.StartAt.IsNone ? new(0) : stored.StartAt;

    static byte[] Write(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }

    static void WriteText(Utf8JsonWriter json, ReadOnlySpan<byte> name, string? text)
    {
        if (text is not null) json.WriteString(name, text);
    }
}
