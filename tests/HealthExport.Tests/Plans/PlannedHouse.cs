using System.Data.Common;
using System.Text;
using HealthExport.Audit;
using HealthExport.Keys;
using HealthExport.People;
using HealthExport.Pushes;
using HealthExport.Samples;
using HealthExport.Storage;
using HealthExport.Storage.Postgres;
using HealthExport.Storage.Sqlite;
using HealthExport.Tests.Support;
using HealthExport.Time;
using HealthExport.Totals;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;

namespace HealthExport.Tests.Plans;

/// <summary>
/// A store with so much in it that it matters how a row is found: one person with three years and more than 200,000
/// samples, a hundred with a month each, and, where the engine's planner counts, a crowd beside them. Its stores are
/// traced. Tests may write to it, but no more than a push.
/// </summary>
public abstract class PlannedHouse(Engine engine) : IAsyncLifetime
{
    static readonly int s_neighbours = SlowTests.Count(100, wide: 1_000);

    // 200,000 heart rates in three years, or five million.
    static readonly TimeSpan s_stride = TimeSpan.FromSeconds(SlowTests.Count(450, wide: 18));

    const int ReaderSources = 1_100;
    const int Quarters = 12;
    const int DaysOfAQuarter = 91;

    ServiceProvider _services = null!;
    StorePlace _place = null!;

    public Engine Engine => engine;

    internal StatementTrace Trace { get; private set; } = null!;

    /// <summary>Who has three years.</summary>
    internal User Reader { get; private set; } = null!;

    /// <summary>A key of theirs, whose record is in the store.</summary>
    internal StoredKey Key { get; private set; } = null!;

    /// <summary>Numbers of pushes, by what they brought.</summary>
    internal Dictionary<string, Ingestion> Pushes { get; } = [];

    internal T Get<T>() where T : notnull => _services.GetRequiredService<T>();

    /// <summary>The whole server, its statements traced too.</summary>
    internal Task<RunningServer> ServeAsync() =>
        // What is kept would not be read.
        RunningServer.StartAsync(
            settings => settings with { Cache = new() { MemoryBytes = 0 } }, shared: StorePlace.At(_place.Url),
            overrides: Trace.Use);

