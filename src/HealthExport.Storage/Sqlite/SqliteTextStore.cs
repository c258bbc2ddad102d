using HealthExport.Texts;
using HealthExport.Time;

namespace HealthExport.Storage.Sqlite;

/// <summary>Texts without a code in the database file.</summary>
sealed partial class SqliteTextStore(SqliteDatabase database, TimeProvider clock) : ITextStore
{
    static readonly string s_list = MakeList();

    public ValueTask<IReadOnlyList<UnmappedText>> ListAsync(
        long userId, TextPlace? after, int limit, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        using var reader = database.RentReader();
        using var list = reader.Session.Prepare(s_list);
        list.Bind(1, userId).Bind(2, limit).Bind(3, after?.Kind ?? "").Bind(4, after?.Text ?? "");
        List<UnmappedText> texts = [];
        while (list.Step())
            texts.Add(new(
                TextKind.All[list.GetInt32(0)], list.GetString(1), list.GetInt64(2), list.GetInstant(3),
                list.GetInstant(4)));
        return new(texts);
    }

    public ValueTask<IReadOnlyList<EventWithoutValue>> ListWithoutValueAsync(
        long userId, string eventKind, string afterIdentity, int limit, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        using var reader = database.RentReader();
        using var list = reader.Session.Prepare(
            """
            select identity, payload, ingestion
            from health_events
            where user_id = ?1 and kind = ?2 and identity > ?3 and value_text is null
            order by identity
            limit ?4
            """);
        list.Bind(1, userId).Bind(2, eventKind).Bind(3, afterIdentity).Bind(4, limit);
        List<EventWithoutValue> events = [];
        while (list.Step())
            events.Add(new(eventKind, list.GetString(0), list.GetBlob(1).ToArray(), list.GetInt64(2)));
        return new(events);
    }

    public async ValueTask<int> SetValuesAsync(
        long userId, IReadOnlyList<(EventWithoutValue Event, EventValue Value)> values,
        CancellationToken cancellationToken)
    {
        using var writer = await database.RentWriterAsync(cancellationToken);
        var session = writer.Session;
        session.Begin();
        var rows = 0;
        if (SqliteUserStore.IsPresent(session, userId))
        {
            using var set = session.Prepare(
                """
                update health_events
                set value_text = ?5, value_code = ?6
                where user_id = ?1 and kind = ?2 and identity = ?3 and ingestion = ?4 and value_text is null
                """);
            foreach (var (one, value) in values)
                rows += set.Bind(1, userId).Bind(2, one.Kind).Bind(3, one.Identity).Bind(4, one.Push)
                    .Bind(5, value.Text).Bind(6, value.Code).Run();
        }
        Commit(session, userId, rows);
        return rows;
    }

    public ValueTask<long?> FindUserToMapAsync(long afterUserId, long table, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var reader = database.RentReader();
        using var find = reader.Session.Prepare(
            """
            select id
            from users
            where id > ?1 and mapped_by is not ?2 and erasing_since is null
            order by id
            limit 1
            """);
        return new(find.Bind(1, afterUserId).Bind(2, table).Step() ? find.GetInt64(0) : null);
    }

    public async ValueTask MarkMappedAsync(long userId, long table, CancellationToken cancellationToken)
    {
        using var writer = await database.RentWriterAsync(cancellationToken);
        var session = writer.Session;
        session.Begin();
        using (var mark = session.Prepare("update users set mapped_by = ?2 where id = ?1"))
            mark.Bind(1, userId).Bind(2, table).Run();
        session.Commit();
    }

    void Commit(SqliteSession session, long userId, long changed)
    {
        if (changed > 0)
            SqlitePushTransaction.RaiseDataVersion(session, userId, Instant.From(clock.GetUtcNow()));
        session.Commit();
    }

    // Each part goes along its index no further than the page is long. No text is empty: a part before the place has
    // nothing after null, one behind it everything after the empty text.
    static string MakeList()
    {
        var parts = TextKind.All.Select((kind, at) =>
        {
            var rows = UnmappedRows.Of(kind);
            return $"""
                select *
                from (
                    select {at} as kind, {rows.Shown} as text, count(*) as count, min(start_at) as first_at,
                        max(start_at) as last_at
                    from {rows.Table}
                    where user_id = ?1 and {rows.Condition}
                        and {rows.Shown} > case when ?3 < '{kind.Name}' then '' when ?3 = '{kind.Name}' then ?4 end
                    group by {rows.Shown}
                    order by {rows.Shown}
                    limit ?2)
                """;
        });
        return $"""
            select kind, text, count, first_at, last_at
            from (
                {string.Join("\nunion all\n", parts)})
            order by kind, text
            limit ?2
            """;
    }
}
