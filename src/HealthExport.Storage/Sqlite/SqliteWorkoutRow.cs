using HealthExport.Workouts;

namespace HealthExport.Storage.Sqlite;

/// <summary>A row of <c>workouts</c>, and what belongs to it, as domain values.</summary>
static class SqliteWorkoutRow
{
    public const int SourceColumn = 22;
    public const int IngestionColumn = 24;

    /// <summary>What comes after <see cref="Columns"/>.</summary>
    public const int Next = 25;

    /// <summary>Of <c>workouts w</c>.</summary>
    public const string Columns =
        """
        w.id, w.id_is_made, w.activity, w.name_as_sent, w.start_at, w.end_at, w.utc_offset, w.stamp_precision,
            w.duration_s, w.active_energy_kcal, w.total_energy_kcal, w.distance_m, w.heart_rate_min, w.heart_rate_avg,
            w.heart_rate_max, w.elevation_up_m, w.elevation_down_m, w.speed_avg_mps, w.speed_max_mps,
            w.step_cadence_per_min, w.is_indoor, w.location, w.source_id, w.details, w.ingestion
        """;

    /// <summary>The same, then the source's text and whether there is a route, of a list as <c>w</c>.</summary>
    public const string ColumnsOfList = $"{Columns}, w.text, w.has_route";

    /// <summary>All but source, series and route.</summary>
    public static Workout Read(SqliteStatement row) => new()
    {
        Id = row.GetGuid(0),
        IdIsMade = row.GetBoolean(1),
        Activity = row.FindString(2),
        NameAsSent = row.GetString(3),
        StartAt = row.GetInstant(4),
        EndAt = row.GetInstant(5),
        OffsetMinutes = (short)row.GetInt64(6),
        StampPrecision = row.GetInt64(7),
        DurationSeconds = row.FindDouble(8),
        ActiveEnergyKcal = row.FindDouble(9),
        TotalEnergyKcal = row.FindDouble(10),
        DistanceMetres = row.FindDouble(11),
        HeartRateMin = row.FindDouble(12),
        HeartRateAvg = row.FindDouble(13),
        HeartRateMax = row.FindDouble(14),
        ElevationUpMetres = row.FindDouble(15),
        ElevationDownMetres = row.FindDouble(16),
        SpeedAvgMetresPerSecond = row.FindDouble(17),
        SpeedMaxMetresPerSecond = row.FindDouble(18),
        StepCadencePerMinute = row.FindDouble(19),
        IsIndoor = row.IsNull(20) ? null : row.GetBoolean(20),
        Location = row.FindString(21),
        Details = row.FindString(23),
    };

    /// <summary>The series of one workout, by name.</summary>
    public static List<WorkoutSeries> ReadSeries(SqliteSession session, long userId, Guid workout)
    {
        using var list = session.Prepare(
            """
            select name, unit, times, vals, mins, maxs
            from workout_series
            where user_id = ?1 and workout_id = ?2
            order by name
            """);
        list.Bind(1, userId).Bind(2, workout);
        List<WorkoutSeries> series = [];
        while (list.Step())
            series.Add(new(
                list.GetString(0), list.GetString(1),
                LittleEndian.ReadInstants(list.GetBlob(2)), LittleEndian.ReadDoubles(list.GetBlob(3)),
                list.IsNull(4) ? null : LittleEndian.ReadDoubles(list.GetBlob(4)),
                list.IsNull(5) ? null : LittleEndian.ReadDoubles(list.GetBlob(5))));
        return series;
    }

    /// <summary>The route of one workout; null if it has none.</summary>
    public static WorkoutRoute? FindRoute(SqliteSession session, long userId, Guid workout)
    {
        using var find = session.Prepare(
            """
            select points
            from workout_routes
            where user_id = ?1 and workout_id = ?2
            """);
        return find.Bind(1, userId).Bind(2, workout).Step() ? RouteBlob.Read(find.GetBlob(0)) : null;
    }
}
