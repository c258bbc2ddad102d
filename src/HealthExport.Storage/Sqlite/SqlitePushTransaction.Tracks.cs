using HealthExport.Workouts;

namespace HealthExport.Storage.Sqlite;

sealed partial class SqlitePushTransaction
{
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
        var bounds = GeoBox.OfLine(route.Latitudes, route.Longitudes);
        box.Bind(1, User).Bind(2, workout)
            .Bind(3, bounds.West).Bind(4, bounds.East).Bind(5, bounds.South).Bind(6, bounds.North).Run();
    }
}
