using HealthExport.Storage.Sqlite;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Storage;

/// <summary>Both engines' schemas are one, but for what is listed here with its reason.</summary>
public sealed class SchemaTwinsTests
{
    /// <summary>Columns that only one engine has, as engine: table.column, and why.</summary>
    static readonly Dictionary<string, string> s_onlyOnOne = new()
    {
        // raw_ingestions is partitioned by time there, and reached by number through this.
        ["postgres: ingestion_times.user_id"] = "finds the partition of a number",
        ["postgres: ingestion_times.number"] = "finds the partition of a number",
        ["postgres: ingestion_times.received_at"] = "finds the partition of a number",
        // Beside the line: what the embedded engine has inside the blob `points`.
        ["postgres: workout_routes.speeds"] = "beside the line",
        ["postgres: workout_routes.courses"] = "beside the line",
        ["postgres: workout_routes.horizontal_accuracies"] = "beside the line",
        ["postgres: workout_routes.vertical_accuracies"] = "beside the line",
        ["postgres: workout_routes.speed_accuracies"] = "beside the line",
        ["postgres: workout_routes.course_accuracies"] = "beside the line",
        // PostGIS indexes the line itself.
        ["sqlite: workout_routes.rowid"] = "what the index of boxes points to",
        ["sqlite: workout_route_boxes.id"] = "index of boxes",
        ["sqlite: workout_route_boxes.min_lon"] = "index of boxes",
        ["sqlite: workout_route_boxes.max_lon"] = "index of boxes",
        ["sqlite: workout_route_boxes.min_lat"] = "index of boxes",
        ["sqlite: workout_route_boxes.max_lat"] = "index of boxes",
    };

    /// <summary>Tables whose key does not begin with the user, and why.</summary>
    static readonly Dictionary<string, string> s_keyedOtherwise = new()
    {
        ["metrics"] = "a small reference table, the same for all",
        ["users"] = "its id is the user",
        ["schema_migrations"] = "of the schema, not of users",
    };

    [Fact]
    public async Task Tables_views_and_columns_have_the_same_names_in_both_engines()
    {
        await using var postgres = await PostgresFixture.OpenAsync();
        await using var sqlite = await SqliteFixture.OpenAsync();
        var ofPostgres = await postgres.ListAsync("""
            select c.relname || '.' || a.attname
            from pg_class c
            join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
            where c.relkind in ('r', 'p', 'v') and not c.relispartition
                and c.relnamespace = 'public'::regnamespace
                and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
            """);
        var ofSqlite = ListSqlite(sqlite);

        Assert.NotEmpty(ofSqlite);
        Assert.Equal(
            s_onlyOnOne.Keys.Order(StringComparer.Ordinal),
            ofPostgres.Except(ofSqlite).Select(column => $"postgres: {column}")
                .Concat(ofSqlite.Except(ofPostgres).Select(column => $"sqlite: {column}"))
                .Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Every_primary_key_begins_with_the_user()
    {
        await using var postgres = await PostgresFixture.OpenAsync();
        var keys = await postgres.ListAsync("""
            select c.relname || '.' || coalesce(a.attname, 'none')
            from pg_class c
            left join pg_index i on i.indrelid = c.oid and i.indisprimary
            left join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0]
            where c.relkind in ('r', 'p') and not c.relispartition
                and c.relnamespace = 'public'::regnamespace
                and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
            """);

        Assert.Contains("samples.user_id", keys);
        Assert.Equal(
            s_keyedOtherwise.Keys.Order(),
            keys.Where(key => !key.EndsWith(".user_id", StringComparison.Ordinal)).Select(key => key.Split('.')[0])
                .Order());
    }

    [Fact]
    public async Task Steps_have_the_same_numbers_and_names_in_both_engines()
    {
        await using var postgres = await PostgresFixture.OpenAsync();
        await using var sqlite = await SqliteFixture.OpenAsync();

        Assert.Equal(await sqlite.Migrations.ListAsync(default), await postgres.Migrations.ListAsync(default));
    }

    static List<string> ListSqlite(SqliteFixture sqlite)
    {
        using var reader = sqlite.Database.RentReader();
        var session = reader.Session;
        List<string> names = [.. SqliteTables.List(session)];
        using (var views = session.Prepare("select name from sqlite_master where type = 'view'"))
            while (views.Step()) names.Add(views.GetString(0));
        List<string> columns = [];
        foreach (var name in names)
        {
            using var list = session.Prepare("select name from pragma_table_info(?1)");
            list.Bind(1, name);
            while (list.Step()) columns.Add($"{name}.{list.GetString(0)}");
        }
        return columns;
    }
}
