using HealthExport.Samples;

namespace HealthExport.Catalogue;

/// <summary>The hard limits of what is not a metric: workouts, the points of a route, sleep. All inclusive.</summary>
public static class HealthBounds
{
    /// <summary>The longest workout that is believed.</summary>
    public static TimeSpan LongestWorkout { get; } = TimeSpan.FromHours(48);

    /// <summary>The longest sleep session or stage that is believed.</summary>
    public static TimeSpan LongestSleep { get; } = TimeSpan.FromHours(24);

    /// <summary>Active, resting or total energy of one workout, in kcal.</summary>
    public static Bounds WorkoutEnergyKcal { get; } = new(0, 20_000, BoundsBasis.Session);

    /// <summary>Distance of one workout, in metres.</summary>
    public static Bounds WorkoutDistanceM { get; } = new(0, 1_000_000, BoundsBasis.Session);

    /// <summary>Every heart rate of a workout, per minute.</summary>
    public static Bounds WorkoutHeartRate { get; } = new(20, 300, BoundsBasis.Sample);

    /// <summary>Degrees north.</summary>
    public static Bounds Latitude { get; } = new(-90, 90, BoundsBasis.Sample);

    /// <summary>Degrees east.</summary>
    public static Bounds Longitude { get; } = new(-180, 180, BoundsBasis.Sample);

    /// <summary>Metres above sea level: from below the shore of the Dead Sea to above Mount Everest.</summary>
    public static Bounds AltitudeM { get; } = new(-500, 9_000, BoundsBasis.Sample);

    /// <summary>A workout ends after it starts, and within 48 hours.</summary>
    /// <param name="span">End minus start.</param>
    public static bool AllowsWorkout(TimeSpan span) => span > TimeSpan.Zero && span <= LongestWorkout;

    /// <summary>Sleep does not end before it starts, and lasts at most 24 hours; a stage may be empty.</summary>
    /// <param name="span">End minus start.</param>
    public static bool AllowsSleep(TimeSpan span) => span >= TimeSpan.Zero && span <= LongestSleep;

    /// <summary>Whether a route point can be on Earth.</summary>
    /// <param name="latitude">Degrees north.</param>
    /// <param name="longitude">Degrees east.</param>
    /// <param name="altitudeM">Metres above sea level; null if not sent.</param>
    public static bool AllowsRoutePoint(double latitude, double longitude, double? altitudeM = null) =>
        Latitude.Allows(latitude, Grain.Sample)
        && Longitude.Allows(longitude, Grain.Sample)
        && (altitudeM is not { } altitude || AltitudeM.Allows(altitude, Grain.Sample));
}
