using System.Data;
using HealthExport.Events;
using HealthExport.Time;
using Npgsql;
using NpgsqlTypes;

namespace HealthExport.Storage.Postgres;

/// <summary>Events in PostgreSQL.</summary>
sealed class PostgresEventStore(PostgresDatabase database) : IEventStore
{
    const string Columns =
        """
        e.kind, e.identity, e.start_at, e.end_at, e.utc_offset, e.code, e.text, e.value, e.item_type, e.payload, s.text,
            e.value_code, e.value_text
        """;

    public ValueTask<IReadOnlyList<HealthEvent>> ListAsync(EventQuery query, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(query.Limit);
        return database.ReadAsync(
            async (connection, cancellationToken) =>
            {
                await using var reading = await connection.BeginTransactionAsync(
                    IsolationLevel.RepeatableRead, cancellationToken);
                List<HealthEvent> rows = [];
                if (query.After is not { StartAt.IsNone: true })
                    await AddDatedAsync(connection, query, rows, cancellationToken);
                if (rows.Count < query.Limit && query.Span == default)
                    await AddUndatedAsync(connection, query, rows, cancellationToken);
                return (IReadOnlyList<HealthEvent>)rows;
            },
            cancellationToken);
    }

    public async ValueTask<HealthEvent?> FindAsync(
        long userId, string kind, string identity, CancellationToken cancellationToken)
    {
        // What cannot be stored is not there.
        if (!PostgresText.IsStorable(kind) || !PostgresText.IsStorable(identity)) return null;
        return await database.ReadAsync(
            async (connection, cancellationToken) =>
            {
                await using var find = new NpgsqlCommand(
                    $"""
                    select {Columns}, v.frequency_hz, v.start_at, v.microvolts
                    from health_events e
                    left join sources s on s.user_id = e.user_id and s.id = e.source_id
                    left join ecg_voltages v on v.user_id = e.user_id and v.kind = e.kind and v.identity = e.identity
                    where e.user_id = $1 and e.kind = $2 and e.identity = $3
                    """,
                    connection);
                find.Parameters.Bind(userId).BindText(kind).BindText(identity);
                await using var row = await find.ExecuteReaderAsync(cancellationToken);
                if (!await row.ReadAsync(cancellationToken)) return null;
                return Read(row) with
                {
                    Voltages = row.IsDBNull(13)
                        ? null
                        : new(row.GetDouble(13), row.GetInstant(14), row.GetFieldValue<double[]>(15)),
                };
            },
            cancellationToken);
    }

    static async ValueTask AddDatedAsync(
        NpgsqlConnection connection, EventQuery query, List<HealthEvent> rows, CancellationToken cancellationToken)
    {
        var (from, to) = query.Span.Reach;
        await using var list = new NpgsqlCommand(
            $"""
            select {Columns}
            from health_events e
            left join sources s on s.user_id = e.user_id and s.id = e.source_id
            where e.user_id = $1 and e.start_at >= $2 and e.start_at {(query.Span.To is null ? "<=" : "<")} $3
                and (e.start_at, e.kind collate "C", e.identity collate "C") < ($4, $5, $6)
                and ($7::text is null or e.kind = $7)
                and ($8::timestamptz is null or e.start_at + e.utc_offset * interval '1 minute' >= $8)
                and ($9::timestamptz is null or e.start_at + e.utc_offset * interval '1 minute' < $9)
            order by e.start_at desc, e.kind collate "C" desc, e.identity collate "C" desc
            limit $10
            """,
            connection);
        BindBound(list.Parameters.Bind(query.UserId), from, long.MinValue);
        BindBound(list.Parameters, to, long.MaxValue);
        BindBound(list.Parameters, query.After?.StartAt, long.MaxValue);
        list.Parameters.BindText(query.After?.Kind ?? "").BindText(query.After?.Identity ?? "").BindText(query.Kind)
            .Bind(query.Span.FromMidnight).Bind(query.Span.ToMidnight).Bind(query.Limit);
        await using var row = await list.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken)) rows.Add(Read(row));
    }

    static async ValueTask AddUndatedAsync(
        NpgsqlConnection connection, EventQuery query, List<HealthEvent> rows, CancellationToken cancellationToken)
    {
        var after = query.After is { StartAt.IsNone: true } place ? place : (EventPlace?)null;
        await using var list = new NpgsqlCommand(
            $"""
            select {Columns}
            from health_events e
            left join sources s on s.user_id = e.user_id and s.id = e.source_id
            where e.user_id = $1 and e.start_at is null
                and ($2::text is null or (e.kind collate "C", e.identity collate "C") < ($2, $3))
                and ($4::text is null or e.kind = $4)
            order by e.kind collate "C" desc, e.identity collate "C" desc
            limit $5
            """,
            connection);
        list.Parameters.Bind(query.UserId).BindText(after?.Kind).BindText(after?.Identity).BindText(query.Kind)
            .Bind(query.Limit - rows.Count);
        await using var row = await list.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken)) rows.Add(Read(row));
    }

    // The server takes the ends of int64 for its infinities.
    static void BindBound(NpgsqlParameterCollection parameters, Instant? bound, long infinity) => parameters.Add(
        new NpgsqlParameter<long>
        {
            TypedValue = bound?.ToServer() ?? infinity, NpgsqlDbType = NpgsqlDbType.TimestampTz,
        });

    static HealthEvent Read(NpgsqlDataReader row) => new()
    {
        Kind = row.GetString(0),
        Identity = row.GetString(1),
        StartAt = row.GetInstant(2),
        EndAt = row.GetInstant(3),
        OffsetMinutes = row.GetInt16(4),
        Code = row.FindString(5),
        Text = row.FindString(6),
        Value = row.FindDouble(7),
        ItemType = row.GetString(8),
        Payload = row.GetFieldValue<byte[]>(9),
        Source = row.FindString(10),
        ValueCode = row.FindString(11),
        ValueText = row.FindString(12),
    };
}
