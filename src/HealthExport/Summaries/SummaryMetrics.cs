using HealthExport.Catalogue;

namespace HealthExport.Summaries;

/// <summary>The metrics that people look at first, under the headings of a summary.</summary>
public static class SummaryMetrics
{
    /// <summary>Headings in their order, each with its metrics in theirs.</summary>
    public static IReadOnlyList<(string Heading, IReadOnlyList<Metric> Metrics)> All { get; } =
    [
        ("activity", Find(
            "step_count", "walking_running_distance", "cycling_distance", "swimming_distance", "flights_climbed",
            "active_energy", "basal_energy_burned", "apple_exercise_time", "apple_stand_hour", "time_in_daylight")),
        ("heart", Find(
            "heart_rate", "resting_heart_rate", "walking_heart_rate_average", "heart_rate_variability", "vo2_max")),
        ("vitals", Find(
            "blood_pressure_systolic", "blood_pressure_diastolic", "respiratory_rate", "blood_oxygen_saturation",
            "body_temperature", "apple_sleeping_wrist_temperature", "blood_glucose")),
        ("body", Find("weight_body_mass", "body_mass_index", "body_fat_percentage", "lean_body_mass")),
        ("nutrition", Find("dietary_energy", "protein", "carbohydrates", "total_fat", "dietary_water")),
        ("mindfulness", Find("mindful_minutes")),
    ];

    /// <summary>A part of the earlier figure says nothing where zero is a convention, or the figure a part already.
    /// </summary>
    public static bool HasPercent(Metric metric) => metric.Unit is not ("Cel" or "%");

    static IReadOnlyList<Metric> Find(params string[] names) =>
        [.. names.Select(name => MetricCatalogue.Find(name) ?? throw new InvalidOperationException(name))];
}
