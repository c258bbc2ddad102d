namespace HealthExport.Server.Importing.Mongo;

/// <summary>
/// What routes need of their workouts, which lie in another collection: gathered while that one is read.
/// </summary>
sealed class WorkoutIndex
{
    const int Most = 200_000;
    const int LongestText = 1000;

    readonly Dictionary<string, IndexedWorkout> _workouts = new(StringComparer.OrdinalIgnoreCase);

    public void Add(string id, IndexedWorkout workout)
    {
        if (_workouts.Count < Most && id.Length <= LongestText && !(workout.Name?.Length > LongestText))
            _workouts[id] = workout;
    }

    /// <returns>Null if it has not been read.</returns>
    public IndexedWorkout? Find(string id) => _workouts.GetValueOrDefault(id);
}

sealed record IndexedWorkout(string? Name, DateTimeOffset StartAt, DateTimeOffset EndAt);
