using System.Runtime.CompilerServices;
using HealthExport.Moving;
using Npgsql;

namespace HealthExport.Storage.Postgres;

sealed class PostgresStoreSnapshot(
    PostgresDatabase database, NpgsqlConnection connection, NpgsqlTransaction transaction,
    IReadOnlyDictionary<string, PostgresMovedTable> tables) : IStoreSnapshot
{
    public async ValueTask<StoreState> DescribeAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using var read = new NpgsqlCommand(
                $"""
                select
                    (select version from keys_version where user_id = 0),
                    (select count(*) from queue where lease is not null and leased_until > {database.ServerNow})
                """,
                connection);
            await using var row = await read.ExecuteReaderAsync(cancellationToken);
            await row.ReadAsync(cancellationToken);
            var (version, leases) = (row.FindInt64(0) ?? 0, row.GetInt64(1));
            await row.DisposeAsync();
            return new(version, leases, await ReadCountersAsync(cancellationToken));
        }
        catch (Exception error) when (PostgresErrors.Describe(error) is { } described)
        {
            throw described;
        }
    }

    public async ValueTask<long> CountAsync(MovedTable table, CancellationToken cancellationToken)
    {
        try
        {
            await using var count = new NpgsqlCommand($"select count(*) from \"{table.Name}\"", connection);
            count.CommandTimeout = 0;
            return (long)(await count.ExecuteScalarAsync(cancellationToken))!;
        }
        catch (Exception error) when (PostgresErrors.Describe(error) is { } described)
        {
            throw described;
        }
    }

    public async IAsyncEnumerable<RowBatch> ReadAsync(
        MovedTable table, bool isOrdered, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var own = tables[table.Name];
        var rows = new MovedRows(own, table);
        await using var stream = await BeginAsync(
            $"""
            copy (
                select {own.ListExpressions(table)}
                from "{table.Name}"
                {(isOrdered ? $"order by {own.ListOrder(table)}" : "")}
            ) to stdout (format binary)
            """,
            cancellationToken);
        using var reader = new CopyReader(stream);
        var isEnd = false;
        try
        {
            while (!isEnd)
            {
                var batch = new RowBatch();
                isEnd = !await FillAsync(reader, rows, batch, cancellationToken);
                if (batch.Count > 0) yield return batch;
                else batch.Dispose();
            }
        }
        finally
        {
            if (!isEnd) await stream.CancelAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await transaction.DisposeAsync();
        await connection.DisposeAsync();
    }

    async ValueTask<NpgsqlRawCopyStream> BeginAsync(string sql, CancellationToken cancellationToken)
    {
        try
        {
            return await connection.BeginRawBinaryCopyAsync(sql, cancellationToken);
        }
        catch (Exception error) when (PostgresErrors.Describe(error) is { } described)
        {
            throw described;
        }
    }

    static async ValueTask<bool> FillAsync(
        CopyReader reader, MovedRows rows, RowBatch batch, CancellationToken cancellationToken)
    {
        try
        {
            while (!batch.IsFull)
            {
                if (!await reader.ReadRowAsync(cancellationToken)) return false;
                rows.Read(reader, batch);
            }
            return true;
        }
        catch (Exception error) when (PostgresErrors.Describe(error) is { } described)
        {
            throw described;
        }
    }

    async ValueTask<Dictionary<string, long>> ReadCountersAsync(CancellationToken cancellationToken)
    {
        Dictionary<string, long> counters = new(StringComparer.Ordinal);
        foreach (var (table, column, sequence) in await PostgresCounters.ListAsync(connection, cancellationToken))
        {
            await using var read = new NpgsqlCommand(
                $"""
                select greatest(
                    (select case when is_called then last_value else 0 end from {sequence}),
                    (select coalesce(max("{column}"), 0) from "{table}"))
                """,
                connection);
            counters.Add(table, (long)(await read.ExecuteScalarAsync(cancellationToken))!);
        }
        return counters;
    }
}
