using HealthExport.Audit;
using HealthExport.Keys;
using HealthExport.Stores;
using HealthExport.Time;
using Npgsql;

namespace HealthExport.Storage.Postgres;

sealed class PostgresKeyStore(PostgresDatabase database) : IKeyStore
{
    public async ValueTask AddAsync(StoredKey key, AuditEntry entry, CancellationToken cancellationToken) =>
        await ChangeAsync(
            key.Id, entry,
            async (connection, cancellationToken) =>
            {
                await PostgresUserStore.RequirePresentAsync(connection, key.UserId, cancellationToken);
                await InsertAsync(connection, key, cancellationToken);
                return (true, ChangedOf: key.UserId);
            },
            cancellationToken);

    public ValueTask<StoredKey?> FindAsync(ReadOnlyMemory<byte> lookupHash, CancellationToken cancellationToken) =>
        database.ReadAsync(
            async (connection, cancellationToken) =>
            {
                await using var find = new NpgsqlCommand(
                    $"select {KeyPlace.Columns} from api_keys where lookup_hash = $1", connection);
                find.Parameters.Bind(lookupHash);
                return await ReadOneAsync(find, cancellationToken);
            },
            cancellationToken);

    public ValueTask<StoredKey?> FindByIdAsync(string id, long? userId, CancellationToken cancellationToken) =>
        database.ReadAsync(
            (connection, cancellationToken) => FindAsync(connection, id, userId, cancellationToken),
            cancellationToken);

