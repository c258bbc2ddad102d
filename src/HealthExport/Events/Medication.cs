using System.Runtime.InteropServices;
using System.Text.Json;
using HealthExport.Json;
using HealthExport.Time;

namespace HealthExport.Events;

/// <summary>
/// What two forms of one dose say together. CSV alone tells when it was logged, what was scheduled and in which unit;
/// JSON alone its codings.
/// </summary>
static class Medication
{
    public const string Kind = "medication";

    /// <param name="stored">The dose as it is stored, of either form or of both.</param>
    /// <param name="sent">The same dose, sent again.</param>
    /// <returns>The dose as sent, beside what its form is silent of.</returns>
    public static HealthEvent Unite(HealthEvent stored, HealthEvent sent)
    {
        if (stored.Payload.Span.SequenceEqual(sent.Payload.Span)) return sent;
        using var before = JsonDocument.Parse(stored.Payload);
        using var now = JsonDocument.Parse(sent.Payload);
        if (before.RootElement.ValueKind != JsonValueKind.Object || now.RootElement.ValueKind != JsonValueKind.Object)
            return sent;
        // Of another status the time and the dose are another's, too.
        var isSameStatus = (stored.Code ?? stored.Text) == (sent.Code ?? sent.Text);
        if (sent.IsOfCsv)
            return sent with
            {
                EndAt = Order(sent.StartAt, sent.EndAt.IsNone ? stored.EndAt : sent.EndAt),
                Value = sent.Value ?? (isSameStatus ? stored.Value : null),
                Source = sent.Source ?? stored.Source,
                Payload = CanonicalJson.Unite(
                    stored.Payload, sent.Payload,
                    name => !now.RootElement.TryGetProperty(name, out var said)
                        ? isSameStatus || name != "dosage"
                        : name == "displayText" && IsLonger(before.RootElement.GetProperty(name), said)),
            };
        if (!TellsWhatCsvTells(before.RootElement) || TellsWhatCsvTells(now.RootElement)) return sent;
        return sent with
        {
            StartAt = isSameStatus ? stored.StartAt : sent.StartAt,
            EndAt = isSameStatus ? Order(stored.StartAt, sent.EndAt) : sent.EndAt,
            Value = sent.Value ?? (isSameStatus ? stored.Value : null),
            Payload = CanonicalJson.Unite(
                stored.Payload, sent.Payload,
                name => name is "scheduledDosage" or "unit"
                    || isSameStatus && (name == "start" || !now.RootElement.TryGetProperty(name, out _))),
        };
    }

    /// <summary>No end that is before the start: the two came of different forms.</summary>
    static Instant Order(Instant start, Instant end) => end < start ? Instant.None : end;

    // By their bytes: a look-up by name ends at half a character in any other's.
    static bool TellsWhatCsvTells(JsonElement payload)
    {
        foreach (var property in payload.EnumerateObject())
            if (JsonMarshal.GetRawUtf8PropertyName(property) is var name
                && (name.SequenceEqual("unit"u8) || name.SequenceEqual("scheduledDosage"u8))) return true;
        return false;
    }

    /// <summary>JSON has the name with the spaces that were typed behind it.</summary>
    static bool IsLonger(JsonElement stored, JsonElement sent) =>
        stored.ValueKind == JsonValueKind.String && sent.ValueKind == JsonValueKind.String
        && stored.GetString()!.Trim() == sent.GetString()!.Trim()
        && stored.GetString()!.Length > sent.GetString()!.Length;
}
