using System.Collections.Concurrent;
using HealthExport.Catalogue;
using Npgsql;

namespace HealthExport.Storage.Postgres;

/// <summary>
/// The table of metrics in memory, by number and by (name, unit). Rows are added and never change their number, so what
/// is here stays true; another replica may have added more. Safe for concurrent use.
/// </summary>
sealed class PostgresMetrics(PostgresDatabase database)
{
    // Any constant of our own: "health" and a three.
    const long LockKey = 0x68_65_61_6c_74_68_03;

    readonly ConcurrentDictionary<Metric, int> _ids = [];
    readonly SemaphoreSlim _gate = new(1, 1);

    volatile bool _isLoaded;

    /// <summary>Adds what the table lacks of the catalogue and reads the table, once for each schema.</summary>
    public async ValueTask LoadAsync(CancellationToken cancellationToken)
    {
        if (_isLoaded) return;
        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (_isLoaded) return;
            var read = await database.WriteAsync(LoadAsync, cancellationToken);
            _ids.Clear();
            foreach (var (metric, id) in read) _ids[metric] = id;
            _isLoaded = true;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <returns>Null for a metric that was not read or added yet.</returns>
    public int? FindId(Metric metric) => _ids.TryGetValue(metric, out var id) ? id : null;

    /// <summary>Remembers a metric that was committed.</summary>
    public void Add(int id, Metric metric) => _ids[metric] = id;

    /// <summary>Forgets all, after the schema was changed.</summary>
    public void Forget() => _isLoaded = false;

    /// <summary>
    /// Looks a metric up in the table and adds it if it is not there, in the connection's transaction, which then keeps
    /// it from being erased. Waits for another that is adding the same one.
    /// </summary>
    public static async ValueTask<int> FindOrAddAsync(
        NpgsqlConnection connection, Metric metric, CancellationToken cancellationToken)
    {
        while (true)
        {
            // Looking first burns no number. One that another transaction added meanwhile is seen the second time.
            await using var add = new NpgsqlCommand(
                """
                with added as (
                    insert into metrics (name, unit, kind, category, is_known, lower_bound, upper_bound)
                    select $1, $2, $3, $4, $5, $6, $7
                    where not exists (
                        select 1
                        from metrics
                        where name = $1 and unit = $2)
                    on conflict (name, unit) do nothing
                    returning id),
                found as (
                    select id
                    from metrics
                    where name = $1 and unit = $2
                    for key share)
                select id
                from added
                union all
                select id
                from found
                """,
                connection);
            BindDescription(add.Parameters.BindText(metric.Name).BindText(metric.Unit), metric);
            if (await add.ExecuteScalarAsync(cancellationToken) is int id) return id;
        }
    }

    /// <summary>Adds a metric again under the number that it was given before a roll back to a savepoint.</summary>
    public static async ValueTask AddAgainAsync(
        NpgsqlConnection connection, int id, Metric metric, CancellationToken cancellationToken)
    {
        await using var add = new NpgsqlCommand(
            """
            insert into metrics (name, unit, kind, category, is_known, lower_bound, upper_bound, id)
            values ($1, $2, $3, $4, $5, $6, $7, $8)
            on conflict do nothing
            """,
            connection);
        BindDescription(add.Parameters.BindText(metric.Name).BindText(metric.Unit), metric).Bind(id);
        await add.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>The metric that a row of the table is of.</summary>
    public static Metric Describe(string name, string unit, string kind) =>
        MetricCatalogue.Find(name) is { } known && known.Name == name && known.Unit == unit
            ? known
            : Metric.Unknown(
                name, unit, kind == NameOf(MetricKind.Cumulative) ? MetricKind.Cumulative : MetricKind.Discrete);

    static async ValueTask<List<(Metric, int)>> LoadAsync(
        NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        Metric[] stored =
            [.. MetricCatalogue.All.Where(metric => metric.Shape is MetricShape.Plain or MetricShape.MinAvgMax)];
        await using var batch = new NpgsqlBatch(connection);
        batch.Add($"select pg_advisory_xact_lock({LockKey})");
        // One may have been registered as unknown before the catalogue came to know it.
        BindCatalogue(
            batch.Add(
                """
                update metrics m
                set kind = c.kind, category = c.category, is_known = true, lower_bound = c.lower_bound,
                    upper_bound = c.upper_bound
                from unnest($1, $2, $3, $4, $5, $6) c (name, unit, kind, category, lower_bound, upper_bound)
                where m.name = c.name and m.unit = c.unit
                    and (m.is_known, m.kind, m.category, m.lower_bound, m.upper_bound)
                        is distinct from (true, c.kind, c.category, c.lower_bound, c.upper_bound)
                """),
            stored);
        BindCatalogue(
            batch.Add(
                """
                insert into metrics (name, unit, kind, category, is_known, lower_bound, upper_bound)
                select c.name, c.unit, c.kind, c.category, true, c.lower_bound, c.upper_bound
                from unnest($1, $2, $3, $4, $5, $6) c (name, unit, kind, category, lower_bound, upper_bound)
                where not exists (
                    select 1
                    from metrics m
                    where m.name = c.name and m.unit = c.unit)
                on conflict (name, unit) do nothing
                """),
            stored);
        batch.Add("select id, name, unit, kind from metrics");
        await using var row = await batch.ExecuteReaderAsync(cancellationToken);
        await row.NextResultAsync(cancellationToken);
        List<(Metric, int)> read = [];
        while (await row.ReadAsync(cancellationToken))
            read.Add((Describe(row.GetString(1), row.GetString(2), row.GetString(3)), row.GetInt32(0)));
        return read;
    }

    static void BindCatalogue(NpgsqlParameterCollection parameters, Metric[] metrics) => parameters
        .BindTexts(metrics.Select(metric => metric.Name))
        .BindTexts(metrics.Select(metric => metric.Unit))
        .BindTexts(metrics.Select(metric => NameOf(metric.Kind)))
        .BindTexts(metrics.Select(metric => metric.Category))
        .BindNumbers(metrics.Select(metric => Finite(metric.Bounds.Lower)))
        .BindNumbers(metrics.Select(metric => Finite(metric.Bounds.Upper)));

    static NpgsqlParameterCollection BindDescription(NpgsqlParameterCollection parameters, Metric metric) => parameters
        .BindText(NameOf(metric.Kind))
        .BindText(metric.Category)
        .Bind(metric.IsKnown)
        .Bind(Finite(metric.Bounds.Lower))
        .Bind(Finite(metric.Bounds.Upper));

    static double? Finite(double bound) => double.IsFinite(bound) ? bound : null;

    static string NameOf(MetricKind kind) => kind == MetricKind.Cumulative ? "cumulative" : "discrete";
}
