using HealthExport.Events;
using HealthExport.Sleep;
using HealthExport.Texts;

namespace HealthExport.Storage.Sqlite;

sealed partial class SqliteTextStore
{
    public async ValueTask<long> MapAsync(
        long userId, TextKind kind, string text, string code, CancellationToken cancellationToken)
    {
        var batch = new EraseBatch();
        var sum = 0L;
        int rows;
        do
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var writer = await database.RentWriterAsync(cancellationToken);
            var session = writer.Session;
            batch.Start();
            session.Begin();
            if (!SqliteUserStore.IsPresent(session, userId)) return sum;
            rows = kind switch
            {
                { IsKey: false } => Map(session, userId, UnmappedRows.Of(kind), text, code, batch.Rows),
                { Field: TextField.SleepStage } => RekeyStages(session, userId, kind, text, code, batch.Rows),
                _ => RekeyEvents(session, userId, kind, text, code, batch.Rows),
            };
            Commit(session, userId, rows);
            sum += rows;
        }
        while (batch.End(rows));
        return sum;
    }

    static int Map(SqliteSession session, long userId, UnmappedRows rows, string text, string code, int limit)
    {
        using var map = session.Prepare(
            $"""
            update {rows.Table}
            set {rows.Code} = ?3
            where user_id = ?1 and ({rows.Key}) in (
                select {rows.Key}
                from {rows.Table}
                where user_id = ?1 and {rows.Condition} and {rows.Shown} = ?2 and {rows.Text} = ?2
                limit ?4)
            """);
        return map.Bind(1, userId).Bind(2, text).Bind(3, code).Bind(4, limit).Run();
    }

    static int RekeyStages(SqliteSession session, long userId, TextKind kind, string text, string code, int limit)
    {
        List<(long Start, long Source, long Push, long? Other)> found = [];
        var rows = UnmappedRows.Of(kind);
        using (var find = session.Prepare(
            $"""
            select t.start_at, t.source_id, t.ingestion, c.ingestion
            from (
                select start_at, source_id, ingestion
                from sleep_stages
                where user_id = ?1 and {rows.Condition} and {rows.Shown} = ?2 and {rows.Text} = ?2
                limit ?4) t
            left join sleep_stages c
                on c.user_id = ?1 and c.start_at = t.start_at and c.stage = ?3 and c.source_id = t.source_id
            """))
        {
            find.Bind(1, userId).Bind(2, text).Bind(3, code).Bind(4, limit);
            while (find.Step())
                found.Add((find.GetInt64(0), find.GetInt64(1), find.GetInt64(2), find.FindInt64(3)));
        }
        using var rekey = session.Prepare(
            """
            update sleep_stages
            set stage = ?3, stage_as_sent = coalesce(stage_as_sent, stage)
            where user_id = ?1 and start_at = ?4 and stage = ?2 and source_id = ?5
            """);
        rekey.Bind(1, userId).Bind(2, text).Bind(3, code);
        foreach (var (start, source, push, other) in found)
        {
            if (other is { } canonical)
            {
                var isLater = push > canonical;
                Remove(session, userId, (start, isLater ? code : text, source), Math.Max(push, canonical));
                if (!isLater) continue;
            }
            rekey.Bind(4, start).Bind(5, source).Run();
        }
        return found.Count;
    }

    static void Remove(SqliteSession session, long userId, (long Start, string Stage, long Source) key, long by)
    {
        SleepStage stage;
        long writtenBy;
        using (var find = session.Prepare(
            """
            select end_at, utc_offset, stage_as_sent, extra, ingestion
            from sleep_stages
            where user_id = ?1 and start_at = ?2 and stage = ?3 and source_id = ?4
            """))
        {
            find.Bind(1, userId).Bind(2, key.Start).Bind(3, key.Stage).Bind(4, key.Source).Step();
            stage = new()
            {
                StartAt = new(key.Start), EndAt = find.GetInstant(0), OffsetMinutes = (short)find.GetInt64(1),
                Stage = key.Stage, StageAsSent = find.FindString(2), Extra = find.FindString(3),
            };
            writtenBy = find.GetInt64(4);
        }
        using (var keep = PrepareRemoved(session, userId, by))
            keep.Bind(3, RemovedRow.SleepStages).Bind(4, stage.StartAt).Bind(5, key.Source).Bind(6, stage.EndAt)
                .Bind(7, (long)stage.OffsetMinutes).BindText(8, RemovedRow.Write(stage)).Bind(9, writtenBy).Run();
        using var delete = session.Prepare(
            """
            delete from sleep_stages
            where user_id = ?1 and start_at = ?2 and stage = ?3 and source_id = ?4
            """);
        delete.Bind(1, userId).Bind(2, key.Start).Bind(3, key.Stage).Bind(4, key.Source).Run();
    }

    static int RekeyEvents(SqliteSession session, long userId, TextKind kind, string text, string code, int limit)
    {
        List<(string Identity, long Push)> found = [];
        var rows = UnmappedRows.Of(kind);
        using (var find = session.Prepare(
            $"""
            select identity, ingestion
            from health_events
            where user_id = ?1 and {rows.Condition} and {rows.Shown} = ?2 and {rows.Text} = ?2
            limit ?3
            """))
        {
            find.Bind(1, userId).Bind(2, text).Bind(3, limit);
            while (find.Step()) found.Add((find.GetString(0), find.GetInt64(1)));
        }
        foreach (var (identity, push) in found)
        {
            var canonical = TextKind.Rekey(identity, text, code);
            if (canonical != identity && FindPush(session, userId, kind.EventKind!, canonical) is { } other)
            {
                var isLater = push > other;
                Remove(session, userId, kind.EventKind!, isLater ? canonical : identity, Math.Max(push, other));
                if (!isLater) continue;
            }
            using var rekey = session.Prepare(
                """
                update health_events
                set identity = ?4, code = ?5
                where user_id = ?1 and kind = ?2 and identity = ?3
                """);
            rekey.Bind(1, userId).Bind(2, kind.EventKind).Bind(3, identity).Bind(4, canonical).Bind(5, code).Run();
        }
        return found.Count;
    }

    static long? FindPush(SqliteSession session, long userId, string kind, string identity)
    {
        using var find = session.Prepare(
            """
            select ingestion
            from health_events
            where user_id = ?1 and kind = ?2 and identity = ?3
            """);
        return find.Bind(1, userId).Bind(2, kind).Bind(3, identity).Step() ? find.GetInt64(0) : null;
    }

    static void Remove(SqliteSession session, long userId, string kind, string identity, long by)
    {
        HealthEvent stored;
        long source, writtenBy;
        using (var find = session.Prepare(
            """
            select start_at, end_at, utc_offset, code, text, value, source_id, item_type, payload, ingestion
            from health_events
            where user_id = ?1 and kind = ?2 and identity = ?3
            """))
        {
            find.Bind(1, userId).Bind(2, kind).Bind(3, identity).Step();
            stored = new()
            {
                Kind = kind, Identity = identity, StartAt = find.GetInstant(0), EndAt = find.GetInstant(1),
                OffsetMinutes = (short)find.GetInt64(2), Code = find.FindString(3), Text = find.FindString(4),
                Value = find.FindDouble(5), ItemType = find.GetString(7), Payload = find.GetBlob(8).ToArray(),
            };
            (source, writtenBy) = (find.GetInt64(6), find.GetInt64(9));
        }
        using (var keep = PrepareRemoved(session, userId, by))
            keep.Bind(3, RemovedRow.HealthEvents).Bind(4, RemovedRow.StartOf(stored)).Bind(5, source)
                .Bind(6, stored.EndAt).Bind(7, (long)stored.OffsetMinutes).BindText(8, RemovedRow.Write(stored)).Bind(9, writtenBy).Run();
        using var delete = session.Prepare(
            """
            delete from health_events
            where user_id = ?1 and kind = ?2 and identity = ?3
            """);
        delete.Bind(1, userId).Bind(2, kind).Bind(3, identity).Run();
    }

    static SqliteStatement PrepareRemoved(SqliteSession session, long userId, long by) => session.Prepare(
        """
        insert into removed_samples (
            user_id, ingestion, ordinal, kind, metric_id, grain, start_at, source_id, end_at, utc_offset, extra,
            written_by)
        values (
            ?1, ?2, (select coalesce(max(ordinal) + 1, 0) from removed_samples where user_id = ?1 and ingestion = ?2),
            ?3, 0, 0, ?4, ?5, ?6, ?7, ?8, ?9)
        """).Bind(1, userId).Bind(2, by);
}
