using HealthExport.People;
using HealthExport.Pushes;
using HealthExport.Time;
using Npgsql;

namespace HealthExport.Storage.Postgres;

sealed partial class PostgresIngestionStore
{
    // How far back equal pushes are looked for at first, so that few partitions are asked. Payloads are thinned after
    // 30 days; and it is more than the order of numbers and that of times of receipt can differ.
    static readonly TimeSpan s_lookBack = TimeSpan.FromDays(62);

    /// <summary>What the database says of a push's user, whose row is locked from then on.</summary>
    /// <param name="LastReceivedAt">When their last push was received; none if this is the first.</param>
    /// <param name="QueuedSince">When the oldest that waits, but for replays, was received; none if none does.</param>
    /// <param name="IsHeld">A deletion's rows have to go first.</param>
    /// <param name="Promised">What the idempotency key stands for.</param>
    readonly record struct Situation(
        long LastNumber, Instant LastReceivedAt, bool HasQueued, Instant QueuedSince, bool IsHeld,
        (long Number, bool IsSame)? Promised);

    /// <summary>What there is of pushes equal to this one.</summary>
    readonly record struct Alike(
        long? Pending, (long Number, Guid Id, string? Receipt)? Original, long? SharedPayload);

    public async ValueTask<KeptPush> KeepAsync(ReceivedPush push, CancellationToken cancellationToken)
    {
        var at = push.ReceivedAt;
        await database.Partitions.EnsureAsync(PostgresPartitions.Ingestions, at, at, cancellationToken);
        // Outside, so that a second try after a broken connection has the same.
        var id = Guid.CreateVersion7(at.At(0));
        var sameness = push.Sameness;
        return await database.WriteAsync(
            (connection, cancellationToken) => KeepAsync(connection, push, id, sameness, cancellationToken),
            cancellationToken);
    }

    async ValueTask<KeptPush> KeepAsync(
        NpgsqlConnection connection, ReceivedPush push, Guid id, string sameness, CancellationToken cancellationToken)
    {
        var user = await LockAsync(connection, push, cancellationToken);
        if (user.Promised is { } promised)
            return new(
                promised.IsSame ? KeptAs.Repeated : KeptAs.Conflict,
                await PostgresIngestionRow.GetAsync(connection, push.UserId, promised.Number, cancellationToken), null);
        var found = await FindAlikeAsync(connection, push, sameness, user, cancellationToken);
        if (found.Pending is { } pending)
        {
            if (push.IdempotencyKey is not null)
            {
                await using var batch = new NpgsqlBatch(connection);
                AddPromise(batch, push, pending);
                await batch.ExecuteNonQueryAsync(cancellationToken);
            }
            return new(
                KeptAs.Joined,
                await PostgresIngestionRow.GetAsync(connection, push.UserId, pending, cancellationToken), null);
        }

        // Only the queue's first may be claimed; this one is its last.
        var isClaimed = found.Original is null && !user.HasQueued && !user.IsHeld && push.Lease is not null;
        var ingestion = Describe(push, id, user.LastNumber + push.Revisions, found, isClaimed);
        Guid? lease = isClaimed ? Guid.NewGuid() : null;
        await InsertAsync(connection, push, ingestion, sameness, found, lease, cancellationToken);
        var claim = lease is { } name
            ? new ClaimedPush { Ingestion = ingestion, Lease = name, IsReplay = false }
            : null;
        return new(found.Original is null ? KeptAs.New : KeptAs.Duplicate, ingestion, claim);
    }

    Ingestion Describe(ReceivedPush push, Guid id, long number, Alike found, bool isClaimed) => new()
    {
        UserId = push.UserId,
        Number = number,
        Id = id,
        KeyId = push.KeyId,
        Status = found.Original is not null ? IngestionStatus.Duplicate
            : isClaimed ? IngestionStatus.Processing : IngestionStatus.Queued,
        ReceivedAt = push.ReceivedAt,
        StartedAt = isClaimed ? Now : Instant.None,
        FinishedAt = found.Original is not null ? Now : Instant.None,
        Attempts = isClaimed ? 1 : 0,
        SizeBytes = push.Payload.SizeBytes,
        Sha256 = push.Payload.Sha256,
        ContentType = push.ContentType,
        Headers = push.Headers,
        TimeZone = push.TimeZone,
        DuplicateOf = found.Original?.Id,
        Receipt = PostgresIngestionRow.ReadReceipt(found.Original?.Receipt),
    };

