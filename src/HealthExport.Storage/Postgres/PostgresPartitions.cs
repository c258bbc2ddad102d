using HealthExport.Pushes;
using HealthExport.Time;
using Npgsql;

namespace HealthExport.Storage.Postgres;

/// <summary>
/// Makes the partitions of the tables that have them, outside anybody's transaction: creates the table, then attaches
/// it, which locks out neither readers nor writers of the others. Any number of replicas may ask for the same one. Safe
/// for concurrent use.
/// </summary>
sealed class PostgresPartitions(PostgresDatabase database)
{
    public const string Samples = "samples";
    public const string Ingestions = "raw_ingestions";
    public const string Audit = "audit_log";

    /// <summary>Every partitioned table.</summary>
    public static readonly IReadOnlyList<string> Tables = [Samples, Ingestions, Audit];

    // Any constant of our own: "health" and a two.
    const long LockKey = 0x68_65_61_6c_74_68_02;

    // What is known to be there is asked anew after this long: somebody may have dropped a partition.
    static readonly TimeSpan s_trust = TimeSpan.FromMinutes(10);

    readonly SemaphoreSlim _gate = new(1, 1);

    // Replaced as a whole under _gate, read without.
    volatile Known _known = new([], 0);

    sealed record Known(HashSet<(string Table, PartitionSpan Span)> Spans, long ReadAt);

    /// <summary>
    /// Makes sure that rows of <paramref name="table"/> from <paramref name="from"/> to <paramref name="to"/>, both
    /// inclusive, have a partition. Costs nothing when they are known to be there. A repeat changes nothing.
    /// </summary>
    /// <exception cref="StoreUnavailableException">The server is away, or another session blocks it.</exception>
    public ValueTask EnsureAsync(string table, Instant from, Instant to, CancellationToken cancellationToken)
    {
        var last = PartitionSpan.Of(to);
        List<PartitionSpan>? missing = null;
        var known = Trusted();
        for (var span = PartitionSpan.Of(from); ; span = span.Next)
        {
            if (!known.Contains((table, span))) (missing ??= []).Add(span);
            if (span == last) break;
        }
        return missing is null ? default : WaitAsync(MakeAsync(table, missing, cancellationToken));
    }

    /// <summary>As the other, for rows at these times only: what lies between them needs no partition.</summary>
    public ValueTask EnsureAsync(string table, IEnumerable<Instant> times, CancellationToken cancellationToken)
    {
        HashSet<PartitionSpan>? missing = null;
        var known = Trusted();
        foreach (var time in times)
            if (PartitionSpan.Of(time) is var span && !known.Contains((table, span))) (missing ??= []).Add(span);
        return missing is null ? default : WaitAsync(MakeAsync(table, missing, cancellationToken));
    }

    /// <summary>Makes what this month and the twelve after it need, in every partitioned table, and looks whether
    /// it is there, whatever is remembered.</summary>
    /// <returns>How many were made.</returns>
    public async ValueTask<int> EnsureYearAheadAsync(Instant now, CancellationToken cancellationToken)
    {
        List<PartitionSpan> spans = [];
        var last = PartitionSpan.Of(Instant.From(now.At(0).AddMonths(12)));
        for (var span = PartitionSpan.Of(now); ; span = span.Next)
        {
            spans.Add(span);
            if (span == last) break;
        }
        var made = 0;
        foreach (var table in Tables) made += await MakeAsync(table, spans, cancellationToken);
        return made;
    }

