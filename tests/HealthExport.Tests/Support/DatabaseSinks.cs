using HealthExport.Storage.Postgres;
using HealthExport.Storage.Sqlite;
using Npgsql;

namespace HealthExport.Tests.Support;

/// <summary>Looks through all that a store has written, in its own way and beneath it.</summary>
static class DatabaseSinks
{
    // Whose rows hold no health data.
    static readonly string[] s_withoutValues = ["api_keys", "audit_log", "keys_version", "schema_migrations", "users"];

    /// <summary>Has the server log each statement with its parameters, as an operator may.</summary>
    public static async Task LogEverythingAsync(string url)
    {
        await using var source = Open(url);
        await using var set = source.CreateCommand(
            $"alter database {new Uri(url).AbsolutePath[1..]} set log_statement = 'all'");
        await set.ExecuteNonQueryAsync();
    }

    /// <summary>Every column of every table, what sessions show of their statements, and the server's log.</summary>
    public static async Task AssertPostgresAsync(string url, Canaries secrets, Canaries values)
    {
        await using var source = Open(url);
        var tables = await ListAsync(source, """
            select c.relname
            from pg_class c
            where c.relkind in ('r', 'p', 'm') and not c.relispartition
                and c.relnamespace = 'public'::regnamespace
                and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
            """);
        Assert.Contains("api_keys", tables);
        foreach (var table in tables)
        {
            // A row as text has all its columns, bytes in hexadecimal.
            var found = await ListAsync(
                source, $"select t::text from {table} t where t::text ilike any ($1) limit 1", secrets.Forms);
            Assert.True(found.Count == 0, $"A secret is in the table {table}: {string.Join("", found)}");
            if (!s_withoutValues.Contains(table)) continue;
            found = await ListAsync(
                source, $"select t::text from {table} t where t::text ilike any ($1) limit 1", values.Forms);
            Assert.True(found.Count == 0, $"A value is in the table {table}: {string.Join("", found)}");
        }
        foreach (var query in await ListAsync(source, "select coalesce(query, '') from pg_stat_activity"))
            secrets.AssertNotIn("pg_stat_activity", query);
        // The log of somebody else's server is out of reach.
        if (PostgresServer.Given is not null) return;
        var log = Assert.Single(await ListAsync(
            source, "select pg_read_file(current_setting('data_directory') || '/../server.log')"));
        Assert.Contains("insert into api_keys", log, StringComparison.Ordinal);
        Assert.Contains("parameters: ", log, StringComparison.Ordinal);
        foreach (var line in log.Split('\n')) secrets.AssertNotIn("PostgreSQL's log", line);
    }

    /// <summary>The bytes of the files, and of what holds no health data every column.</summary>
    public static async Task AssertSqliteAsync(StorePlace place, Canaries secrets, Canaries values)
    {
        var files = Directory.GetFiles(place.Folder, "health.db*");
        Assert.NotEmpty(files);
        foreach (var file in files) secrets.AssertNotIn(file, await File.ReadAllBytesAsync(file));
        await using var database = new SqliteDatabase(place.Url["sqlite:".Length..]);
        using var reader = database.RentReader();
        foreach (var table in s_withoutValues)
        {
            List<string> columns = [];
            using (var list = reader.Session.Prepare("select name from pragma_table_info(?1)"))
            {
                list.Bind(1, table);
                while (list.Step()) columns.Add(list.GetString(0));
            }
            Assert.NotEmpty(columns);
            var row = string.Join(" || '|' || ", columns.Select(column => $"coalesce({column}, '')"));
            using var rows = reader.Session.Prepare($"select {row} from {table}");
            while (rows.Step()) values.AssertNotIn($"the table {table}", rows.GetString(0));
        }
    }

    static NpgsqlDataSource Open(string url)
    {
        var settings = PostgresUrl.Parse(url);
        settings.Pooling = false;
        // What is looked for must not come to be there by looking.
        settings.Options = "-c log_statement=none";
        return NpgsqlDataSource.Create(settings);
    }

    static async Task<IReadOnlyList<string>> ListAsync(
        NpgsqlDataSource source, string sql, IReadOnlyList<string>? forms = null)
    {
        List<string> items = [];
        await using var command = source.CreateCommand(sql);
        if (forms is not null)
            command.Parameters.Add(new NpgsqlParameter<string[]>
            {
                TypedValue = [.. forms.Select(form => $"%{form.Replace("_", "\\_")}%")],
            });
        await using var row = await command.ExecuteReaderAsync();
        while (await row.ReadAsync()) items.Add(row.GetString(0));
        return items;
    }
}