    /// <summary>Locks the user's row; each statement after it sees all that was committed before the lock was had.
    /// </summary>
    async ValueTask<Situation> LockAsync(
        NpgsqlConnection connection, ReceivedPush push, CancellationToken cancellationToken)
    {
        var user = push.UserId;
        await using var batch = new NpgsqlBatch(connection);
        batch.AddIdleLimit();
        batch.Add("select last_ingestion from users where id = $1 and erasing_since is null for no key update")
            .Bind(user);
        batch.Add("""
            select
                (
                    select t.received_at
                    from users u
                    join ingestion_times t on t.user_id = u.id and t.number = u.last_ingestion
                    where u.id = $1),
                exists (select from queue where user_id = $1),
                (
                    select min(t.received_at)
                    from queue q
                    join ingestion_times t on t.user_id = q.user_id and t.number = q.number
                    where q.user_id = $1 and not q.is_replay),
                exists (select from deletions where user_id = $1 and stage < 2 and stage = 0)
            """).Bind(user);
        if (push.IdempotencyKey is { } key)
        {
            batch.Add("delete from idempotency_keys where user_id = $1 and created_at <= $2")
                .Bind(user).Bind(Now + -options.IdempotencyWindow);
            batch.Add("select number, sha256 = $3 from idempotency_keys where user_id = $1 and key = $2")
                .Bind(user).Bind(key).Bind(push.Payload.Sha256);
        }

        await using var row = await batch.ExecuteReaderAsync(cancellationToken);
        await row.NextResultAsync(cancellationToken);
        if (!await row.ReadAsync(cancellationToken)) throw new UserGoneException();
        var found = new Situation { LastNumber = row.GetInt64(0) };
        await row.NextResultAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        found = found with
        {
            LastReceivedAt = row.GetInstant(0), HasQueued = row.GetBoolean(1), QueuedSince = row.GetInstant(2),
            IsHeld = row.GetBoolean(3),
        };
        // The delete has no result of its own.
        if (await row.NextResultAsync(cancellationToken) && await row.ReadAsync(cancellationToken))
            found = found with { Promised = (row.GetInt64(0), row.GetBoolean(1)) };
        return found;
    }

    static async ValueTask<Alike> FindAlikeAsync(
        NpgsqlConnection connection, ReceivedPush push, string sameness, Situation user,
        CancellationToken cancellationToken)
    {
        if (user.LastReceivedAt.IsNone) return default;
        var since = user.LastReceivedAt + -s_lookBack;
        await using var batch = new NpgsqlBatch(connection);
        batch.Add("""
            select payload_number
            from raw_ingestions
            where user_id = $1 and sha256 = $2 and has_payload and received_at >= $3
            order by number desc
            limit 1
            """).Bind(push.UserId).Bind(push.Payload.Sha256).Bind(since);
        // What waits is newer than all that is settled: then there may be one to join, and none to be a duplicate of.
        var isSettled = user.QueuedSince.IsNone;
        if (isSettled) AddOriginal(batch, push, sameness, since);
        else AddPending(batch, push, sameness, user.QueuedSince);

        Alike found = default;
        await using (var row = await batch.ExecuteReaderAsync(cancellationToken))
        {
            if (await row.ReadAsync(cancellationToken)) found = found with { SharedPayload = row.GetInt64(0) };
            await row.NextResultAsync(cancellationToken);
            if (await row.ReadAsync(cancellationToken))
                return isSettled
                    ? found with { Original = ReadOriginal(row) }
                    : found with { Pending = row.GetInt64(0) };
        }
        if (!isSettled) return found;

        // Nothing but duplicates for longer than that: everything is looked through.
        batch.BatchCommands.Clear();
        AddOriginal(batch, push, sameness, Instant.From(DateOnly.MinValue));
        await using var old = await batch.ExecuteReaderAsync(cancellationToken);
        return await old.ReadAsync(cancellationToken) ? found with { Original = ReadOriginal(old) } : found;
    }

    /// <summary>
    /// An equal push that waits or is in work, with nothing received or asked to be deleted since that this one must
    /// come after. A replay is
    /// none: it would take effect under its old number.
    /// </summary>
    static void AddPending(NpgsqlBatch batch, ReceivedPush push, string sameness, Instant since) =>
        batch.Add("""
            select i.number
            from raw_ingestions i
            join queue q on q.user_id = i.user_id and q.number = i.number and not q.is_replay
            where i.user_id = $1 and i.sha256 = $2 and i.sameness = $3 and i.status in (0, 1) and i.received_at >= $4
                and not exists (
                    select
                    from raw_ingestions later
                    where later.user_id = $1 and later.number > i.number and later.status <> 4
                        and later.received_at >= $5)
                and not exists (
                    select
                    from deletions d
                    where d.user_id = $1 and d.up_to_ingestion >= i.number)
            order by i.number desc
            limit 1
            """).Bind(push.UserId).Bind(push.Payload.Sha256).Bind(sameness).Bind(since).Bind(since + -s_lookBack);

