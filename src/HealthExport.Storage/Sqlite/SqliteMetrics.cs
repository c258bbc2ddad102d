using System.Collections.Concurrent;
using HealthExport.Catalogue;

namespace HealthExport.Storage.Sqlite;

/// <summary>
/// The table of metrics in memory, by number and by (name, unit). Known ones stay and never change their number.
/// Unknown ones may be gone from the table, with the last person who sent them, and no number is given out twice;
/// another process may have added more. Safe for any number of threads.
/// </summary>
sealed class SqliteMetrics
{
    readonly ConcurrentDictionary<Metric, int> _ids = [];
    readonly ConcurrentDictionary<int, Metric> _metrics = [];

    // The schema whose metrics are here; only read and written by who holds the writer.
    long _schemaVersion = -1;

    /// <summary>
    /// Adds what the table lacks of the catalogue and reads the table, once for each schema. Called by who holds the
    /// writer, outside a transaction.
    /// </summary>
    public void Load(SqliteSession writer)
    {
        var schemaVersion = ReadSchemaVersion(writer);
        if (schemaVersion == _schemaVersion) return;
        writer.Begin();
        Read(writer);
        foreach (var metric in MetricCatalogue.All)
            if (metric.Shape is MetricShape.Plain or MetricShape.MinAvgMax)
                AddOrDescribe(writer, metric);
        writer.Commit();
        Read(writer);
        _schemaVersion = schemaVersion;
    }

    /// <returns>Null for a metric that was not read or added yet.</returns>
    public int? FindId(Metric metric) => _ids.TryGetValue(metric, out var id) ? id : null;

    /// <summary>The metric of a number that a row of <paramref name="session"/>'s database bears.</summary>
    /// <exception cref="KeyNotFoundException">There is none.</exception>
    public Metric Get(SqliteSession session, int id)
    {
        if (_metrics.TryGetValue(id, out var metric)) return metric;
        using var find = session.Prepare(
            """
            select name, unit, kind
            from metrics
            where id = ?1
            """);
        if (!find.Bind(1, id).Step()) throw new KeyNotFoundException("There is no metric of this number.");
        return _metrics.GetOrAdd(id, Describe(find.GetString(0), find.GetString(1), find.GetString(2)));
    }

    /// <summary>Numbers of the metrics of a name, in whatever unit.</summary>
    public static IReadOnlyList<int> ListIds(SqliteSession session, string name)
    {
        using var list = session.Prepare(
            """
            select id
            from metrics
            where name = ?1
            order by id
            """);
        list.Bind(1, name);
        var ids = new List<int>();
        while (list.Step()) ids.Add(list.GetInt32(0));
        return ids;
    }

    /// <summary>
    /// Looks a metric up in the table and adds it if it is not there, in the transaction of the writer.
    /// </summary>
    public static int FindOrAdd(SqliteSession writer, Metric metric) =>
        FindInTable(writer, metric) ?? Insert(writer, metric);

    /// <summary>Adds a metric again under its number, after a roll back to a savepoint took its row away.</summary>
    public static void AddAgain(SqliteSession writer, int id, Metric metric)
    {
        if (FindInTable(writer, metric) is null) Insert(writer, metric, id);
    }

    /// <summary>Takes in a metric whose row is committed.</summary>
    public void Add(int id, Metric metric)
    {
        _metrics[id] = metric;
        _ids[metric] = id;
    }

    void Read(SqliteSession writer)
    {
        _ids.Clear();
        _metrics.Clear();
        using var list = writer.Prepare(
            """
            select id, name, unit, kind
            from metrics
            """);
        while (list.Step())
            Add(list.GetInt32(0), Describe(list.GetString(1), list.GetString(2), list.GetString(3)));
    }

    // A (name, unit) may have been registered as unknown before the catalogue came to know it.
    void AddOrDescribe(SqliteSession writer, Metric metric)
    {
        if (FindId(metric) is not { } id)
        {
            Insert(writer, metric);
            return;
        }
        using var describe = writer.Prepare(
            """
            update metrics
            set kind = ?2, category = ?3, is_known = 1, lower_bound = ?4, upper_bound = ?5
            where id = ?1
                and (is_known = 0 or kind <> ?2 or category <> ?3 or lower_bound is not ?4 or upper_bound is not ?5)
            """);
        BindDescription(describe.Bind(1, id), 2, metric).Run();
    }

    static int? FindInTable(SqliteSession session, Metric metric)
    {
        using var find = session.Prepare(
            """
            select id
            from metrics
            where name = ?1 and unit = ?2
            """);
        return find.Bind(1, metric.Name).Bind(2, metric.Unit).Step() ? find.GetInt32(0) : null;
    }

    static int Insert(SqliteSession writer, Metric metric, int? id = null)
    {
        using var insert = writer.Prepare(
            """
            insert into metrics (name, unit, kind, category, lower_bound, upper_bound, is_known, id)
            values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
            """);
        insert.Bind(1, metric.Name).Bind(2, metric.Unit).Bind(7, metric.IsKnown).Bind(8, (long?)id);
        BindDescription(insert, 3, metric).Run();
        return checked((int)writer.LastRowId);
    }

    static SqliteStatement BindDescription(SqliteStatement statement, int first, Metric metric) => statement
        .Bind(first, NameOf(metric.Kind))
        .Bind(first + 1, metric.Category)
        .Bind(first + 2, double.IsFinite(metric.Bounds.Lower) ? metric.Bounds.Lower : (double?)null)
        .Bind(first + 3, double.IsFinite(metric.Bounds.Upper) ? metric.Bounds.Upper : (double?)null);

    static Metric Describe(string name, string unit, string kind) =>
        MetricCatalogue.Find(name) is { } known && known.Name == name && known.Unit == unit
            ? known
            : Metric.Unknown(
                name, unit, kind == NameOf(MetricKind.Cumulative) ? MetricKind.Cumulative : MetricKind.Discrete);

    static string NameOf(MetricKind kind) => kind == MetricKind.Cumulative ? "cumulative" : "discrete";

    static long ReadSchemaVersion(SqliteSession session)
    {
        using var read = session.Prepare("pragma schema_version");
        return read.Step() ? read.GetInt64(0) : 0;
    }
}
