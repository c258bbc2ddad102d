using HealthExport.Sleep;
using HealthExport.Time;
using Npgsql;

namespace HealthExport.Storage.Postgres;

/// <summary>Sleep in PostgreSQL.</summary>
sealed class PostgresSleepStore(PostgresDatabase database) : ISleepStore
{
    public ValueTask<IReadOnlyList<SleepStage>> ListStagesAsync(
        long userId, Instant from, Instant to, CancellationToken cancellationToken) =>
        ListAsync(
            """
            select s.start_at, s.end_at, s.utc_offset, s.stage, s.stage_as_sent, s.extra, src.text
            from sleep_stages s
            left join sources src on src.user_id = s.user_id and src.id = s.source_id
            where s.user_id = $1 and s.start_at >= $2 and s.start_at < $3
            order by s.start_at, s.stage collate "C", s.source_id
            """,
            row => new SleepStage
            {
                StartAt = row.GetInstant(0),
                EndAt = row.GetInstant(1),
                OffsetMinutes = row.GetInt16(2),
                Stage = row.GetString(3),
                StageAsSent = row.FindString(4),
                Extra = row.FindString(5),
                Source = row.FindString(6),
            },
            userId, from, to, cancellationToken);

    public ValueTask<IReadOnlyList<SleepSession>> ListSessionsAsync(
        long userId, Instant from, Instant to, CancellationToken cancellationToken) =>
        ListAsync(
            $"""
            select {SessionColumns}, src.text
            from sleep_sessions s
            left join sources src on src.user_id = s.user_id and src.id = s.source_id
            where s.user_id = $1 and s.start_at >= $2 and s.start_at < $3
            order by s.start_at, s.source_id
            """,
            row => ReadSession(row, row.FindString(SessionWidth)),
            userId, from, to, cancellationToken);

    public ValueTask<(Instant First, Instant Last)?> FindEndsAsync(
        long userId, CancellationToken cancellationToken) =>
        database.ReadAsync<(Instant, Instant)?>(
            async (connection, cancellationToken) =>
            {
                // Each by itself is one look at the key.
                await using var find = new NpgsqlCommand(
                    """
                    select least(
                            (select min(start_at) from sleep_stages where user_id = $1),
                            (select min(start_at) from sleep_sessions where user_id = $1)),
                        greatest(
                            (select max(start_at) from sleep_stages where user_id = $1),
                            (select max(start_at) from sleep_sessions where user_id = $1))
                    """,
                    connection);
                find.Parameters.Bind(userId);
                await using var row = await find.ExecuteReaderAsync(cancellationToken);
                await row.ReadAsync(cancellationToken);
                return row.FindInstant(0) is { } first ? (first, row.GetInstant(1)) : null;
            },
            cancellationToken);

    ValueTask<IReadOnlyList<T>> ListAsync<T>(
        string sql, Func<NpgsqlDataReader, T> read, long userId, Instant from, Instant to,
        CancellationToken cancellationToken) =>
        database.ReadAsync(
            async (connection, cancellationToken) =>
            {
                await using var list = new NpgsqlCommand(sql, connection);
                list.Parameters.Bind(userId).Bind(from).Bind(to);
                await using var row = await list.ExecuteReaderAsync(cancellationToken);
                List<T> rows = [];
                while (await row.ReadAsync(cancellationToken)) rows.Add(read(row));
                return (IReadOnlyList<T>)rows;
            },
            cancellationToken);

    /// <summary>What <see cref="ReadSession"/> reads, from the first column on.</summary>
    internal const string SessionColumns =
        """
        start_at, end_at, utc_offset, in_bed_start_at, in_bed_end_at, in_bed_minutes, asleep_minutes, core_minutes,
            deep_minutes, rem_minutes, awake_minutes, extra
        """;

    /// <summary>Where the columns that follow <see cref="SessionColumns"/> begin.</summary>
    internal const int SessionWidth = 12;

    internal static SleepSession ReadSession(NpgsqlDataReader row, string? source) => new()
    {
        StartAt = row.GetInstant(0),
        EndAt = row.GetInstant(1),
        OffsetMinutes = row.GetInt16(2),
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
