using HealthExport.Drift;
using HealthExport.Pushes;

namespace HealthExport.Storage.Sqlite;

/// <summary>Drift reports in the database file.</summary>
sealed class SqliteDriftStore(SqliteDatabase database) : IDriftStore
{
    public ValueTask<IReadOnlyList<DriftCount>> ListAsync(DriftQuery query, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(query.Limit);
        using var reader = database.RentReader();
        using var list = reader.Session.Prepare(
            """
            select d.kind, d.item_type, d.name, d.items, d.pushes, d.first_seen_at, d.last_seen_at, d.last_ingestion,
                i.public_id
            from drift d
            join raw_ingestions i on i.user_id = d.user_id and i.number = d.last_ingestion
            where d.user_id = ?1
                and (?2 is null or d.kind = ?2)
                and (?3 is null or d.last_ingestion < ?3
                    or (d.last_ingestion = ?3 and (d.kind, d.item_type, d.name) > (?4, ?5, ?6)))
            order by d.last_ingestion desc, d.kind, d.item_type, d.name
            limit ?7
            """);
        list.Bind(1, query.UserId).Bind(2, (long?)query.Kind).Bind(3, query.After?.LastNumber)
            .Bind(4, (long?)query.After?.Kind).Bind(5, query.After?.ItemType).Bind(6, query.After?.Name)
            .Bind(7, query.Limit);
        List<DriftCount> rows = [];
        while (list.Step())
            rows.Add(new(
                (DriftKind)list.GetInt64(0), list.GetString(1), list.GetString(2), list.GetInt64(3), list.GetInt64(4),
                list.GetInstant(5), list.GetInstant(6), list.GetInt64(7), list.GetGuid(8)));
        return new(rows);
    }

    /// <summary>Adds what a push held to its user's report, within the push's transaction.</summary>
    public static void Count(SqliteSession session, Ingestion push, IReadOnlyList<DriftNote> notes)
    {
        if (notes.Count == 0) return;
        using var find = session.Prepare(
            """
            select 1
            from drift
            where user_id = ?1 and kind = ?2 and item_type = ?3 and name = ?4
            """);
        using var count = session.Prepare(
            """
            insert into drift (
                user_id, kind, item_type, name, items, pushes, first_seen_at, last_seen_at, last_ingestion)
            values (?1, ?2, ?3, ?4, ?5, 1, ?6, ?6, ?7)
            on conflict (user_id, kind, item_type, name) do update
            set items = items + excluded.items, pushes = pushes + 1,
                first_seen_at = min(first_seen_at, excluded.first_seen_at),
                last_seen_at = max(last_seen_at, excluded.last_seen_at),
                last_ingestion = max(last_ingestion, excluded.last_ingestion)
            """);
        var room = IDriftStore.MostNames - CountNames(session, push.UserId);
        Dictionary<DriftKind, long> others = [];
        foreach (var note in notes)
        {
            find.Reset();
            var isNew = !note.IsOfOthers && !find.Bind(1, push.UserId).Bind(2, (long)note.Kind)
                .Bind(3, note.ItemType).Bind(4, note.Name).Step();
            if (note.IsOfOthers || (isNew && room <= 0))
            {
                others[note.Kind] = others.GetValueOrDefault(note.Kind) + note.Items;
                continue;
            }
            if (isNew) room--;
            Run(note);
        }
        foreach (var (kind, items) in others) Run(new(kind, "", "", items));

        void Run(DriftNote note) => count.Bind(1, push.UserId).Bind(2, (long)note.Kind).Bind(3, note.ItemType)
            .Bind(4, note.Name).Bind(5, note.Items).Bind(6, push.ReceivedAt).Bind(7, push.Number).Run();
    }

    static long CountNames(SqliteSession session, long userId)
    {
        using var count = session.Prepare(
            """
            select count(*)
            from drift
            where user_id = ?1 and name <> ''
            """);
        count.Bind(1, userId).Step();
        return count.GetInt64(0);
    }
}
