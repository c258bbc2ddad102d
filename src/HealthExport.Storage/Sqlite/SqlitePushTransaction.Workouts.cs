using HealthExport.Pushes;
using HealthExport.Time;
using HealthExport.Workouts;

namespace HealthExport.Storage.Sqlite;

sealed partial class SqlitePushTransaction
{
    public ValueTask<Stored<Workout>?[]> FindAsync(IReadOnlyList<Workout> rows, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var found = new Stored<Workout>?[rows.Count];
        for (var i = 0; i < rows.Count; i++)
            found[i] = (rows[i].Id is { } id ? FindWorkout(id) : null) ?? FindWorkoutByTime(rows[i]);
        return new(found);
    }

    public ValueTask WriteAsync(
        IReadOnlyList<Workout> rows, IReadOnlyList<Guid?> replacedIds, ReadOnlyMemory<RowChange> changes,
        CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        for (var i = 0; i < rows.Count; i++)
        {
            var row = rows[i];
            var change = changes.Span[i];
            if (change == RowChange.None) continue;
            var id = row.Id ?? throw new ArgumentException("A workout is written without an id.", nameof(rows));
            if (replacedIds[i] is { } before && before != id) TakeOver(before, id, row.IdIsMade);
            if (change == RowChange.Touch)
            {
                TouchWorkout(id);
                continue;
            }
            if (change != RowChange.Amend)
                WriteWorkout(change == RowChange.Insert ? InsertWorkout : UpdateWorkout, id, row);
            foreach (var series in row.Series) WriteSeries(id, series);
            if (row.Route is { Count: > 0 } route) WriteRoute(id, route);
        }
        return ValueTask.CompletedTask;
    }

    public ValueTask<IReadOnlyList<Workout>> FindAroundAsync(
        Instant first, Instant last, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var around = _session.Prepare(
            $"""
            select {SqliteWorkoutRow.Columns}
            from workouts w
            where w.user_id = ?1 and w.start_at between ?2 and ?3
            order by w.start_at desc, w.end_at desc, w.id desc
            limit {WorkoutSearch.MostNear}
            """);
        around.Bind(1, User).Bind(2, first).Bind(3, last);
        List<Workout> found = [];
        while (around.Step()) found.Add(SqliteWorkoutRow.Read(around));
        return new(found);
    }

    // Equal to the coarser of both precisions; only a made id gives way to one that was sent.
    Stored<Workout>? FindWorkoutByTime(Workout row)
    {
        // Named, because the planner sees no difference between the two.
        var (index, made) = WorkoutSearch.MayBeAny(row)
            ? ("workouts_start_at", "") : ("workouts_made", "and id_is_made = 1");
        using (var same = _session.Prepare(
            $"""
            select id
            from (
                select id, duration_s
                from workouts indexed by {index}
                where user_id = ?1 and start_at = ?2 and end_at = ?3 {made}
                    and (?4 < {WorkoutSearch.Coarse} or ({MayBeOne}))
                order by id
                limit {WorkoutSearch.MostNear})
            order by {Nearness}, id
            limit 1
            """))
        {
            same.Bind(1, User).Bind(2, row.StartAt).Bind(3, row.EndAt)
                .Bind(4, row.StampPrecision).Bind(5, row.Activity).Bind(6, row.DurationSeconds);
            if (same.Step()) return FindWorkout(same.GetGuid(0));
        }

        using var near = _session.Prepare(
            $"""
            select id, start_at, end_at, stamp_precision
            from (
                select id, start_at, end_at, stamp_precision, duration_s
                from workouts indexed by {index}
                where user_id = ?1 and start_at between ?2 and ?3 {made}
                    and (max(stamp_precision, ?4) < {WorkoutSearch.Coarse} or ({MayBeOne}))
                order by start_at, end_at, id
                limit {WorkoutSearch.MostNear})
            order by {Nearness}, start_at, end_at, id
            """);
        var reach = WorkoutSearch.ReachOf(row);
        near.Bind(1, User).Bind(2, row.StartAt.Microseconds - reach).Bind(3, row.StartAt.Microseconds + reach)
            .Bind(4, row.StampPrecision).Bind(5, row.Activity).Bind(6, row.DurationSeconds);
        while (near.Step())
        {
            var precision = Math.Max(row.StampPrecision, near.GetInt64(3));
            if (near.GetInstant(1).FloorTo(precision) == row.StartAt.FloorTo(precision)
                && near.GetInstant(2).FloorTo(precision) == row.EndAt.FloorTo(precision))
                return FindWorkout(near.GetGuid(0));
        }
        return null;
    }

    // As far as both say what they are; two that are told to the minute are rounded alike.
    static readonly string MayBeOne =
        $"""
        (?5 is null or activity is null or activity = ?5)
                    and coalesce(min(stamp_precision, ?4) < {WorkoutSearch.Coarse} or duration_s = ?6, 1)
        """;

