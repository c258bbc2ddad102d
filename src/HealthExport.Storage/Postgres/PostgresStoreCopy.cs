using System.Data;
using HealthExport.Moving;
using HealthExport.Time;
using Npgsql;

namespace HealthExport.Storage.Postgres;

sealed class PostgresStoreCopy(PostgresDatabase database) : IStoreCopy
{
    IReadOnlyList<PostgresMovedTable>? _tables;

    public string Place => database.Place;

    public bool Exists => true;

    public async ValueTask<IReadOnlyList<MovedTable>> ListTablesAsync(CancellationToken cancellationToken) =>
        [.. (await GetTablesAsync(cancellationToken)).Select(table => table.Moved)];

    public async ValueTask<IStoreSnapshot> OpenSnapshotAsync(CancellationToken cancellationToken)
    {
        var tables = (await GetTablesAsync(cancellationToken)).ToDictionary(table => table.Name);
        var connection = await database.OpenAsync(cancellationToken);
        try
        {
            var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
            // The moment is that of the first read.
            await RunAsync(connection, "select 1 from users limit 1", cancellationToken);
            return new PostgresStoreSnapshot(database, connection, transaction, tables);
        }
        catch (Exception error)
        {
            await connection.DisposeAsync();
            if (PostgresErrors.Describe(error) is { } described) throw described;
            throw;
        }
    }

