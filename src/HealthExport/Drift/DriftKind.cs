namespace HealthExport.Drift;

/// <summary>What a payload held that the reader did not know. Stored by number.</summary>
public enum DriftKind : byte
{
    /// <summary>A part of the payload: a section, a file of a form, a type of standard items.</summary>
    Section = 0,

    /// <summary>A metric's name.</summary>
    Metric = 1,

    /// <summary>A unit of a metric that is known, or of a workout's quantity.</summary>
    Unit = 2,

    /// <summary>A field of an item.</summary>
    Field = 3,
}
