using HealthExport.Pushes;
using Npgsql;

namespace HealthExport.Storage.Postgres;

/// <summary>
/// Keeps apart those who change one user's data: pushes being applied and deletions. The lock is the transaction's, so
/// that a transaction pooler may stand between. It is not the user's row, which receiving a push needs.
/// </summary>
static class UserLock
{
    // The top bits are a constant of our own; user numbers do not reach them.
    const long Kind = 0x6865_0000_0000_0000;
    const long PushKind = 0x6866_0000_0000_0000;

    const string EndSession =
        """
        select count(pg_terminate_backend(l.pid))
        from pg_locks l
        join pg_stat_activity a on a.pid = l.pid and a.usename = current_user
        where l.locktype = 'advisory' and l.objsubid = 1 and l.granted and l.pid <> pg_backend_pid()
            and l.database = a.datid and a.datname = current_database()
            and (l.classid::bigint << 32 | l.objid::bigint) = $1
        """;

    /// <summary>
    /// Adds what has the server end the session when nothing comes from us within the transaction for ten seconds: the
    /// process hangs or has vanished, and what waits for the person's row or lock must not wait for as long. For what
    /// sends one statement after another; one that only slept tries again.
    /// </summary>
    public static void AddIdleLimit(this NpgsqlBatch batch) => AddIdleLimit(batch, "10s");

    /// <summary>The same for a push being applied, which reads between its statements: a minute. Others need not wait
    /// for that, but take over when its lease has ended.</summary>
    public static void AddLongIdleLimit(this NpgsqlBatch batch) => AddIdleLimit(batch, "60s");

    static void AddIdleLimit(NpgsqlBatch batch, string limit) =>
        batch.Add($"select set_config('idle_in_transaction_session_timeout', '{limit}', true)");

    /// <summary>Adds the wait for the lock to a batch. Statements after it see what the holder before committed.
    /// </summary>
    public static void AddUserLock(this NpgsqlBatch batch, long userId) =>
        batch.Add("select pg_advisory_xact_lock($1)").Bind(Kind ^ userId);

    /// <summary>
    /// Adds the end of whoever applies a push of the user although its lease, and every other of the user, has run out.
    /// For when the user's row is locked: a push that hangs at its commit holds that too, and nobody could claim.
    /// </summary>
    public static void AddEndOfHanging(this NpgsqlBatch batch, long userId, string serverNow) =>
        batch.Add(
            $"""
            select case
                when not exists (select from queue where user_id = $2 and lease is not null)
                    or exists (select from queue where user_id = $2 and leased_until > {serverNow}) then 0
                else ({EndSession})
                end
            """).Bind(PushKind ^ userId).Bind(userId);

    /// <summary>
    /// Adds to a batch, as two statements, the lock that tells who applies a push of the user. Whoever holds it while
    /// the lease is ours has lost the lease: a replica that hangs or has vanished, whose transaction might stay open
    /// for hours. Its session is ended, which rolls back.
    /// </summary>
    public static void AddTakeOver(this NpgsqlBatch batch, ClaimedPush push, string serverNow)
    {
        batch.Add(
            $"""
            select case when pg_try_advisory_xact_lock($1) then 0 else (
                {EndSession}
                    and exists (
                        select
                        from queue
                        where user_id = $2 and number = $3 and lease = $4 and leased_until > {serverNow}))
                end
            """).Bind(PushKind ^ push.UserId).Bind(push.UserId).Bind(push.Number).Bind(push.Lease);
        batch.Add("select pg_advisory_xact_lock($1)").Bind(PushKind ^ push.UserId);
    }
}
