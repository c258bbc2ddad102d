namespace HealthExport.Pushes;

/// <summary>
/// What items that are no metric of the catalogue are called: in receipts and rejects, and in a deletion where a
/// metric's name stands. Public: clients switch on them.
/// </summary>
public static class ItemTypes
{
    /// <summary>Sleep, as stages and as sessions.</summary>
    public const string Sleep = "sleep_analysis";

    public const string Workouts = "workouts";

    /// <summary>Both metrics that a reading is stored as.</summary>
    public const string BloodPressure = "blood_pressure";

    public static bool IsBloodPressure(string metric) =>
        metric is "blood_pressure_systolic" or "blood_pressure_diastolic";
}
