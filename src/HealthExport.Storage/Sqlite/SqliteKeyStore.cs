using HealthExport.Audit;
using HealthExport.Keys;
using HealthExport.Time;

namespace HealthExport.Storage.Sqlite;

sealed class SqliteKeyStore(SqliteDatabase database, TimeProvider clock) : IKeyStore
{
    const string Columns = """
        id, user_id, name, scopes, limit_profile, lookup_hash, phc, created_at, expires_at, revoked_at, last_used_at
        """;

    public async ValueTask AddAsync(StoredKey key, AuditEntry entry, CancellationToken cancellationToken)
    {
        using var writer = await database.RentWriterAsync(cancellationToken);
        var session = writer.Session;
        session.Begin();
        using (var insert = session.Prepare($"""
            insert into api_keys ({Columns})
            values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
            """))
            insert.Bind(1, key.Id).Bind(2, key.UserId).Bind(3, key.Name).Bind(4, (long)key.Scopes)
                .Bind(5, key.LimitProfile).Bind(6, key.LookupHash).Bind(7, key.Phc).Bind(8, key.CreatedAt)
                .Bind(9, key.ExpiresAt).Bind(10, key.RevokedAt).Bind(11, key.LastUsedAt).Run();
        SqliteAuditStore.Write(session, entry with { UserId = key.UserId, Resource = key.Id });
        RaiseVersion(session);
        session.Commit();
    }

    public ValueTask<StoredKey?> FindAsync(ReadOnlyMemory<byte> lookupHash, CancellationToken cancellationToken)
    {
        using var reader = database.RentReader();
        using var find = reader.Session.Prepare($"select {Columns} from api_keys where lookup_hash = ?1");
        find.Bind(1, lookupHash.Span);
        return new(find.Step() ? Read(find) : null);
    }

    public ValueTask<IReadOnlyList<StoredKey>> ListAsync(long? userId, CancellationToken cancellationToken)
    {
        using var reader = database.RentReader();
        using var list = reader.Session.Prepare($"""
            select {Columns}
            from api_keys
            where ?1 is null or user_id = ?1
            order by created_at, id
            """);
        list.Bind(1, userId);
        List<StoredKey> keys = [];
        while (list.Step()) keys.Add(Read(list));
        return new(keys);
    }

    public async ValueTask<bool> RevokeAsync(
        string id, long? userId, AuditEntry entry, CancellationToken cancellationToken)
    {
        using var writer = await database.RentWriterAsync(cancellationToken);
        var session = writer.Session;
        session.Begin();
        long owner;
        using (var find = session.Prepare("""
            select revoked_at, user_id
            from api_keys
            where id = ?1 and (?2 is null or user_id = ?2)
            """))
        {
            if (!find.Bind(1, id).Bind(2, userId).Step()) return false;
            if (!find.IsNull(0)) return true;
            owner = find.GetInt64(1);
        }
        // A clock set back must not make a key that cannot be revoked.
        using (var revoke = session.Prepare("update api_keys set revoked_at = max(created_at, ?2) where id = ?1"))
            revoke.Bind(1, id).Bind(2, Instant.From(clock.GetUtcNow())).Run();
        SqliteAuditStore.Write(session, entry with { UserId = owner, Resource = id });
        RaiseVersion(session);
        session.Commit();
        return true;
    }

    public ValueTask<long> GetVersionAsync(CancellationToken cancellationToken)
    {
        using var reader = database.RentReader();
        using var read = reader.Session.Prepare("select version from keys_version where user_id = 0");
        return new(read.Step() ? read.GetInt64(0) : 0);
    }

    public async ValueTask TouchAsync(string id, Instant usedAt, CancellationToken cancellationToken)
    {
        using var writer = await database.RentWriterAsync(cancellationToken);
        using var touch = writer.Session.Prepare("""
            update api_keys
            set last_used_at = ?2
            where id = ?1 and (last_used_at is null or last_used_at < ?2)
            """);
        touch.Bind(1, id).Bind(2, usedAt).Run();
    }

    /// <summary>For whoever changes keys inside a transaction of its own.</summary>
    public static void RaiseVersion(SqliteSession session) =>
        session.Run("update keys_version set version = version + 1 where user_id = 0");

    static StoredKey Read(SqliteStatement row) => new(
        row.GetString(0), row.GetInt64(1), row.GetString(2), (KeyScopes)row.GetInt64(3), row.GetString(4),
        row.FindBytes(5)!, row.GetString(6), row.GetInstant(7), row.FindInstant(8), row.FindInstant(9),
        row.FindInstant(10));
}
