using HealthExport.Events;
using HealthExport.Samples;
using HealthExport.Sleep;
using HealthExport.Workouts;

namespace HealthExport.Pushes;

/// <summary>
/// Some thousand items of a payload, valid and in canonical units, in the order sent within each list. All rows of one
/// item are in one batch.
/// </summary>
public sealed class ReadBatch
{
    public List<SampleRun> Runs { get; } = [];
    public List<SleepStage> SleepStages { get; } = [];
    public List<SleepSession> SleepSessions { get; } = [];
    public List<Workout> Workouts { get; } = [];

    /// <summary>What belongs to workouts of this batch, of earlier ones, or of earlier pushes.</summary>
    public List<WorkoutPart> WorkoutParts { get; } = [];

    public List<HealthEvent> Events { get; } = [];
    public List<Reject> Rejects { get; } = [];
    public List<ReadWarning> Warnings { get; } = [];

    /// <summary>Arrays that ended with this batch, whole.</summary>
    public List<MetricArray> EndedArrays { get; } = [];
}

/// <summary>An item that was not stored, and why.</summary>
/// <param name="ItemType">Canonical metric name or section name.</param>
/// <param name="ItemIndex">Within the item's own array, from 0.</param>
/// <param name="Code">One of <see cref="RejectCodes"/>.</param>
/// <param name="Error">What was found, where, and what was expected; its owner reads it, a log never does.</param>
/// <param name="Hint">What to do about it; null if there is nothing to do.</param>
/// <param name="Field">The field at fault, as sent; null if it is the item as a whole.</param>
/// <param name="Allowed">Lower and upper bound, when it is a matter of range.</param>
/// <param name="Item">The item as sent.</param>
public sealed record Reject(
    string ItemType, int ItemIndex, string Code, string Error, string? Hint, string? Field, double[]? Allowed,
    ReadOnlyMemory<byte> Item);

/// <summary>An item (or array) that was stored although something about it is odd.</summary>
/// <param name="ItemIndex">Within the item's own array; −1 when it is the array as a whole.</param>
/// <param name="Code">One of <see cref="WarningCodes"/>.</param>
public sealed record ReadWarning(string ItemType, int ItemIndex, string Code, string Warning, string? Field = null);

/// <summary>Why an item can be rejected. Public: clients switch on them.</summary>
public static class RejectCodes
{
    public const string OutOfRange = "out_of_range";
    public const string MissingValue = "missing_value";
    public const string NotANumber = "not_a_number";
    public const string UnreadableDate = "unreadable_date";
    public const string DateOutOfRange = "date_out_of_range";
    public const string EndBeforeStart = "end_before_start";
    public const string UnreadableItem = "unreadable_item";
    public const string NoWorkout = "no_workout";
    public const string TooManyNames = "too_many_names";
    public const string StoreRefused = "store_refused";
}

/// <summary>What a receipt can warn of. Public: clients switch on them.</summary>
public static class WarningCodes
{
    public const string SuspiciousValue = "suspicious_value";
    public const string UnknownMetric = "unknown_metric";
    public const string UnknownUnit = "unknown_unit";
    public const string UnknownSection = "unknown_section";
    public const string UnmappedText = "unmapped_text";
    public const string AggregationContradicted = "aggregation_contradicted";
    public const string StagesLongerThanSession = "stages_longer_than_session";
    public const string RoutePointsDropped = "route_points_dropped";
    public const string SeriesPointsDropped = "series_points_dropped";
    public const string RepeatedKey = "repeated_key";
}