    public async ValueTask InitializeAsync()
    {
        _place = await StorePlace.MakeSpoiltAsync(engine);
        await using (_services = new ServiceCollection().AddHealthExportStorage(_place.Url).BuildServiceProvider())
        {
            await Get<Migrations.IMigrationStore>().MigrateAsync(null, dryRun: false, default);
            await FillAsync();
        }
        Trace = engine == Engine.Postgres
            ? await PostgresTrace.InAsync(_place.Url)
            : new SqliteTrace(_place.Url["sqlite:".Length..]);
        var services = new ServiceCollection().AddHealthExportStorage(_place.Url);
        Trace.Use(services);
        _services = services.BuildServiceProvider();
    }

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        await _place.DisposeAsync();
    }

    /// <summary>A push like any other, from its bytes to its receipt.</summary>
    internal async Task<Ingestion> PushAsync(
        long userId, string body, string? aggregation = null, string type = "application/json")
    {
        var store = Get<IIngestionStore>();
        var push = ReceivedPushes.Create(TimeProvider.System, userId, body) with
        {
            KeyId = Key?.Id ?? "key-1",
            ContentType = type,
            Headers = aggregation is null
                ? new Dictionary<string, string>()
                : new Dictionary<string, string> { ["automation-aggregation"] = aggregation },
        };
        var kept = await store.KeepAsync(push);
        Assert.Equal(KeptAs.New, kept.As);
        await new PushApplication(store).ApplyAsync(await store.GetClaimAsync(), default);
        return kept.Ingestion;
    }

    /// <summary>Runs a statement of somebody else's in the store, as a person with SQL would, and reads its rows.
    /// </summary>
    internal abstract Task<IReadOnlyList<object?[]>> QueryAsync(string sql);

    internal abstract string UuidLiteral(Guid id);

    internal abstract string TimeLiteral(DateTimeOffset at);

    /// <summary>SQL for the UTC day of a column, as <c>2022-03-09</c>.</summary>
    internal abstract string DayOf(string column);

    /// <summary>The reader's heart rates of three years, as they were pushed.</summary>
    internal static IEnumerable<(DateTimeOffset At, int Min, int Avg, int Max)> HeartRates() =>
        from quarter in Enumerable.Range(0, Quarters)
        from i in Enumerable.Range(0, PerQuarter)
        select (StartOf(quarter) + i * s_stride, 50 + i % 40, 60 + i % 40, 70 + i % 40);

    static int PerQuarter => (int)(TimeSpan.FromDays(DaysOfAQuarter) / s_stride);

    static DateTimeOffset StartOf(int quarter) => PlannedPushes.Start.AddDays(quarter * DaysOfAQuarter);

    protected static IReadOnlyList<object?[]> ReadAll(DbCommand command)
    {
        using var row = command.ExecuteReader();
        List<object?[]> rows = [];
        while (row.Read())
            rows.Add([.. Enumerable.Range(0, row.FieldCount).Select(i => row.IsDBNull(i) ? null : row[i])]);
        return rows;
    }

    /// <summary>Brings what only counts in numbers, where the planner goes by them.</summary>
    protected abstract Task AddCrowdAsync(string url);

    async Task FillAsync()
    {
        var start = PlannedPushes.Start;
        Reader = await AddPersonAsync("reader");
        Key = await AddKeyAsync(Reader);
        for (var quarter = 0; quarter < Quarters; quarter++)
            await PushAsync(Reader.Id, PlannedPushes.HeartRates(StartOf(quarter), PerQuarter, s_stride));
        foreach (var (name, unit, aggregation, hours) in ((string, string, string, int)[])
            [
                ("step_count", "count", "Hours", 1), ("active_energy", "kcal", "Days", 24),
                ("weight_body_mass", "kg", "Default", 168),
            ])
            Pushes[name] = await PushAsync(
                Reader.Id,
                PlannedPushes.Quantities(name, unit, start, 3 * 365 * 24 / hours, TimeSpan.FromHours(hours)),
                aggregation);
        await PushAsync(Reader.Id, PlannedPushes.BloodPressures(start, 1_000));
        await PushAsync(Reader.Id, PlannedPushes.Nights(start, 1_000, asStages: false));
        await PushAsync(Reader.Id, PlannedPushes.Nights(start, 200, asStages: true));
        await PushAsync(Reader.Id, PlannedPushes.Runs(start, 0, 800));
        await PushAsync(Reader.Id, PlannedPushes.Symptoms(start, 1_000));
        Pushes["rejects"] = await PushAsync(
            Reader.Id,
            PlannedPushes.Quantities("heart_rate", "count/min", start.AddYears(4), 12_000, TimeSpan.FromHours(1)));
        foreach (var fixture in (string[])["ecg-as-documented", "workouts-v2-all-fields"])
            Pushes[fixture] = await PushAsync(Reader.Id, await File.ReadAllTextAsync(
                Path.Combine(AppContext.BaseDirectory, "Fixtures", "Payloads", $"{fixture}.json")));
        // More than a transaction remembers from its start.
        await PushAsync(Reader.Id, PlannedPushes.Metric(
            "oxygen_saturation", "%",
            Enumerable.Range(0, ReaderSources).Select(i =>
                $$"""{"date":"{{PhoneDates.Usual(start.AddMinutes(i))}}","qty":97,"source":"Ring {{i}}"}""")));
        for (var i = 0; i < s_neighbours; i++)
        {
            var neighbour = await AddPersonAsync($"neighbour{i}");
            await PushAsync(neighbour.Id, Merge(
                PlannedPushes.HeartRates(start.AddDays(i), 30 * 24, TimeSpan.FromHours(1)),
                PlannedPushes.Quantities("step_count", "count", start.AddDays(i), 30 * 24, TimeSpan.FromHours(1))));
        }
        await Get<IAuditStore>().AppendAsync(
            [
                .. Enumerable.Range(0, 3_000)
                    .Select(i => IndexQueries.Entry(Reader.Id + i % 50, $"10.0.{i / 250}.{i % 250}")),
            ],
            default);
        // Now, and not at some time in the midst of a test.
        var totals = new DailyTotals(Get<ISampleStore>(), Get<IDailyTotalStore>(), Get<IUserStore>());
        foreach (var user in await Get<IUserStore>().ListAsync(default)) await totals.RefreshAsync(user.Id, default);
        await AddCrowdAsync(_place.Url);
    }

    internal async Task<User> AddPersonAsync(string name) =>
        (await Get<IUserStore>().AddAsync(
            $"{name}@example.org", null, "Europe/Berlin", Entries.UserCreated, default))!;

    async Task<StoredKey> AddKeyAsync(User user)
    {
        var minted = ApiKey.Mint(KeyFormat.Hx);
        var key = new StoredKey(
            minted.PublicId, user.Id, "plans", KeyScopes.All, "bulk", minted.Key.LookupHash.ToArray(),
            Argon2id.Hash(Encoding.ASCII.GetBytes(minted.Key.Reveal()), new(64, 1, 1)),
            Instant.From(TimeProvider.System.GetUtcNow()), null, null, null);
        await Get<IKeyStore>().AddAsync(key, Entries.KeyCreated, default);
        return key;
    }

    // The metrics of the second into the array of the first.
    static string Merge(string first, string second)
    {
        const string end = "]}}";
        var from = second.IndexOf("[{", StringComparison.Ordinal) + 1;
        return $"{first.TrimEnd()[..^end.Length]},{second.TrimEnd()[from..]}";
    }
}