    /// <summary>The newest push that was not settled as a duplicate, and whether it is equal to this one and nothing
    /// has changed since.</summary>
    static void AddOriginal(NpgsqlBatch batch, ReceivedPush push, string sameness, Instant since) =>
        batch.Add("""
            select i.number, i.public_id, i.receipt,
                coalesce(
                    i.sha256 = $2 and i.sameness = $3 and i.status in (2, 3) and i.data_version = u.data_version, false)
            from raw_ingestions i
            join users u on u.id = i.user_id
            where i.user_id = $1 and i.status <> 4 and i.received_at >= $4
            order by i.number desc
            limit 1
            """).Bind(push.UserId).Bind(push.Payload.Sha256).Bind(sameness).Bind(since);

    static (long, Guid, string?)? ReadOriginal(NpgsqlDataReader row) =>
        row.GetBoolean(3) ? (row.GetInt64(0), row.GetGuid(1), row.FindString(2)) : null;

    async ValueTask InsertAsync(
        NpgsqlConnection connection, ReceivedPush push, Ingestion ingestion, string sameness, Alike found,
        Guid? lease, CancellationToken cancellationToken)
    {
        var (user, number, payload) = (push.UserId, ingestion.Number, push.Payload);
        await using var batch = new NpgsqlBatch(connection);
        batch.Add("update users set last_ingestion = $2 where id = $1").Bind(user).Bind(number);
        batch.Add("insert into ingestion_times (user_id, number, received_at) values ($1, $2, $3)")
            .Bind(user).Bind(number).Bind(ingestion.ReceivedAt);
        batch.Add("""
            insert into raw_ingestions (
                user_id, number, public_id, key_id, status, received_at, started_at, finished_at, attempts, size_bytes,
                sha256, content_type, headers, time_zone, sameness, payload_number, chunk_count, duplicate_of)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
            """)
            .Bind(user).Bind(number).Bind(ingestion.Id).Bind(push.KeyId).Bind((short)ingestion.Status)
            .Bind(ingestion.ReceivedAt).Bind(ingestion.StartedAt).Bind(ingestion.FinishedAt).Bind(ingestion.Attempts)
            .Bind(ingestion.SizeBytes).Bind(ingestion.Sha256).BindText(push.ContentType)
            .Bind(PostgresIngestionRow.WriteHeaders(push.Headers)).BindText(push.TimeZone).Bind(sameness)
            .Bind(found.SharedPayload ?? number).Bind(payload.ChunkCount).Bind(found.Original?.Number);
        if (push.IdempotencyKey is not null) AddPromise(batch, push, number);
        if (found.Original is null) AddToQueue(batch, user, number, isReplay: false, lease, push.Lease ?? default);

        // A chunk at a time, so that memory holds one of them; the first travels with the rest.
        byte[] scratch = [];
        for (var ordinal = 0; found.SharedPayload is null && ordinal < payload.ChunkCount; ordinal++)
        {
            if (ordinal > 0)
            {
                await batch.ExecuteNonQueryAsync(cancellationToken);
                batch.BatchCommands.Clear();
            }
            var bytes = payload.ReadChunk(ordinal, ref scratch).ToArray();
            batch.Add("""
                insert into raw_chunks (user_id, number, ordinal, size_bytes, bytes)
                values ($1, $2, $3, $4, $5)
                """)
                .Bind(user).Bind(number).Bind(ordinal).Bind(payload.SizeOfChunk(ordinal).DecodedBytes).Bind(bytes);
        }
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    void AddPromise(NpgsqlBatch batch, ReceivedPush push, long number) =>
        batch.Add("""
            insert into idempotency_keys (user_id, key, sha256, number, created_at)
            values ($1, $2, $3, $4, $5)
            """).Bind(push.UserId).Bind(push.IdempotencyKey!).Bind(push.Payload.Sha256).Bind(number).Bind(Now);

    void AddToQueue(NpgsqlBatch batch, long userId, long number, bool isReplay, Guid? lease, TimeSpan length) =>
        batch.Add($"""
            insert into queue (user_id, number, is_replay, lease, leased_by, due_at, leased_until)
            select $1, $2, $3, $4, $5, now.at, case when $4 is not null then now.at + $6 end
            from (select {database.ServerNow} as at) now
            """).Bind(userId).Bind(number).Bind(isReplay).Bind(lease).BindText(lease is null ? null : _holder)
            .Bind(length);
}