    public async ValueTask ClearAsync(IReadOnlyList<MovedTable> tables, CancellationToken cancellationToken) =>
        await ChangeAsync(
            connection => RunAsync(
                connection,
                $"truncate {string.Join(", ", tables.Select(table => $"\"{table.Name}\""))}, ingestion_times",
                cancellationToken),
            cancellationToken);

    public async ValueTask WriteAsync(
        MovedTable table, RowBatch batch, RowWrite write, CancellationToken cancellationToken)
    {
        var own = (await GetTablesAsync(cancellationToken)).Single(one => one.Name == table.Name);
        if (own.PartitionedBy is { } column && write != RowWrite.Remove)
            await database.Partitions.EnsureAsync(
                table.Name, ListDays(batch, table.IndexOf(column)), cancellationToken);
        using var copy = new CopyWriter();
        var rows = new MovedRows(own, table);
        for (var i = 0; i < batch.Count; i++) rows.Write(batch[i], copy);
        copy.End();
        await ChangeAsync(
            async connection =>
            {
                if (write == RowWrite.Insert)
                {
                    await CopyAsync(connection, table.Name, own.ListColumns(table), copy, cancellationToken);
                    return;
                }
                await RunAsync(
                    connection, $"create temporary table moved (like \"{table.Name}\") on commit drop",
                    cancellationToken);
                await CopyAsync(connection, "pg_temp.moved", own.ListColumns(table), copy, cancellationToken);
                await RunAsync(
                    connection, write == RowWrite.Remove ? MakeDelete(table) : MakeUpsert(own, table),
                    cancellationToken);
            },
            cancellationToken);
    }

    public async ValueTask EndTableAsync(MovedTable table, CancellationToken cancellationToken)
    {
        if (table.Name != PostgresPartitions.Ingestions) return;
        await ChangeAsync(
            connection => RunAsync(
                connection,
                """
                delete from ingestion_times t
                where not exists (
                    select
                    from raw_ingestions r
                    where r.user_id = t.user_id and r.number = t.number and r.received_at = t.received_at);
                insert into ingestion_times (user_id, number, received_at)
                select user_id, number, received_at
                from raw_ingestions
                on conflict (user_id, number) do nothing
                """,
                cancellationToken),
            cancellationToken);
    }

    public async ValueTask FinishAsync(
        IReadOnlyDictionary<string, long> counters, long keysVersion, CancellationToken cancellationToken)
    {
        await ChangeAsync(
            async connection =>
            {
                foreach (var (table, _, sequence) in await PostgresCounters.ListAsync(connection, cancellationToken))
                    if (counters.TryGetValue(table, out var last))
                        await PostgresCounters.RaiseAsync(connection, sequence, last, cancellationToken);
                await using var raise = new NpgsqlCommand(
                    """
                    update keys_version
                    set version = greatest(version + case when version > $1 then 1 else 0 end, $1)
                    where user_id = 0 and version <> $1
                    """,
                    connection);
                raise.Parameters.Bind(keysVersion);
                await raise.ExecuteNonQueryAsync(cancellationToken);
            },
            cancellationToken);
        database.KeysVersion.Forget();
        database.Metrics.Forget();
        // The planner knows nothing of the new rows until somebody counts them.
        foreach (var table in await GetTablesAsync(cancellationToken))
            await ChangeAsync(
                connection => RunAsync(connection, $"analyze \"{table.Name}\"", cancellationToken),
                cancellationToken);
    }

    public ValueTask<IReadOnlyList<string>> FindFaultsAsync(CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<string>>(
            async (connection, cancellationToken) =>
            {
                await using var count = new NpgsqlCommand(
                    """
                    select count(*)
                    from raw_ingestions r
                    full join ingestion_times t on t.user_id = r.user_id and t.number = r.number
                    where r.received_at is distinct from t.received_at
                    """,
                    connection);
                count.CommandTimeout = 0;
                return await count.ExecuteScalarAsync(cancellationToken) is > 0L and var wrong
                    ? [$"{wrong} pushes are not found by their number."] : [];
            },
            cancellationToken);

    async ValueTask<IReadOnlyList<PostgresMovedTable>> GetTablesAsync(CancellationToken cancellationToken) =>
        _tables ??= await database.ReadAsync(PostgresMovedTable.ListAsync, cancellationToken);

    ValueTask<bool> ChangeAsync(Func<NpgsqlConnection, ValueTask> change, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async (connection, _) =>
            {
                await change(connection);
                return true;
            },
            cancellationToken);

    static async ValueTask RunAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var run = new NpgsqlCommand(sql, connection);
        run.CommandTimeout = 0;
        await run.ExecuteNonQueryAsync(cancellationToken);
    }

    static async ValueTask CopyAsync(
        NpgsqlConnection connection, string table, string columns, CopyWriter copy,
        CancellationToken cancellationToken)
    {
        await using var stream = await connection.BeginRawBinaryCopyAsync(
            $"copy {table} ({columns}) from stdin (format binary)", cancellationToken);
        try
        {
            await stream.WriteAsync(copy.Written, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // Else the end of the stream would end the COPY as if it were whole.
            await stream.CancelAsync();
            throw;
        }
    }

    /// <summary>One instant of each day that the rows have.</summary>
    static IReadOnlyCollection<Instant> ListDays(RowBatch batch, int column)
    {
        HashSet<Instant> days = [];
        var last = Instant.None;
        for (var i = 0; i < batch.Count; i++)
        {
            var day = new Instant(RowReader.At(batch[i], column).Integer).FloorTo(Instant.PerDay);
            if (day != last) days.Add(last = day);
        }
        return days;
    }

    static string MakeDelete(MovedTable table) =>
        $"""
        delete from "{table.Name}" t
        using pg_temp.moved m
        where {string.Join(" and ", table.Key.Select(column => $"t.\"{column}\" = m.\"{column}\""))}
        """;

    static string MakeUpsert(PostgresMovedTable own, MovedTable table)
    {
        var columns = own.ListColumns(table);
        var key = own.PrimaryKey.Select(column => $"\"{column}\"");
        var rest = columns.Split(", ").Except(key).Select(column => $"{column} = excluded.{column}").ToArray();
        return $"""
            insert into "{table.Name}" ({columns})
            select {columns}
            from pg_temp.moved
            on conflict ({string.Join(", ", key)})
            {(rest.Length == 0 ? "do nothing" : $"do update set {string.Join(", ", rest)}")}
            """;
    }
}
