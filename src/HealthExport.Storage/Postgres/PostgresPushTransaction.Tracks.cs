using HealthExport.Workouts;
using Npgsql;

namespace HealthExport.Storage.Postgres;

sealed partial class PostgresPushTransaction
{
    async ValueTask<Dictionary<Guid, List<WorkoutSeries>>> ReadSeriesAsync(
        Guid[] workouts, CancellationToken cancellationToken)
    {
        await using var list = new NpgsqlCommand(
            """
            select s.workout_id, s.name, s.unit, s.times, s.vals, s.mins, s.maxs
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
            of.Add(new(
                row.GetString(1), row.GetString(2),
                Array.ConvertAll(row.GetFieldValue<long[]>(3), PostgresValues.FromServer),
                row.GetFieldValue<double[]>(4), FindArray(row, 5), FindArray(row, 6)));
        }
        return series;
    }

    async ValueTask<Dictionary<Guid, WorkoutRoute>> ReadRoutesAsync(
        Guid[] workouts, CancellationToken cancellationToken)
    {
        await using var list = new NpgsqlCommand(
            """
            select r.workout_id, r.count, st_asewkb(r.points::geometry, 'NDR'), r.speeds, r.courses,
                r.horizontal_accuracies, r.vertical_accuracies, r.speed_accuracies, r.course_accuracies
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
        {
            var (times, latitudes, longitudes, altitudes) =
                RouteEwkb.Read(row.GetFieldValue<byte[]>(2), row.GetInt32(1));
            routes.Add(row.GetGuid(0), new()
            {
                Times = times,
                Latitudes = latitudes,
                Longitudes = longitudes,
                Altitudes = altitudes,
                Speeds = FindArray(row, 3),
                Courses = FindArray(row, 4),
                HorizontalAccuracies = FindArray(row, 5),
                VerticalAccuracies = FindArray(row, 6),
                SpeedAccuracies = FindArray(row, 7),
                CourseAccuracies = FindArray(row, 8),
            });
        }
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

    static double[]? FindArray(NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? null : row.GetFieldValue<double[]>(column);
}
