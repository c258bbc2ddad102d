namespace HealthExport.Storage.Sqlite;

/// <summary>What tables there are, asked of the schema itself, so that a new one cannot be forgotten.</summary>
static class SqliteTables
{
    /// <summary>Every table but SQLite's own and the shadow tables of virtual ones.</summary>
    public static IReadOnlyList<string> List(SqliteSession session)
    {
        using var read = session.Prepare("""
            select t.name
            from sqlite_master t
            where t.type = 'table'
                and t.name not like 'sqlite!_%' escape '!'
                and not exists (
                    select 1
                    from sqlite_master v
                    where v.sql like 'create virtual table%'
                        and t.name in (v.name || '_node', v.name || '_parent', v.name || '_rowid'))
            order by t.name
            """);
        return ReadNames(read);
    }

    /// <summary>Those with a column user_id.</summary>
    public static IReadOnlyList<SqliteUserTable> ListOfUsers(SqliteSession session)
    {
        List<string> names;
        using (var read = session.Prepare("""
            select t.name
            from sqlite_master t
            join pragma_table_info(t.name) c on c.name = 'user_id'
            where t.type = 'table'
            order by t.name
            """))
            names = ReadNames(read);
        return [.. names.Select(name => new SqliteUserTable(name, ReadRowKey(session, name)))];
    }

    /// <summary>What names a row within its table: the row number where there is one, else the primary key.</summary>
    static string ReadRowKey(SqliteSession session, string table)
    {
        using (var find = session.Prepare("select sql like '%without rowid%' from sqlite_master where name = ?1"))
            if (find.Bind(1, table).Step() && !find.GetBoolean(0)) return "rowid";
        using var read = session.Prepare("select name from pragma_table_info(?1) where pk > 0 order by pk");
        read.Bind(1, table);
        return string.Join(", ", ReadNames(read));
    }

    static List<string> ReadNames(SqliteStatement read)
    {
        List<string> names = [];
        while (read.Step()) names.Add(read.GetString(0));
        return names;
    }
}

/// <summary>A table of users' rows.</summary>
/// <param name="RowKey">Columns that name a row, as SQL lists them.</param>
sealed record SqliteUserTable(string Name, string RowKey)
{
    /// <summary>Deletes rows of user ?1, ?2 at most.</summary>
    public string DeleteSome => $"""
        delete from "{Name}"
        where ({RowKey}) in (
            select {RowKey}
            from "{Name}"
            where user_id = ?1
            limit ?2)
        """;
}
