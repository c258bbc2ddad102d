using System.Text.Json;
using HealthExport.Storage.Postgres;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace HealthExport.Tests.Support;

/// <summary>
/// The server's module auto_explain tells the session that ran a statement how it was run, and the driver logs what it
/// is told. Constraints' own statements are among them.
/// </summary>
sealed class PostgresTrace : StatementTrace, ILoggerFactory, ILogger
{
    const string Driver = "Npgsql.Connection";
    const string Notice = "NoticeText";

    // What the driver sends ahead when a connection goes to its next user.
    const string Reset = "SET SESSION AUTHORIZATION";

    const string InsufficientPrivilege = "42501";

    static readonly (string Name, string Value)[] s_settings =
    [
        ("session_preload_libraries", "auto_explain"), ("auto_explain.log_min_duration", "0"),
        ("auto_explain.log_level", "notice"), ("auto_explain.log_format", "json"),
        ("auto_explain.log_analyze", "on"), ("auto_explain.log_timing", "off"),
        ("auto_explain.log_nested_statements", "on"),
    ];

    // So many rows are read as soon as looked up.
    const long FewRows = 1_000;

    readonly string _url;
    readonly Dictionary<string, (string Table, string? Partition, bool IsSmall)> _tables = [];
    readonly Dictionary<string, string> _indexes = [];

    PostgresTrace(string url) => _url = url;

    /// <summary>Has sessions that begin from now on in a database told. The tests must be its superuser.</summary>
    public static async Task<PostgresTrace> InAsync(string url)
    {
        var database = new Uri(url).AbsolutePath[1..];
        try
        {
            await RunAsync(url, string.Join("; ", s_settings.Select(
                setting => $"alter database {database} set {setting.Name} = '{setting.Value}'")));
        }
        catch (PostgresException error) when (error.SqlState == InsufficientPrivilege)
        {
            PostgresServer.SkipFor("TEST_DATABASE_URL is not a superuser, who alone may have plans told.");
        }
        return new(url);
    }

    public PostgresDatabase Open(TimeProvider? clock = null) => new(_url, new() { MaxSize = 10 }, clock, null, this);

    public override async Task<IReadOnlyList<string>> ListIndexesAsync()
    {
        await LearnNamesAsync();
        return [.. _indexes.Values.Distinct()];
    }

    ILogger ILoggerFactory.CreateLogger(string categoryName) =>
        categoryName == Driver ? this : Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance;

    void ILoggerFactory.AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    void IDisposable.Dispose() { }

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;

    bool ILogger.IsEnabled(LogLevel logLevel) => true;

