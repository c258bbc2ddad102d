using HealthExport.Migrations;
using HealthExport.Time;
using Npgsql;

namespace HealthExport.Storage.Postgres;

/// <summary>
/// The schema's steps. Each is one transaction that first takes a lock which ends with it, so that any number of
/// replicas starting at once apply every step once, through a pooler too.
/// </summary>
sealed class PostgresMigrations(PostgresDatabase database) : IMigrationStore
{
    // Any constant of our own: "health" and a one.
    const long LockKey = 0x68_65_61_6c_74_68_01;

    const long CountedRows = 1_000_000;

    static readonly IReadOnlyList<MigrationStep> s_steps = MigrationSteps.Read("Postgres");

    public async ValueTask<IReadOnlyList<Migration>> ListAsync(CancellationToken cancellationToken)
    {
        var applied = await database.ReadAsync(ReadAppliedAsync, cancellationToken);
        // What only a newer build knows is listed too: it is what the store has.
        Migration[] unknown =
            [.. applied.Where(one => one.Number > s_steps.Count).Select(one => one with { IsKnown = false })];
        return
        [
            .. s_steps.Select(step => Describe(step, applied.Exists(one => one.Number == step.Number))),
            .. unknown,
        ];
    }

    /// <exception cref="InvalidOperationException">
    /// The schema is newer than this build, or the role lacks a right; the text says what to do.
    /// </exception>
    public async ValueTask<IReadOnlyList<Migration>> MigrateAsync(
        int? downTo, bool dryRun, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(downTo ?? 0);
        if (dryRun) return Plan(await database.ReadAsync(ReadAppliedAsync, cancellationToken), downTo);
        List<Migration> taken = [];
        while (await TakeStepAsync(downTo, cancellationToken) is { } step) taken.Add(step);
        database.Partitions.Forget();
        database.Metrics.Forget();
        return taken;
    }

    public async ValueTask PingAsync(CancellationToken cancellationToken) =>
        await database.ReadAsync(
            async (connection, cancellationToken) =>
            {
                await using var read = new NpgsqlCommand("select 1", connection);
                return await read.ExecuteScalarAsync(cancellationToken);
            },
            cancellationToken);

    public ValueTask<StoreFacts> DescribeAsync(CancellationToken cancellationToken) =>
        database.ReadAsync(DescribeAsync, cancellationToken);

    async ValueTask<StoreFacts> DescribeAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        List<(string Table, long Estimate)> tables = [];
        await using (var read = new NpgsqlCommand(
            """
            select c.relname, coalesce(sum(p.reltuples), 0)::bigint
            from pg_class c
            left join lateral pg_partition_tree(c.oid) t on c.relkind = 'p'
            join pg_class p on p.oid = coalesce(t.relid, c.oid)
            where c.relkind in ('r', 'p')
                and not c.relispartition
                and c.relnamespace = current_schema()::regnamespace
                and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
            group by c.relname
            order by c.relname
            """,
            connection))
        await using (var row = await read.ExecuteReaderAsync(cancellationToken))
            while (await row.ReadAsync(cancellationToken)) tables.Add((row.GetString(0), row.GetInt64(1)));

        SortedDictionary<string, long> rows = new(StringComparer.Ordinal);
        foreach (var (table, estimate) in tables)
        {
            // Counting hundreds of millions of rows takes minutes; the server's own estimate is near enough then.
            if (estimate >= CountedRows)
            {
                rows.Add(table, estimate);
                continue;
            }
            await using var count = new NpgsqlCommand($"select count(*) from \"{table}\"", connection);
            rows.Add(table, (long)(await count.ExecuteScalarAsync(cancellationToken))!);
        }