    const string Nearness = "coalesce(abs(duration_s - ?6), 0)";

    Stored<Workout>? FindWorkout(Guid id)
    {
        using var find = _session.Prepare(
            $"""
            select {SqliteWorkoutRow.Columns}
            from workouts w
            where w.user_id = ?1 and w.id = ?2
            """);
        if (!find.Bind(1, User).Bind(2, id).Step()) return null;
        return new(
            SqliteWorkoutRow.Read(find) with
            {
                Source = _sources.GetText(find.GetInt64(SqliteWorkoutRow.SourceColumn)),
                Series = SqliteWorkoutRow.ReadSeries(_session, User, id),
                Route = SqliteWorkoutRow.FindRoute(_session, User, id),
            },
            find.GetInt64(SqliteWorkoutRow.IngestionColumn));
    }

    const string InsertWorkout =
        """
        insert into workouts (
            user_id, id, id_is_made, activity, name_as_sent, start_at, end_at, utc_offset, stamp_precision,
            duration_s, active_energy_kcal, total_energy_kcal, distance_m, heart_rate_min, heart_rate_avg,
            heart_rate_max, elevation_up_m, elevation_down_m, speed_avg_mps, speed_max_mps, step_cadence_per_min,
            is_indoor, location, source_id, details, ingestion)
        values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22,
            ?23, ?24, ?25, ?26)
        """;

    const string UpdateWorkout =
        """
        update workouts
        set id_is_made = ?3, activity = ?4, name_as_sent = ?5, start_at = ?6, end_at = ?7, utc_offset = ?8,
            stamp_precision = ?9, duration_s = ?10, active_energy_kcal = ?11, total_energy_kcal = ?12,
            distance_m = ?13, heart_rate_min = ?14, heart_rate_avg = ?15, heart_rate_max = ?16, elevation_up_m = ?17,
            elevation_down_m = ?18, speed_avg_mps = ?19, speed_max_mps = ?20, step_cadence_per_min = ?21,
            is_indoor = ?22, location = ?23, source_id = ?24, details = ?25, ingestion = ?26
        where user_id = ?1 and id = ?2
        """;

    void WriteWorkout(string sql, Guid id, Workout row)
    {
        using var write = _session.Prepare(sql);
        MustChangeOne(write
            .Bind(1, User).Bind(2, id).Bind(3, row.IdIsMade).Bind(4, row.Activity).Bind(5, row.NameAsSent)
            .Bind(6, row.StartAt).Bind(7, row.EndAt).Bind(8, row.OffsetMinutes).Bind(9, row.StampPrecision)
            .Bind(10, row.DurationSeconds).Bind(11, row.ActiveEnergyKcal).Bind(12, row.TotalEnergyKcal)
            .Bind(13, row.DistanceMetres).Bind(14, row.HeartRateMin).Bind(15, row.HeartRateAvg)
            .Bind(16, row.HeartRateMax).Bind(17, row.ElevationUpMetres).Bind(18, row.ElevationDownMetres)
            .Bind(19, row.SpeedAvgMetresPerSecond).Bind(20, row.SpeedMaxMetresPerSecond)
            .Bind(21, row.StepCadencePerMinute).Bind(22, row.IsIndoor is { } indoor ? indoor ? 1 : 0 : (long?)null)
            .Bind(23, row.Location).Bind(24, _sources.GetOrAdd(row.Source)).Bind(25, row.Details).Bind(26, Push)
            .Run());
    }

    void TouchWorkout(Guid id)
    {
        using var touch = _session.Prepare(
            """
            update workouts
            set ingestion = ?3
            where user_id = ?1 and id = ?2
            """);
        MustChangeOne(touch.Bind(1, User).Bind(2, id).Bind(3, Push).Run());
    }

    void TakeOver(Guid before, Guid id, bool idIsMade)
    {
        using var rename = _session.Prepare(
            """
            update workouts
            set id = ?3, id_is_made = ?4
            where user_id = ?1 and id = ?2
            """);
        MustChangeOne(rename.Bind(1, User).Bind(2, before).Bind(3, id).Bind(4, idIsMade).Run());
        using var moveSeries = _session.Prepare(
            """
            update workout_series
            set workout_id = ?3
            where user_id = ?1 and workout_id = ?2
            """);
        moveSeries.Bind(1, User).Bind(2, before).Bind(3, id).Run();
        using var moveRoute = _session.Prepare(
            """
            update workout_routes
            set workout_id = ?3
            where user_id = ?1 and workout_id = ?2
            """);
        moveRoute.Bind(1, User).Bind(2, before).Bind(3, id).Run();
    }
}
