using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using HealthExport.Storage.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace HealthExport.Tests.Support;

/// <summary>
/// SQLite tells of each statement that ended (https://sqlite.org/c3ref/trace_v2.html) and what it cost. Its plan does
/// not hang on the values, nor on statistics, which this product never makes: it is asked for afterwards.
/// </summary>
sealed unsafe partial class SqliteTrace(string path) : StatementTrace
{
    const string Library = "e_sqlite3";
    const uint OnEnd = 2;
    const int Steps = 4;

    // Never freed: a connection may outlive every sign of it, and there are a handful in a run.
    nint _self;

    public SqliteDatabase Open() => new(path, Watch);

    /// <summary>Has a connection that somebody else opened told, too.</summary>
    public void Watch(nint connection)
    {
        lock (this)
            if (_self == 0) _self = GCHandle.ToIntPtr(GCHandle.Alloc(this));
        Trace(connection, OnEnd, &Ended, _self);
    }

    public override Task<IReadOnlyList<string>> ListIndexesAsync()
    {
        using var database = new SqliteDatabase(path);
        using var reader = database.RentReader();
        return Task.FromResult<IReadOnlyList<string>>([.. Names.Read(reader.Session).All]);
    }

    protected override void ReplaceDatabase(IServiceCollection services)
    {
        services.RemoveAll<SqliteDatabase>();
        services.AddSingleton(_ => Open());
    }

    protected override Task<IReadOnlyList<TracedStatement>> DescribeAsync(IReadOnlyList<object> recorded)
    {
        using var database = new SqliteDatabase(path);
        using var reader = database.RentReader();
        var names = Names.Read(reader.Session);
        Dictionary<string, IReadOnlyList<PlanStep>> plans = [];
        List<TracedStatement> described = [];
        foreach (var (sql, work) in recorded.Cast<(string, long)>())
        {
            if (!plans.TryGetValue(sql, out var plan)) plans.Add(sql, plan = Explain(reader.Session, names, sql));
            described.Add(new(sql, plan, work));
        }
        return Task.FromResult<IReadOnlyList<TracedStatement>>(described);
    }

    static List<PlanStep> Explain(SqliteSession session, Names names, string sql)
    {
        List<PlanStep> steps = [];
        using var explain = session.Prepare("explain query plan " + sql);
        while (explain.Step())
        {
            if (Way().Match(explain.GetString(3)) is not { Success: true } way) continue;
            var table = way.Groups["table"].Value;
            if (!names.Tables.Contains(table)) continue;
            var index = way.Groups["index"].Success ? names.Find(table, way.Groups["index"].Value) : null;
            // A tree of boxes is always said to be scanned: by its own number 2 it is searched.
            var isWhole = way.Groups["way"].Value == "SCAN" && way.Groups["index"].Value != "VIRTUAL TABLE INDEX 2";
            steps.Add(new(table, null, index, isWhole));
        }
        return steps;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    static int Ended(uint what, nint self, nint statement, nint nanoseconds)
    {
        long work = GetStatus(statement, Steps, reset: 1);
        var trace = (SqliteTrace)GCHandle.FromIntPtr(self).Target!;
        trace.Record((Marshal.PtrToStringUTF8(GetText(statement))!, work));
        return 0;
    }

    [LibraryImport(Library, EntryPoint = "sqlite3_trace_v2")]
    private static partial int Trace(
        nint database, uint what, delegate* unmanaged[Cdecl]<uint, nint, nint, nint, int> told, nint state);

    [LibraryImport(Library, EntryPoint = "sqlite3_stmt_status")]
    private static partial int GetStatus(nint statement, int what, int reset);

    [LibraryImport(Library, EntryPoint = "sqlite3_sql")]
    private static partial nint GetText(nint statement);

    [GeneratedRegex(
        """
        ^(?<way>SCAN|SEARCH)\ TABLE\ (?<table>\w+)(\ AS\ \w+)?
        (\ (USING\ (AUTOMATIC\ )?(PARTIAL\ )?(COVERING\ )?(INDEX\ )?)?
            (?<index>INTEGER\ PRIMARY\ KEY|PRIMARY\ KEY|VIRTUAL\ TABLE\ INDEX\ \d+|\w+))?
        """,
        RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex Way();

    /// <summary>Tables, and what an index is called in a plan and in a test.</summary>
    sealed class Names
    {
        readonly Dictionary<string, string> _byName = [];

        public HashSet<string> Tables { get; } = [];

        public IEnumerable<string> All => _byName.Values.Distinct();

        public static Names Read(SqliteSession session)
        {
            var names = new Names();
            foreach (var table in SqliteTables.List(session)) names.AddTable(session, table);
            return names;
        }

        public string Find(string table, string inPlan) => inPlan switch
        {
            "PRIMARY KEY" or "INTEGER PRIMARY KEY" => $"{table} key",
            _ when inPlan.StartsWith("VIRTUAL", StringComparison.Ordinal) => table,
            // Made for this one statement, for want of one.
            _ => _byName.GetValueOrDefault(inPlan) ?? $"made for once on {table}",
        };

        void AddTable(SqliteSession session, string table)
        {
            Tables.Add(table);
            if (table == "workout_route_boxes") _byName[table] = table;
            using (var columns = session.Prepare("select type from pragma_table_info(?1) where pk > 0"))
                if (columns.Bind(1, table).Step()
                    && columns.GetString(0).Equals("integer", StringComparison.OrdinalIgnoreCase) && !columns.Step())
                    _byName[$"{table} rowid"] = $"{table} key";
            using var indexes = session.Prepare("select name, origin from pragma_index_list(?1)");
            indexes.Bind(1, table);
            List<(string Name, string Origin)> all = [];
            while (indexes.Step()) all.Add((indexes.GetString(0), indexes.GetString(1)));
            foreach (var (name, origin) in all)
                _byName[name] = origin switch
                {
                    "pk" => $"{table} key",
                    "u" => $"{table} ({string.Join(", ", ListColumns(session, name))})",
                    _ => name,
                };
        }

        static List<string> ListColumns(SqliteSession session, string index)
        {
            List<string> columns = [];
            using var list = session.Prepare("select name from pragma_index_info(?1) order by seqno");
            list.Bind(1, index);
            while (list.Step()) columns.Add(list.GetString(0));
            return columns;
        }
    }
}
