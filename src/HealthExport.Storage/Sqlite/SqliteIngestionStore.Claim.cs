using HealthExport.Pushes;
using HealthExport.Time;

namespace HealthExport.Storage.Sqlite;

sealed partial class SqliteIngestionStore
{
    // Where the last claim was made: the next one begins after it, so that one person's backlog starves nobody.
    long _lastClaimed;

    sealed record First(long UserId, long Number, Instant DueAt, string? LeasedBy, Instant LeasedUntil);

    public async ValueTask<ClaimedPush?> ClaimAsync(TimeSpan lease, CancellationToken cancellationToken)
    {
        if (!MayAnythingBeDue()) return null;
        using var writer = await database.RentWriterAsync(cancellationToken);
        var session = writer.Session;
        session.Begin();
        var hasFailed = false;
        var claim = ClaimAfter(session, _lastClaimed, long.MaxValue, lease, ref hasFailed)
            ?? ClaimAfter(session, 0, _lastClaimed, lease, ref hasFailed);
        if (claim is null && !hasFailed) return null;
        session.Commit();
        if (claim is not null) _lastClaimed = claim.UserId;
        return claim;
    }

    public async ValueTask<bool> RenewAsync(ClaimedPush push, TimeSpan lease, CancellationToken cancellationToken)
    {
        using var writer = await database.RentWriterAsync(cancellationToken);
        using var renew = writer.Session.Prepare("""
            update queue
            set leased_until = ?4
            where user_id = ?1 and number = ?2 and lease = ?3
            """);
        return renew.Bind(1, push.UserId).Bind(2, push.Number).Bind(3, push.Lease).Bind(4, Now + lease).Run() > 0;
    }

    public async ValueTask GiveBackAsync(
        ClaimedPush push, TimeSpan delay, bool countAttempt, CancellationToken cancellationToken)
    {
        using var writer = await database.RentWriterAsync(cancellationToken);
        var session = writer.Session;
        session.Begin();
        long freed;
        using (var free = session.Prepare("""
            update queue
            set lease = null, leased_by = null, leased_until = null, due_at = ?4
            where user_id = ?1 and number = ?2 and lease = ?3
            """))
            freed = free.Bind(1, push.UserId).Bind(2, push.Number).Bind(3, push.Lease).Bind(4, Now + delay).Run();
        using (var requeue = session.Prepare("""
            update raw_ingestions
            set status = case when ?5 then ?3 else status end, attempts = attempts - ?4
            where user_id = ?1 and number = ?2 and (?5 or attempts > ?4 and ?4 > 0)
            """))
            requeue.Bind(1, push.UserId).Bind(2, push.Number).Bind(3, Queued).Bind(4, countAttempt ? 0 : 1)
                .Bind(5, freed).Run();
        session.Commit();
    }

    public async ValueTask FailAsync(ClaimedPush push, CancellationToken cancellationToken)
    {
        using var writer = await database.RentWriterAsync(cancellationToken);
        var session = writer.Session;
        session.Begin();
        using (var find = session.Prepare("select 1 from queue where user_id = ?1 and number = ?2 and lease = ?3"))
            if (!find.Bind(1, push.UserId).Bind(2, push.Number).Bind(3, push.Lease).Step()) return;
        Fail(session, push.UserId, push.Number);
        session.Commit();
    }

    /// <summary>Whether there is anything that this process has not in hand: asking costs the writer nothing.</summary>
    bool MayAnythingBeDue()
    {
        using var reader = database.RentReader();
        using var find = reader.Session.Prepare("""
            select 1
            from queue
            where lease is null or leased_by <> ?1 or leased_until <= ?2
            limit 1
            """);
        return find.Bind(1, _holder).Bind(2, Now).Step();
    }

    /// <summary>Claims for the first user of (<paramref name="after"/>, <paramref name="last"/>] who has something due
    /// and nothing in work; settles on the way what has been tried too often.</summary>
    ClaimedPush? ClaimAfter(SqliteSession session, long after, long last, TimeSpan lease, ref bool hasFailed)
    {
        var now = Now;
        while (FindFirst(session, after) is { } first && first.UserId <= last)
        {
            if (first.DueAt > now || IsLeased(first, now) || IsAnotherLeased(session, first, now)
                || SqliteDeletionStore.IsHeld(session, first.UserId, first.Number))
            {
                after = first.UserId;
                continue;
            }
            if (CountAttempts(session, first) < options.MaxAttempts)
                return Claim(session, first.UserId, first.Number, lease);
            Fail(session, first.UserId, first.Number);
            hasFailed = true;
        }
        return null;
    }

    static First? FindFirst(SqliteSession session, long after)
    {
        using var find = session.Prepare("""
            select user_id, number, due_at, leased_by, leased_until
            from queue
            where user_id > ?1
            order by user_id, number
            limit 1
            """);
        return find.Bind(1, after).Step() ? ReadFirst(find) : null;
    }

    /// <summary>A replay may stand before the one that is in work.</summary>
    bool IsAnotherLeased(SqliteSession session, First first, Instant now)
    {
        using var find = session.Prepare("""
            select user_id, number, due_at, leased_by, leased_until
            from queue indexed by queue_leased
            where user_id = ?1 and lease is not null
            """);
        find.Bind(1, first.UserId);
        while (find.Step())
            if (IsLeased(ReadFirst(find), now))
                return true;
        return false;
    }

    static First ReadFirst(SqliteStatement row) => new(
        row.GetInt64(0), row.GetInt64(1), row.GetInstant(2), row.FindString(3), row.GetInstant(4));

    bool IsLeased(First row, Instant now) =>
        row.LeasedBy is not null && row.LeasedUntil > now && !holder.KnowsDead(row.LeasedBy);

    static int CountAttempts(SqliteSession session, First first)
    {
        using var find = session.Prepare("select attempts from raw_ingestions where user_id = ?1 and number = ?2");
        return find.Bind(1, first.UserId).Bind(2, first.Number).Step() ? find.GetInt32(0) : 0;
    }

    ClaimedPush Claim(SqliteSession session, long userId, long number, TimeSpan lease)
    {
        var now = Now;
        var name = Guid.NewGuid();
        using (var start = session.Prepare("""
            update raw_ingestions
            set status = ?3, attempts = attempts + 1, started_at = ?4
            where user_id = ?1 and number = ?2
            """))
            start.Bind(1, userId).Bind(2, number).Bind(3, Processing).Bind(4, now).Run();
        bool isReplay;
        using (var take = session.Prepare("""
            update queue
            set lease = ?3, leased_by = ?4, leased_until = ?5
            where user_id = ?1 and number = ?2
            returning is_replay
            """))
        {
            take.Bind(1, userId).Bind(2, number).Bind(3, name).Bind(4, _holder).Bind(5, now + lease).Step();
            isReplay = take.GetBoolean(0);
        }
        return new() { Ingestion = IngestionRow.Get(session, userId, number), Lease = name, IsReplay = isReplay };
    }

    void Fail(SqliteSession session, long userId, long number)
    {
        using (var leave = session.Prepare("delete from queue where user_id = ?1 and number = ?2"))
            leave.Bind(1, userId).Bind(2, number).Run();
        using var settle = session.Prepare("""
            update raw_ingestions
            set status = ?3, finished_at = ?4
            where user_id = ?1 and number = ?2
            """);
        settle.Bind(1, userId).Bind(2, number).Bind(3, Failed).Bind(4, Now).Run();
    }
}
