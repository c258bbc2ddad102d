using HealthExport.Sleep;
using HealthExport.Time;

namespace HealthExport.Storage.Sqlite;

/// <summary>Sleep in the database file.</summary>
sealed class SqliteSleepStore(SqliteDatabase database) : ISleepStore
{
    public ValueTask<IReadOnlyList<SleepStage>> ListStagesAsync(
        long userId, Instant from, Instant to, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var reader = database.RentReader();
        using var list = reader.Session.Prepare(
            """
            select s.start_at, s.end_at, s.utc_offset, s.stage, s.stage_as_sent, s.extra, src.text
            from sleep_stages s
            left join sources src on src.user_id = s.user_id and src.id = s.source_id
            where s.user_id = ?1 and s.start_at >= ?2 and s.start_at < ?3
            order by s.start_at, s.stage, s.source_id
            """);
        list.Bind(1, userId).Bind(2, from).Bind(3, to);
        List<SleepStage> stages = [];
        while (list.Step())
            stages.Add(new()
            {
                StartAt = list.GetInstant(0),
                EndAt = list.GetInstant(1),
                OffsetMinutes = (short)list.GetInt64(2),
                Stage = list.GetString(3),
                StageAsSent = list.FindString(4),
                Extra = list.FindString(5),
                Source = list.FindString(6),
            });
        return new(stages);
    }

    public ValueTask<IReadOnlyList<SleepSession>> ListSessionsAsync(
        long userId, Instant from, Instant to, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var reader = database.RentReader();
        using var list = reader.Session.Prepare(
            $"""
            select {SessionColumns}, src.text
            from sleep_sessions s
            left join sources src on src.user_id = s.user_id and src.id = s.source_id
            where s.user_id = ?1 and s.start_at >= ?2 and s.start_at < ?3
            order by s.start_at, s.source_id
            """);
        list.Bind(1, userId).Bind(2, from).Bind(3, to);
        List<SleepSession> sessions = [];
        while (list.Step()) sessions.Add(ReadSession(list, list.FindString(SessionWidth)));
        return new(sessions);
    }

    public ValueTask<(Instant First, Instant Last)?> FindEndsAsync(long userId, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var reader = database.RentReader();
        // Each by itself is one look at the key.
        using var find = reader.Session.Prepare(
            """
            select min(first), max(last)
            from (
                select (select min(start_at) from sleep_stages where user_id = ?1) as first,
                    (select max(start_at) from sleep_stages where user_id = ?1) as last
                union all
                select (select min(start_at) from sleep_sessions where user_id = ?1),
                    (select max(start_at) from sleep_sessions where user_id = ?1))
            """);
        find.Bind(1, userId).Step();
        return new(find.FindInstant(0) is { } first ? (first, find.GetInstant(1)) : null);
    }

    /// <summary>What <see cref="ReadSession"/> reads, from the first column on.</summary>
    internal const string SessionColumns =
        """
        start_at, end_at, utc_offset, in_bed_start_at, in_bed_end_at, in_bed_minutes, asleep_minutes, core_minutes,
            deep_minutes, rem_minutes, awake_minutes, extra
        """;

    /// <summary>Where the columns that follow <see cref="SessionColumns"/> begin.</summary>
    internal const int SessionWidth = 12;

    internal static SleepSession ReadSession(SqliteStatement row, string? source) => new()
    {
        StartAt = row.GetInstant(0),
        EndAt = row.GetInstant(1),
        OffsetMinutes = (short)row.GetInt64(2),
        InBedStartAt = row.GetInstant(3),
        InBedEndAt = row.GetInstant(4),
        InBedMinutes = row.FindDouble(5),
        AsleepMinutes = row.FindDouble(6),
        CoreMinutes = row.FindDouble(7),
        DeepMinutes = row.FindDouble(8),
        RemMinutes = row.FindDouble(9),
        AwakeMinutes = row.FindDouble(10),
        Extra = row.FindString(11),
        Source = source,
    };
}
