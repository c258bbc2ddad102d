using HealthExport.Pushes;
using HealthExport.Time;
using Npgsql;

namespace HealthExport.Storage.Postgres;

sealed partial class PostgresIngestionStore
{
    // Where the last claim was made: the next one begins after it, so that one person's backlog starves nobody.
    long _lastClaimed;

    /// <summary>A user's first in the queue, as it stands while the user's row is locked.</summary>
    /// <param name="IsFree">It is due, nothing of the user is in work, and no deletion has to go first.</param>
    readonly record struct Waiting(long Number, Instant ReceivedAt, bool IsFree);

    public async ValueTask<ClaimedPush?> ClaimAsync(TimeSpan lease, CancellationToken cancellationToken)
    {
        var last = Volatile.Read(ref _lastClaimed);
        return await ClaimAsync(last, long.MaxValue, lease, cancellationToken)
            ?? await ClaimAsync(0, last, lease, cancellationToken);
    }

    public async ValueTask<bool> RenewAsync(ClaimedPush push, TimeSpan lease, CancellationToken cancellationToken) =>
        await database.ReadAsync(
            async (connection, cancellationToken) =>
            {
                await using var renew = new NpgsqlCommand(
                    $"""
                    update queue
                    set leased_until = {database.ServerNow} + $4
                    where user_id = $1 and number = $2 and lease = $3
                    """,
                    connection);
                renew.Parameters.Bind(push.UserId).Bind(push.Number).Bind(push.Lease).Bind(lease);
                return await renew.ExecuteNonQueryAsync(cancellationToken);
            },
            cancellationToken) > 0;

    public async ValueTask GiveBackAsync(
        ClaimedPush push, TimeSpan delay, bool countAttempt, CancellationToken cancellationToken) =>
        await database.ReadAsync(
            async (connection, cancellationToken) =>
            {
                await using var giveBack = new NpgsqlCommand(
                    $"""
                    with freed as (
                        update queue
                        set lease = null, leased_by = null, leased_until = null, due_at = {database.ServerNow} + $5
                        where user_id = $1 and number = $2 and lease = $3
                        returning 1)
                    update raw_ingestions
                    set status = case when exists (table freed) then {Queued} else status end, attempts = attempts - $6
                    where user_id = $1 and number = $2 and received_at = $4
                        and (exists (table freed) or attempts > $6 and $6 > 0)
                    """,
                    connection);
                giveBack.Parameters.Bind(push.UserId).Bind(push.Number).Bind(push.Lease)
                    .Bind(push.Ingestion.ReceivedAt).Bind(delay).Bind(countAttempt ? 0 : 1);
                return await giveBack.ExecuteNonQueryAsync(cancellationToken);
            },
            cancellationToken);

    public async ValueTask FailAsync(ClaimedPush push, CancellationToken cancellationToken) =>
        await database.ReadAsync(
            async (connection, cancellationToken) =>
            {
                await using var fail = new NpgsqlCommand(
                    $"""
                    with left_queue as (
                        delete from queue
                        where user_id = $1 and number = $2 and lease = $3
                        returning user_id, number)
                    update raw_ingestions i
                    set status = {Failed}, finished_at = $5
                    from left_queue
                    where i.user_id = left_queue.user_id and i.number = left_queue.number and i.received_at = $4
                    """,
                    connection);
                fail.Parameters.Bind(push.UserId).Bind(push.Number).Bind(push.Lease)
                    .Bind(push.Ingestion.ReceivedAt).Bind(Now);
                return await fail.ExecuteNonQueryAsync(cancellationToken);
            },
            cancellationToken);

    /// <summary>Claims for the first user of (<paramref name="after"/>, <paramref name="last"/>] who has something due
    /// and nothing in work; settles on the way what has been tried too often.</summary>
    async ValueTask<ClaimedPush?> ClaimAsync(
        long after, long last, TimeSpan lease, CancellationToken cancellationToken)
    {
        while (after < last && await FindUserAsync(after, last, cancellationToken) is { } user)
        {
            var (claim, hasFailed) = await database.WriteAsync(
                (connection, cancellationToken) => ClaimOfAsync(connection, user, lease, cancellationToken),
                cancellationToken);
            if (claim is not null)
            {
                Volatile.Write(ref _lastClaimed, user);
                return claim;
            }
            // Another replica was quicker. After a failure, the user's next may be due.
            if (!hasFailed) after = user;
        }
        return null;
    }

