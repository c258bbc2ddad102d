using HealthExport.Time;
using HealthExport.Workouts;
using Npgsql;

namespace HealthExport.Storage.Postgres;

/// <summary>The statement that lists workouts: only the conditions that a query has are in it.</summary>
sealed class PostgresWorkoutList
{
    const string LocalStart = "w.start_at + w.utc_offset * interval '1 minute'";

    readonly NpgsqlBatchCommand _command = new();
    readonly List<string> _ofRoute = ["r.user_id = $1"];
    readonly List<string> _ofWorkout = ["w.user_id = $1"];

    NpgsqlParameterCollection Parameters => _command.Parameters;

    // The parameter bound last.
    string Last => $"${Parameters.Count}";

    /// <summary>A page and one row more, with <see cref="PostgresWorkoutRow.ListColumns"/>.</summary>
    public static NpgsqlBatchCommand Write(WorkoutQuery query, WorkoutPlace? after)
    {
        var list = new PostgresWorkoutList();
        list.Parameters.Bind(query.UserId);
        if (query.Near is { } circle) list.AddCircle(circle);
        if (query.Box is { } box) list.AddBox(box);
        list.AddWorkout(query, after);
        list.Parameters.Bind(query.Limit + 1L);
        return list.Finish();
    }

    /// <summary>What those of a span add up to, activity by activity.</summary>
    public static NpgsqlBatchCommand WriteSum(long userId, TimeSpanBounds span)
    {
        var list = new PostgresWorkoutList();
        list.Parameters.Bind(userId);
        list.AddSpan(span);
        list._command.CommandText =
            $"""
            select w.activity, case when w.activity is null then w.name_as_sent end as name, count(*),
                sum(coalesce(w.duration_s, extract(epoch from w.end_at - w.start_at)::double precision)),
                sum(w.active_energy_kcal), sum(w.distance_m)
            from workouts w
            where {string.Join(" and ", list._ofWorkout)}
            group by w.activity, name
            """;
        return list._command;
    }

    void AddSpan(TimeSpanBounds span)
    {
        var (from, to) = span.Reach;
        if (from is { } first) _ofWorkout.Add($"w.start_at >= {Bind(first)}");
        if (to is { } last) _ofWorkout.Add($"w.start_at < {Bind(last)}");
        if (span.FromDate is { } firstDay) _ofWorkout.Add($"{LocalStart} >= {Bind(Instant.From(firstDay))}");
        if (span.ToDate is { } lastDay) _ofWorkout.Add($"{LocalStart} < {Bind(Instant.From(lastDay))}");
    }

    void AddWorkout(WorkoutQuery query, WorkoutPlace? after)
    {
        AddSpan(query.Span);
        if (query.Activity is { } activity) _ofWorkout.Add($"w.activity = {Bind(activity)}");
        if (query.NameAsSent is { } name) _ofWorkout.Add($"w.name_as_sent = {Bind(name)}");
        if (after is { } place) _ofWorkout.Add($"(w.start_at, w.id) < ({Bind(place.StartAt)}, {Bind(place.Id)})");
    }

    // The function looks into the GiST index by itself.
    void AddCircle(GeoCircle circle) => _ofRoute.Add(
        $"""
        st_dwithin(
            r.points, st_setsrid(st_makepoint({Bind(circle.Longitude)}, {Bind(circle.Latitude)}), 4326)::geography,
            {Bind(circle.RadiusMetres)}, false)
        """);

    // The operator goes by boxes in space, which may hold more than is meant; then point by point.
    void AddBox(GeoBox box)
    {
        var (one, other) = box.Longitudes;
        _ofRoute.Add(
            $"""
            r.points && st_geogfromtext({Bind(GeoCorners.Write(box))})
            and exists (
                select
                from st_dumppoints(r.points::geometry) p
                where st_y(p.geom) between {Bind(box.South)} and {Bind(box.North)}
                    and (
                        abs(st_y(p.geom)) = 90
                        or st_x(p.geom) between {Bind(one.First)} and {Bind(one.Last)}
                        or st_x(p.geom) between {Bind(other.First)} and {Bind(other.Last)}))
            """);
    }

    NpgsqlBatchCommand Finish()
    {
        var hasPlace = _ofRoute.Count > 1;
        // Places first, and once: their index is of no use to whoever goes through the workouts in the order of time.
        var places = !hasPlace ? "" :
            $"""
            with places as materialized (
                select r.workout_id
                from workout_routes r
                where {string.Join(" and ", _ofRoute)})

            """;
        _command.CommandText =
            $"""
            {places}select {PostgresWorkoutRow.ListColumns}
            from workouts w
            {(hasPlace ? "join places on places.workout_id = w.id" : "")}
            {PostgresWorkoutRow.ListJoins}
            where {string.Join(" and ", _ofWorkout)}
            order by w.start_at desc, w.id desc
            limit {Last}
            """;
        return _command;
    }

    string Bind(string text)
    {
        Parameters.BindText(text);
        return Last;
    }

    string Bind(Instant instant)
    {
        Parameters.Bind(instant);
        return Last;
    }

    string Bind<T>(T value) where T : struct
    {
        Parameters.Bind(value);
        return Last;
    }
}