        await using var about = new NpgsqlCommand(
            """
            select current_setting('server_version') || coalesce(', PostGIS ' || e.extversion, ''),
                pg_database_size(current_database())
            from (select) one
            left join pg_extension e on e.extname = 'postgis'
            """,
            connection);
        await using var facts = await about.ExecuteReaderAsync(cancellationToken);
        await facts.ReadAsync(cancellationToken);
        return new("PostgreSQL", facts.GetString(0), database.Place, facts.GetInt64(1), rows);
    }

    ValueTask<Migration?> TakeStepAsync(int? downTo, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async (connection, cancellationToken) =>
            {
                await using (var gate = new NpgsqlCommand($"select pg_advisory_xact_lock({LockKey})", connection))
                    await gate.ExecuteNonQueryAsync(cancellationToken);
                var applied = await ReadAppliedAsync(connection, cancellationToken);
                RefuseNewer(applied);
                var step = downTo is { } lowest
                    ? applied.LastOrDefault(one => one.Number > lowest) is { } last ? s_steps[last.Number - 1] : null
                    : s_steps.FirstOrDefault(one => !applied.Exists(other => other.Number == one.Number));
                if (step is null) return null;
                if (downTo is null) await ApplyAsync(connection, step, cancellationToken);
                else await RevertAsync(connection, step, cancellationToken);
                return Describe(step, downTo is null);
            },
            cancellationToken);

    async ValueTask ApplyAsync(NpgsqlConnection connection, MigrationStep step, CancellationToken cancellationToken)
    {
        await RunAsync(
            connection,
            """
            create table if not exists schema_migrations (
                number integer primary key,
                applied_at timestamptz not null,
                name text not null
            )
            """,
            cancellationToken);
        await RunAsync(connection, step.Up, cancellationToken);
        await using var note = new NpgsqlCommand(
            "insert into schema_migrations (number, name, applied_at) values ($1, $2, $3)", connection);
        note.Parameters.Bind(step.Number).Bind(step.Name).Bind(Instant.From(database.Clock.GetUtcNow()));
        await note.ExecuteNonQueryAsync(cancellationToken);
    }

    async ValueTask RevertAsync(NpgsqlConnection connection, MigrationStep step, CancellationToken cancellationToken)
    {
        await RunAsync(connection, step.Down, cancellationToken);
        await using var forget = new NpgsqlCommand("delete from schema_migrations where number = $1", connection);
        forget.Parameters.Bind(step.Number);
        await forget.ExecuteNonQueryAsync(cancellationToken);
    }

    async ValueTask RunAsync(NpgsqlConnection connection, string script, CancellationToken cancellationToken)
    {
        try
        {
            await using var run = new NpgsqlCommand(script, connection);
            // A step over much data takes its time.
            run.CommandTimeout = 0;
            await run.ExecuteNonQueryAsync(cancellationToken);
        }
        catch (PostgresException error) when (Explain(error, RoleOf(connection)) is { } explanation)
        {
            throw new InvalidOperationException(explanation);
        }
    }

    string? Explain(PostgresException error, string? role) => error.SqlState switch
    {
        "42501" when error.MessageText.Contains("extension", StringComparison.Ordinal) =>
            $"The role \"{role}\" may not create the "
            + $"extension postgis in {database.Place}: it needs the right of a superuser. Let one run there: create "
            + "extension postgis; then start again.",
        "42501" => $"The role \"{role}\" lacks a right "
            + $"in {database.Place}: {error.MessageText}. Let the owner run: grant create, usage "
            + "on schema public to it.",
        "58P01" or "0A000" when error.MessageText.Contains("postgis", StringComparison.Ordinal) =>
            $"The server of {database.Place} has no PostGIS. Install it there (on Debian: postgresql-15-postgis-3).",
        _ => null,
    };

    static string? RoleOf(NpgsqlConnection connection) =>
        new NpgsqlConnectionStringBuilder(connection.ConnectionString).Username;

    static async ValueTask<List<Migration>> ReadAppliedAsync(
        NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        List<Migration> applied = [];
        await using (var find = new NpgsqlCommand("select to_regclass('schema_migrations') is not null", connection))
            if (!(bool)(await find.ExecuteScalarAsync(cancellationToken))!) return applied;
        await using var read = new NpgsqlCommand(
            "select number, name from schema_migrations order by number", connection);
        await using var row = await read.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
            applied.Add(new(row.GetInt32(0), row.GetString(1), IsApplied: true));
        return applied;
    }

    static IReadOnlyList<Migration> Plan(List<Migration> applied, int? downTo)
    {
        RefuseNewer(applied);
        return downTo is { } lowest
            ? [.. applied.Where(one => one.Number > lowest).Reverse()]
            : [.. s_steps.Where(step => !applied.Exists(one => one.Number == step.Number))
                .Select(step => Describe(step, false))];
    }

    static void RefuseNewer(List<Migration> applied)
    {
        if (applied.Count == 0 || applied[^1].Number <= s_steps.Count) return;
        throw new InvalidOperationException(
            $"The database's schema is at step {applied[^1].Number}, this build knows {s_steps.Count}: a newer build "
            + "has migrated it. Run that build, or restore a backup of before.");
    }

    static Migration Describe(MigrationStep step, bool isApplied) => new(step.Number, step.Name, isApplied);
}
