using HealthExport.Pushes;
using HealthExport.Time;
using HealthExport.Workouts;
using Npgsql;

namespace HealthExport.Storage.Postgres;

sealed partial class PostgresPushTransaction
{
    public ValueTask<Stored<Workout>?[]> FindAsync(
        IReadOnlyList<Workout> rows, CancellationToken cancellationToken) => RunAsync(async () =>
    {
        _sources.Trim();
        var ids = await MatchAsync(rows, cancellationToken);
        var stored = await ReadWorkoutsAsync([.. ids.OfType<Guid>().Distinct()], cancellationToken);
        return ids.Select(id => id is { } known ? stored[known] : null).ToArray();
    });

    public ValueTask<IReadOnlyList<Workout>> FindAroundAsync(
        Instant first, Instant last, CancellationToken cancellationToken) => RunAsync<IReadOnlyList<Workout>>(async () =>
    {
        await using var around = new NpgsqlCommand(
            $"""
            select {PostgresWorkoutRow.Columns}
            from workouts w
            where w.user_id = $1 and w.start_at between $2 and $3
            order by w.start_at desc, w.end_at desc, w.id desc
            limit {WorkoutSearch.MostNear}
            """,
            _connection);
        around.Parameters.Bind(User).Bind(first).Bind(last);
        await using var row = await around.ExecuteReaderAsync(cancellationToken);
        List<Workout> found = [];
        while (await row.ReadAsync(cancellationToken)) found.Add(PostgresWorkoutRow.Read(row));
        return found;
    });

    public ValueTask WriteAsync(
        IReadOnlyList<Workout> rows, IReadOnlyList<Guid?> replacedIds, ReadOnlyMemory<RowChange> changes,
        CancellationToken cancellationToken) => WriteAsync(async () =>
    {
        _sources.Trim();
        await _sources.AddAsync(rows.Select(row => row.Source), cancellationToken);
        await using var batch = new NpgsqlBatch(_connection);
        List<NpgsqlBatchCommand> mustChangeOne = [];
        for (var i = 0; i < rows.Count; i++)
        {
            var row = rows[i];
            var change = changes.Span[i];
            if (change == RowChange.None) continue;
            var id = row.Id ?? throw new ArgumentException("A workout is written without an id.", nameof(rows));
            if (replacedIds[i] is { } before && before != id)
            {
                // Series and route follow by their foreign keys.
                batch.Add(
                    """
                    update workouts
                    set id = $3, id_is_made = $4
                    where user_id = $1 and id = $2
                    """).Bind(User).Bind(before).Bind(id).Bind(row.IdIsMade);
                mustChangeOne.Add(batch.BatchCommands[^1]);
            }
            if (change == RowChange.Touch)
                batch.Add(
                    """
                    update workouts
                    set ingestion = $3
                    where user_id = $1 and id = $2
                    """).Bind(User).Bind(id).Bind(Push);
            else if (change != RowChange.Amend)
                BindWorkout(batch.Add(change == RowChange.Insert ? InsertWorkout : UpdateWorkout), id, row);
            if (change != RowChange.Amend) mustChangeOne.Add(batch.BatchCommands[^1]);
            if (change == RowChange.Touch) continue;
            foreach (var series in row.Series) AddSeries(batch, id, series);
            if (row.Route is { Count: > 0 } route) AddRoute(batch, id, route);
        }
        if (batch.BatchCommands.Count == 0) return;
        await batch.ExecuteNonQueryAsync(cancellationToken);
        foreach (var command in mustChangeOne) MustChange(1, (long)command.RecordsAffected);
    }, cancellationToken);

