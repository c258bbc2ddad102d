using System.Text.Json;
using HealthExport.Events;
using HealthExport.Reading;

namespace HealthExport.Texts;

/// <summary>
/// What HealthKit calls a category's value: how severe a symptom is, what an entry of the cycle says.
/// </summary>
/// <param name="Code">Canonical; null for a text without one.</param>
/// <param name="Text">As sent.</param>
public readonly record struct EventValue(string? Code, string Text)
{
    /// <summary>Which field of the element as sent has it; null for a kind of event that has none.</summary>
    public static string? FieldOf(string eventKind) => eventKind switch
    {
        "symptom" => "severity",
        "cycle" => "value",
        _ => null,
    };

    /// <summary>The value that was sent in the field; null if it says nothing.</summary>
    public static EventValue? Of(string eventKind, string? text) =>
        !string.IsNullOrWhiteSpace(text) && TextKind.OfEventValue(eventKind) is { } kind
            ? new(kind.Codes.Find(text), text)
            : null;

    /// <param name="payload">An event as sent, whatever that was.</param>
    public static EventValue? Of(string eventKind, ReadOnlyMemory<byte> payload)
    {
        if (FieldOf(eventKind) is not { } field) return null;
        using var document = JsonDocument.Parse(payload);
        return document.RootElement.ValueKind == JsonValueKind.Object
            && Item.FieldOf(document.RootElement, field) is { ValueKind: JsonValueKind.String } sent
            ? Of(eventKind, Item.TextOf(sent))
            : null;
    }

    /// <summary>The event with what its payload says, where it was not said otherwise.</summary>
    public static HealthEvent Complete(HealthEvent read)
    {
        if (read.ValueText is { } text)
            return read.ValueCode is null ? read with { ValueCode = Of(read.Kind, text)?.Code } : read;
        return read.ValueCode is null && Of(read.Kind, read.Payload) is var (code, sent)
            ? read with { ValueCode = code, ValueText = sent }
            : read;
    }
}
