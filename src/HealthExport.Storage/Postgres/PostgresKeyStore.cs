using HealthExport.Audit;
using HealthExport.Keys;
using HealthExport.Time;
using Npgsql;

namespace HealthExport.Storage.Postgres;

sealed class PostgresKeyStore(PostgresDatabase database) : IKeyStore
{
    const string Columns = """
        id, user_id, name, scopes, limit_profile, lookup_hash, phc, created_at, expires_at, revoked_at, last_used_at
        """;

    public async ValueTask AddAsync(StoredKey key, AuditEntry entry, CancellationToken cancellationToken)
    {
        await PostgresAuditStore.PrepareAsync(database, entry, cancellationToken);
        try
        {
            await database.WriteAsync(
                async (connection, cancellationToken) =>
                {
                    await using var insert = new NpgsqlCommand(
                        $"""
                        insert into api_keys ({Columns})
                        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
                        """,
                        connection);
                    insert.Parameters.Bind(key.Id).Bind(key.UserId).Bind(key.Name).Bind((short)key.Scopes)
                        .Bind(key.LimitProfile).Bind(key.LookupHash).Bind(key.Phc).Bind(key.CreatedAt)
                        .Bind(key.ExpiresAt).Bind(key.RevokedAt).Bind(key.LastUsedAt);
                    await insert.ExecuteNonQueryAsync(cancellationToken);
                    await PostgresAuditStore.WriteAsync(
                        connection, entry with { UserId = key.UserId, Resource = key.Id }, cancellationToken);
                    await PostgresKeysVersion.RaiseAsync(connection, cancellationToken);
                    return true;
                },
                cancellationToken);
        }
        finally
        {
            database.KeysVersion.Forget();
        }
    }

    public ValueTask<StoredKey?> FindAsync(ReadOnlyMemory<byte> lookupHash, CancellationToken cancellationToken) =>
        database.ReadAsync(
            async (connection, cancellationToken) =>
            {
                await using var find = new NpgsqlCommand(
                    $"select {Columns} from api_keys where lookup_hash = $1", connection);
                find.Parameters.Bind(lookupHash);
                await using var row = await find.ExecuteReaderAsync(cancellationToken);
                return await row.ReadAsync(cancellationToken) ? Read(row) : null;
            },
            cancellationToken);

    public ValueTask<IReadOnlyList<StoredKey>> ListAsync(long? userId, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<StoredKey>>(
            async (connection, cancellationToken) =>
            {
                await using var list = new NpgsqlCommand(
                    $"""
                    select {Columns}
                    from api_keys
                    where $1 is null or user_id = $1
                    order by created_at, id
                    """,
                    connection);
                list.Parameters.Bind(userId);
                List<StoredKey> keys = [];
                await using var row = await list.ExecuteReaderAsync(cancellationToken);
                while (await row.ReadAsync(cancellationToken)) keys.Add(Read(row));
                return keys;
            },
            cancellationToken);

    public async ValueTask<bool> RevokeAsync(
        string id, long? userId, AuditEntry entry, CancellationToken cancellationToken)
    {
        await PostgresAuditStore.PrepareAsync(database, entry, cancellationToken);
        try
        {
            return await database.WriteAsync(
                (connection, cancellationToken) => RevokeAsync(connection, id, userId, entry, cancellationToken),
                cancellationToken);
        }
        finally
        {
            database.KeysVersion.Forget();
        }
    }

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
                    where id = $1 and (last_used_at is null or last_used_at < $2)
                    """,
                    connection);
                touch.Parameters.Bind(id).Bind(usedAt);
                return await touch.ExecuteNonQueryAsync(cancellationToken);
            },
            cancellationToken);

    async ValueTask<bool> RevokeAsync(
        NpgsqlConnection connection, string id, long? userId, AuditEntry entry, CancellationToken cancellationToken)
    {
        // A clock set back must not make a key that cannot be revoked.
        await using (var revoke = new NpgsqlCommand(
            """
            update api_keys
            set revoked_at = greatest(created_at, $3)
            where id = $1 and ($2 is null or user_id = $2) and revoked_at is null
            returning user_id
            """,
            connection))
        {
            revoke.Parameters.Bind(id).Bind(userId).Bind(Instant.From(database.Clock.GetUtcNow()));
            if (await revoke.ExecuteScalarAsync(cancellationToken) is long owner)
            {
                await PostgresAuditStore.WriteAsync(
                    connection, entry with { UserId = owner, Resource = id }, cancellationToken);
                await PostgresKeysVersion.RaiseAsync(connection, cancellationToken);
                return true;
            }
        }
        await using var find = new NpgsqlCommand(
            "select exists (select from api_keys where id = $1 and ($2 is null or user_id = $2))", connection);
        find.Parameters.Bind(id).Bind(userId);
        return (bool)(await find.ExecuteScalarAsync(cancellationToken))!;
    }

    static StoredKey Read(NpgsqlDataReader row) => new(
        row.GetString(0), row.GetInt64(1), row.GetString(2), (KeyScopes)row.GetInt16(3), row.GetString(4),
        row.GetFieldValue<byte[]>(5), row.GetString(6), row.GetInstant(7), row.FindInstant(8), row.FindInstant(9),
        row.FindInstant(10));
}
