using HealthExport.Workouts;
using Npgsql;

namespace HealthExport.Storage.Postgres;

/// <summary>A row of <c>workouts</c>, and what belongs to it, as domain values.</summary>
static class PostgresWorkoutRow
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

    /// <summary>Of <c>workouts w</c> and <see cref="ListJoins"/>: then the source's text, and whether there is a route.
    /// </summary>
    public const string ListColumns = $"{Columns}, s.text, r.workout_id is not null";

    // Joined, not asked for by EXISTS: that is answered by hashing every route there is.
    public const string ListJoins =
        """
        left join sources s on s.user_id = w.user_id and s.id = w.source_id
        left join workout_routes r on r.user_id = w.user_id and r.workout_id = w.id
        """;

    /// <summary>Of <c>workout_series s</c>.</summary>
    public const string SeriesColumns = "s.name, s.unit, s.times, s.vals, s.mins, s.maxs";

    /// <summary>Of <c>workout_routes r</c>.</summary>
    public const string RouteColumns =
        """
        r.count, st_asewkb(r.points::geometry, 'NDR'), r.speeds, r.courses, r.horizontal_accuracies,
            r.vertical_accuracies, r.speed_accuracies, r.course_accuracies
        """;

    /// <summary>All but source, series and route.</summary>
    public static Workout Read(NpgsqlDataReader row) => new()
    {
        Id = row.GetGuid(0),
        IdIsMade = row.GetBoolean(1),
        Activity = row.FindString(2),
        NameAsSent = row.GetString(3),
        StartAt = row.GetInstant(4),
        EndAt = row.GetInstant(5),
        OffsetMinutes = row.GetInt16(6),
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
        IsIndoor = row.IsDBNull(20) ? null : row.GetBoolean(20),
        Location = row.FindString(21),
        Details = row.FindString(23),
    };

    /// <param name="at">Where <see cref="SeriesColumns"/> begin.</param>
    public static WorkoutSeries ReadSeries(NpgsqlDataReader row, int at) => new(
        row.GetString(at), row.GetString(at + 1),
        Array.ConvertAll(row.GetFieldValue<long[]>(at + 2), PostgresValues.FromServer),
        row.GetFieldValue<double[]>(at + 3), FindArray(row, at + 4), FindArray(row, at + 5));

    /// <param name="at">Where <see cref="RouteColumns"/> begin.</param>
    public static WorkoutRoute ReadRoute(NpgsqlDataReader row, int at)
    {
        var (times, latitudes, longitudes, altitudes) =
            RouteEwkb.Read(row.GetFieldValue<byte[]>(at + 1), row.GetInt32(at));
        return new()
        {
            Times = times,
            Latitudes = latitudes,
            Longitudes = longitudes,
            Altitudes = altitudes,
            Speeds = FindArray(row, at + 2),
            Courses = FindArray(row, at + 3),
            HorizontalAccuracies = FindArray(row, at + 4),
            VerticalAccuracies = FindArray(row, at + 5),
            SpeedAccuracies = FindArray(row, at + 6),
            CourseAccuracies = FindArray(row, at + 7),
        };
    }

    static double[]? FindArray(NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? null : row.GetFieldValue<double[]>(column);
}
