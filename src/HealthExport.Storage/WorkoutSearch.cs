using HealthExport.Time;
using HealthExport.Workouts;

namespace HealthExport.Storage;

/// <summary>How a stored workout is found by its times, alike in both engines.</summary>
static class WorkoutSearch
{
    /// <summary>
    /// So many that start about the same time are looked at for one that is equal at a coarser precision. Nobody has
    /// more; a payload made to have them must not cost the square of its length. One at the very same instants is
    /// found however many there are.
    /// </summary>
    public const int MostNear = 100;

    /// <summary>How far from its own start, in microseconds, the start of an equal one may lie.</summary>
    public static long ReachOf(Workout row) => Math.Max(row.StampPrecision, Instant.PerMinute);

    /// <summary>
    /// From which precision two of the same times are one only if they may be of one activity; and, where both are told
    /// so, if their durations are not two. Of several the one of the nearest duration is meant.
    /// </summary>
    public const long Coarse = WorkoutMerge.CoarsePrecision;

    /// <summary>Whether any workout may be meant, or only one whose id was made.</summary>
    public static bool MayBeAny(Workout row) => row.Id is null || row.IdIsMade;
}
