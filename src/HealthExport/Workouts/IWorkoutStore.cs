using HealthExport.Stores;
using HealthExport.Time;

namespace HealthExport.Workouts;

/// <summary>
/// Reads a user's workouts. Every method is scoped to one user; another user's rows are never seen, not even by their
/// id. A read sees what was committed when it began.
/// </summary>
public interface IWorkoutStore
{
    /// <summary>
    /// One page of workouts, newest first: by start, those of one start by id, both descending. A cursor names the last
    /// workout of its page, so that what arrives between two pages moves nothing.
    /// </summary>
    /// <exception cref="InvalidCursorException">The cursor is of another query.</exception>
    ValueTask<Page<WorkoutRow>> ListAsync(WorkoutQuery query, CancellationToken cancellationToken);

    /// <summary>What the workouts that start in a span add up to, activity by activity, in no order.</summary>
    ValueTask<IReadOnlyList<WorkoutSum>> SumAsync(
        long userId, TimeSpanBounds span, CancellationToken cancellationToken);

    /// <summary>One workout with its series by name (ordinal), without its route; null if the user has none of this id.
    /// </summary>
    ValueTask<WorkoutRow?> FindAsync(long userId, Guid id, CancellationToken cancellationToken);

    /// <summary>
    /// One workout with its route, at least one point and exactly as sent, without its series; null if the user has
    /// none of this id, or if it has no route.
    /// </summary>
    ValueTask<Workout?> FindRouteAsync(long userId, Guid id, CancellationToken cancellationToken);
}

/// <param name="Workout">Without series and route, unless a method says so.</param>
/// <param name="HasRoute">Whether <see cref="IWorkoutStore.FindRouteAsync"/> finds one.</param>
public sealed record WorkoutRow(Workout Workout, bool HasRoute);

/// <summary>Workouts of one activity, added up.</summary>
/// <param name="Activity">Canonical; null for a name that has no mapping yet.</param>
/// <param name="NameAsSent">Where there is no activity, else null.</param>
/// <param name="Seconds">As sent; from start to end where no duration was.</param>
/// <param name="ActiveEnergyKcal">Null where none of them says any; likewise the distance.</param>
public sealed record WorkoutSum(
    string? Activity, string? NameAsSent, long Count, double Seconds, double? ActiveEnergyKcal,
    double? DistanceMetres);

/// <summary>Which workouts to list; every condition given must hold.</summary>
/// <param name="Span">Compared with the start.</param>
/// <param name="Activity">Canonical, as <see cref="Workout.Activity"/>; null for all.</param>
/// <param name="NameAsSent">Exactly as sent; null for all.</param>
/// <param name="Near">The route, with the arcs between its points, comes into this circle; null for anywhere or no
/// route. Engines agree to the millimetre; where points are less than a metre apart, to five centimetres.</param>
/// <param name="Box">A point of the route is in this box; null for anywhere or no route.</param>
/// <param name="Limit">At least 1.</param>
public sealed record WorkoutQuery(
    long UserId, TimeSpanBounds Span, string? Activity, string? NameAsSent, GeoCircle? Near, GeoBox? Box,
    string? Cursor, int Limit);
