using System.Collections.Frozen;

namespace HealthExport.Reading;

/// <summary>
/// The fields of each kind of item that are known: those the reader takes, and those that the app's documents or real
/// payloads have and that are merely kept. Any other is drift. Case counts, but for what <see cref="PointField"/> takes.
/// </summary>
static class KnownFields
{
    /// <summary>Of an element of <c>metrics</c>.</summary>
    public static readonly FrozenSet<string> Metric = Of("name", "units", "data", "type");

    /// <summary>Of a point, beside those of <see cref="PointField"/>, whatever its metric.</summary>
    static readonly string[] s_point = ["metadata"];

    /// <summary>Of a point, by metric.</summary>
    static readonly FrozenDictionary<string, string[]> s_points = new Dictionary<string, string[]>
    {
        ["blood_pressure"] = ["systolic", "diastolic"],
        ["blood_glucose"] = ["mealTime"],
        ["insulin_delivery"] = ["reason"],
        ["handwashing"] = ["value"],
        ["toothbrushing"] = ["value"],
        ["sexual_activity"] = ["Unspecified", "Protection Used", "Protection Not Used"],
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Metrics that the catalogue lacks and the app's wide CSV has: nights, added up by day.</summary>
    static readonly FrozenSet<string> s_columns = Of(
        "sleep_analysis_total", "sleep_analysis_asleep", "sleep_analysis_in_bed", "sleep_analysis_core",
        "sleep_analysis_deep", "sleep_analysis_rem", "sleep_analysis_awake");

    /// <summary>Of a night and of a segment, in any version.</summary>
    public static readonly FrozenSet<string> Sleep = Of(
        "date", "sleepStart", "sleepEnd", "inBedStart", "inBedEnd", "inBed", "asleep", "core", "deep", "rem", "awake",
        "totalSleep", "source", "sleepSource", "inBedSource", "startDate", "endDate", "start", "end", "qty", "value",
        "units", "metadata");

    /// <summary>Of a workout, in either version, and as the columns of a CSV are put.</summary>
    public static readonly FrozenSet<string> Workout = Of(
        "id", "name", "start", "end", "duration", "location", "isIndoor", "activeEnergyBurned", "totalEnergy",
        "distance", "intensity", "intesity", "temperature", "humidity", "speed", "avgSpeed", "maxSpeed", "elevation",
        "elevationUp", "elevationDown", "lapLength", "stepCadence", "flightsClimbed", "swimCadence",
        "totalSwimmingStrokeCount", "avgHeartRate", "maxHeartRate", "heartRate", "strokeStyle", "swolfScore",
        "salinity", "activeEnergy", "basalEnergy", "cyclingCadence", "cyclingDistance", "cyclingPower", "cyclingSpeed",
        "swimDistance", "swimStroke", "stepCount", "walkingAndRunningDistance", "heartRateData", "heartRateRecovery",
        "route", "metadata", "source",
        "restingEnergy", "swimmingStrokeCount", "swimStrokeStyle", "sWOLFScore", "waterSalinity");

    /// <summary>Of a point of one of a workout's series.</summary>
    public static readonly FrozenSet<string> SeriesPoint = Of(
        "date", "timestamp", "time", "start", "end", "qty", "value", "Min", "Avg", "Max", "min", "avg", "max", "units",
        "source", "context", "metadata");

    /// <summary>Of a point of a workout's route, in either version and in ours.</summary>
    public static readonly FrozenSet<string> RoutePoint = Of(
        "latitude", "longitude", "lat", "lon", "altitude", "timestamp", "time", "date", "speed", "course",
        "horizontalAccuracy", "verticalAccuracy", "speedAccuracy", "courseAccuracy", "horizontal_accuracy",
        "vertical_accuracy", "speed_accuracy", "course_accuracy");

    /// <summary>Of an item of the other sections; the last two of medications are of their CSV.</summary>
    static readonly FrozenDictionary<string, FrozenSet<string>> s_sections = new Dictionary<string, FrozenSet<string>>
    {
        [SectionName.StateOfMind] = Of(
            "id", "start", "end", "kind", "labels", "associations", "valence", "valenceClassification", "source",
            "metadata"),
        [SectionName.Medications] = Of(
            "displayText", "nickname", "start", "end", "date", "scheduledDate", "form", "status", "isArchived",
            "dosage", "codings", "source", "metadata", "scheduledDosage", "unit"),
        [SectionName.Symptoms] = Of("start", "end", "name", "severity", "userEntered", "source", "metadata"),
        [SectionName.CycleTracking] = Of(
            "start", "end", "name", "value", "isCycleStart", "userEntered", "source", "metadata"),
        [SectionName.Ecg] = Of(
            "start", "end", "classification", "severity", "averageHeartRate", "numberOfVoltageMeasurements",
            "samplingFrequency", "source", "voltageMeasurements", "metadata"),
        [SectionName.HeartRateNotifications] = Of(
            "heartNotification", "threshold", "threshhold", "start", "end", "heartRateData", "hrvData", "heartRate",
            "heartRateVariation", "source", "metadata"),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Of a standard item, by its type in lower case without underscores.</summary>
    static readonly FrozenDictionary<string, FrozenSet<string>> s_standard = new Dictionary<string, FrozenSet<string>>
    {
        ["heartrate"] = Of("type", "recorded_at", "min_bpm", "avg_bpm", "max_bpm", "source", "context"),
        ["bloodpressure"] = Of("type", "recorded_at", "systolic", "diastolic", "pulse", "source"),
        ["activity"] = Of(
            "type", "recorded_at", "step_count", "distance_meters", "active_energy_burned_kcal",
            "basal_energy_burned_kcal", "flights_climbed", "source"),
        ["quantity"] = Of(
            "type", "metric", "unit", "start_at", "end_at", "recorded_at", "value", "min", "max", "grain", "source",
            "extra", "sent_unit", "partial", "revision"),
        ["sleep"] = Of(
            "type", "sleep_start", "sleep_end", "in_bed_start", "in_bed_end", "in_bed_minutes", "duration_minutes",
            "deep_sleep_minutes", "rem_sleep_minutes", "light_sleep_minutes", "awake_minutes", "source", "extra"),
        ["sleepstage"] = Of("type", "start_at", "end_at", "stage", "stage_as_sent", "source", "extra"),
        ["event"] = Of(
            "type", "kind", "start_at", "end_at", "code", "payload", "source", "identity", "text", "value",
            "item_type", "voltages", "value_code", "value_text"),
        ["workout"] = Of(
            "type", "id", "id_is_made", "name", "workout_type", "start_time", "end_time", "stamp_precision_us",
            "duration_seconds", "total_energy_kcal", "active_energy_kcal", "distance_meters", "min_heart_rate",
            "avg_heart_rate", "max_heart_rate", "elevation_up_meters", "elevation_down_meters", "avg_speed_mps",
            "max_speed_mps", "step_cadence", "is_indoor", "isIndoor", "location", "source", "route", "series",
            "details"),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Whether a metric that the catalogue lacks is no news all the same.</summary>
    /// <param name="metric">Its name, normalised.</param>
    public static bool IsMetric(string metric) => s_columns.Contains(metric);

    /// <summary>Whether a field of a metric's point is one that the metric has.</summary>
    /// <param name="metric">Its name in the catalogue.</param>
    public static bool IsOfPoint(string metric, string field) =>
        s_point.Contains(field) || (s_points.TryGetValue(metric, out var own) && own.Contains(field));

    /// <param name="section">One of <see cref="SectionName"/>, neither metrics nor workouts.</param>
    public static FrozenSet<string> OfSection(string section) => s_sections[section];

    /// <param name="type">As it is switched on: lower case, without underscores; one that there is.</param>
    public static FrozenSet<string> OfStandard(string type) => s_standard[type];

    static FrozenSet<string> Of(params string[] names) => names.ToFrozenSet(StringComparer.Ordinal);
}
