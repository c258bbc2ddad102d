using HealthExport.Pushes;

namespace HealthExport.Reading;

/// <summary>The sections of a payload that are known, by the names that receipts count their items under.</summary>
static class SectionName
{
    public const string Metrics = "metrics";
    public const string Workouts = ItemTypes.Workouts;
    public const string StateOfMind = "stateOfMind";
    public const string Medications = "medications";
    public const string Symptoms = "symptoms";
    public const string CycleTracking = "cycleTracking";
    public const string Ecg = "ecg";
    public const string HeartRateNotifications = "heartRateNotifications";

    static readonly string[] All =
        [Metrics, Workouts, StateOfMind, Medications, Symptoms, CycleTracking, Ecg, HeartRateNotifications];

    /// <summary>The section of a key, whatever its case and underscores; null for an unknown one.</summary>
    public static string? Find(string key)
    {
        var plain = key.Replace("_", "");
        return Array.Find(All, name => name.Equals(plain, StringComparison.OrdinalIgnoreCase));
    }
}
