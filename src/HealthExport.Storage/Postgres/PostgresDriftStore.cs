using HealthExport.Drift;
using HealthExport.Pushes;
using Npgsql;

namespace HealthExport.Storage.Postgres;

/// <summary>Drift reports in PostgreSQL.</summary>
sealed class PostgresDriftStore(PostgresDatabase database) : IDriftStore
{
    public ValueTask<IReadOnlyList<DriftCount>> ListAsync(DriftQuery query, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(query.Limit);
        return database.ReadAsync<IReadOnlyList<DriftCount>>(
            async (connection, cancellationToken) =>
            {
                var rows = await ListAsync(connection, query, cancellationToken);
                var ids = await PostgresIngestionRow.FindIdsAsync(
                    connection, query.UserId, [.. rows.Select(row => row.LastNumber).Distinct()], cancellationToken);
                return [.. rows.Select(row => row with { LastIngestion = ids[row.LastNumber] })];
            },
            cancellationToken);
    }

    static async ValueTask<List<DriftCount>> ListAsync(
        NpgsqlConnection connection, DriftQuery query, CancellationToken cancellationToken)
    {
        await using var list = new NpgsqlCommand(
            """
            select kind, item_type, name, items, pushes, first_seen_at, last_seen_at, last_ingestion
            from drift
            where user_id = $1
                and ($2::bigint is null or kind = $2)
                and ($3::bigint is null or last_ingestion < $3
                    or (last_ingestion = $3
                        and (kind, item_type collate "C", name collate "C") > ($4, $5, $6)))
            order by last_ingestion desc, kind, item_type collate "C", name collate "C"
            limit $7
            """,
            connection);
        list.Parameters.Bind(query.UserId).Bind((long?)query.Kind).Bind(query.After?.LastNumber)
            .Bind((long?)query.After?.Kind).BindText(query.After?.ItemType).BindText(query.After?.Name)
            .Bind(query.Limit);
        List<DriftCount> rows = [];
        await using var row = await list.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
            rows.Add(new(
                (DriftKind)row.GetInt16(0), row.GetString(1), row.GetString(2), row.GetInt64(3), row.GetInt64(4),
                row.GetInstant(5), row.GetInstant(6), row.GetInt64(7), default));
        return rows;
    }

    /// <summary>Adds what a push held to its user's report, within the push's transaction, which holds the user's row.
    /// </summary>
    public static void AddCount(NpgsqlBatch batch, Ingestion push, IReadOnlyList<DriftNote> notes)
    {
        if (notes.Count == 0) return;
        batch.Add(
            """
            insert into drift as d (
                user_id, kind, item_type, name, items, pushes, first_seen_at, last_seen_at, last_ingestion)
            select $1, n.kind, n.item_type, n.name, sum(n.items), 1, $2, $2, $3
            from (
                select s.kind, s.items,
                    case when s.has_room then s.item_type else '' end as item_type,
                    case when s.has_room then s.name else '' end as name
                from (
                    select m.kind, m.item_type, m.name, m.items,
                        -- Those that are there, then the first of the new ones.
                        k.user_id is not null or row_number() over (
                            partition by k.user_id is null, m.name = '' order by m.place) <= $4 - (
                                select count(*)
                                from drift c
                                where c.user_id = $1 and c.name <> '') as has_room
                    from unnest($5, $6, $7, $8) with ordinality m (kind, item_type, name, items, place)
                    left join drift k on k.user_id = $1 and k.kind = m.kind and k.item_type = m.item_type
                        and k.name = m.name
                ) s
            ) n
            group by n.kind, n.item_type, n.name
            on conflict (user_id, kind, item_type, name) do update
            set items = d.items + excluded.items, pushes = d.pushes + 1,
                first_seen_at = least(d.first_seen_at, excluded.first_seen_at),
                last_seen_at = greatest(d.last_seen_at, excluded.last_seen_at),
                last_ingestion = greatest(d.last_ingestion, excluded.last_ingestion)
            """)
            .Bind(push.UserId).Bind(push.ReceivedAt).Bind(push.Number).Bind(IDriftStore.MostNames)
            .BindNumbers(notes.Select(note => (short)note.Kind))
            .BindTexts(notes.Select(note => PostgresText.Clean(note.ItemType)))
            .BindTexts(notes.Select(note => PostgresText.Clean(note.Name)))
            .BindNumbers(notes.Select(note => note.Items));
    }
}
