using HealthExport.Audit;
using HealthExport.Time;
using Npgsql;

namespace HealthExport.Storage.Postgres;

sealed partial class PostgresUserStore
{
    public async ValueTask<bool> BeginErasingAsync(long id, CancellationToken cancellationToken)
    {
        // 0 is nobody: rows under it are everybody's.
        if (id <= 0) return false;
        try
        {
            return await database.WriteAsync(
                (connection, cancellationToken) => BeginErasingAsync(connection, id, cancellationToken),
                cancellationToken);
        }
        finally
        {
            database.KeysVersion.Forget();
        }
    }

    public async ValueTask<bool> EraseAsync(long id, AuditEntry entry, CancellationToken cancellationToken)
    {
        if (!await BeginErasingAsync(id, cancellationToken)) return false;
        await EmptyAllAsync(id, cancellationToken);
        // Whoever had found the person there before is waited for, and what they wrote goes too.
        await database.WriteAsync(
            (connection, cancellationToken) => LockAsync(connection, id, cancellationToken), cancellationToken);
        await EmptyAllAsync(id, cancellationToken);
        foreach (var metric in await database.ReadAsync(ListOrphansAsync, cancellationToken))
            await database.WriteAsync(
                (connection, cancellationToken) => ForgetAsync(connection, metric, cancellationToken),
                cancellationToken);
        database.Metrics.Forget();
        await PostgresAuditStore.PrepareAsync(database, entry, cancellationToken);
        await database.WriteAsync(
            (connection, cancellationToken) => EndAsync(connection, id, entry, cancellationToken), cancellationToken);
        return true;
    }

    async ValueTask<bool> BeginErasingAsync(NpgsqlConnection connection, long id, CancellationToken cancellationToken)
    {
        // With the user's row locked, nothing is kept, claimed or committed for this person.
        await using (var find = new NpgsqlBatch(connection))
        {
            find.Add("select erasing_since is not null from users where id = $1 for no key update").Bind(id);
            find.AddIdleLimit();
            if (await find.ExecuteScalarAsync(cancellationToken) is not bool isMarked) return false;
            if (isMarked) return true;
        }
        await using var batch = new NpgsqlBatch(connection);
        batch.Add("update users set erasing_since = $2 where id = $1").Bind(id)
            .Bind(Instant.From(database.Clock.GetUtcNow()));
        // A push in work loses its lease with its place in the queue.
        batch.Add("delete from queue where user_id = $1").Bind(id);
        batch.Add("delete from api_keys where user_id = $1").Bind(id);
        await batch.ExecuteNonQueryAsync(cancellationToken);
        await PostgresKeysVersion.RaiseAsync(connection, cancellationToken);
        return true;
    }

    /// <summary>Until nothing is found in any table: a partition may have been made meanwhile.</summary>
    async ValueTask EmptyAllAsync(long id, CancellationToken cancellationToken)
    {
        bool hasFound;
        do
        {
            hasFound = false;
            foreach (var table in await database.ReadAsync(ListTablesAsync, cancellationToken))
                hasFound |= await EmptyAsync(table, id, cancellationToken);
        }
        while (hasFound);
    }

    /// <returns>Whether there was a row.</returns>
    async ValueTask<bool> EmptyAsync(string table, long id, CancellationToken cancellationToken)
    {
        var batch = new EraseBatch();
        var sum = 0;
        int rows;
        do
        {
            batch.Start();
            rows = await database.WriteAsync(
                async (connection, cancellationToken) =>
                {
                    await using var delete = new NpgsqlCommand(
                        $"""
                        delete from "{table}"
                        where user_id = $1 and ctid = any(array(
                            select ctid
                            from "{table}"
                            where user_id = $1
                            limit $2))
                        """,
                        connection);
                    delete.Parameters.Bind(id).Bind(batch.Rows);
                    return await delete.ExecuteNonQueryAsync(cancellationToken);
                },
                cancellationToken);
            sum += rows;
        }
        while (batch.End(rows));
        return sum > 0;
    }

    /// <summary>
    /// Every table that holds rows of users, partitions one by one, asked of the schema itself so that a new one cannot
    /// be forgotten. Those that others point to come last: deleting from them would delete from the others, however
    /// much that is.
    /// </summary>
    static async ValueTask<List<string>> ListTablesAsync(
        NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var list = new NpgsqlCommand(
            """
            select c.relname
            from pg_class c
            join pg_attribute a on a.attrelid = c.oid and a.attname = 'user_id' and not a.attisdropped
            where c.relkind = 'r' and c.relnamespace = current_schema()::regnamespace
            order by exists (select from pg_constraint f where f.contype = 'f' and f.confrelid = c.oid), c.relname
            """,
            connection);
        await using var row = await list.ExecuteReaderAsync(cancellationToken);
        return await ReadTextsAsync(row, cancellationToken);
    }

    /// <summary>Metrics that the catalogue does not know, so that their names may be personal, and that nobody has sent
    /// who is there still.</summary>
    static async ValueTask<List<int>> ListOrphansAsync(
        NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var list = new NpgsqlCommand($"select m.id from metrics m where {IsOrphan}", connection);
        await using var row = await list.ExecuteReaderAsync(cancellationToken);
        List<int> ids = [];
        while (await row.ReadAsync(cancellationToken)) ids.Add(row.GetInt32(0));
        return ids;
    }

    const string IsOrphan = """
        not m.is_known
            and not exists (select from user_metric_names n where n.metric_id = m.id)
            and not exists (select from user_metrics u where u.metric_id = m.id)
        """;

    /// <summary>One at a time: whoever is just sending the name holds its row, and may be waiting for another.
    /// </summary>
    static async ValueTask<bool> ForgetAsync(
        NpgsqlConnection connection, int metric, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection);
        batch.Add("select from metrics where id = $1 for update").Bind(metric);
        // Sees who sent it meanwhile: who does is registered first of all.
        batch.Add("""
            delete from metrics m
            where m.id = $1 and not exists (select from user_metric_names n where n.metric_id = m.id)
            """).Bind(metric);
        await batch.ExecuteNonQueryAsync(cancellationToken);
        return true;
    }

    /// <summary>Waits for everybody who holds the person's row, or one that points to it.</summary>
    /// <returns>The public id; null if the person is gone.</returns>
    static async ValueTask<Guid?> LockAsync(
        NpgsqlConnection connection, long id, CancellationToken cancellationToken)
    {
        await using var find = new NpgsqlBatch(connection);
        find.Add("select public_id from users where id = $1 for update").Bind(id);
        find.AddIdleLimit();
        return (Guid?)await find.ExecuteScalarAsync(cancellationToken);
    }

    static async ValueTask<bool> EndAsync(
        NpgsqlConnection connection, long id, AuditEntry entry, CancellationToken cancellationToken)
    {
        if (await LockAsync(connection, id, cancellationToken) is not { } publicId) return false;
        // What points to the row would go with it.
        await using (var delete = new NpgsqlCommand("delete from users where id = $1", connection))
        {
            delete.Parameters.Bind(id);
            await delete.ExecuteNonQueryAsync(cancellationToken);
        }
        await PostgresAuditStore.WriteAsync(
            connection, entry with { UserId = 0, Resource = publicId.ToString() }, cancellationToken);
        return true;
    }
}
