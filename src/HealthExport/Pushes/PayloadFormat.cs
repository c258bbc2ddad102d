namespace HealthExport.Pushes;

/// <summary>What a payload turned out to be.</summary>
public enum PayloadFormat : byte
{
    HaeJson,
    StandardJson,

    /// <summary>Standard items, one a line.</summary>
    Ndjson,

    /// <summary>The app's CSV, one file or a form of several.</summary>
    HaeCsv,

    /// <summary>Routes of workouts.</summary>
    Gpx,
}
