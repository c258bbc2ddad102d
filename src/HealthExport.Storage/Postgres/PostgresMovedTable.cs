using HealthExport.Moving;
using Npgsql;

namespace HealthExport.Storage.Postgres;

/// <summary>A table as it moves, and what only this engine knows of it.</summary>
/// <param name="Types">The server's name of each column's type.</param>
/// <param name="PrimaryKey">May hold more than the moved key does.</param>
/// <param name="PartitionedBy">The column, if there is one.</param>
sealed record PostgresMovedTable(
    MovedTable Moved, IReadOnlyDictionary<string, string> Types, IReadOnlyList<string> PrimaryKey,
    string? PartitionedBy)
{
    /// <summary>Derived from raw_ingestions, which goes before whatever points to it.</summary>
    const string Derived = "ingestion_times";

    /// <summary>What the embedded engine keeps within the points of a route.</summary>
    static readonly IReadOnlyList<string> s_besidePoints =
    [
        "speeds", "courses", "horizontal_accuracies", "vertical_accuracies", "speed_accuracies", "course_accuracies",
    ];

    public string Name => Moved.Name;

    public bool IsRoutes => Name == MovedSchema.Routes;

    /// <summary>Columns as COPY names them: the moved ones and, of a route, those beside the points.</summary>
    public string ListColumns(MovedTable moved) =>
        moved.Columns.List() + (IsRoutes ? $", {string.Join(", ", s_besidePoints)}" : "");

    /// <summary>As <see cref="ListColumns"/>, to be read.</summary>
    public string ListExpressions(MovedTable moved) =>
        string.Join(", ", moved.Columns.Select(column => Types[column.Name] == "geography"
            ? $"st_asewkb(\"{column.Name}\"::geometry, 'NDR')" : $"\"{column.Name}\""))
        + (IsRoutes ? $", {string.Join(", ", s_besidePoints)}" : "");

    /// <summary>The moved key in the order of <see cref="RowBatch.CompareKeys"/>, whatever the database's own.</summary>
    public string ListOrder(MovedTable moved) => string.Join(
        ", ",
        moved.Columns.Take(moved.KeyLength).Select(column =>
            $"\"{column.Name}\"{(column.Type == MovedType.Text ? " collate \"C\"" : "")}"));

    /// <summary>Every table of the schema, those first that others point to.</summary>
    public static async ValueTask<IReadOnlyList<PostgresMovedTable>> ListAsync(
        NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        Dictionary<string, Parts> parts = new(StringComparer.Ordinal);
        await using (var read = new NpgsqlCommand(
            """
            select c.relname, a.attname, t.typname,
                coalesce(array_position(i.indkey::smallint[], a.attnum) + 1, 0)::int,
                coalesce(a.attnum = p.partattrs[0], false)
            from pg_class c
            join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
            join pg_type t on t.oid = a.atttypid
            left join pg_index i on i.indrelid = c.oid and i.indisprimary
            left join pg_partitioned_table p on p.partrelid = c.oid
            where c.relkind in ('r', 'p')
                and not c.relispartition
                and c.relnamespace = current_schema()::regnamespace
                and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
            order by c.relname, a.attnum
            """,
            connection))
        await using (var row = await read.ExecuteReaderAsync(cancellationToken))
            while (await row.ReadAsync(cancellationToken))
            {
                var (table, column) = (row.GetString(0), row.GetString(1));
                if (table == Derived || MovedSchema.IsLeft(table) || MovedSchema.IsLeft(table, column)
                    || table == MovedSchema.Routes && s_besidePoints.Contains(column)) continue;
                if (!parts.TryGetValue(table, out var of)) parts.Add(table, of = new());
                of.Types.Add(column, row.GetString(2));
                if (row.GetInt32(3) is > 0 and var place) of.Key.Add(place, column);
                if (row.GetBoolean(4)) of.PartitionedBy = column;
            }
        var tables = parts.Select(one => Create(one.Key, one.Value)).ToDictionary(one => one.Name);
        return Sort(tables, await ListPointersAsync(connection, cancellationToken));
    }

    static PostgresMovedTable Create(string name, Parts parts) => new(
        MovedTable.Create(
            name, parts.Types.Select(column => new MovedColumn(column.Key, TypeOf(name, column.Key, column.Value))),
            [.. parts.Key.Values]),
        parts.Types, [.. parts.Key.Values], parts.PartitionedBy);

    static async ValueTask<List<(string From, string To)>> ListPointersAsync(
        NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var read = new NpgsqlCommand(
            """
            select f.relname, t.relname
            from pg_constraint k
            join pg_class f on f.oid = k.conrelid
            join pg_class t on t.oid = k.confrelid
            where k.contype = 'f' and f.relnamespace = current_schema()::regnamespace
            """,
            connection);
        List<(string From, string To)> pointers = [];
        await using var row = await read.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
            pointers.Add((Underived(row.GetString(0)), Underived(row.GetString(1))));
        return pointers;
    }

    static string Underived(string table) => table == Derived ? PostgresPartitions.Ingestions : table;

    static List<PostgresMovedTable> Sort(
        Dictionary<string, PostgresMovedTable> tables, List<(string From, string To)> pointers)
    {
        List<PostgresMovedTable> sorted = [];
        while (tables.Count > 0)
        {
            var next = tables.Keys.Order(StringComparer.Ordinal).First(name => !pointers.Exists(
                pointer => pointer.From == name && pointer.To != name && tables.ContainsKey(pointer.To)));
            sorted.Add(tables[next]);
            tables.Remove(next);
        }
        return sorted;
    }

    static MovedType TypeOf(string table, string column, string type) => type switch
    {
        "int2" or "int4" or "int8" or "bool" or "timestamptz" or "date" => MovedType.Integer,
        "float8" => MovedType.Real,
        "text" => MovedType.Text,
        "bytea" or "uuid" or "_float8" or "_timestamptz" or "geography" => MovedType.Bytes,
        _ => throw MovedSchema.UnknownType(table, column, type),
    };

    sealed class Parts
    {
        public Dictionary<string, string> Types { get; } = new(StringComparer.Ordinal);
        public SortedList<int, string> Key { get; } = [];
        public string? PartitionedBy { get; set; }
    }
}