public sealed class PlannedSqliteHouse() : PlannedHouse(Engine.Sqlite)
{
    internal override Task<IReadOnlyList<object?[]>> QueryAsync(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={Get<SqliteDatabase>().Path};Pooling=False");
        connection.Open();
        ((SqliteTrace)Trace).Watch(connection.Handle!.DangerousGetHandle());
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return Task.FromResult(ReadAll(command));
    }

    internal override string UuidLiteral(Guid id) => $"x'{id:n}'";

    internal override string TimeLiteral(DateTimeOffset at) => $"{Instant.From(at).Microseconds}";

    internal override string DayOf(string column) => $"date({column} / 1000000, 'unixepoch')";

    protected override Task AddCrowdAsync(string url) => Task.CompletedTask;
}

public sealed class PlannedPostgresHouse() : PlannedHouse(Engine.Postgres)
{
    internal override async Task<IReadOnlyList<object?[]>> QueryAsync(string sql)
    {
        await using var connection = await Get<PostgresDatabase>().OpenAsync(default);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return ReadAll(command);
    }

    internal override string UuidLiteral(Guid id) => $"'{id}'";

    internal override string TimeLiteral(DateTimeOffset at) => $"timestamptz '{at:O}'";

    internal override string DayOf(string column) => $"to_char({column} at time zone 'UTC', 'YYYY-MM-DD')";

    protected override async Task AddCrowdAsync(string url)
    {
        await using var faults = PostgresFaults.In(url);
        await faults.ExecuteAsync(Crowd);
        await faults.ExecuteAsync("analyze");
    }

