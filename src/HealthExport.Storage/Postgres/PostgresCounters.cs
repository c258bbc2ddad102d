using Npgsql;

namespace HealthExport.Storage.Postgres;

/// <summary>The sequences that number rows, asked of the schema itself.</summary>
static class PostgresCounters
{
    /// <returns>Table, column and the sequence's name as SQL takes it.</returns>
    public static async ValueTask<List<(string Table, string Column, string Sequence)>> ListAsync(
        NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var list = new NpgsqlCommand(
            """
            select c.relname, a.attname, pg_get_serial_sequence(quote_ident(c.relname), a.attname)
            from pg_class c
            join pg_attribute a on a.attrelid = c.oid and a.attidentity <> ''
            where c.relnamespace = current_schema()::regnamespace
            order by c.relname
            """,
            connection);
        List<(string Table, string Column, string Sequence)> counters = [];
        await using var row = await list.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
            counters.Add((row.GetString(0), row.GetString(1), row.GetString(2)));
        return counters;
    }

    /// <summary>Sees to it that nothing up to <paramref name="last"/> is given out again.</summary>
    public static async ValueTask RaiseAsync(
        NpgsqlConnection connection, string sequence, long last, CancellationToken cancellationToken)
    {
        if (last < 1) return;
        await using var raise = new NpgsqlCommand(
            $"""
            select setval('{sequence}', greatest(case when is_called then last_value else 0 end, $1))
            from {sequence}
            """,
            connection);
        raise.Parameters.Bind(last);
        await raise.ExecuteNonQueryAsync(cancellationToken);
    }
}
