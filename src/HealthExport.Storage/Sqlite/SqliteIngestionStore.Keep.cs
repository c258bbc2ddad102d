using HealthExport.Pushes;
using HealthExport.Time;

namespace HealthExport.Storage.Sqlite;

sealed partial class SqliteIngestionStore
{
    public async ValueTask<KeptPush> KeepAsync(ReceivedPush push, CancellationToken cancellationToken)
    {
        var sameness = push.Sameness;
        using var writer = await database.RentWriterAsync(cancellationToken);
        var session = writer.Session;
        session.Begin();
        SqliteUserStore.RequirePresent(session, push.UserId);
        var kept = FindPromised(session, push) ?? Keep(session, push, sameness);
        session.Commit();
        return kept;
    }

    KeptPush? FindPromised(SqliteSession session, ReceivedPush push)
    {
        if (push.IdempotencyKey is null) return null;
        var oldest = Now + -options.IdempotencyWindow;
        using (var forget = session.Prepare("delete from idempotency_keys where user_id = ?1 and created_at <= ?2"))
            forget.Bind(1, push.UserId).Bind(2, oldest).Run();
        using var find = session.Prepare("select number, sha256 from idempotency_keys where user_id = ?1 and key = ?2");
        if (!find.Bind(1, push.UserId).Bind(2, push.IdempotencyKey).Step()) return null;
        var ingestion = IngestionRow.Get(session, push.UserId, find.GetInt64(0));
        var isSame = find.GetBlob(1).SequenceEqual(push.Payload.Sha256);
        return new(isSame ? KeptAs.Repeated : KeptAs.Conflict, ingestion, null);
    }

    KeptPush Keep(SqliteSession session, ReceivedPush push, string sameness)
    {
        if (FindPending(session, push, sameness) is { } pending)
        {
            Promise(session, push, pending);
            return new(KeptAs.Joined, IngestionRow.Get(session, push.UserId, pending), null);
        }
        var original = FindOriginal(session, push, sameness);
        var number = TakeNumber(session, push.UserId, push.Revisions);
        Insert(session, push, sameness, number, original);
        Promise(session, push, number);
        if (original is not null) return new(KeptAs.Duplicate, IngestionRow.Get(session, push.UserId, number), null);

        // Only the queue's first may be claimed; this one is its last.
        var isFirst = !HasQueued(session, push.UserId) && !SqliteDeletionStore.IsHeld(session, push.UserId, number);
        Enqueue(session, push.UserId, number, isReplay: false);
        var claim = isFirst && push.Lease is { } lease ? Claim(session, push.UserId, number, lease) : null;
        return new(KeptAs.New, claim?.Ingestion ?? IngestionRow.Get(session, push.UserId, number), claim);
    }

    /// <summary>
    /// An equal push that waits or is in work, with nothing received or asked to be deleted since that this one must
    /// come after. A replay is
    /// none: it would take effect under its old number.
    /// </summary>
    static long? FindPending(SqliteSession session, ReceivedPush push, string sameness)
    {
        // The index is named because the planner would take the one that holds every duplicate, too.
        using var find = session.Prepare("""
            select i.number
            from raw_ingestions i indexed by raw_ingestions_pending
            join queue q on q.user_id = i.user_id and q.number = i.number and not q.is_replay
            where i.user_id = ?1 and i.sha256 = ?2 and i.sameness = ?3 and i.status in (0, 1)
                and not exists (
                    select 1
                    from raw_ingestions later
                    where later.user_id = i.user_id and later.number > i.number and later.status <> 4)
                and not exists (
                    select 1
                    from deletions d
                    where d.user_id = i.user_id and d.up_to_ingestion >= i.number)
            order by i.number desc
            limit 1
            """);
        return find.Bind(1, push.UserId).Bind(2, push.Payload.Sha256).Bind(3, sameness).Step()
            ? find.GetInt64(0) : null;
    }

