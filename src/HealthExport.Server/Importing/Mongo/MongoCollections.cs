namespace HealthExport.Server.Importing.Mongo;

/// <summary>What a document is, by its fields and the collection that it lies in.</summary>
enum DocumentShape : byte
{
    Unknown,

    /// <summary>One measurement; the collection is named as its metric.</summary>
    Point,

    /// <summary>A metric as the app sends it, with its points.</summary>
    Metric,

    Workout,

    /// <summary>Where a workout went, in a document of its own.</summary>
    Route,

    /// <summary>An element of another section of the app's; the collection is named as the section.</summary>
    Event,
}

/// <summary>
/// The collections of the vendor's server (HealthyApps/health-auto-export-server): one a metric, named as the app names
/// it; <c>workouts</c>; and their routes. Servers made from it have some named as the app's other sections.
/// </summary>
static class MongoCollections
{
    public const string Routes = "workout_routes";

    static readonly string[] s_sections =
        ["medications", "stateOfMind", "symptoms", "cycleTracking", "ecg", "heartRateNotifications"];

    /// <summary>The section that a collection of events is; null if it is none.</summary>
    public static string? FindSection(string collection)
    {
        var plain = collection.Replace("_", "", StringComparison.Ordinal);
        return Array.Find(s_sections, name => name.Equals(plain, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>What a database writes into every document, and nobody measured.</summary>
    public static bool IsBookkeeping(ReadOnlySpan<byte> field) =>
        field.SequenceEqual("_id"u8) || field.SequenceEqual("__v"u8)
        || field.SequenceEqual("createdAt"u8) || field.SequenceEqual("updatedAt"u8);
}