    /// <summary>Goes from user to user, however much each has waiting, and stops at the first that will do.</summary>
    ValueTask<long?> FindUserAsync(long after, long last, CancellationToken cancellationToken) =>
        database.ReadAsync(
            async (connection, cancellationToken) =>
            {
                await using var find = new NpgsqlCommand(
                    $"""
                    with recursive firsts as (
                        (
                            select user_id, due_at
                            from queue
                            where user_id > $1
                            order by user_id, number
                            limit 1)
                        union all
                        select next.user_id, next.due_at
                        from firsts f
                        cross join lateral (
                            select q.user_id, q.due_at
                            from queue q
                            where q.user_id > f.user_id
                            order by q.user_id, q.number
                            limit 1) next
                    )
                    select f.user_id
                    from firsts f
                    where f.user_id <= $2 and f.due_at <= {database.ServerNow}
                        and not exists (
                            select
                            from queue o
                            where o.user_id = f.user_id and o.lease is not null
                                and o.leased_until > {database.ServerNow})
                    limit 1
                    """,
                    connection);
                find.Parameters.Bind(after).Bind(last);
                return (long?)await find.ExecuteScalarAsync(cancellationToken);
            },
            cancellationToken);

    async ValueTask<(ClaimedPush? Claim, bool HasFailed)> ClaimOfAsync(
        NpgsqlConnection connection, long user, TimeSpan lease, CancellationToken cancellationToken)
    {
        // With the user's row locked, nobody else can claim for this user, and what follows sees every claim before.
        Waiting? first = null;
        bool isLocked;
        await using (var batch = new NpgsqlBatch(connection))
        {
            batch.AddIdleLimit();
            batch.Add("select 1 from users where id = $1 for no key update skip locked").Bind(user);
            // A replay may stand before the one that is in work.
            batch.Add($"""
                select q.number, t.received_at, q.due_at <= {database.ServerNow}
                    and not exists (
                        select
                        from queue o
                        where o.user_id = $1 and o.lease is not null and o.leased_until > {database.ServerNow})
                    and not exists (
                        select
                        from deletions d
                        where d.user_id = $1 and d.up_to_ingestion < q.number and d.stage < 2 and d.stage = 0)
                from (select * from queue where user_id = $1 order by number limit 1) q
                join ingestion_times t on t.user_id = q.user_id and t.number = q.number
                """).Bind(user);
            await using var row = await batch.ExecuteReaderAsync(cancellationToken);
            await row.NextResultAsync(cancellationToken);
            isLocked = !await row.ReadAsync(cancellationToken);
            await row.NextResultAsync(cancellationToken);
            if (!isLocked && await row.ReadAsync(cancellationToken))
                first = new(row.GetInt64(0), row.GetInstant(1), row.GetBoolean(2));
        }
        if (isLocked)
        {
            await using var batch = new NpgsqlBatch(connection);
            batch.AddEndOfHanging(user, database.ServerNow);
            await batch.ExecuteNonQueryAsync(cancellationToken);
        }
        if (first is not { IsFree: true } free) return (null, false);
        if (await TakeAsync(connection, user, free, lease, cancellationToken) is { } claim) return (claim, false);
        await SettleAsFailedAsync(connection, user, free, cancellationToken);
        return (null, true);
    }

    /// <returns>Null when it has been tried too often.</returns>
    async ValueTask<ClaimedPush?> TakeAsync(
        NpgsqlConnection connection, long user, Waiting first, TimeSpan lease, CancellationToken cancellationToken)
    {
        var name = Guid.NewGuid();
        await using var take = new NpgsqlCommand(
            $"""
            with leased as (
                update queue
                set lease = $4, leased_by = $5, leased_until = {database.ServerNow} + $6
                where user_id = $1 and number = $2
                returning user_id, number, is_replay)
            update raw_ingestions i
            set status = {Processing}, attempts = i.attempts + 1, started_at = $7
            from leased
            where i.user_id = leased.user_id and i.number = leased.number and i.received_at = $3 and i.attempts < $8
            returning {PostgresIngestionRow.Columns}, leased.is_replay
            """,
            connection);
        take.Parameters.Bind(user).Bind(first.Number).Bind(first.ReceivedAt).Bind(name).Bind(_holder).Bind(lease)
            .Bind(Now).Bind(options.MaxAttempts);
        await using var row = await take.ExecuteReaderAsync(cancellationToken);
        if (!await row.ReadAsync(cancellationToken)) return null;
        return new()
        {
            Ingestion = PostgresIngestionRow.Read(row).Own,
            Lease = name,
            IsReplay = row.GetBoolean(17),
        };
    }

    async ValueTask SettleAsFailedAsync(
        NpgsqlConnection connection, long user, Waiting first, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection);
        batch.Add("delete from queue where user_id = $1 and number = $2").Bind(user).Bind(first.Number);
        batch.Add($"""
            update raw_ingestions
            set status = {Failed}, finished_at = $4
            where user_id = $1 and number = $2 and received_at = $3
            """).Bind(user).Bind(first.Number).Bind(first.ReceivedAt).Bind(Now);
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }
}
