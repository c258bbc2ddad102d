using HealthExport.Texts;

namespace HealthExport.Storage;

/// <summary>Rows whose texts have no code, in SQL that both engines read.</summary>
/// <param name="Table">Where they are.</param>
/// <param name="Text">The column of the text as sent.</param>
/// <param name="Code">The column of the code.</param>
/// <param name="Key">What names a row, after the user; as SQL lists it.</param>
/// <param name="Condition">Word for word that of the partial index they are found by, and the kind of event.</param>
sealed record UnmappedRows(string Table, string Text, string Code, string Key, string Condition)
{
    const string IsUnmappedStage =
        "stage not in ('in_bed', 'asleep', 'awake', 'core', 'deep', 'rem', 'unspecified')";

    const string IsUnmappedEvent =
        """
        code is null and text is not null
                and kind in ('state_of_mind', 'medication', 'symptom', 'cycle', 'ecg', 'heart_rate_notification')
        """;

    const string IsUnmappedValue =
        "value_code is null and value_text is not null and kind in ('symptom', 'cycle')";

    /// <summary>The text as it is told apart, and as the indexes have it.</summary>
    public string Shown { get; } = $"substr({Text}, 1, {TextKind.MostShown})";

    public static UnmappedRows Of(TextKind kind) => kind.Field switch
    {
        TextField.WorkoutName => new("workouts", "name_as_sent", "activity", "id", "activity is null"),
        TextField.SleepStage => new("sleep_stages", "stage", "stage", "start_at, source_id", IsUnmappedStage),
        TextField.EventText => new(
            "health_events", "text", "code", "kind, identity", $"kind = '{kind.EventKind}' and {IsUnmappedEvent}"),
        _ => new(
            "health_events", "value_text", "value_code", "kind, identity",
            $"kind = '{kind.EventKind}' and {IsUnmappedValue}"),
    };
}
