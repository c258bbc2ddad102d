using HealthExport.Workouts;
using Npgsql;

namespace HealthExport.Storage.Postgres;

sealed partial class PostgresPushTransaction
{
    async ValueTask<Dictionary<Guid, List<WorkoutSeries>>> ReadSeriesAsync(
        Guid[] workouts, CancellationToken cancellationToken)
    {
        await using var list = new NpgsqlCommand(
            $"""
            select s.workout_id, {PostgresWorkoutRow.SeriesColumns}
            from unnest($2) w (id)
            cross join lateral (
                select *
                from workout_series
                where user_id = $1 and workout_id = w.id
                offset 0) s
            order by s.workout_id, s.name collate "C"
            """,
            _connection);
        list.Parameters.Bind(User).Bind(workouts);
        Dictionary<Guid, List<WorkoutSeries>> series = [];
        await using var row = await list.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
        {
            if (!series.TryGetValue(row.GetGuid(0), out var of)) series.Add(row.GetGuid(0), of = []);
            of.Add(PostgresWorkoutRow.ReadSeries(row, 1));
        }
        return series;
    }

    async ValueTask<Dictionary<Guid, WorkoutRoute>> ReadRoutesAsync(
        Guid[] workouts, CancellationToken cancellationToken)
    {
        await using var list = new NpgsqlCommand(
            $"""
            select r.workout_id, {PostgresWorkoutRow.RouteColumns}
            from unnest($2) w (id)
            cross join lateral (
                select *
                from workout_routes
                where user_id = $1 and workout_id = w.id
                offset 0) r
            """,
            _connection);
        list.Parameters.Bind(User).Bind(workouts);
        Dictionary<Guid, WorkoutRoute> routes = [];
        await using var row = await list.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
            routes.Add(row.GetGuid(0), PostgresWorkoutRow.ReadRoute(row, 1));
        return routes;
    }

    void AddSeries(NpgsqlBatch batch, Guid workout, WorkoutSeries series)
    {
        batch.Add(
            """
            insert into workout_series (user_id, workout_id, name, unit, count, times, vals, mins, maxs)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
            on conflict (user_id, workout_id, name) do update
            set unit = excluded.unit, count = excluded.count, times = excluded.times, vals = excluded.vals,
                mins = excluded.mins, maxs = excluded.maxs
            """)
            .Bind(User).Bind(workout)
            .BindText(PostgresText.Check(series.Name)).BindText(PostgresText.Check(series.Unit))
            .Bind(series.Times.Length).BindTimes(series.Times)
            .BindArray(series.Values).BindArray(series.Min).BindArray(series.Max);
    }

    void AddRoute(NpgsqlBatch batch, Guid workout, WorkoutRoute route) => batch.Add(
        """
        insert into workout_routes (
            user_id, workout_id, count, points, speeds, courses, horizontal_accuracies, vertical_accuracies,
            speed_accuracies, course_accuracies)
        values ($1, $2, $3, st_geogfromwkb($4), $5, $6, $7, $8, $9, $10)
        on conflict (user_id, workout_id) do update
        set count = excluded.count, points = excluded.points, speeds = excluded.speeds, courses = excluded.courses,
            horizontal_accuracies = excluded.horizontal_accuracies,
            vertical_accuracies = excluded.vertical_accuracies, speed_accuracies = excluded.speed_accuracies,
            course_accuracies = excluded.course_accuracies
        """)
        .Bind(User).Bind(workout).Bind(route.Count)
        .Bind(RouteEwkb.Write(route.Times, route.Latitudes, route.Longitudes, route.Altitudes))
        .BindArray(route.Speeds).BindArray(route.Courses)
        .BindArray(route.HorizontalAccuracies).BindArray(route.VerticalAccuracies)
        .BindArray(route.SpeedAccuracies).BindArray(route.CourseAccuracies);
}
