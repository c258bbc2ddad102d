using HealthExport.Workouts;

namespace HealthExport.Storage.Sqlite;

sealed partial class SqlitePushTransaction
{
    List<WorkoutSeries> ReadSeries(Guid workout)
    {
        using var list = _session.Prepare(
            """
            select name, unit, times, vals, mins, maxs
            from workout_series
            where user_id = ?1 and workout_id = ?2
            order by name
            """);
        list.Bind(1, User).Bind(2, workout);
        var series = new List<WorkoutSeries>();
        while (list.Step())
        {
            series.Add(new(
                list.GetString(0), list.GetString(1),
                LittleEndian.ReadInstants(list.GetBlob(2)), LittleEndian.ReadDoubles(list.GetBlob(3)),
                list.IsNull(4) ? null : LittleEndian.ReadDoubles(list.GetBlob(4)),
                list.IsNull(5) ? null : LittleEndian.ReadDoubles(list.GetBlob(5))));
        }
        return series;
    }

    WorkoutRoute? ReadRoute(Guid workout)
    {
        using var find = _session.Prepare(
            """
            select points
            from workout_routes
            where user_id = ?1 and workout_id = ?2
            """);
        return find.Bind(1, User).Bind(2, workout).Step() ? RouteBlob.Read(find.GetBlob(0)) : null;
    }

    void WriteSeries(Guid workout, WorkoutSeries series)
    {
        using var write = _session.Prepare(
            """
            insert into workout_series (user_id, workout_id, name, unit, count, times, vals, mins, maxs)
            values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
            on conflict (user_id, workout_id, name) do update
            set unit = excluded.unit, count = excluded.count, times = excluded.times, vals = excluded.vals,
                mins = excluded.mins, maxs = excluded.maxs
            """);
        write.Bind(1, User).Bind(2, workout).Bind(3, series.Name).Bind(4, series.Unit).Bind(5, series.Times.Length)
            .Bind(6, LittleEndian.ToBytes(series.Times)).Bind(7, LittleEndian.ToBytes(series.Values))
            .Bind(8, series.Min is null ? null : LittleEndian.ToBytes(series.Min))
            .Bind(9, series.Max is null ? null : LittleEndian.ToBytes(series.Max)).Run();
    }

    void WriteRoute(Guid workout, WorkoutRoute route)
    {
        using var write = _session.Prepare(
            """
            insert into workout_routes (user_id, workout_id, count, points)
            values (?1, ?2, ?3, ?4)
            on conflict (user_id, workout_id) do update
            set count = excluded.count, points = excluded.points
            """);
        write.Bind(1, User).Bind(2, workout).Bind(3, route.Count).Bind(4, RouteBlob.Write(route)).Run();

        // The tree keeps 32-bit numbers, rounded outwards, so that the box always holds the route.
        using var box = _session.Prepare(
            """
            insert or replace into workout_route_boxes (id, min_lon, max_lon, min_lat, max_lat)
            select rowid, ?3, ?4, ?5, ?6
            from workout_routes
            where user_id = ?1 and workout_id = ?2
            """);
        box.Bind(1, User).Bind(2, workout)
            .Bind(3, route.Longitudes.Min()).Bind(4, route.Longitudes.Max())
            .Bind(5, route.Latitudes.Min()).Bind(6, route.Latitudes.Max()).Run();
    }
}
