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
    public static IReadOnlyList<string> ListOfUsers(SqliteSession session)
    {
        using var read = session.Prepare("""
            select t.name
            from sqlite_master t
            join pragma_table_info(t.name) c on c.name = 'user_id'
            where t.type = 'table'
            order by t.name
            """);
        return ReadNames(read);
    }

    static List<string> ReadNames(SqliteStatement read)
    {
        List<string> names = [];
        while (read.Step()) names.Add(read.GetString(0));
        return names;
    }
}
