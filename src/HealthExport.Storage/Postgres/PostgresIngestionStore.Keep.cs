using HealthExport.Pushes;
using HealthExport.Time;
using Npgsql;

namespace HealthExport.Storage.Postgres;

sealed partial class PostgresIngestionStore
{
    // How far back equal bytes are looked for, so that few partitions are asked. Payloads are thinned after 30 days.
    static readonly TimeSpan s_sharing = TimeSpan.FromDays(62);

    // Numbers follow commits and times of receipt the first byte's way: how much the two orders may differ.
    static readonly TimeSpan s_disorder = TimeSpan.FromDays(1);

    /// <summary>What the database says of a push's user and of pushes like it, once the user's row is locked.</summary>
    sealed record Situation
    {
        public long LastNumber { get; init; }
        public (long Number, bool IsSame)? Promised { get; init; }
        public long? Pending { get; init; }
        public bool HasQueued { get; init; }
        public (long Number, Guid Id, string? Receipt)? Original { get; init; }
        public long? SharedPayload { get; init; }
    }

    public async ValueTask<KeptPush> KeepAsync(ReceivedPush push, CancellationToken cancellationToken)
    {
        var at = push.ReceivedAt;
        await database.Partitions.EnsureAsync(PostgresPartitions.Ingestions, at, at, cancellationToken);
        // Outside, so that a second try after a broken connection has the same.
        var id = Guid.CreateVersion7(at.At(0));
        var sameness = PushSameness.Of(push);
        return await database.WriteAsync(
            (connection, cancellationToken) => KeepAsync(connection, push, id, sameness, cancellationToken),
            cancellationToken);
    }

    async ValueTask<KeptPush> KeepAsync(
        NpgsqlConnection connection, ReceivedPush push, Guid id, string sameness, CancellationToken cancellationToken)
    {
        var found = await LookAsync(connection, push, sameness, cancellationToken);
        if (found.Promised is { } promised)
            return new(
                promised.IsSame ? KeptAs.Repeated : KeptAs.Conflict,
                await PostgresIngestionRow.GetAsync(connection, push.UserId, promised.Number, cancellationToken), null);
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
        var isClaimed = found.Original is null && !found.HasQueued && push.Lease is not null;
        var ingestion = Describe(push, id, found, isClaimed);
        Guid? lease = isClaimed ? Guid.NewGuid() : null;
        await InsertAsync(connection, push, ingestion, sameness, found, lease, cancellationToken);
        var claim = lease is { } name ? new ClaimedPush { Ingestion = ingestion, Lease = name, IsReplay = false } : null;
        return new(found.Original is null ? KeptAs.New : KeptAs.Duplicate, ingestion, claim);
    }

    Ingestion Describe(ReceivedPush push, Guid id, Situation found, bool isClaimed) => new()
    {
        UserId = push.UserId,
        Number = found.LastNumber + 1,
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
        Receipt = found.Original?.Receipt is { } receipt ? PostgresIngestionRow.ReadReceipt(receipt) : null,
    };

    /// <summary>Locks the user's row; each statement after it sees all that was committed before the lock was had.
    /// </summary>
    async ValueTask<Situation> LookAsync(
        NpgsqlConnection connection, ReceivedPush push, string sameness, CancellationToken cancellationToken)
    {
        var (user, sha256) = (push.UserId, push.Payload.Sha256);
        await using var batch = new NpgsqlBatch(connection);
        batch.Add("select last_ingestion from users where id = $1 for no key update").Bind(user);
        // An equal push that waits or is in work. A replay is none: it would take effect under its old number.
        batch.Add("""
            select
                exists (select from queue where user_id = $1),
                (
                    select i.number
                    from queue q
                    join ingestion_times t on t.user_id = q.user_id and t.number = q.number
                    join raw_ingestions i
                        on i.user_id = t.user_id and i.number = t.number and i.received_at = t.received_at
                    where q.user_id = $1 and not q.is_replay
                        and i.sha256 = $2 and i.sameness = $3 and i.status in (0, 1)
                    order by q.number desc
                    limit 1)
            """).Bind(user).Bind(sha256).Bind(sameness);
        // The newest push that was settled as anything but a duplicate, when it is equal and nothing has changed since.
        // It is the newest of all, or what that one duplicates, or a duplicate between them that was replayed.
        batch.Add("""
            with newest as materialized (
                select case when i.status = 4 then o.number else t.number end as number,
                    case when i.status = 4 then o.received_at else t.received_at end as received_at
                from users u
                join ingestion_times t on t.user_id = u.id and t.number = u.last_ingestion
                join raw_ingestions i on i.user_id = t.user_id and i.number = t.number and i.received_at = t.received_at
                left join ingestion_times o on o.user_id = i.user_id and o.number = i.duplicate_of
                where u.id = $1)
            select s.number, s.public_id, s.receipt
            from (
                select i.*
                from raw_ingestions i
                where i.user_id = $1
                    and i.number >= (select number from newest)
                    and i.received_at >= (select received_at from newest) - $4::interval
                    and i.status <> 4
                order by i.number desc
                limit 1) s
            join users u on u.id = s.user_id
            where s.sha256 = $2 and s.sameness = $3 and s.status in (2, 3) and s.data_version = u.data_version
            """).Bind(user).Bind(sha256).Bind(sameness).Bind(s_disorder);
        batch.Add("""
            select payload_number
            from raw_ingestions
            where user_id = $1 and sha256 = $2 and has_payload and received_at >= $3
            order by number desc
            limit 1
            """).Bind(user).Bind(sha256).Bind(push.ReceivedAt + -s_sharing);
        if (push.IdempotencyKey is { } key)
        {
            batch.Add("delete from idempotency_keys where user_id = $1 and created_at <= $2")
                .Bind(user).Bind(Now + -options.IdempotencyWindow);
            batch.Add("select number, sha256 = $3 from idempotency_keys where user_id = $1 and key = $2")
                .Bind(user).Bind(key).Bind(sha256);
        }

        await using var row = await batch.ExecuteReaderAsync(cancellationToken);
        if (!await row.ReadAsync(cancellationToken))
            throw new StoreRefusedException("The user of this push does not exist.");
        var found = new Situation { LastNumber = row.GetInt64(0) };
        await row.NextResultAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        found = found with { HasQueued = row.GetBoolean(0), Pending = row.FindInt64(1) };
        await row.NextResultAsync(cancellationToken);
        if (await row.ReadAsync(cancellationToken))
            found = found with { Original = (row.GetInt64(0), row.GetGuid(1), row.FindString(2)) };
        await row.NextResultAsync(cancellationToken);
        if (await row.ReadAsync(cancellationToken)) found = found with { SharedPayload = row.GetInt64(0) };
        // The delete has no result of its own.
        if (await row.NextResultAsync(cancellationToken) && await row.ReadAsync(cancellationToken))
            found = found with { Promised = (row.GetInt64(0), row.GetBoolean(1)) };
        return found;
    }

    async ValueTask InsertAsync(
        NpgsqlConnection connection, ReceivedPush push, Ingestion ingestion, string sameness, Situation found,
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
            batch.Add("insert into raw_chunks (user_id, number, ordinal, size_bytes, bytes) values ($1, $2, $3, $4, $5)")
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