    // A table with few rows is read whole, and rightly so.
    const string Crowd =
        """
        insert into users (created_at, public_id, email, email_key)
        select now(), gen_random_uuid(), 'crowd' || n, 'crowd' || n
        from generate_series(1, 2000) n;

        create temporary table crowd as
        select id, n, id * 100 + n as wide
        from users
        cross join generate_series(1, 10) n
        where email like 'crowd%';

        insert into api_keys (user_id, created_at, scopes, id, name, limit_profile, lookup_hash, phc)
        select id, now(), 7, 'crowd' || wide, 'crowd', 'default', sha256(wide::text::bytea), ''
        from crowd;

        insert into ingestion_times (user_id, number, received_at)
        select id, n, now() - interval '1 minute'
        from crowd;

        insert into raw_ingestions (
            user_id, number, received_at, size_bytes, payload_number, public_id, chunk_count, status, sha256, key_id,
            headers, sameness)
        select id, n, now() - interval '1 minute', 1, n, gen_random_uuid(), 1, 2, sha256(wide::text::bytea), 'crowd',
            '{}', ''
        from crowd;

        insert into raw_chunks (user_id, number, ordinal, size_bytes, bytes)
        select id, n, 0, 1, ''
        from crowd;

        insert into queue (user_id, number, due_at)
        select id, n, now() + interval '1 day'
        from crowd
        where n < 3;

        insert into idempotency_keys (user_id, number, created_at, key, sha256)
        select id, n, now(), n, ''
        from crowd;

        insert into rejected_items (user_id, number, ordinal, item_index, item_type, code, error, item)
        select id, n, 0, 0, 'x', 'x', 'x', ''
        from crowd;

        insert into metrics (is_known, name, unit, kind, category)
        select false, 'crowd' || n, 'x', 'discrete', 'other'
        from generate_series(1, 2000) n;

        insert into user_metric_names (user_id, metric_id)
        select c.id, m.id
        from crowd c
        join metrics m on m.name = 'crowd' || c.n;

        insert into user_metrics (user_id, count, first_at, last_at, metric_id, grains, first_offset, last_offset)
        select id, 1, now(), now(), n, 1, 0, 0
        from crowd;

        insert into sources (user_id, id, text)
        select id, n, 'crowd' || n
        from crowd;

        insert into samples (user_id, metric_id, grain, start_at, source_id, value, ingestion, utc_offset)
        select c.id, m.id, 0, month + c.n * interval '1 day', 0, 60, 1, 0
        from crowd c
        cross join generate_series(timestamptz '2021-01-01 12:00+00', '2023-12-01 12:00+00', '1 month') month
        join metrics m on m.name = 'heart_rate' and m.unit = '/min'
        where c.id % 2 = 0;

        insert into user_metric_sources (user_id, count, metric_id, source_id)
        select id, 1, n, n
        from crowd;

        insert into series_pushes (user_id, ingestion, metric_id, grain)
        select id, 1, n, 0
        from crowd;

        insert into removed_samples (
            user_id, ingestion, start_at, written_by, ordinal, metric_id, source_id, grain, utc_offset, kind)
        select id, n, now(), 1, 0, n, 0, 0, 0, 'samples'
        from crowd;

        insert into drift (
            user_id, items, pushes, first_seen_at, last_seen_at, last_ingestion, kind, item_type, name)
        select id, 1, 1, now(), now(), 1, 3, 'workouts', 'field ' || n
        from crowd;

        insert into deletions (user_id, id, up_to_ingestion, created_at)
        select id, n, 0, now()
        from crowd;

        insert into sleep_stages (user_id, start_at, end_at, ingestion, source_id, utc_offset, stage)
        select id, timestamptz '2022-01-01' + n * interval '1 day', timestamptz '2024-01-01', 1, 0, 0, 'core'
        from crowd;

        insert into sleep_sessions (user_id, start_at, end_at, ingestion, source_id, utc_offset)
        select id, timestamptz '2022-01-01' + n * interval '1 day', timestamptz '2024-01-01', 1, 0, 0
        from crowd;

        insert into workouts (
            user_id, id, start_at, end_at, stamp_precision, ingestion, source_id, utc_offset, id_is_made, name_as_sent)
        select id, md5(wide::text)::uuid, timestamptz '2022-01-01' + n * interval '1 day', timestamptz '2024-01-01', 1,
            1, 0, 0, false, 'Run'
        from crowd;

        insert into workout_series (user_id, workout_id, count, name, unit, times, vals)
        select id, md5(wide::text)::uuid, 1, 'heart_rate', '/min', '{2022-01-01}', '{60}'
        from crowd;

        insert into workout_routes (user_id, workout_id, count, points)
        select id, md5(wide::text)::uuid, 2,
            st_geogfromtext(format('LINESTRING ZM (%s %s 0 1, %s %s 0 2)', wide % 360 - 180, n * 8 - 40,
                wide % 360 - 179.99, n * 8 - 40))
        from crowd;

        insert into health_events (user_id, ingestion, source_id, utc_offset, kind, identity, item_type, payload)
        select id, 1, 0, 0, 'ecg', n, 'ecg', ''
        from crowd;

        insert into ecg_voltages (user_id, frequency_hz, start_at, count, kind, identity, microvolts)
        select id, 512, now(), 1, 'ecg', n, '{1}'
        from crowd;
        """;
}
