using HealthExport.Audit;
using HealthExport.Keys;
using HealthExport.Stores;
using HealthExport.Time;

namespace HealthExport.Storage.Sqlite;

sealed class SqliteKeyStore(SqliteDatabase database, TimeProvider clock) : IKeyStore
{
    public async ValueTask AddAsync(StoredKey key, AuditEntry entry, CancellationToken cancellationToken)
    {
        using var writer = await database.RentWriterAsync(cancellationToken);
        var session = writer.Session;
        session.Begin();
        SqliteUserStore.RequirePresent(session, key.UserId);
        Insert(session, key);
        Commit(session, entry, key.UserId, key.Id);
    }

    public ValueTask<StoredKey?> FindAsync(ReadOnlyMemory<byte> lookupHash, CancellationToken cancellationToken)
    {
        using var reader = database.RentReader();
        using var find = reader.Session.Prepare($"select {KeyPlace.Columns} from api_keys where lookup_hash = ?1");
        find.Bind(1, lookupHash.Span);
        return new(find.Step() ? Read(find) : null);
    }

    public ValueTask<StoredKey?> FindByIdAsync(string id, long? userId, CancellationToken cancellationToken)
    {
        using var reader = database.RentReader();
        return new(Find(reader.Session, id, userId));
    }

    public ValueTask<IReadOnlyList<StoredKey>> ListAsync(long? userId, CancellationToken cancellationToken)
    {
        using var reader = database.RentReader();
        using var list = reader.Session.Prepare($"""
            select {KeyPlace.Columns}
            from api_keys
            {(userId is null ? "" : "where user_id = ?1")}
            order by created_at, id
            """);
        if (userId is { } only) list.Bind(1, only);
        List<StoredKey> keys = [];
        while (list.Step()) keys.Add(Read(list));
        return new(keys);
    }

    public ValueTask<Page<StoredKey>> ListAsync(
        long userId, string? cursor, int limit, CancellationToken cancellationToken)
    {
        var after = KeyPlace.FromCursor(userId, cursor);
        using var reader = database.RentReader();
        using var list = reader.Session.Prepare($"""
            select {KeyPlace.Columns}
            from api_keys
            where user_id = ?1 and (?2 is null or (created_at, id) > (?2, ?3))
            order by created_at, id
            limit ?4
            """);
        list.Bind(1, userId).Bind(2, after?.CreatedAt).Bind(3, after?.Id).Bind(4, limit + 1L);
        List<StoredKey> keys = [];
        while (list.Step()) keys.Add(Read(list));
        return new(KeyPlace.Page(userId, keys, limit));
    }

    public ValueTask<IReadOnlyList<(ulong LookupPrefix, Instant? ExpiresAt)>> ListLookupsAsync(
        CancellationToken cancellationToken)
    {
        using var reader = database.RentReader();
        using var list = reader.Session.Prepare(
            "select substr(lookup_hash, 1, 8), expires_at from api_keys where revoked_at is null");
        List<(ulong, Instant?)> lookups = [];
        while (list.Step()) lookups.Add((ApiKey.PrefixOf(list.GetBlob(0)), list.FindInstant(1)));
        return new(lookups);
    }

    public async ValueTask<bool> RevokeAsync(
        string id, long? userId, AuditEntry entry, CancellationToken cancellationToken)
    {
        using var writer = await database.RentWriterAsync(cancellationToken);
        var session = writer.Session;
        session.Begin();
        if (Find(session, id, userId) is not { } key) return false;
        if (key.RevokedAt is not null) return true;
        // A clock set back must not make a key that cannot be revoked.
        using (var revoke = session.Prepare("""
            update api_keys
            set revoked_at = max(created_at, ?3)
            where user_id = ?1 and id = ?2
            """))
            revoke.Bind(1, key.UserId).Bind(2, id).Bind(3, Instant.From(clock.GetUtcNow())).Run();
        Commit(session, entry, key.UserId, id);
        return true;
    }

