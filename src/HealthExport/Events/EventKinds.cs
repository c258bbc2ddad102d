namespace HealthExport.Events;

/// <summary>The kinds of events that are known.</summary>
public static class EventKinds
{
    static readonly (string Kind, string Section)[] s_all =
    [
        (StateOfMind.Kind, "stateOfMind"), ("medication", "medications"), ("symptom", "symptoms"),
        ("cycle", "cycleTracking"), ("ecg", "ecg"), ("heart_rate_notification", "heartRateNotifications"),
    ];

    /// <summary>The kind of a name, or of the section of a payload that brings it; case and underscores do not matter.
    /// </summary>
    /// <returns>Null for an unknown one.</returns>
    public static string? Find(string name)
    {
        var plain = name.Replace("_", "", StringComparison.Ordinal);
        foreach (var (kind, section) in s_all)
            if (section.Equals(plain, StringComparison.OrdinalIgnoreCase)
                || kind.Replace("_", "", StringComparison.Ordinal).Equals(plain, StringComparison.OrdinalIgnoreCase))
                return kind;
        return null;
    }
}
