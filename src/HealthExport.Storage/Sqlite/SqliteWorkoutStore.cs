using HealthExport.Stores;
using HealthExport.Time;
using HealthExport.Workouts;

namespace HealthExport.Storage.Sqlite;

/// <summary>
/// Workouts in the database file. What is asked for by place comes from the tree of boxes first, which may hold more
/// than is meant, and then by each route's points.
/// </summary>
sealed class SqliteWorkoutStore(SqliteDatabase database) : IWorkoutStore
{
    const int PointsColumn = SqliteWorkoutRow.Next + 2;

    // Null for no condition: one text for every query but the place, so that few are kept prepared. The start decides
    // what is looked at; the rest is compared row by row.
    const string Conditions =
        """
        w.user_id = ?1 and w.start_at between ?2 and ?3
            and (w.start_at, w.id) < (?4, ?5)
            and (?6 is null or w.start_at + w.utc_offset * 60000000 >= ?6)
            and (?7 is null or w.start_at + w.utc_offset * 60000000 < ?7)
            and (?8 is null or w.activity = ?8)
            and (?9 is null or w.name_as_sent = ?9)
        """;

    public const string ListAll =
        $"""
        select {SqliteWorkoutRow.Columns}, s.text, exists (
            select 1
            from workout_routes r
            where r.user_id = w.user_id and r.workout_id = w.id)
        from workouts w
        left join sources s on s.user_id = w.user_id and s.id = w.source_id
        where {Conditions}
        order by w.start_at desc, w.id desc
        """;

    // A box that wraps is two. Cross joins keep the order: the tree first. Points are fetched row by row of what is in
    // order already, because sorting would carry every route along; the limit keeps the two selects from being merged
    // into one that does.
    public const string ListInBoxes =
        $"""
        with boxes (id) as (
            select id
            from workout_route_boxes
            where min_lat <= ?11 and max_lat >= ?10 and min_lon <= ?13 and max_lon >= ?12
            union
            select id
            from workout_route_boxes
            where min_lat <= ?11 and max_lat >= ?10 and min_lon <= ?15 and max_lon >= ?14)
        select {SqliteWorkoutRow.ColumnsOfList}, (
            select p.points
            from workout_routes p
            where p.rowid = w.route)
        from (
            select {SqliteWorkoutRow.Columns}, s.text, 1 as has_route, r.rowid as route
            from boxes b
            cross join workout_routes r on r.rowid = b.id and r.user_id = ?1
            cross join workouts w on w.user_id = r.user_id and w.id = r.workout_id
            left join sources s on s.user_id = w.user_id and s.id = w.source_id
            where {Conditions}
            order by w.start_at desc, w.id desc
            limit -1) w
        """;