    public async ValueTask<KeyRotation> RotateAsync(
        string id, StoredKey successor, Instant? endsAt, AuditEntry entry, CancellationToken cancellationToken)
    {
        using var writer = await database.RentWriterAsync(cancellationToken);
        var session = writer.Session;
        session.Begin();
        if (Find(session, id, successor.UserId) is not { } old) return KeyRotation.NotFound;
        if (old.ReplacedBy is not null) return KeyRotation.Replaced;
        if (!old.IsGoodAt(successor.CreatedAt)) return KeyRotation.Ended;
        using (var replace = session.Prepare("""
            update api_keys
            set replaced_by = ?3,
                expires_at = min(coalesce(expires_at, ?4), coalesce(?4, expires_at)),
                revoked_at = case when ?4 is null then max(created_at, ?5) end
            where user_id = ?1 and id = ?2
            """))
            replace.Bind(1, old.UserId).Bind(2, id).Bind(3, successor.Id).Bind(4, endsAt).Bind(5, successor.CreatedAt)
                .Run();
        Insert(session, successor);
        Commit(session, entry, old.UserId, id);
        return KeyRotation.Done;
    }

    public async ValueTask<bool> LimitAsync(
        string id, string profile, LimitOverrides overrides, AuditEntry entry, CancellationToken cancellationToken)
    {
        using var writer = await database.RentWriterAsync(cancellationToken);
        var session = writer.Session;
        session.Begin();
        if (Find(session, id, userId: null) is not { } key) return false;
        using (var limit = session.Prepare("""
            update api_keys
            set limit_profile = ?3, limit_ingest_requests = ?4, limit_ingest_bytes = ?5, limit_read_requests = ?6,
                limit_read_bytes = ?7
            where user_id = ?1 and id = ?2
            """))
            limit.Bind(1, key.UserId).Bind(2, id).Bind(3, profile).Bind(4, overrides.IngestRequests)
                .Bind(5, overrides.IngestBytes).Bind(6, overrides.ReadRequests).Bind(7, overrides.ReadBytes).Run();
        Commit(session, entry, key.UserId, id);
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
            where id = ?1 and (last_used_at is null or last_used_at <= ?3)
            """);
        touch.Bind(1, id).Bind(2, usedAt).Bind(3, usedAt + -KeyPlace.BetweenUses).Run();
    }

    /// <summary>For whoever changes keys inside a transaction of its own.</summary>
    public static void RaiseVersion(SqliteSession session) =>
        session.Run("update keys_version set version = version + 1 where user_id = 0");

    static void Commit(SqliteSession session, AuditEntry entry, long userId, string id)
    {
        SqliteAuditStore.Write(session, entry with { UserId = userId, Resource = id });
        RaiseVersion(session);
        session.Commit();
    }

    static StoredKey? Find(SqliteSession session, string id, long? userId)
    {
        using var find = session.Prepare($"""
            select {KeyPlace.Columns}
            from api_keys
            where id = ?1 and (?2 is null or user_id = ?2)
            """);
        return find.Bind(1, id).Bind(2, userId).Step() ? Read(find) : null;
    }

    static void Insert(SqliteSession session, StoredKey key)
    {
        using var insert = session.Prepare($"""
            insert into api_keys ({KeyPlace.Columns})
            values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)
            """);
        insert.Bind(1, key.Id).Bind(2, key.UserId).Bind(3, key.Name).Bind(4, (long)key.Scopes)
            .Bind(5, key.LimitProfile).Bind(6, key.LookupHash).Bind(7, key.Phc).Bind(8, key.CreatedAt)
            .Bind(9, key.ExpiresAt).Bind(10, key.RevokedAt).Bind(11, key.LastUsedAt).Bind(12, (long)key.Format)
            .Bind(13, key.ReplacedBy).Bind(14, key.Limits.IngestRequests).Bind(15, key.Limits.IngestBytes)
            .Bind(16, key.Limits.ReadRequests).Bind(17, key.Limits.ReadBytes).Run();
    }

    static StoredKey Read(SqliteStatement row) => new(
        row.GetString(0), row.GetInt64(1), row.GetString(2), (KeyScopes)row.GetInt64(3), row.GetString(4),
        row.FindBytes(5)!, row.GetString(6), row.GetInstant(7), row.FindInstant(8), row.FindInstant(9),
        row.FindInstant(10))
    {
        Format = (KeyFormat)row.GetInt32(11),
        ReplacedBy = row.FindString(12),
        Limits = new(row.FindInt64(13), row.FindInt64(14), row.FindInt64(15), row.FindInt64(16)),
    };
}
