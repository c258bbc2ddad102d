using HealthExport.Time;

namespace HealthExport.Workouts;

/// <summary>
/// One workout in canonical units. Null means "not sent": an earlier push's value then stays. A version 1 zero is
/// read as null, because version 1 writes 0 for what was not measured.
/// </summary>
public sealed record Workout
{
    /// <summary>The id as sent; null until one is found or made for a workout without.</summary>
    public Guid? Id { get; init; }

    /// <summary>True when the phone sent no id, so that a later arrival with one takes the row over.</summary>
    public bool IdIsMade { get; init; }

    /// <summary>Canonical activity, snake_case, or null when the name has no mapping yet.</summary>
    public string? Activity { get; init; }

    public required string NameAsSent { get; init; }
    public required Instant StartAt { get; init; }
    public required Instant EndAt { get; init; }
    public required short OffsetMinutes { get; init; }

    /// <summary>
    /// The coarsest unit the stamps were written in, in microseconds: a second, or a minute from CSV.
    /// </summary>
    public long StampPrecision { get; init; } = Instant.PerSecond;

    /// <summary>Times were sent without an offset, and read by the user's zone. No part of the row.</summary>
    public bool IsOnWallClock { get; init; }

    public double? DurationSeconds { get; init; }
    public double? ActiveEnergyKcal { get; init; }
    public double? TotalEnergyKcal { get; init; }
    public double? DistanceMetres { get; init; }
    public double? HeartRateMin { get; init; }
    public double? HeartRateAvg { get; init; }
    public double? HeartRateMax { get; init; }
    public double? ElevationUpMetres { get; init; }
    public double? ElevationDownMetres { get; init; }
    public double? SpeedAvgMetresPerSecond { get; init; }
    public double? SpeedMaxMetresPerSecond { get; init; }
    public double? StepCadencePerMinute { get; init; }
    public bool? IsIndoor { get; init; }
    public string? Location { get; init; }
    public string? Source { get; init; }

    /// <summary>All other fields as sent, as a JSON object.</summary>
    public string? Details { get; init; }

    /// <summary>Empty when none was sent.</summary>
    public IReadOnlyList<WorkoutSeries> Series { get; init; } = [];

    /// <summary>Null when none was sent, or an empty one.</summary>
    public WorkoutRoute? Route { get; init; }

    /// <summary>Index of the item within its own array; no part of the row.</summary>
    public int ItemIndex { get; init; }
}

/// <summary>A quantity recorded along a workout. Arrays are of one length; min and max are null unless sent.</summary>
/// <param name="Name">Snake case, as in <c>heart_rate</c>, <c>heart_rate_recovery</c>, <c>step_count</c>.</param>
/// <param name="Unit">Canonical unit, UCUM; the unit as sent if it could not be converted.</param>
/// <param name="Times">Ascending as sent; instants.</param>
/// <param name="Values">NaN where only min and max were sent.</param>
public sealed record WorkoutSeries(
    string Name, string Unit, Instant[] Times, double[] Values, double[]? Min, double[]? Max);

/// <summary>
/// Where a workout went: points in time order, WGS 84. Arrays are of one length; the optional ones are null when no
/// point bears them, NaN where a point lacks one (CoreLocation's −1 is read as NaN).
/// </summary>
public sealed record WorkoutRoute
{
    public required Instant[] Times { get; init; }

    /// <summary>Degrees, −90 to 90.</summary>
    public required double[] Latitudes { get; init; }

    /// <summary>Degrees, −180 to 180.</summary>
    public required double[] Longitudes { get; init; }

    /// <summary>Metres; NaN where not sent.</summary>
    public required double[] Altitudes { get; init; }

    /// <summary>m/s.</summary>
    public double[]? Speeds { get; init; }

    /// <summary>Degrees from north.</summary>
    public double[]? Courses { get; init; }

    /// <summary>Metres.</summary>
    public double[]? HorizontalAccuracies { get; init; }

    /// <summary>Metres.</summary>
    public double[]? VerticalAccuracies { get; init; }

    public double[]? SpeedAccuracies { get; init; }
    public double[]? CourseAccuracies { get; init; }

    public int Count => Times.Length;
}