    /// <summary>Drops the partitions of <paramref name="table"/> all of whose rows are older than
    /// <paramref name="before"/>, with what they hold. Locks the whole table for a moment.</summary>
    /// <returns>How many rows they held.</returns>
    /// <exception cref="StoreUnavailableException">The server is away, or another session blocks it.</exception>
    public async ValueTask<int> DropBeforeAsync(string table, Instant before, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            var names = await database.ReadAsync(
                (connection, cancellationToken) => ListAsync(connection, table, cancellationToken), cancellationToken);
            var rows = 0;
            foreach (var name in names.Order(StringComparer.Ordinal))
                if (PartitionSpan.Find(table, name) is { } span && span.End <= before)
                {
                    rows += await DropAsync(table, name, cancellationToken);
                    Forget();
                }
            return rows;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Forgets which partitions there are, after the schema was changed.</summary>
    public void Forget() => _known = new([], 0);

    HashSet<(string, PartitionSpan)> Trusted() =>
        _known is var known && database.Clock.GetElapsedTime(known.ReadAt) < s_trust ? known.Spans : [];

    static async ValueTask WaitAsync(ValueTask<int> making) => await making;

    /// <returns>How many were not there.</returns>
    async ValueTask<int> MakeAsync(
        string table, IReadOnlyCollection<PartitionSpan> missing, CancellationToken cancellationToken)
    {
        var made = 0;
        await _gate.WaitAsync(cancellationToken);
        try
        {
            var readAt = database.Clock.GetTimestamp();
            var names = await database.ReadAsync(
                (connection, cancellationToken) => ListAsync(connection, table, cancellationToken), cancellationToken);
            foreach (var span in missing)
                if (!names.Contains(span.NameFor(table)) && await MakeAsync(table, span, cancellationToken)) made++;
            _known = Trusted() is { Count: > 0 } known
                ? new([.. known, .. missing.Select(span => (table, span))], _known.ReadAt)
                : new([.. missing.Select(span => (table, span))], readAt);
            return made;
        }
        finally
        {
            _gate.Release();
        }
    }

    ValueTask<int> DropAsync(string table, string name, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async (connection, cancellationToken) =>
            {
                // Readers and writers queue behind it.
                await LockAsync(connection, "1s", cancellationToken);
                if (!(await ListAsync(connection, table, cancellationToken)).Contains(name)) return 0;
                await using var count = new NpgsqlCommand($"select count(*)::integer from {name}", connection);
                var rows = (int)(await count.ExecuteScalarAsync(cancellationToken))!;
                await using var drop = new NpgsqlCommand($"drop table {name}", connection);
                await drop.ExecuteNonQueryAsync(cancellationToken);
                return rows;
            },
            cancellationToken);

    // Whoever waits behind us must not wait long: a writer that came later would wait too.
    static async ValueTask LockAsync(
        NpgsqlConnection connection, string patience, CancellationToken cancellationToken)
    {
        await using var gate = new NpgsqlCommand(
            $"set local lock_timeout = '{patience}'; select pg_advisory_xact_lock({LockKey})", connection);
        await gate.ExecuteNonQueryAsync(cancellationToken);
    }

    ValueTask<bool> MakeAsync(string table, PartitionSpan span, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async (connection, cancellationToken) =>
            {
                var name = span.NameFor(table);
                await LockAsync(connection, "5s", cancellationToken);
                if ((await ListAsync(connection, table, cancellationToken)).Contains(name)) return false;
                await using var make = new NpgsqlCommand(
                    $"""
                    create table {name} (like {table} including defaults including constraints including storage);
                    alter table {table} attach partition {name} for values {span.Bounds}
                    """,
                    connection);
                await make.ExecuteNonQueryAsync(cancellationToken);
                return true;
            },
            cancellationToken);

    static async ValueTask<HashSet<string>> ListAsync(
        NpgsqlConnection connection, string table, CancellationToken cancellationToken)
    {
        await using var list = new NpgsqlCommand(
            """
            select c.relname
            from pg_inherits i
            join pg_class c on c.oid = i.inhrelid
            where i.inhparent = to_regclass($1)
            """,
            connection);
        list.Parameters.BindText(table);
        HashSet<string> names = new(StringComparer.Ordinal);
        await using var row = await list.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken)) names.Add(row.GetString(0));
        return names;
    }
}