    void ILogger.Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception,
        Func<TState, Exception?, string> formatter)
    {
        if (state is not IEnumerable<KeyValuePair<string, object?>> values) return;
        foreach (var (name, value) in values)
            if (name == Notice && value is string text && text.Contains("plan:\n", StringComparison.Ordinal))
                Record(text[(text.IndexOf('\n', StringComparison.Ordinal) + 1)..]);
    }

    protected override void ReplaceDatabase(IServiceCollection services)
    {
        services.RemoveAll<PostgresDatabase>();
        services.AddSingleton(provider => Open(provider.GetRequiredService<TimeProvider>()));
    }

    protected override async Task<IReadOnlyList<TracedStatement>> DescribeAsync(IReadOnlyList<object> recorded)
    {
        await LearnNamesAsync();
        return
        [
            .. recorded.Cast<string>().Select(Describe)
                .Where(statement => !statement.Sql.StartsWith(Reset, StringComparison.Ordinal)),
        ];
    }

    TracedStatement Describe(string json)
    {
        using var told = JsonDocument.Parse(json, new() { MaxDepth = 256 });
        List<PlanStep> steps = [];
        var rows = 0L;
        Visit(told.RootElement.GetProperty("Plan"), null, ref rows, steps);
        return new(told.RootElement.GetProperty("Query Text").GetString()!, steps, rows);
    }

    void Visit(JsonElement node, string? relation, ref long rows, List<PlanStep> steps)
    {
        var type = node.GetProperty("Node Type").GetString()!;
        relation = node.TryGetProperty("Relation Name", out var name) ? name.GetString() : relation;
        var index = node.TryGetProperty("Index Name", out var used) ? used.GetString() : null;
        var passes = node.GetProperty("Actual Loops").GetDouble();
        if (type.EndsWith("Scan", StringComparison.Ordinal))
        {
            foreach (var count in (string[])
                ["Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck"])
                if (node.TryGetProperty(count, out var visited)) rows += (long)(visited.GetDouble() * passes);
            var isWhole = type == "Seq Scan"
                || index is not null && !node.TryGetProperty("Index Cond", out _)
                    && !node.TryGetProperty("Order By", out _);
            // A bitmap's heap is gone to by the index beneath it.
            if (type != "Bitmap Heap Scan" && relation is not null) Add(relation, index, isWhole, passes > 0, steps);
        }
        // What ON CONFLICT looks into.
        if (node.TryGetProperty("Conflict Arbiter Indexes", out var arbiters) && relation is not null)
            foreach (var arbiter in arbiters.EnumerateArray())
                Add(relation, arbiter.GetString(), isWhole: false, isTaken: true, steps);
        if (!node.TryGetProperty("Plans", out var children)) return;
        foreach (var child in children.EnumerateArray())
            Visit(child, type == "Bitmap Heap Scan" ? relation : null, ref rows, steps);
    }

    void Add(string relation, string? index, bool isWhole, bool isTaken, List<PlanStep> steps)
    {
        if (!_tables.TryGetValue(relation, out var table)) return;
        steps.Add(new(
            table.Table, table.Partition, index is null ? null : _indexes[index], isWhole && isTaken && !table.IsSmall,
            isTaken));
    }

    // Anew each time: partitions may have come.
    async Task LearnNamesAsync()
    {
        await using var source = NpgsqlDataSource.Create(Settings(_url));
        await using var list = source.CreateCommand(
            """
            select c.relname, coalesce(p.relname, c.relname), c.relispartition, i.relname,
                case
                    when x.indisprimary then coalesce(p.relname, c.relname) || ' key'
                    when k.conname is not null then format('%s (%s)', coalesce(p.relname, c.relname), (
                        select string_agg(a.attname, ', ' order by o.at)
                        from unnest(k.conkey) with ordinality o (attnum, at)
                        join pg_attribute a on a.attrelid = c.oid and a.attnum = o.attnum))
                    else coalesce(ip.relname, i.relname)
                end,
                c.reltuples::bigint
            from pg_class c
            left join pg_inherits h on h.inhrelid = c.oid
            left join pg_class p on p.oid = h.inhparent
            left join pg_index x on x.indrelid = c.oid
            left join pg_class i on i.oid = x.indexrelid
            left join pg_inherits ih on ih.inhrelid = i.oid
            left join pg_class ip on ip.oid = ih.inhparent
            left join pg_constraint k on k.conindid = i.oid and k.contype = 'u'
            where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace
                and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
            """);
        await using var row = await list.ExecuteReaderAsync();
        while (await row.ReadAsync())
        {
            _tables[row.GetString(0)] = (
                row.GetString(1), row.GetBoolean(2) ? row.GetString(0) : null, row.GetInt64(5) is >= 0 and < FewRows);
            if (!row.IsDBNull(3)) _indexes[row.GetString(3)] = row.GetString(4);
        }
    }

    static async Task RunAsync(string url, string sql)
    {
        await using var source = NpgsqlDataSource.Create(Settings(url));
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    static NpgsqlConnectionStringBuilder Settings(string url)
    {
        var settings = PostgresUrl.Parse(url);
        settings.Pooling = false;
        return settings;
    }
}
