using System.Globalization;
using System.Text;
using HealthExport.Audit;
using HealthExport.Deletions;
using HealthExport.Drift;
using HealthExport.Keys;
using HealthExport.Migrations;
using HealthExport.People;
using HealthExport.Pushes;
using HealthExport.Samples;
using HealthExport.Storage.Postgres;
using HealthExport.Time;
using HealthExport.Texts;
using HealthExport.Totals;
using HealthExport.Workouts;

namespace HealthExport.Tests.Support;

/// <summary>PostgreSQL in a database of its own, whose server goes by the standing clock. Skips where there is none.
/// </summary>
sealed class PostgresFixture : StoreFixture
{
    readonly List<PostgresDatabase> _others = [];

    readonly bool _isEmpty;

    readonly PgBouncer? _pooler;

    PostgresFixture(string url, bool isEmpty, PgBouncer? pooler = null)
    {
        _pooler = pooler;
        _isEmpty = isEmpty;
        Url = url;
        Database = Connect();
        Users = new PostgresUserStore(Database);
        Keys = new PostgresKeyStore(Database);
        Audit = new PostgresAuditStore(Database);
        Migrations = new PostgresMigrations(Database);
        Ingestions = new PostgresIngestionStore(Database, new());
        Samples = new PostgresSampleStore(Database);
        Deletions = new PostgresDeletionStore(Database);
        DailyTotals = new PostgresDailyTotalStore(Database);
        Workouts = new PostgresWorkoutStore(Database);
        Texts = new PostgresTextStore(Database);
        Drift = new PostgresDriftStore(Database);
    }

    public string Url { get; }

    /// <summary>A test changed the schema: the database is of no use to another.</summary>
    public bool IsSpoilt { get; set; }

    public PostgresDatabase Database { get; }
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

    public static async Task<PostgresFixture> OpenAsync()
    {
        PostgresServer.Require();
        return new(await PostgresServers.RentAsync(), isEmpty: false);
    }

    public static async Task<PostgresFixture> OpenThroughPoolerAsync()
    {
        PgBouncer.Require();
        var url = await PostgresServers.RentAsync();
        return new(url, isEmpty: false, await PgBouncer.StartAsync(url));
    }

    public static async Task<PostgresFixture> OpenEmptyAsync()
    {
        PostgresServer.Require();
        return new(await PostgresServers.CreateAsync(isMigrated: false), isEmpty: true);
    }

    public override IIngestionStore OpenAnother() => new PostgresIngestionStore(OpenAnotherDatabase(), new());

    public override IMigrationStore OpenAnotherMigrations() => new PostgresMigrations(OpenAnotherDatabase());

    public PostgresDatabase OpenAnotherDatabase()
    {
        var other = Connect();
        _others.Add(other);
        return other;
    }

    public override async ValueTask ExecuteAsync(string sql)
    {
        await using var command = Database.Source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    public override async ValueTask<long> ReadAsync(string sql)
    {
        await using var command = Database.Source.CreateCommand(sql);
        return Convert.ToInt64(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture);
    }

    public override async ValueTask<IReadOnlyList<string>> ReadTextsAsync(string sql)
    {
        await using var command = Database.Source.CreateCommand(sql);
        await using var row = await command.ExecuteReaderAsync();
        List<string> texts = [];
        while (await row.ReadAsync()) texts.Add(row.GetString(0));
        return texts;
    }

    public override string IdOf(Guid id) => $"'{id}'";

    public override string BlobOf(string text) => $@"'\x{Convert.ToHexString(Encoding.UTF8.GetBytes(text))}'::bytea";

    public override async ValueTask FillEveryTableAsync(long userId)
    {
        var at = Instant.From(Clock.GetUtcNow());
        foreach (var table in PostgresPartitions.Tables) await Database.Partitions.EnsureAsync(table, at, at, default);
        await ExecuteAsync($"""
            insert into metrics (id, name, unit, kind, category, is_known)
            values ({userId} + 1000, 'of {userId}', 'x', 'discrete', 'other', false)
            """);
        // What others point to comes first.
        string[] first = ["ingestion_times", "workouts", "health_events"];
        var tables = await ListAsync("""
            select c.table_name
            from information_schema.columns c
            join pg_class t on t.relname = c.table_name and t.relkind in ('r', 'p') and not t.relispartition
            where c.table_schema = 'public' and c.column_name = 'user_id' and c.table_name <> 'keys_version'
            """);
        foreach (var table in first.Concat(tables.Except(first)))
        {
            var columns = await ListAsync(
                $"select attname || ' ' || format_type(atttypid, atttypmod) from pg_attribute "
                + $"where attrelid = '{table}'::regclass and attnum > 0 and not attisdropped");
            var names = columns.Select(column => column[..column.IndexOf(' ')]);
            var values = columns.Select(column => ValueFor(column[..column.IndexOf(' ')], column, userId));
            await ExecuteAsync(
                $"insert into {table} ({string.Join(", ", names)}) values ({string.Join(", ", values)})");
        }
    }

    public override ValueTask RefuseDeletingAsync(string table)
    {
        IsSpoilt = true;
        return ExecuteAsync($"""
            create or replace function refuse() returns trigger language plpgsql as $$
            begin
                raise exception 'refused by the test';
            end
            $$;
            create trigger refuse before delete on {table} for each row execute function refuse()
            """);
    }

    public override ValueTask AllowDeletingAsync(string table) => ExecuteAsync($"drop trigger refuse on {table}");

    public override async ValueTask DisposeAsync()
    {
        foreach (var other in _others) await other.DisposeAsync();
        await Database.DisposeAsync();
        if (_pooler is not null) await _pooler.DisposeAsync();
        if (_isEmpty || IsSpoilt) await PostgresServers.DropAsync(Url);
        else await PostgresServers.ReturnAsync(Url);
    }

    public async Task<IReadOnlyList<string>> ListAsync(string sql)
    {
        List<string> items = [];
        await using var command = Database.Source.CreateCommand(sql);
        await using var row = await command.ExecuteReaderAsync();
        while (await row.ReadAsync()) items.Add(row.GetString(0));
        return items;
    }

    PostgresDatabase Connect() => new(
        _pooler?.Through(Url) ?? Url, new() { MaxSize = 10, BehindTransactionPooler = _pooler is not null }, Clock,
        () => Literal(Clock.GetUtcNow()));

    static string Literal(DateTimeOffset at) =>
        $"timestamptz '{at.ToString("yyyy-MM-dd HH:mm:ss.ffffff+00", CultureInfo.InvariantCulture)}'";

    string ValueFor(string name, string column, long userId) => (name, column[(name.Length + 1)..]) switch
    {
        ("user_id", _) => $"{userId}",
        ("metric_id", _) => $"{userId + 1000}",
        ("id" or "workout_id", "uuid") => $"'{new Guid((int)userId, 0, 0, new byte[8])}'",
        ("revoked_at", _) => "null",
        (_, "boolean") => "true",
        (_, "bytea") => $"decode('{userId:x8}', 'hex')",
        (_, "text") => $"'{userId}'",
        (_, "uuid") => $"'{Guid.NewGuid()}'",
        (_, "timestamp with time zone") => Literal(Clock.GetUtcNow()),
        (_, "timestamp with time zone[]") => $"array[{Literal(Clock.GetUtcNow())}]",
        (_, "date") => "date '2026-01-15'",
        (_, "double precision[]") => "'{1, NaN}'",
        (_, var type) when type.StartsWith("geography", StringComparison.Ordinal) =>
            "'SRID=4326;LINESTRING ZM (8 50 NaN 1, 8 50 NaN 1)'",
        _ => "1",
    };
}