    async ValueTask<Guid?[]> MatchAsync(IReadOnlyList<Workout> rows, CancellationToken cancellationToken)
    {
        var ids = new Guid?[rows.Count];
        if (rows.Count == 0) return ids;
        await using var batch = new NpgsqlBatch(_connection);
        batch.Add(
            """
            select s.id
            from unnest($2) s (id)
            cross join lateral (
                select 1
                from workouts
                where user_id = $1 and id = s.id
                offset 0) w
            """).Bind(User).Bind((Guid[])[.. rows.Select(row => row.Id).OfType<Guid>()]);
        // Only a made id gives way to one that was sent. What the limits cut off is not run.
        batch.Add(
            $"""
            select s.at::int, w.id
            from unnest($2, $3, $4, $5, $6, $7, $8, $9) with ordinality
                s (start_at, end_at, first_at, last_at, stamp_precision, any_id, activity, duration_s, at)
            cross join lateral (
                select id
                from (
                    {SelectByTime("s.any_id")}
                    union all
                    {SelectByTime("not s.any_id and id_is_made")}) c
                limit 1) w
            """)
            .Bind(User)
            .BindTimes(rows.Select(row => row.StartAt)).BindTimes(rows.Select(row => row.EndAt))
            .BindTimes(rows.Select(row => new Instant(row.StartAt.Microseconds - WorkoutSearch.ReachOf(row))))
            .BindTimes(rows.Select(row => new Instant(row.StartAt.Microseconds + WorkoutSearch.ReachOf(row))))
            .BindNumbers(rows.Select(row => row.StampPrecision))
            .Bind((bool[])[.. rows.Select(WorkoutSearch.MayBeAny)])
            .BindTexts(rows.Select(row => row.Activity))
            .BindNumbers(rows.Select(row => row.DurationSeconds));
        await using var match = await batch.ExecuteReaderAsync(cancellationToken);
        HashSet<Guid> stored = [];
        while (await match.ReadAsync(cancellationToken)) stored.Add(match.GetGuid(0));
        for (var i = 0; i < rows.Count; i++)
            if (rows[i].Id is { } id && stored.Contains(id)) ids[i] = id;
        await match.NextResultAsync(cancellationToken);
        while (await match.ReadAsync(cancellationToken)) ids[match.GetInt32(0) - 1] ??= match.GetGuid(1);
        return ids;
    }

    // One at the same instants; else one that is equal at the coarser of both precisions.
    static string SelectByTime(string which) =>
        $"""
        (
            select id
            from (
                select id, duration_s
                from workouts
                where user_id = $1 and start_at = s.start_at and end_at = s.end_at and {which}
                    and (s.stamp_precision < {WorkoutSearch.Coarse} or ({MayBeOne}))
                order by id
                limit {WorkoutSearch.MostNear}) same
            order by {Nearness}, id
            limit 1)
        union all
        (
            select id
            from (
                select id, start_at, end_at, duration_s,
                    greatest(stamp_precision, s.stamp_precision) * interval '1 microsecond' as unit
                from workouts
                where user_id = $1 and start_at between s.first_at and s.last_at and {which}
                    and (greatest(stamp_precision, s.stamp_precision) < {WorkoutSearch.Coarse} or ({MayBeOne}))
                order by start_at, end_at, id
                limit {WorkoutSearch.MostNear}) near
            where date_bin(unit, start_at, {Origin}) = date_bin(unit, s.start_at, {Origin})
                and date_bin(unit, end_at, {Origin}) = date_bin(unit, s.end_at, {Origin})
            order by {Nearness}, start_at, end_at, id
            limit 1)
        """;

    // As far as both say what they are; two that are told to the minute are rounded alike.
    static readonly string MayBeOne =
        $"""
        (s.activity is null or activity is null or activity = s.activity)
                    and coalesce(
                        least(stamp_precision, s.stamp_precision) < {WorkoutSearch.Coarse} or duration_s = s.duration_s,
                        true)
        """;

    const string Nearness = "coalesce(abs(duration_s - s.duration_s), 0)";

    // Before all workouts, and where a day begins as it does at our own zero.
    const string Origin = "timestamptz '1800-01-01 00:00:00+00'";

