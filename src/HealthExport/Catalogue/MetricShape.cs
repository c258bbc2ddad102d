namespace HealthExport.Catalogue;

/// <summary>How a point of a metric looks on the wire, and so what it is stored as.</summary>
public enum MetricShape : byte
{
    /// <summary>One value a point.</summary>
    Plain = 0,

    /// <summary>Minimum, average and maximum in one point, each optional: heart rate.</summary>
    MinAvgMax,

    /// <summary>
    /// Systolic and diastolic in one point. Stored as <c>blood_pressure_systolic</c> and
    /// <c>blood_pressure_diastolic</c>, never under its own name.
    /// </summary>
    BloodPressure,

    /// <summary>Counts by protection used in one point.</summary>
    SexualActivity,

    /// <summary>A night or a stage of one. Stored as sleep, not as samples.</summary>
    Sleep,
}