    public ValueTask<IReadOnlyList<StoredKey>> ListAsync(long? userId, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<StoredKey>>(
            async (connection, cancellationToken) =>
            {
                await using var list = new NpgsqlCommand(
                    $"""
                    select {KeyPlace.Columns}
                    from api_keys
                    {(userId is null ? "" : "where user_id = $1")}
                    order by created_at, id
                    """,
                    connection);
                if (userId is { } only) list.Parameters.Bind(only);
                return await ReadAllAsync(list, cancellationToken);
            },
            cancellationToken);

    public ValueTask<Page<StoredKey>> ListAsync(
        long userId, string? cursor, int limit, CancellationToken cancellationToken)
    {
        var after = KeyPlace.FromCursor(userId, cursor);
        return database.ReadAsync(
            async (connection, cancellationToken) =>
            {
                await using var list = new NpgsqlCommand(
                    $"""
                    select {KeyPlace.Columns}
                    from api_keys
                    where user_id = $1 and ($2 is null or (created_at, id) > ($2, $3))
                    order by created_at, id
                    limit $4
                    """,
                    connection);
                list.Parameters.Bind(userId).Bind(after?.CreatedAt).BindText(after?.Id).Bind(limit + 1L);
                return KeyPlace.Page(userId, await ReadAllAsync(list, cancellationToken), limit);
            },
            cancellationToken);
    }

    public ValueTask<IReadOnlyList<(ulong LookupPrefix, Instant? ExpiresAt)>> ListLookupsAsync(
        CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<(ulong, Instant?)>>(
            async (connection, cancellationToken) =>
            {
                await using var list = new NpgsqlCommand(
                    "select substring(lookup_hash for 8), expires_at from api_keys where revoked_at is null",
                    connection);
                List<(ulong, Instant?)> lookups = [];
                await using var row = await list.ExecuteReaderAsync(cancellationToken);
                while (await row.ReadAsync(cancellationToken))
                    lookups.Add((ApiKey.PrefixOf(row.GetFieldValue<byte[]>(0)), row.FindInstant(1)));
                return lookups;
            },
            cancellationToken);

    public ValueTask<bool> RevokeAsync(
        string id, long? userId, AuditEntry entry, CancellationToken cancellationToken) =>
        ChangeAsync(
            id, entry,
            async (connection, cancellationToken) =>
            {
                // A clock set back must not make a key that cannot be revoked.
                await using var revoke = new NpgsqlCommand(
                    """
                    update api_keys
                    set revoked_at = greatest(created_at, $3)
                    where id = $1 and ($2 is null or user_id = $2) and revoked_at is null
                    returning user_id
                    """,
                    connection);
                revoke.Parameters.Bind(id).Bind(userId).Bind(Instant.From(database.Clock.GetUtcNow()));
                if (await revoke.ExecuteScalarAsync(cancellationToken) is long owner) return (true, owner);
                return (await FindAsync(connection, id, userId, cancellationToken) is not null, ChangedOf: null);
            },
            cancellationToken);

    public ValueTask<KeyRotation> RotateAsync(
        string id, StoredKey successor, Instant? endsAt, AuditEntry entry, CancellationToken cancellationToken) =>
        ChangeAsync(
            id, entry,
            async (connection, cancellationToken) =>
            {
                await PostgresUserStore.RequirePresentAsync(connection, successor.UserId, cancellationToken);
                // Of several at once the others wait for the row, and then find it replaced.
                await using var replace = new NpgsqlCommand(
                    """
                    update api_keys
                    set replaced_by = $3,
                        expires_at = least(expires_at, $4),
                        revoked_at = case when $4 is null then greatest(created_at, $5) end
                    where user_id = $1 and id = $2 and replaced_by is null and revoked_at is null
                        and (expires_at is null or expires_at > $5)
                    """,
                    connection);
                replace.Parameters.Bind(successor.UserId).Bind(id).Bind(successor.Id).Bind(endsAt)
                    .Bind(successor.CreatedAt);
                if (await replace.ExecuteNonQueryAsync(cancellationToken) > 0)
                {
                    await InsertAsync(connection, successor, cancellationToken);
                    return (KeyRotation.Done, successor.UserId);
                }
                var old = await FindAsync(connection, id, successor.UserId, cancellationToken);
                return (
                    old is null ? KeyRotation.NotFound
                    : old.ReplacedBy is not null ? KeyRotation.Replaced : KeyRotation.Ended,
                    ChangedOf: default(long?));
            },
            cancellationToken);

    public ValueTask<bool> LimitAsync(
        string id, string profile, LimitOverrides overrides, AuditEntry entry, CancellationToken cancellationToken) =>
        ChangeAsync(
            id, entry,
            async (connection, cancellationToken) =>
            {
                await using var limit = new NpgsqlCommand(
                    """
                    update api_keys
                    set limit_profile = $2, limit_ingest_requests = $3, limit_ingest_bytes = $4,
                        limit_read_requests = $5, limit_read_bytes = $6
                    where id = $1
                    returning user_id
                    """,
                    connection);
                limit.Parameters.Bind(id).Bind(profile).Bind(overrides.IngestRequests).Bind(overrides.IngestBytes)
                    .Bind(overrides.ReadRequests).Bind(overrides.ReadBytes);
                var owner = await limit.ExecuteScalarAsync(cancellationToken) as long?;
                return (owner is not null, owner);
            },
            cancellationToken);

    public ValueTask<long> GetVersionAsync(CancellationToken cancellationToken) =>
        database.KeysVersion.GetAsync(cancellationToken);

    public async ValueTask TouchAsync(string id, Instant usedAt, CancellationToken cancellationToken) =>
        await database.ReadAsync(
            async (connection, cancellationToken) =>
            {
                await using var touch = new NpgsqlCommand(
                    """
                    update api_keys
                    set last_used_at = $2
                    where id = $1 and (last_used_at is null or last_used_at <= $3)
                    """,
                    connection);
                touch.Parameters.Bind(id).Bind(usedAt).Bind(usedAt + -KeyPlace.BetweenUses);
                return await touch.ExecuteNonQueryAsync(cancellationToken);
            },
            cancellationToken);

    /// <summary>One transaction. If a key was changed, the trail of its owner tells, and the version grows.</summary>
    async ValueTask<T> ChangeAsync<T>(
        string id, AuditEntry entry,
        Func<NpgsqlConnection, CancellationToken, ValueTask<(T Result, long? ChangedOf)>> change,
        CancellationToken cancellationToken)
    {
        await PostgresAuditStore.PrepareAsync(database, entry, cancellationToken);
        try
        {
            return await database.WriteAsync(
                async (connection, cancellationToken) =>
                {
                    var (result, owner) = await change(connection, cancellationToken);
                    if (owner is not { } userId) return result;
                    await PostgresAuditStore.WriteAsync(
                        connection, entry with { UserId = userId, Resource = id }, cancellationToken);
                    await PostgresKeysVersion.RaiseAsync(connection, cancellationToken);
                    return result;
                },
                cancellationToken);
        }
        finally
        {
            database.KeysVersion.Forget();
        }
    }

    static async ValueTask InsertAsync(
        NpgsqlConnection connection, StoredKey key, CancellationToken cancellationToken)
    {
        await using var insert = new NpgsqlCommand(
            $"""
            insert into api_keys ({KeyPlace.Columns})
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
            """,
            connection);
        insert.Parameters.Bind(key.Id).Bind(key.UserId).Bind(key.Name).Bind((short)key.Scopes)
            .Bind(key.LimitProfile).Bind(key.LookupHash).Bind(key.Phc).Bind(key.CreatedAt)
            .Bind(key.ExpiresAt).Bind(key.RevokedAt).Bind(key.LastUsedAt).Bind((short)key.Format)
            .BindText(key.ReplacedBy).Bind(key.Limits.IngestRequests).Bind(key.Limits.IngestBytes)
            .Bind(key.Limits.ReadRequests).Bind(key.Limits.ReadBytes);
        await insert.ExecuteNonQueryAsync(cancellationToken);
    }

    static async ValueTask<StoredKey?> FindAsync(
        NpgsqlConnection connection, string id, long? userId, CancellationToken cancellationToken)
    {
        await using var find = new NpgsqlCommand(
            $"select {KeyPlace.Columns} from api_keys where id = $1 and ($2 is null or user_id = $2)", connection);
        find.Parameters.Bind(id).Bind(userId);
        return await ReadOneAsync(find, cancellationToken);
    }

    static async ValueTask<StoredKey?> ReadOneAsync(NpgsqlCommand find, CancellationToken cancellationToken)
    {
        await using var row = await find.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken) ? Read(row) : null;
    }

    static async ValueTask<List<StoredKey>> ReadAllAsync(NpgsqlCommand list, CancellationToken cancellationToken)
    {
        List<StoredKey> keys = [];
        await using var row = await list.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken)) keys.Add(Read(row));
        return keys;
    }

    static StoredKey Read(NpgsqlDataReader row) => new(
        row.GetString(0), row.GetInt64(1), row.GetString(2), (KeyScopes)row.GetInt16(3), row.GetString(4),
        row.GetFieldValue<byte[]>(5), row.GetString(6), row.GetInstant(7), row.FindInstant(8), row.FindInstant(9),
        row.FindInstant(10))
    {
        Format = (KeyFormat)row.GetInt16(11),
        ReplacedBy = row.FindString(12),
        Limits = new(row.FindInt64(13), row.FindInt64(14), row.FindInt64(15), row.FindInt64(16)),
    };
}
