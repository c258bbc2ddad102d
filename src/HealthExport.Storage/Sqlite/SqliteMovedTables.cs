using HealthExport.Moving;

namespace HealthExport.Storage.Sqlite;

/// <summary>The schema's tables as they move, asked of the schema itself.</summary>
static class SqliteMovedTables
{
    /// <summary>Stands for a key where rows have no other short one; every store has its own.</summary>
    const string RowId = "rowid";

    public static IReadOnlyList<MovedTable> List(SqliteSession session) =>
    [
        .. SqliteTables.List(session)
            .Where(table => !MovedSchema.IsLeft(table) && !IsVirtual(session, table))
            .Select(table => Describe(session, table)),
    ];

    static MovedTable Describe(SqliteSession session, string table)
    {
        List<MovedColumn> columns = [];
        SortedList<int, string> key = [];
        using (var read = session.Prepare("select name, type, pk from pragma_table_info(?1)"))
        {
            read.Bind(1, table);
            while (read.Step())
            {
                var name = read.GetString(0);
                if (name == RowId || MovedSchema.IsLeft(table, name)) continue;
                columns.Add(new(name, TypeOf(table, name, read.GetString(1))));
                if (read.GetInt32(2) is > 0 and var place) key.Add(place, name);
            }
        }
        return MovedTable.Create(table, columns, key.Count > 0 ? [.. key.Values] : ListUnique(session, table));
    }

    static IReadOnlyList<string> ListUnique(SqliteSession session, string table)
    {
        using var read = session.Prepare("""
            select c.name
            from pragma_index_list(?1) i
            join pragma_index_info(i.name) c
            where i.origin = 'u'
            order by i.seq, c.seqno
            """);
        read.Bind(1, table);
        List<string> names = [];
        while (read.Step()) names.Add(read.GetString(0));
        return names;
    }

    static bool IsVirtual(SqliteSession session, string table)
    {
        using var find = session.Prepare(
            "select 1 from sqlite_master where name = ?1 and sql like 'create virtual table%'");
        return find.Bind(1, table).Step();
    }

    static MovedType TypeOf(string table, string column, string declared) => declared switch
    {
        "integer" => MovedType.Integer,
        "real" => MovedType.Real,
        "text" => MovedType.Text,
        "blob" => MovedType.Bytes,
        _ => throw MovedSchema.UnknownType(table, column, declared),
    };
}