    /// <summary>The newest push of this user, when it is equal to this one and nothing has changed since.</summary>
    static long? FindOriginal(SqliteSession session, ReceivedPush push, string sameness)
    {
        using var find = session.Prepare("""
            select i.number,
                i.sha256 = ?2 and i.sameness = ?3 and i.status in (2, 3) and i.data_version = u.data_version
            from raw_ingestions i
            join users u on u.id = i.user_id
            where i.user_id = ?1 and i.status <> 4
            order by i.number desc
            limit 1
            """);
        return find.Bind(1, push.UserId).Bind(2, push.Payload.Sha256).Bind(3, sameness).Step() && find.GetBoolean(1)
            ? find.GetInt64(0) : null;
    }

    static long TakeNumber(SqliteSession session, long userId, int count)
    {
        using var take = session.Prepare("""
            update users
            set last_ingestion = last_ingestion + ?2
            where id = ?1
            returning last_ingestion
            """);
        take.Bind(1, userId).Bind(2, (long)count).Step();
        return take.GetInt64(0);
    }

    void Insert(SqliteSession session, ReceivedPush push, string sameness, long number, long? original)
    {
        var shared = FindPayload(session, push);
        using (var insert = session.Prepare("""
            insert into raw_ingestions (
                user_id, number, public_id, key_id, status, received_at, finished_at, size_bytes, sha256, content_type,
                headers, time_zone, sameness, payload_number, chunk_count, duplicate_of)
            values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
            """))
            insert.Bind(1, push.UserId).Bind(2, number)
                .Bind(3, Guid.CreateVersion7(push.ReceivedAt.At(0))).Bind(4, push.KeyId)
                .Bind(5, original is null ? Queued : Duplicate).Bind(6, push.ReceivedAt)
                .Bind(7, original is null ? Instant.None : Now).Bind(8, push.Payload.SizeBytes)
                .Bind(9, push.Payload.Sha256).Bind(10, push.ContentType)
                .BindText(11, IngestionRow.WriteHeaders(push.Headers)).Bind(12, push.TimeZone).Bind(13, sameness)
                .Bind(14, shared ?? number).Bind(15, push.Payload.ChunkCount).Bind(16, original).Run();
        if (shared is null) InsertChunks(session, push, number);
    }

    static long? FindPayload(SqliteSession session, ReceivedPush push)
    {
        using var find = session.Prepare("""
            select payload_number
            from raw_ingestions
            where user_id = ?1 and sha256 = ?2 and has_payload
            order by number desc
            limit 1
            """);
        return find.Bind(1, push.UserId).Bind(2, push.Payload.Sha256).Step() ? find.GetInt64(0) : null;
    }

    static void InsertChunks(SqliteSession session, ReceivedPush push, long number)
    {
        using var insert = session.Prepare("""
            insert into raw_chunks (user_id, number, ordinal, size_bytes, bytes)
            values (?1, ?2, ?3, ?4, ?5)
            """);
        insert.Bind(1, push.UserId).Bind(2, number);
        byte[] scratch = [];
        for (var ordinal = 0; ordinal < push.Payload.ChunkCount; ordinal++)
            insert.Bind(3, ordinal).Bind(4, push.Payload.SizeOfChunk(ordinal).DecodedBytes)
                .Bind(5, push.Payload.ReadChunk(ordinal, ref scratch)).Run();
    }

    void Promise(SqliteSession session, ReceivedPush push, long number)
    {
        if (push.IdempotencyKey is null) return;
        using var insert = session.Prepare("""
            insert into idempotency_keys (user_id, key, sha256, number, created_at)
            values (?1, ?2, ?3, ?4, ?5)
            """);
        insert.Bind(1, push.UserId).Bind(2, push.IdempotencyKey).Bind(3, push.Payload.Sha256).Bind(4, number)
            .Bind(5, Now).Run();
    }

    static bool HasQueued(SqliteSession session, long userId)
    {
        using var find = session.Prepare("select 1 from queue where user_id = ?1 limit 1");
        return find.Bind(1, userId).Step();
    }

    void Enqueue(SqliteSession session, long userId, long number, bool isReplay)
    {
        using var insert = session.Prepare(
            "insert into queue (user_id, number, due_at, is_replay) values (?1, ?2, ?3, ?4)");
        insert.Bind(1, userId).Bind(2, number).Bind(3, Now).Bind(4, isReplay).Run();
    }
}
