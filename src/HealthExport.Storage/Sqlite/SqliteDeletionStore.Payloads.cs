using System.Text.Json;
using HealthExport.Deletions;
using HealthExport.Pushes;
using HealthExport.Time;

namespace HealthExport.Storage.Sqlite;

sealed partial class SqliteDeletionStore
{
    public async ValueTask<bool> ForgetPushAsync(
        DeletionState state, Ingestion push, Receipt? receipt, IReadOnlyCollection<string> itemTypes,
        CancellationToken cancellationToken)
    {
        using var writer = await database.RentWriterAsync(cancellationToken);
        var session = writer.Session;
        session.Begin();
        long payload;
        using (var find = session.Prepare(
            """
            select payload_number, has_payload, status in (0, 1)
            from raw_ingestions
            where user_id = ?1 and number = ?2
            """))
        {
            if (!find.Bind(1, push.UserId).Bind(2, push.Number).Step()) return true;
            if (find.GetBoolean(2)) return false;
            payload = find.GetInt64(0);
            if (find.GetBoolean(1)) CountPayload(session, state);
        }
        using (var forget = session.Prepare(
            """
            update raw_ingestions
            set has_payload = 0, receipt = coalesce(?3, receipt)
            where user_id = ?1 and number = ?2
            """))
        {
            forget.Bind(1, push.UserId).Bind(2, push.Number);
            if (receipt is not null)
                forget.BindText(3, JsonSerializer.SerializeToUtf8Bytes(receipt, ReceiptJson.Default.Receipt));
            forget.Run();
        }
        // Equal bytes share their chunks.
        using (var chunks = session.Prepare(
            """
            delete from raw_chunks
            where user_id = ?1 and number = ?2 and not exists (
                select 1
                from raw_ingestions
                where user_id = ?1 and sha256 = ?3 and payload_number = ?2 and has_payload)
            """))
            chunks.Bind(1, push.UserId).Bind(2, payload).Bind(3, push.Sha256).Run();
        using (var rejects = session.Prepare(
            """
            delete from rejected_items
            where user_id = ?1 and number = ?2 and item_type = ?3
            """))
            foreach (var type in itemTypes) rejects.Bind(1, push.UserId).Bind(2, push.Number).Bind(3, type).Run();
        session.Commit();
        return true;
    }

    public async ValueTask EndPayloadsAsync(long userId, long number, CancellationToken cancellationToken)
    {
        using var writer = await database.RentWriterAsync(cancellationToken);
        var session = writer.Session;
        session.Begin();
        using (var end = session.Prepare(
            "update deletions set stage = 2 where user_id = ?1 and id = ?2 and stage = 1"))
            if (end.Bind(1, userId).Bind(2, number).Run() == 0) return;
        Finish(session, userId, number);
        session.Commit();
    }

    static void CountPayload(SqliteSession session, DeletionState state)
    {
        using var count = session.Prepare(
            "update deletions set payload_count = payload_count + 1 where user_id = ?1 and id = ?2");
        count.Bind(1, state.UserId).Bind(2, state.Number).Run();
    }

    async ValueTask EndRowsAsync(DeletionState state, CancellationToken cancellationToken)
    {
        using var writer = await database.RentWriterAsync(cancellationToken);
        var session = writer.Session;
        session.Begin();
        using (var end = session.Prepare(
            """
            update deletions
            set stage = case when with_payloads then 1 else 2 end
            where user_id = ?1 and id = ?2 and stage = 0
            """))
            if (end.Bind(1, state.UserId).Bind(2, state.Number).Run() == 0) return;
        Finish(session, state.UserId, state.Number);
        session.Commit();
    }

    /// <summary>Says in the audit trail what was done, if all is done and nobody has said so.</summary>
    void Finish(SqliteSession session, long userId, long number)
    {
        string? entry;
        using (var find = session.Prepare("select entry from deletions where user_id = ?1 and id = ?2 and stage = 2"))
            entry = find.Bind(1, userId).Bind(2, number).Step() ? find.FindString(0) : null;
        if (entry is null) return;
        using (var done = session.Prepare(
            """
            update deletions
            set entry = null, finished_at = ?3
            where user_id = ?1 and id = ?2
            """))
            done.Bind(1, userId).Bind(2, number).Bind(3, Instant.From(clock.GetUtcNow())).Run();
        SqliteAuditStore.Write(session, StoredDeletion.ReadEntry(entry, Find(session, userId, number)!));
    }
}
