using HealthExport.Audit;
using HealthExport.People;
using HealthExport.Time;
using Npgsql;

namespace HealthExport.Storage.Postgres;

sealed class PostgresUserStore(PostgresDatabase database) : IUserStore
{
    const string Columns = "id, public_id, email, display_name, time_zone, created_at";

    public async ValueTask<User?> AddAsync(
        string email, string? displayName, string? timeZone, AuditEntry entry, CancellationToken cancellationToken)
    {
        await PostgresAuditStore.PrepareAsync(database, entry, cancellationToken);
        var now = database.Clock.GetUtcNow();
        var publicId = Guid.CreateVersion7(now);
        return await database.WriteAsync(
            async (connection, cancellationToken) =>
            {
                await using var insert = new NpgsqlCommand(
                    $"""
                    insert into users (public_id, email, email_key, display_name, time_zone, created_at)
                    values ($1, $2, $3, $4, $5, $6)
                    on conflict (email_key) do nothing
                    returning {Columns}
                    """,
                    connection);
                insert.Parameters.Bind(publicId).Bind(email).Bind(KeyOf(email)).BindText(displayName)
                    .BindText(timeZone).Bind(Instant.From(now));
                if (await FindAsync(insert, cancellationToken) is not { } user) return null;
                await PostgresAuditStore.WriteAsync(
                    connection, entry with { UserId = user.Id, Resource = user.PublicId.ToString() },
                    cancellationToken);
                return user;
            },
            cancellationToken);
    }

    public ValueTask<User?> FindByEmailAsync(string email, CancellationToken cancellationToken) =>
        database.ReadAsync(
            async (connection, cancellationToken) =>
            {
                await using var find = new NpgsqlCommand(
                    $"select {Columns} from users where email_key = $1", connection);
                find.Parameters.Bind(KeyOf(email));
                return await FindAsync(find, cancellationToken);
            },
            cancellationToken);

    public ValueTask<User?> FindAsync(long id, CancellationToken cancellationToken) =>
        database.ReadAsync(
            async (connection, cancellationToken) =>
            {
                await using var find = new NpgsqlCommand($"select {Columns} from users where id = $1", connection);
                find.Parameters.Bind(id);
                return await FindAsync(find, cancellationToken);
            },
            cancellationToken);

    public ValueTask<IReadOnlyList<User>> ListAsync(CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<User>>(
            async (connection, cancellationToken) =>
            {
                await using var list = new NpgsqlCommand($"select {Columns} from users order by id", connection);
                List<User> users = [];
                await using var row = await list.ExecuteReaderAsync(cancellationToken);
                while (await row.ReadAsync(cancellationToken)) users.Add(Read(row));
                return users;
            },
            cancellationToken);

    public async ValueTask<bool> EraseAsync(long id, AuditEntry entry, CancellationToken cancellationToken)
    {
        // 0 is nobody: rows under it are everybody's.
        if (id <= 0) return false;
        await PostgresAuditStore.PrepareAsync(database, entry, cancellationToken);
        try
        {
            return await database.WriteAsync(
                (connection, cancellationToken) => EraseAsync(connection, id, entry, cancellationToken),
                cancellationToken);
        }
        finally
        {
            database.KeysVersion.Forget();
        }
    }

    static async ValueTask<bool> EraseAsync(
        NpgsqlConnection connection, long id, AuditEntry entry, CancellationToken cancellationToken)
    {
        // Nothing of this person is kept or claimed from here on; a push in work loses its lease with its place in the
        // queue.
        Guid publicId;
        await using (var gate = new NpgsqlCommand("select public_id from users where id = $1 for update", connection))
        {
            gate.Parameters.Bind(id);
            if (await gate.ExecuteScalarAsync(cancellationToken) is not Guid found) return false;
            publicId = found;
        }
        foreach (var table in await ListTablesAsync(connection, cancellationToken))
        {
            await using var delete = new NpgsqlCommand($"delete from \"{table}\" where user_id = $1", connection);
            delete.Parameters.Bind(id);
            delete.CommandTimeout = 0;
            await delete.ExecuteNonQueryAsync(cancellationToken);
        }
        // Names that the catalogue does not know may be personal; they go with the last who sent them.
        await using (var names = new NpgsqlCommand(
            """
            delete from metrics m
            where not m.is_known
                and not exists (select from user_metric_names n where n.metric_id = m.id)
                and not exists (select from user_metrics u where u.metric_id = m.id)
            """,
            connection))
            await names.ExecuteNonQueryAsync(cancellationToken);
        await using (var delete = new NpgsqlCommand("delete from users where id = $1", connection))
        {
            delete.Parameters.Bind(id);
            await delete.ExecuteNonQueryAsync(cancellationToken);
        }
        await PostgresAuditStore.WriteAsync(
            connection, entry with { UserId = 0, Resource = publicId.ToString() }, cancellationToken);
        await PostgresKeysVersion.RaiseAsync(connection, cancellationToken);
        return true;
    }

    /// <summary>Every table of users' rows, asked of the schema itself, so that a new one cannot be forgotten; the
    /// queue first.</summary>
    static async ValueTask<List<string>> ListTablesAsync(
        NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var list = new NpgsqlCommand(
            """
            select c.relname
            from pg_class c
            join pg_attribute a on a.attrelid = c.oid and a.attname = 'user_id' and not a.attisdropped
            where c.relkind in ('r', 'p')
                and not c.relispartition
                and c.relnamespace = current_schema()::regnamespace
            order by c.relname <> 'queue', c.relname
            """,
            connection);
        List<string> tables = [];
        await using var row = await list.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken)) tables.Add(row.GetString(0));
        return tables;
    }

    static async ValueTask<User?> FindAsync(NpgsqlCommand find, CancellationToken cancellationToken)
    {
        await using var row = await find.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken) ? Read(row) : null;
    }

    static string KeyOf(string email) => email.Trim().ToLowerInvariant();

    static User Read(NpgsqlDataReader row) => new(
        row.GetInt64(0), row.GetGuid(1), row.GetString(2), row.FindString(3), row.FindString(4), row.GetInstant(5));
}
