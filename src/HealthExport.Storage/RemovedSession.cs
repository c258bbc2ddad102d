using System.Buffers;
using System.Text.Json;
using HealthExport.Sleep;
using HealthExport.Time;

namespace HealthExport.Storage;

/// <summary>
/// A sleep session that was superseded, as the JSON object kept in <c>removed_samples.extra</c>: the columns of
/// <c>sleep_sessions</c> that are not null, instants in microseconds, its own <c>extra</c> as a text.
/// </summary>
static class RemovedSession
{
    public static byte[] Write(SleepSession session)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("start_at"u8, session.StartAt.Microseconds);
            json.WriteNumber("end_at"u8, session.EndAt.Microseconds);
            json.WriteNumber("utc_offset"u8, session.OffsetMinutes);
            WriteInstant(json, "in_bed_start_at"u8, session.InBedStartAt);
            WriteInstant(json, "in_bed_end_at"u8, session.InBedEndAt);
            WriteMinutes(json, "in_bed_minutes"u8, session.InBedMinutes);
            WriteMinutes(json, "asleep_minutes"u8, session.AsleepMinutes);
            WriteMinutes(json, "core_minutes"u8, session.CoreMinutes);
            WriteMinutes(json, "deep_minutes"u8, session.DeepMinutes);
            WriteMinutes(json, "rem_minutes"u8, session.RemMinutes);
            WriteMinutes(json, "awake_minutes"u8, session.AwakeMinutes);
            if (session.Extra is { } extra) json.WriteString("extra"u8, extra);
            json.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }

    static void WriteInstant(Utf8JsonWriter json, ReadOnlySpan<byte> name, Instant at)
    {
        if (!at.IsNone) json.WriteNumber(name, at.Microseconds);
    }

    static void WriteMinutes(Utf8JsonWriter json, ReadOnlySpan<byte> name, double? minutes)
    {
        if (minutes is { } known) json.WriteNumber(name, known);
    }
}