    async ValueTask<Dictionary<Guid, Stored<Workout>>> ReadWorkoutsAsync(
        Guid[] ids, CancellationToken cancellationToken)
    {
        Dictionary<Guid, Stored<Workout>> found = [];
        if (ids.Length == 0) return found;
        Dictionary<Guid, int> sources = [];
        await using (var find = new NpgsqlCommand(
            $"""
            select {PostgresWorkoutRow.Columns}
            from unnest($2) s (wanted_id)
            cross join lateral (
                select *
                from workouts
                where user_id = $1 and id = s.wanted_id
                offset 0) w
            """,
            _connection))
        {
            find.Parameters.Bind(User).Bind(ids);
            await using var row = await find.ExecuteReaderAsync(cancellationToken);
            while (await row.ReadAsync(cancellationToken))
            {
                found.Add(
                    row.GetGuid(0),
                    new(PostgresWorkoutRow.Read(row), row.GetInt64(PostgresWorkoutRow.IngestionColumn)));
                sources.Add(row.GetGuid(0), row.GetInt32(PostgresWorkoutRow.SourceColumn));
            }
        }
        await _sources.LookUpAsync(sources.Values, cancellationToken);
        var series = await ReadSeriesAsync(ids, cancellationToken);
        var routes = await ReadRoutesAsync(ids, cancellationToken);
        foreach (var (id, stored) in found.ToList())
            found[id] = stored with
            {
                Row = stored.Row with
                {
                    Source = _sources.GetText(sources[id]),
                    Series = series.TryGetValue(id, out var of) ? of : [],
                    Route = routes.GetValueOrDefault(id),
                },
            };
        return found;
    }

    const string InsertWorkout =
        """
        insert into workouts (
            user_id, id, id_is_made, activity, name_as_sent, start_at, end_at, utc_offset, stamp_precision,
            duration_s, active_energy_kcal, total_energy_kcal, distance_m, heart_rate_min, heart_rate_avg,
            heart_rate_max, elevation_up_m, elevation_down_m, speed_avg_mps, speed_max_mps, step_cadence_per_min,
            is_indoor, location, source_id, details, ingestion)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
            $23, $24, $25, $26)
        """;

    const string UpdateWorkout =
        """
        update workouts
        set id_is_made = $3, activity = $4, name_as_sent = $5, start_at = $6, end_at = $7, utc_offset = $8,
            stamp_precision = $9, duration_s = $10, active_energy_kcal = $11, total_energy_kcal = $12,
            distance_m = $13, heart_rate_min = $14, heart_rate_avg = $15, heart_rate_max = $16, elevation_up_m = $17,
            elevation_down_m = $18, speed_avg_mps = $19, speed_max_mps = $20, step_cadence_per_min = $21,
            is_indoor = $22, location = $23, source_id = $24, details = $25, ingestion = $26
        where user_id = $1 and id = $2
        """;

    void BindWorkout(NpgsqlParameterCollection parameters, Guid id, Workout row) => parameters
        .Bind(User).Bind(id).Bind(row.IdIsMade).BindText(PostgresText.Check(row.Activity))
        .BindText(PostgresText.Check(row.NameAsSent)).Bind(row.StartAt).Bind(row.EndAt).Bind(row.OffsetMinutes)
        .Bind(row.StampPrecision).Bind(row.DurationSeconds).Bind(row.ActiveEnergyKcal).Bind(row.TotalEnergyKcal)
        .Bind(row.DistanceMetres).Bind(row.HeartRateMin).Bind(row.HeartRateAvg).Bind(row.HeartRateMax)
        .Bind(row.ElevationUpMetres).Bind(row.ElevationDownMetres).Bind(row.SpeedAvgMetresPerSecond)
        .Bind(row.SpeedMaxMetresPerSecond).Bind(row.StepCadencePerMinute).Bind(row.IsIndoor)
        .BindText(PostgresText.Check(row.Location)).Bind(_sources.Get(row.Source))
        .BindText(PostgresText.Check(row.Details)).Bind(Push);
}
