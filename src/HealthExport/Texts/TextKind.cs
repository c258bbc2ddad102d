using System.Globalization;
using HealthExport.Catalogue;
using HealthExport.Events;

namespace HealthExport.Texts;

/// <summary>Where a row has a text that a canonical code is looked up for.</summary>
public enum TextField
{
    /// <summary>A workout's name.</summary>
    WorkoutName,

    /// <summary>A segment's stage, which is part of its key.</summary>
    SleepStage,

    /// <summary>An event's text.</summary>
    EventText,

    /// <summary>An event's value, as sent.</summary>
    EventValue,
}

/// <summary>A vocabulary, and the rows whose texts it is for.</summary>
/// <param name="Name">As in <c>texts.csv</c> and on the wire.</param>
/// <param name="EventKind">Of the events it is for; null where there are none.</param>
public sealed record TextKind(string Name, TextField Field, TextCodes Codes, string? EventKind = null)
{
    /// <summary>Texts are told apart by so many characters, and shown no longer; no text with a code is as long.</summary>
    public const int MostShown = 200;

    /// <summary>All, by name.</summary>
    public static IReadOnlyList<TextKind> All { get; } =
    [
        new("activity", TextField.WorkoutName, TextCodes.Activities),
        new("cycle", TextField.EventText, TextCodes.Cycle, "cycle"),
        new("cycle_value", TextField.EventValue, TextCodes.CycleValues, "cycle"),
        new("ecg_classification", TextField.EventText, TextCodes.Electrocardiograms, "ecg"),
        new("heart_rate_notification", TextField.EventText, TextCodes.HeartRateNotifications,
            "heart_rate_notification"),
        new("medication_status", TextField.EventText, TextCodes.MedicationStatuses, "medication"),
        new("severity", TextField.EventValue, TextCodes.Severities, "symptom"),
        new("sleep_stage", TextField.SleepStage, TextCodes.SleepStages),
        new("symptom", TextField.EventText, TextCodes.Symptoms, "symptom"),
        new("valence", TextField.EventText, TextCodes.Valences, StateOfMind.Kind),
    ];

    /// <summary>Whether the text is a part of the key of its row, so that a code changes the key.</summary>
    public bool IsKey => Field is TextField.SleepStage || EventKind == "heart_rate_notification";

    /// <returns>Null for a kind of event whose texts have no codes.</returns>
    public static TextKind? OfEvent(string eventKind) => Find(TextField.EventText, eventKind);

    /// <returns>Null for a kind of event that has no value in words.</returns>
    public static TextKind? OfEventValue(string eventKind) => Find(TextField.EventValue, eventKind);

    /// <summary>
    /// An event's identity that was made of its text and its start, made of its code instead; the identity itself if
    /// it was made of something else.
    /// </summary>
    public static string Rekey(string identity, string text, string code)
    {
        if (!identity.StartsWith($"{text}\n", StringComparison.Ordinal)) return identity;
        var rest = identity.AsSpan(text.Length);
        return rest.Length == 1 || long.TryParse(rest[1..], CultureInfo.InvariantCulture, out _)
            ? $"{code}{rest}" : identity;
    }

    static TextKind? Find(TextField field, string eventKind)
    {
        foreach (var kind in All)
            if (kind.Field == field && kind.EventKind == eventKind) return kind;
        return null;
    }
}