    public ValueTask<Page<WorkoutRow>> ListAsync(WorkoutQuery query, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(query.Limit);
        var after = WorkoutPlace.FromCursor(query);
        using var reader = database.RentReader();
        var session = reader.Session;
        session.BeginRead();
        var area = query.Near?.Bounds ?? query.Box;
        using var list = session.Prepare(area is null ? ListAll : ListInBoxes);
        Bind(list, query, after);
        if (area is { } box) Bind(list, box);

        List<WorkoutRow> rows = [];
        while (list.Step())
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (area is not null && !IsThere(query, list.GetBlob(PointsColumn))) continue;
            if (rows.Count == query.Limit)
                return new(new Page<WorkoutRow>(rows, WorkoutPlace.Of(rows[^1]).ToCursor(query)));
            rows.Add(Read(list));
        }
        return new(new Page<WorkoutRow>(rows, null));
    }

    public ValueTask<IReadOnlyList<WorkoutSum>> SumAsync(
        long userId, TimeSpanBounds span, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var reader = database.RentReader();
        using var list = reader.Session.Prepare(
            """
            select activity, case when activity is null then name_as_sent end as name, count(*),
                sum(coalesce(duration_s, (end_at - start_at) / 1e6)), sum(active_energy_kcal), sum(distance_m)
            from workouts
            where user_id = ?1 and start_at between ?2 and ?3
                and (?4 is null or start_at + utc_offset * 60000000 >= ?4)
                and (?5 is null or start_at + utc_offset * 60000000 < ?5)
            group by activity, name
            """);
        var (from, to) = span.Reach;
        list.Bind(1, userId).Bind(2, from?.Microseconds ?? long.MinValue).Bind(3, BeforeOrAt(to, span))
            .Bind(4, span.FromMidnight).Bind(5, span.ToMidnight);
        List<WorkoutSum> sums = [];
        while (list.Step())
            sums.Add(new(
                list.FindString(0), list.FindString(1), list.GetInt64(2), list.GetDouble(3), list.FindDouble(4),
                list.FindDouble(5)));
        return new(sums);
    }

    public ValueTask<WorkoutRow?> FindAsync(long userId, Guid id, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var reader = database.RentReader();
        var session = reader.Session;
        session.BeginRead();
        if (Find(session, userId, id) is not { } row) return new((WorkoutRow?)null);
        var series = SqliteWorkoutRow.ReadSeries(session, userId, id);
        return new(row with { Workout = row.Workout with { Series = series } });
    }

    public ValueTask<Workout?> FindRouteAsync(long userId, Guid id, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var reader = database.RentReader();
        var session = reader.Session;
        session.BeginRead();
        return new(Find(session, userId, id) is { HasRoute: true } row
            ? row.Workout with { Route = SqliteWorkoutRow.FindRoute(session, userId, id) }
            : null);
    }

    static WorkoutRow? Find(SqliteSession session, long userId, Guid id)
    {
        using var find = session.Prepare(
            $"""
            select {SqliteWorkoutRow.Columns}, s.text, exists (
                select 1
                from workout_routes r
                where r.user_id = w.user_id and r.workout_id = w.id)
            from workouts w
            left join sources s on s.user_id = w.user_id and s.id = w.source_id
            where w.user_id = ?1 and w.id = ?2
            """);
        return find.Bind(1, userId).Bind(2, id).Step() ? Read(find) : null;
    }

    static bool IsThere(WorkoutQuery query, ReadOnlySpan<byte> route)
    {
        var (latitudes, longitudes) = RouteBlob.ReadPlaces(route);
        return query.Near?.Meets(latitudes, longitudes) != false
            && query.Box?.ContainsAny(latitudes, longitudes) != false;
    }

    static void Bind(SqliteStatement list, WorkoutQuery query, WorkoutPlace? after)
    {
        var (from, to) = query.Span.Reach;
        list.Bind(1, query.UserId)
            .Bind(2, from?.Microseconds ?? long.MinValue).Bind(3, BeforeOrAt(to, query.Span))
            .Bind(4, after?.StartAt.Microseconds ?? long.MaxValue);
        if (after is { } place) list.Bind(5, place.Id);
        else list.Bind(5, ReadOnlySpan<byte>.Empty);
        list.Bind(6, query.Span.FromMidnight).Bind(7, query.Span.ToMidnight)
            .Bind(8, query.Activity).Bind(9, query.NameAsSent);
    }

    static void Bind(SqliteStatement list, GeoBox area)
    {
        var (one, other) = area.Longitudes;
        list.Bind(10, area.South).Bind(11, area.North)
            .Bind(12, one.First).Bind(13, one.Last).Bind(14, other.First).Bind(15, other.Last);
    }

    // An instant as the end is exclusive; a date's reach is only a first sieve.
    static long BeforeOrAt(Instant? to, TimeSpanBounds span) =>
        to is not { } end ? long.MaxValue : span.To is null ? end.Microseconds : end.Microseconds - 1;

    static WorkoutRow Read(SqliteStatement row) => new(
        SqliteWorkoutRow.Read(row) with { Source = row.FindString(SqliteWorkoutRow.Next) },
        row.GetBoolean(SqliteWorkoutRow.Next + 1));
}
