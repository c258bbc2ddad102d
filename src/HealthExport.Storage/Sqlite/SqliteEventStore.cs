using HealthExport.Events;

namespace HealthExport.Storage.Sqlite;

/// <summary>Events in the database file.</summary>
sealed class SqliteEventStore(SqliteDatabase database) : IEventStore
{
    const string Columns =
        """
        e.kind, e.identity, e.start_at, e.end_at, e.utc_offset, e.code, e.text, e.value, e.item_type, e.payload, s.text,
            e.value_code, e.value_text
        """;

    public ValueTask<IReadOnlyList<HealthEvent>> ListAsync(EventQuery query, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(query.Limit);
        using var reader = database.RentReader();
        var session = reader.Session;
        session.BeginRead();
        List<HealthEvent> rows = [];
        if (query.After is not { StartAt.IsNone: true }) AddDated(session, query, rows);
        if (rows.Count < query.Limit && query.Span == default) AddUndated(session, query, rows);
        return new(rows);
    }

    public ValueTask<HealthEvent?> FindAsync(
        long userId, string kind, string identity, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var reader = database.RentReader();
        using var find = reader.Session.Prepare(
            $"""
            select {Columns}, v.frequency_hz, v.start_at, v.microvolts
            from health_events e
            left join sources s on s.user_id = e.user_id and s.id = e.source_id
            left join ecg_voltages v on v.user_id = e.user_id and v.kind = e.kind and v.identity = e.identity
            where e.user_id = ?1 and e.kind = ?2 and e.identity = ?3
            """);
        if (!find.Bind(1, userId).Bind(2, kind).Bind(3, identity).Step()) return new((HealthEvent?)null);
        return new(Read(find) with
        {
            Voltages = find.IsNull(13)
                ? null
                : new(find.GetDouble(13), find.GetInstant(14), LittleEndian.ReadDoubles(find.GetBlob(15))),
        });
    }

    static void AddDated(SqliteSession session, EventQuery query, List<HealthEvent> rows)
    {
        var (from, to) = query.Span.Reach;
        using var list = session.Prepare(
            $"""
            select {Columns}
            from health_events e
            left join sources s on s.user_id = e.user_id and s.id = e.source_id
            where e.user_id = ?1 and e.start_at between ?2 and ?3
                and (e.start_at, e.kind, e.identity) < (?4, ?5, ?6)
                and (?7 is null or e.kind = ?7)
                and (?8 is null or e.start_at + e.utc_offset * 60000000 >= ?8)
                and (?9 is null or e.start_at + e.utc_offset * 60000000 < ?9)
            order by e.start_at desc, e.kind desc, e.identity desc
            limit ?10
            """);
        list.Bind(1, query.UserId).Bind(2, from?.Microseconds ?? long.MinValue)
            .Bind(3, to is not { } end ? long.MaxValue : end.Microseconds - (query.Span.To is null ? 0 : 1))
            .Bind(4, query.After?.StartAt.Microseconds ?? long.MaxValue)
            .Bind(5, query.After?.Kind ?? "").Bind(6, query.After?.Identity ?? "").Bind(7, query.Kind)
            .Bind(8, query.Span.FromMidnight).Bind(9, query.Span.ToMidnight).Bind(10, query.Limit);
        while (list.Step()) rows.Add(Read(list));
    }

    static void AddUndated(SqliteSession session, EventQuery query, List<HealthEvent> rows)
    {
        var after = query.After is { StartAt.IsNone: true } place ? place : (EventPlace?)null;
        using var list = session.Prepare(
            $"""
            select {Columns}
            from health_events e
            left join sources s on s.user_id = e.user_id and s.id = e.source_id
            where e.user_id = ?1 and e.start_at is null
                and (?2 is null or (e.kind, e.identity) < (?2, ?3))
                and (?4 is null or e.kind = ?4)
            order by e.kind desc, e.identity desc
            limit ?5
            """);
        list.Bind(1, query.UserId).Bind(2, after?.Kind).Bind(3, after?.Identity).Bind(4, query.Kind)
            .Bind(5, query.Limit - rows.Count);
        while (list.Step()) rows.Add(Read(list));
    }

    static HealthEvent Read(SqliteStatement row) => new()
    {
        Kind = row.GetString(0),
        Identity = row.GetString(1),
        StartAt = row.GetInstant(2),
        EndAt = row.GetInstant(3),
        OffsetMinutes = (short)row.GetInt64(4),
        Code = row.FindString(5),
        Text = row.FindString(6),
        Value = row.FindDouble(7),
        ItemType = row.GetString(8),
        Payload = row.GetBlob(9).ToArray(),
        Source = row.FindString(10),
        ValueCode = row.FindString(11),
        ValueText = row.FindString(12),
    };
}
