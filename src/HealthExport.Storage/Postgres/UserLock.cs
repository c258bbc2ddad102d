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

    /// <summary>Adds the wait for the lock to a batch. Statements after it see what the holder before committed.
    /// </summary>
    public static void AddUserLock(this NpgsqlBatch batch, long userId) =>
        batch.Add("select pg_advisory_xact_lock($1)").Bind(Kind ^ userId);
}
