using HealthExport.Stores;
using HealthExport.Time;
using HealthExport.Workouts;
using Npgsql;

namespace HealthExport.Storage.Postgres;

/// <summary>Workouts in PostgreSQL; what is asked for by place, by PostGIS on the sphere.</summary>
sealed class PostgresWorkoutStore(PostgresDatabase database) : IWorkoutStore
{
    public async ValueTask<Page<WorkoutRow>> ListAsync(WorkoutQuery query, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(query.Limit);
        var after = WorkoutPlace.FromCursor(query);
        // No column holds such a text, and the server would not take it.
        if (!PostgresText.IsStorable(query.Activity) || !PostgresText.IsStorable(query.NameAsSent))
            return new([], null);
        var rows = await ReadAsync(
            batch => batch.BatchCommands.Add(PostgresWorkoutList.Write(query, after)),
            async (row, cancellationToken) =>
            {
                List<WorkoutRow> rows = [];
                while (await row.ReadAsync(cancellationToken)) rows.Add(Read(row));
                return rows;
            },
            cancellationToken);
        if (rows.Count <= query.Limit) return new(rows, null);
        rows.RemoveAt(query.Limit);
        return new(rows, WorkoutPlace.Of(rows[^1]).ToCursor(query));
    }

    public ValueTask<IReadOnlyList<WorkoutSum>> SumAsync(
        long userId, TimeSpanBounds span, CancellationToken cancellationToken) =>
        ReadAsync(
            batch => batch.BatchCommands.Add(PostgresWorkoutList.WriteSum(userId, span)),
            async (row, cancellationToken) =>
            {
                List<WorkoutSum> sums = [];
                while (await row.ReadAsync(cancellationToken))
                    sums.Add(new(
                        row.FindString(0), row.FindString(1), row.GetInt64(2), row.GetDouble(3), row.FindDouble(4),
                        row.FindDouble(5)));
                return (IReadOnlyList<WorkoutSum>)sums;
            },
            cancellationToken);

    public ValueTask<WorkoutRow?> FindAsync(long userId, Guid id, CancellationToken cancellationToken) =>
        ReadAsync(
            batch =>
            {
                AddFind(batch, userId, id);
                batch.Add(
                    $"""
                    select {PostgresWorkoutRow.SeriesColumns}
                    from workout_series s
                    where s.user_id = $1 and s.workout_id = $2
                    order by s.name collate "C"
                    """).Bind(userId).Bind(id);
            },
            async (row, cancellationToken) =>
            {
                if (!await row.ReadAsync(cancellationToken)) return null;
                var found = Read(row);
                await row.NextResultAsync(cancellationToken);
                List<WorkoutSeries> series = [];
                while (await row.ReadAsync(cancellationToken)) series.Add(PostgresWorkoutRow.ReadSeries(row, 0));
                return found with { Workout = found.Workout with { Series = series } };
            },
            cancellationToken);

    public ValueTask<Workout?> FindRouteAsync(long userId, Guid id, CancellationToken cancellationToken) =>
        ReadAsync(
            batch =>
            {
                AddFind(batch, userId, id);
                batch.Add(
                    $"""
                    select {PostgresWorkoutRow.RouteColumns}
                    from workout_routes r
                    where r.user_id = $1 and r.workout_id = $2
                    """).Bind(userId).Bind(id);
            },
            async (row, cancellationToken) =>
            {
                if (!await row.ReadAsync(cancellationToken)) return null;
                var found = Read(row).Workout;
                await row.NextResultAsync(cancellationToken);
                return await row.ReadAsync(cancellationToken)
                    ? found with { Route = PostgresWorkoutRow.ReadRoute(row, 0) }
                    : null;
            },
            cancellationToken);

    static void AddFind(NpgsqlBatch batch, long userId, Guid id) => batch.Add(
        $"""
        select {PostgresWorkoutRow.ListColumns}
        from workouts w
        {PostgresWorkoutRow.ListJoins}
        where w.user_id = $1 and w.id = $2
        """).Bind(userId).Bind(id);

    // One statement or more, of one moment. Planned for the values at hand: a wide circle wants another way than a
    // narrow one.
    ValueTask<T> ReadAsync<T>(
        Action<NpgsqlBatch> add, Func<NpgsqlDataReader, CancellationToken, ValueTask<T>> read,
        CancellationToken cancellationToken) =>
        database.ReadAsync(
            async (connection, cancellationToken) =>
            {
                await using var reading = await connection.BeginTransactionAsync(
                    System.Data.IsolationLevel.RepeatableRead, cancellationToken);
                await using var batch = new NpgsqlBatch(connection);
                batch.AddPlannerSettings();
                add(batch);
                await using var row = await batch.ExecuteReaderAsync(cancellationToken);
                await row.NextResultAsync(cancellationToken);
                return await read(row, cancellationToken);
            },
            cancellationToken);

    static WorkoutRow Read(NpgsqlDataReader row) => new(
        PostgresWorkoutRow.Read(row) with { Source = row.FindString(PostgresWorkoutRow.Next) },
        row.GetBoolean(PostgresWorkoutRow.Next + 1));
}
