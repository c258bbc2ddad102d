using HealthExport.Texts;
using HealthExport.Time;
using Npgsql;

namespace HealthExport.Storage.Postgres;

/// <summary>Texts without a code in PostgreSQL.</summary>
sealed partial class PostgresTextStore(PostgresDatabase database) : ITextStore
{
    static readonly string s_list = MakeList();

    public ValueTask<IReadOnlyList<UnmappedText>> ListAsync(
        long userId, TextPlace? after, int limit, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        return database.ReadAsync(
            async (connection, cancellationToken) =>
            {
                await using var reading = await connection.BeginTransactionAsync(cancellationToken);
                await using var batch = new NpgsqlBatch(connection);
                batch.AddPlannerSettings();
                batch.Add(s_list).Bind(userId).Bind(limit).BindText(after?.Kind ?? "").BindText(after?.Text ?? "");
                await using var row = await batch.ExecuteReaderAsync(cancellationToken);
                await row.NextResultAsync(cancellationToken);
                List<UnmappedText> texts = [];
                while (await row.ReadAsync(cancellationToken))
                    texts.Add(new(
                        TextKind.All[row.GetInt32(0)], row.GetString(1), row.GetInt64(2), row.GetInstant(3),
                        row.GetInstant(4)));
                return (IReadOnlyList<UnmappedText>)texts;
            },
            cancellationToken);
    }

    public ValueTask<IReadOnlyList<EventWithoutValue>> ListWithoutValueAsync(
        long userId, string eventKind, string afterIdentity, int limit, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        return database.ReadAsync(
            async (connection, cancellationToken) =>
            {
                await using var list = new NpgsqlCommand(
                    """
                    select identity, payload, ingestion
                    from health_events
                    where user_id = $1 and kind = $2 and identity > $3 and value_text is null
                    order by identity
                    limit $4
                    """,
                    connection);
                list.Parameters.Bind(userId).BindText(eventKind).BindText(afterIdentity).Bind(limit);
                List<EventWithoutValue> events = [];
                await using var row = await list.ExecuteReaderAsync(cancellationToken);
                while (await row.ReadAsync(cancellationToken))
                    events.Add(new(eventKind, row.GetString(0), row.GetFieldValue<byte[]>(1), row.GetInt64(2)));
                return (IReadOnlyList<EventWithoutValue>)events;
            },
            cancellationToken);
    }

    public ValueTask<int> SetValuesAsync(
        long userId, IReadOnlyList<(EventWithoutValue Event, EventValue Value)> values,
        CancellationToken cancellationToken) =>
        ChangeAsync(
            userId,
            async (connection, cancellationToken) =>
            {
                await using var set = new NpgsqlCommand(
                    """
                    update health_events e
                    set value_text = n.value_text, value_code = n.value_code
                    from unnest($2, $3, $4, $5, $6) n (kind, identity, ingestion, value_text, value_code)
                    where e.user_id = $1 and e.kind = n.kind and e.identity = n.identity
                        and e.ingestion = n.ingestion and e.value_text is null
                    """,
                    connection);
                set.Parameters.Bind(userId)
                    .BindTexts(values.Select(one => one.Event.Kind)).BindTexts(values.Select(one => one.Event.Identity))
                    .BindNumbers(values.Select(one => one.Event.Push))
                    .BindTexts(values.Select(one => one.Value.Text)).BindTexts(values.Select(one => one.Value.Code));
                return await set.ExecuteNonQueryAsync(cancellationToken);
            },
            cancellationToken);

    public ValueTask<long?> FindUserToMapAsync(long afterUserId, long table, CancellationToken cancellationToken) =>
        database.ReadAsync(
            async (connection, cancellationToken) =>
            {
                await using var find = new NpgsqlCommand(
                    """
                    select id
                    from users
                    where id > $1 and mapped_by is distinct from $2 and erasing_since is null
                    order by id
                    limit 1
                    """,
                    connection);
                find.Parameters.Bind(afterUserId).Bind(table);
                return (long?)await find.ExecuteScalarAsync(cancellationToken);
            },
            cancellationToken);

    public async ValueTask MarkMappedAsync(long userId, long table, CancellationToken cancellationToken) =>
        await database.WriteAsync(
            async (connection, cancellationToken) =>
            {
                await using var mark = new NpgsqlCommand("update users set mapped_by = $2 where id = $1", connection);
                mark.Parameters.Bind(userId).Bind(table);
                return await mark.ExecuteNonQueryAsync(cancellationToken);
            },
            cancellationToken);

    /// <summary>One transaction beside which nobody changes the user's data.</summary>
    /// <param name="change">Returns how many rows it changed.</param>
    /// <returns>The same; 0 if the person is gone, or being erased.</returns>
    ValueTask<int> ChangeAsync(
        long userId, Func<NpgsqlConnection, CancellationToken, ValueTask<int>> change,
        CancellationToken cancellationToken) =>
        database.WriteAsync(
            async (connection, cancellationToken) =>
            {
                await using (var batch = new NpgsqlBatch(connection))
                {
                    batch.AddPlannerSettings();
                    batch.AddIdleLimit();
                    batch.AddUserLock(userId);
                    await batch.ExecuteNonQueryAsync(cancellationToken);
                }
                await using (var find = new NpgsqlCommand(
                    "select from users where id = $1 and erasing_since is null", connection))
                {
                    find.Parameters.Bind(userId);
                    await using var row = await find.ExecuteReaderAsync(cancellationToken);
                    if (!await row.ReadAsync(cancellationToken)) return 0;
                }
                var rows = await change(connection, cancellationToken);
                if (rows == 0) return 0;
                await using var raise = new NpgsqlBatch(connection);
                PostgresPushTransaction.AddRaiseDataVersion(raise, userId, Instant.From(database.Clock.GetUtcNow()));
                await raise.ExecuteNonQueryAsync(cancellationToken);
                return rows;
            },
            cancellationToken);

    // Each part goes along its index no further than the page is long. No text is empty: a part before the place has
    // nothing after null, one behind it everything after the empty text.
    static string MakeList()
    {
        var parts = TextKind.All.Select((kind, at) =>
        {
            var rows = UnmappedRows.Of(kind);
            var shown = $"""({rows.Shown} collate "C")""";
            return $"""
                (
                    select {at} as kind, {shown} as text, count(*) as count, min(start_at) as first_at,
                        max(start_at) as last_at
                    from {rows.Table}
                    where user_id = $1 and {rows.Condition}
                        and {shown} > case
                            when $3 collate "C" < '{kind.Name}' then ''
                            when $3 = '{kind.Name}' then $4
                            end
                    group by {shown}
                    order by {shown}
                    limit $2)
                """;
        });
        return $"""
            select kind, text, count, first_at, last_at
            from (
                {string.Join("\nunion all\n", parts)}) every
            order by kind, text collate "C"
            limit $2
            """;
    }
}
