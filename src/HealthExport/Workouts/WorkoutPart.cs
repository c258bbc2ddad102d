using HealthExport.Catalogue;
using HealthExport.Time;

namespace HealthExport.Workouts;

/// <summary>
/// What was recorded along a workout and came by itself: one series or one route, in a file that does not say to which
/// workout it belongs.
/// </summary>
public sealed record WorkoutPart
{
    /// <summary>So many points are kept of one file; the longest workout has fewer at three a second.</summary>
    public const int MostPoints = 500_000;

    static readonly TimeSpan s_before = TimeSpan.FromMinutes(1);
    static readonly TimeSpan s_after = TimeSpan.FromMinutes(5); // the heart is watched while it calms down

    /// <summary>Canonical activity, if the file says one that is known.</summary>
    public string? Activity { get; init; }

    public WorkoutSeries? Series { get; init; }
    public WorkoutRoute? Route { get; init; }

    /// <summary>Index of the item within its payload.</summary>
    public int ItemIndex { get; init; }

    /// <summary>When its first point was recorded.</summary>
    public Instant StartAt => Times[0];

    /// <summary>When its last point was recorded.</summary>
    public Instant EndAt => Times[^1];

    public int Points => Times.Length;

    /// <summary>Between which instants its workout can begin.</summary>
    public (Instant First, Instant Last) Starts => (
        new(StartAt.Microseconds - Micros(HealthBounds.LongestWorkout + s_after)),
        new(EndAt.Microseconds + Micros(s_before)));

    Instant[] Times => Series?.Times ?? Route!.Times;

    /// <summary>
    /// The workout that it was recorded along: of those of its activity, or of one unknown, that hold at least half of
    /// its span, the one whose times are nearest to its own. A minute before a workout and five after it count as held.
    /// </summary>
    /// <param name="candidates">Workouts that begin within <see cref="Starts"/>.</param>
    /// <returns>Null if there is none.</returns>
    public Workout? FindOwn(IEnumerable<Workout> candidates) =>
        candidates.Where(MayBelongTo).MinBy(DistanceTo);

    bool MayBelongTo(Workout workout)
    {
        if (Activity is not null && workout.Activity is not null && Activity != workout.Activity) return false;
        var from = Math.Max(StartAt.Microseconds, workout.StartAt.Microseconds - Micros(s_before));
        var to = Math.Min(
            EndAt.Microseconds, workout.EndAt.Microseconds + workout.StampPrecision + Micros(s_after));
        return to >= from && to - from >= (EndAt.Microseconds - StartAt.Microseconds) / 2;
    }

    long DistanceTo(Workout workout) =>
        Math.Abs(workout.StartAt.Microseconds - StartAt.Microseconds)
        + Math.Abs(workout.EndAt.Microseconds - EndAt.Microseconds);

    /// <summary>
    /// What of it is to be written to its workout: what is missing there, or there with fewer points, or with as many
    /// that say no more and are others. So files of one recording, in whichever order, leave the fullest.
    /// </summary>
    /// <returns>Null when it says nothing new.</returns>
    public Workout? FindNews(Workout stored)
    {
        if (Series is { } series)
        {
            var known = stored.Series.FirstOrDefault(known => known.Name == series.Name);
            return known is null || IsNews(WorkoutMerge.Equal(known, series), Richness(known), Richness(series))
                ? stored with { Series = [series], Route = null }
                : null;
        }
        return stored.Route is not { } route || IsNews(WorkoutMerge.Equal(route, Route!), Richness(route), Richness(Route!))
            ? stored with { Series = [], Route = Route }
            : null;
    }

    static bool IsNews(bool isEqual, (int Points, int Columns) stored, (int Points, int Columns) sent) =>
        !isEqual && sent.CompareTo(stored) >= 0;

    static (int Points, int Columns) Richness(WorkoutSeries series) =>
        (series.Times.Length, Count(series.Min) + Count(series.Max));

    static (int Points, int Columns) Richness(WorkoutRoute route) => (
        route.Count,
        Count(route.Speeds) + Count(route.Courses) + Count(route.HorizontalAccuracies)
            + Count(route.VerticalAccuracies) + Count(route.SpeedAccuracies) + Count(route.CourseAccuracies));

    static int Count(double[]? column) => column is null ? 0 : 1;

    static long Micros(TimeSpan span) => span.Ticks / TimeSpan.TicksPerMicrosecond;
}
