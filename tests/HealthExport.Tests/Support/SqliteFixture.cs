using System.Text;
using HealthExport.Audit;
using HealthExport.Deletions;
using HealthExport.Drift;
using HealthExport.Keys;
using HealthExport.Migrations;
using HealthExport.People;
using HealthExport.Pushes;
using HealthExport.Samples;
using HealthExport.Storage.Sqlite;
using HealthExport.Texts;
using HealthExport.Totals;
using HealthExport.Workouts;

namespace HealthExport.Tests.Support;

/// <summary>The embedded engine in a folder of its own.</summary>
sealed class SqliteFixture : StoreFixture
{
    readonly List<SqliteDatabase> _others = [];

    SqliteFixture()
    {
        Folder = Directory.CreateTempSubdirectory("health-export-");
        Database = new(Path.Combine(Folder.FullName, "health.db"));
        Users = new SqliteUserStore(Database, Clock);
        Keys = new SqliteKeyStore(Database, Clock);
        Audit = new SqliteAuditStore(Database);
        Migrations = new SqliteMigrations(Database, Clock);
        Samples = new SqliteSampleStore(Database);
        Deletions = new SqliteDeletionStore(Database, Clock);
        DailyTotals = new SqliteDailyTotalStore(Database);
        Workouts = new SqliteWorkoutStore(Database);
        Texts = new SqliteTextStore(Database, Clock);
        Drift = new SqliteDriftStore(Database);
        Ingestions = new SqliteIngestionStore(Database, Clock, new(), LeaseHolder.Current);
    }

    public DirectoryInfo Folder { get; }
    public SqliteDatabase Database { get; }
    public override IUserStore Users { get; }
    public override IKeyStore Keys { get; }
    public override IAuditStore Audit { get; }
    public override IIngestionStore Ingestions { get; }
    public override IMigrationStore Migrations { get; }
    public override ISampleStore Samples { get; }
    public override IDeletionStore Deletions { get; }
    public override IDailyTotalStore DailyTotals { get; }
    public override IWorkoutStore Workouts { get; }
    public override ITextStore Texts { get; }
    public override IDriftStore Drift { get; }

    public static async Task<SqliteFixture> OpenAsync()
    {
        var fixture = new SqliteFixture();
        await fixture.Migrations.MigrateAsync(null, dryRun: false, default);
        return fixture;
    }

    public static SqliteFixture OpenEmpty() => new();

    public override IIngestionStore OpenAnother() => OpenAnother(LeaseHolder.Current);

    public IIngestionStore OpenAnother(LeaseHolder holder) =>
        new SqliteIngestionStore(OpenAnotherDatabase(), Clock, new(), holder);

    public override IMigrationStore OpenAnotherMigrations() => new SqliteMigrations(OpenAnotherDatabase(), Clock);

    public override async ValueTask ExecuteAsync(string sql)
    {
        using var writer = await Database.RentWriterAsync(default);
        writer.Session.Execute(sql);
    }

    public override ValueTask<long> ReadAsync(string sql)
    {
        using var reader = Database.RentReader();
        using var read = reader.Session.Prepare(sql);
        Assert.True(read.Step());
        return new(read.GetInt64(0));
    }

    public override ValueTask<IReadOnlyList<string>> ReadTextsAsync(string sql)
    {
        using var reader = Database.RentReader();
        using var read = reader.Session.Prepare(sql);
        List<string> texts = [];
        while (read.Step()) texts.Add(read.GetString(0));
        return new(texts);
    }

    public override string IdOf(Guid id) => $"x'{id:n}'";

    public override string BlobOf(string text) => $"x'{Convert.ToHexString(Encoding.UTF8.GetBytes(text))}'";

    public override async ValueTask FillEveryTableAsync(long userId)
    {
        using var writer = await Database.RentWriterAsync(default);
        var session = writer.Session;
        session.Begin();
        session.Execute($"""
            insert into metrics (id, name, unit, kind, category, is_known)
            values ({userId} + 1000, 'of {userId}', 'x', 'discrete', 'other', 0)
            """);
        foreach (var table in SqliteTables.ListOfUsers(session).Select(table => table.Name).Except(["keys_version"]))
            session.Execute($"insert into {table} {ValuesFor(session, table, userId)}");
        session.Execute("""
            insert into workout_route_boxes
            select rowid, 1, 2, 3, 4
            from workout_routes
            where rowid not in (select id from workout_route_boxes)
            """);
        session.Commit();
    }

    public override ValueTask RefuseDeletingAsync(string table) => ExecuteAsync($"""
        create trigger refuse_{table} before delete on {table}
        begin
            select raise(abort, 'refused by the test');
        end
        """);

    public override ValueTask AllowDeletingAsync(string table) => ExecuteAsync($"drop trigger refuse_{table}");

    public override async ValueTask DisposeAsync()
    {
        foreach (var other in _others) await other.DisposeAsync();
        await Database.DisposeAsync();
        Folder.Delete(recursive: true);
    }

    SqliteDatabase OpenAnotherDatabase()
    {
        var other = new SqliteDatabase(Database.Path);
        _others.Add(other);
        return other;
    }

    static string ValuesFor(SqliteSession session, string table, long userId)
    {
        List<string> names = [];
        List<string> values = [];
        using var columns = session.Prepare("select name, type from pragma_table_info(?1)");
        columns.Bind(1, table);
        while (columns.Step())
        {
            var name = columns.GetString(0);
            if (name == "rowid") continue;
            names.Add(name);
            values.Add((name, columns.GetString(1)) switch
            {
                ("user_id", _) => $"{userId}",
                ("metric_id", _) => $"{userId + 1000}",
                ("revoked_at", _) => "null",
                (_, "blob") => $"x'{userId:x8}'",
                (_, "text") => $"'{userId}'",
                _ => "1",
            });
        }
        return $"({string.Join(", ", names)}) values ({string.Join(", ", values)})";
    }
}
