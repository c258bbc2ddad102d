using HealthExport.Audit;
using HealthExport.Deletions;
using HealthExport.Drift;
using HealthExport.Events;
using HealthExport.Keys;
using HealthExport.People;
using HealthExport.Pushes;
using HealthExport.Samples;
using HealthExport.Tests.Support;
using HealthExport.Texts;
using HealthExport.Time;
using HealthExport.Totals;
using HealthExport.Workouts;

namespace HealthExport.Tests.Plans;

/// <summary>What an index is there for.</summary>
/// <param name="Index">As <see cref="StatementTrace.ListIndexesAsync"/> has it.</param>
/// <param name="Serves">The same words as in docs/schema.md.</param>
/// <param name="RunAsync">Has the product ask for that.</param>
/// <param name="Only">The engine that has it; null for both.</param>
sealed record IndexQuery(string Index, string Serves, Func<PlannedHouse, Task> RunAsync, Engine? Only = null);

/// <summary>Every index with the query it serves. Whoever adds an index adds it here and in docs/schema.md.</summary>
static class IndexQueries
{
    /// <summary>Of tables that hold a handful of rows: which way they are read makes no difference.</summary>
    public static readonly IReadOnlyDictionary<string, string> ForUniquenessOnly = new Dictionary<string, string>
    {
        ["keys_version key"] = "one row",
        ["schema_migrations key"] = "a row for each step",
    };

    public static readonly IReadOnlyList<IndexQuery> All =
    [
        new("users key", "a person by number",
            house => house.Get<IUserStore>().FindAsync(house.Reader.Id, default).Run()),
        new("users (public_id)", "a person's rows in the views", house => house.ReadViewAsync("heart_rate_metrics")),
        new("users (email_key)", "a person by e-mail, and that there is one of each",
            house => house.Get<IUserStore>().FindByEmailAsync("reader@example.org", default).Run()),
        new("users_being_erased", "people being erased",
            house => house.Get<IUserStore>().ListBeingErasedAsync(default).Run()),
        new("api_keys key", "a person's keys",
            house => house.Get<IKeyStore>().ListAsync(house.Reader.Id, default).Run()),
        new("api_keys_lookup", "a key by its hash",
            house => house.Get<IKeyStore>().FindAsync(house.Key.LookupHash, default).Run()),
        new("api_keys_id", "a key by its public id",
            house => house.Get<IKeyStore>().TouchAsync(house.Key.Id, Now(), default).Run()),
        new("ingestion_times key", "when a push was received, by its number: so in which partition it is",
            house => house.ReadPayloadAsync(), Engine.Postgres),
        new("raw_ingestions key", "a push by its number", house => house.ReadPayloadAsync(), Engine.Sqlite),
        new("raw_ingestions key",
            "a push by its number or its public id, and a person's pushes, newest first and in a span",
            house => house.FindPushAsync(), Engine.Postgres),
        new("raw_ingestions_public_id", "a push by its public id", house => house.FindPushAsync(), Engine.Sqlite),
        new("raw_ingestions_sha256", "equal bytes, whose chunks are shared", house => house.KeepAsync()),
        new("raw_ingestions_applied", "the newest push that is no duplicate", house => house.KeepAsync()),
        new("raw_ingestions_pending", "an equal push that waits or is in work",
            house => house.KeepAsync(behindAnother: true)),
        new("raw_ingestions_received_at", "a person's pushes, newest first and in a span",
            house => house.Get<IIngestionStore>().ListAsync(house.Reader.Id, new(), null, 10, default).Run(),
            Engine.Sqlite),
        new("raw_ingestions_status", "the operator's list of what waits or failed",
            house => house.Get<IIngestionStore>().ListByStatusAsync(IngestionStatus.Failed, 10, default).Run()),
        new("raw_chunks key", "the bytes of a push", house => house.ReadPayloadAsync()),
        new("queue key", "who has something to do, and a person's first", house => house.KeepAndClaimAsync()),
        new("queue_leased", "whether a person has something in work", house => house.KeepAndClaimAsync()),
        new("idempotency_keys key", "what was promised to a client", house => house.KeepAsync("once")),
        new("idempotency_keys_created_at", "promises that are over", house => house.KeepAsync("twice")),
        new("rejected_items key", "a push's rejected items, in order",
            house => house.Get<IIngestionStore>()
                .ListRejectsAsync(house.Reader.Id, house.Pushes["rejects"].Id, null, 10, default).Run()),
        new("drift key", "a person's drift report",
            house => house.Get<IDriftStore>().ListAsync(new(house.Reader.Id, null, null, 10), default).Run()),
        new("metrics key", "name and unit of a person's metrics",
            house => house.Get<ISampleStore>().ListMetricsAsync(house.Reader.Id, default).Run()),
        new("metrics (name, unit)", "whether a name and unit is registered",
            house => house.PushAsync(
                house.Reader.Id, PlannedPushes.Quantities("new_name", "new", Later(), 2, TimeSpan.FromHours(1)))),
        new("user_metric_names key", "which unknown names a person brought",
            house => house.PushAsync(
                house.Reader.Id, PlannedPushes.Quantities("new_name", "newer", Later(), 2, TimeSpan.FromHours(1)))),
        new("user_metrics key", "a person's metrics",
            house => house.Get<ISampleStore>().ListMetricsAsync(house.Reader.Id, default).Run()),
        new("user_metric_sources key", "the sources of a person's metrics",
            house => house.Get<ISampleStore>().ListMetricsAsync(house.Reader.Id, default).Run()),
        new("sources key", "the text of a source", house => house.ListSamplesAsync()),
        new("sources_text", "a source by its text", house => house.PushAsync(
            house.Reader.Id,
            PlannedPushes.Metric(
                "oxygen_saturation", "%",
                [$$"""{"date":"{{PhoneDates.Usual(Later())}}","qty":97,"source":"A ring of its own"}"""]))),
        new("sources_ranked", "the order in which a person's sources are believed",
            house => house.Get<IUserStore>().ListSourceRanksAsync(house.Reader.Id, default).Run()),
        new("samples key", "a metric's rows of one grain in a span, in order, and one by its key",
            house => house.ListSamplesAsync()),
        new("series_pushes key", "which push wrote a series last",
            house => house.PushAsync(
                house.Reader.Id, PlannedPushes.Quantities("step_count", "count", Later(), 3, TimeSpan.FromHours(1)),
                "Hours")),
        new("removed_samples key", "where the next row that a push supersedes goes", house => house.RemoveAsync()),
        new("removed_samples_key", "whether a later push removed a row", house => house.RemoveAndReplayAsync()),
        new("deletions key", "what was deleted after a push was received",
            house => house.PushAsync(
                house.Reader.Id, PlannedPushes.Quantities("step_count", "count", Later(), 4, TimeSpan.FromHours(1)),
                "Hours")),
        new("deletions_unfinished", "deletions to go on with, and whether a push has to wait for one",
            house => house.Get<IDeletionStore>().ListUnfinishedAsync(default).Run()),
        new("sleep_stages key", "a segment by its key",
            house => house.PushAsync(
                house.Reader.Id, PlannedPushes.Nights(PlannedPushes.Start.AddDays(199), 2, asStages: true))),
        new("sleep_sessions_source", "sessions of a source that may overlap",
            house => house.PushAsync(
                house.Reader.Id, PlannedPushes.Nights(PlannedPushes.Start.AddDays(989), 2, asStages: false))),
        new("sleep_sessions key", "a session by its key",
            house => house.PushAsync(
                house.Reader.Id, PlannedPushes.Nights(PlannedPushes.Start.AddDays(999), 2, asStages: false))),
        new("workouts key", "a workout by its id",
            house => house.Get<IWorkoutStore>().FindAsync(house.Reader.Id, PlannedPushes.RunId(7), default).Run()),
        new("workouts_start_at", "workouts newest first and in a span, and one by its times",
            house => house.Get<IWorkoutStore>()
                .ListAsync(new(house.Reader.Id, default, null, null, null, null, null, 10), default).Run()),
        new("workouts_made", "a workout whose id was made, by its times, for one that bears its own",
            house => house.PushAsync(house.Reader.Id, PlannedPushes.Runs(PlannedPushes.Start, 900, 1))),
        new("workout_series key", "what was recorded along a workout",
            house => house.Get<IWorkoutStore>().FindAsync(house.Reader.Id, PlannedPushes.RunId(7), default).Run()),
        new("workout_routes key", "where a workout went", house => house.FindRouteAsync(), Engine.Postgres),
        new("workout_routes (user_id, workout_id)", "where a workout went", house => house.FindRouteAsync(),
            Engine.Sqlite),
        new("workout_routes key", "the route that a box is of", house => house.FindNearAsync(), Engine.Sqlite),
        new("workout_routes_points",
            "routes near a point (`st_dwithin` on the sphere) or in a box (`&&`, then point by point)",
            house => house.FindNearAsync(), Engine.Postgres),
        new("workout_route_boxes", "routes whose box is near a point or in a box, then point by point",
            house => house.FindNearAsync(), Engine.Sqlite),
        new("health_events key", "an event by what it is known by",
            house => house.PushAsync(house.Reader.Id, PlannedPushes.Symptoms(PlannedPushes.Start, 2))),
        new("health_events_start_at", "events newest first and in a span",
            house => house.Get<IEventStore>().ListAsync(new(house.Reader.Id, default, null, null, 10), default).Run()),
        new("workouts_unmapped", "names of workouts without a code", house => house.ListUnmappedAsync()),
        new("sleep_stages_unmapped", "stages without a code", house => house.ListUnmappedAsync()),
        new("health_events_unmapped", "texts of events without a code", house => house.ListUnmappedAsync()),
        new("health_events_unmapped_value", "severities and values of the cycle without a code",
            house => house.ListUnmappedAsync()),
        new("audit_log key", "a person's trail, newest first",
            house => house.Get<IAuditStore>().ListAsync(new(house.Reader.Id), null, 10, default).Run()),
        new("audit_log_created_at", "everybody's trail, newest first; what is too old",
            house => house.Get<IAuditStore>()
                .ListAsync(new(null, From: Now() + -TimeSpan.FromHours(1)), null, 10, default).Run()),
        new("key_addresses key", "whether a key was used from there before",
            house => house.Get<IAuditStore>().AppendAsync([Entry(house.Reader.Id, "10.0.0.0")], default).Run()),
        new("daily_totals key", "a metric's days in a span", house => house.ListDaysAsync()),
        new("daily_totals_stale", "days whose total is out of date, and who has any",
            house => house.Get<IDailyTotalStore>().FindStaleUserAsync(house.Reader.Id, default).Run()),
        new("ecg_voltages key", "the voltages of an event",
            house => house.PushAsync(house.Reader.Id, PlannedPushes.Symptoms(PlannedPushes.Start, 3))),
    ];

    public static IEnumerable<IndexQuery> Of(Engine engine) =>
        All.Where(query => query.Only is null || query.Only == engine);

    /// <summary>A line of the trail: a key used from somewhere.</summary>
    public static AuditEntry Entry(long userId, string address) => AuditEntry.Create(
        AuditAction.KeyAtNewAddress, new("key-1", address, null, null), TimeProvider.System.GetUtcNow(), userId);

    static async Task Run<T>(this ValueTask<T> call) => await call;

    static async Task Run(this ValueTask call) => await call;

    static Instant Now() => Instant.From(TimeProvider.System.GetUtcNow());

    // Within a month that the reader has, and where nothing is yet.
    static DateTimeOffset Later() => PlannedPushes.Start.AddYears(3).AddDays(3);

    static async Task ReadViewAsync(this PlannedHouse house, string view) =>
        await house.QueryAsync(
            $"select count(*) from {view} where user_id = {house.UuidLiteral(house.Reader.PublicId)} "
            + $"and recorded_at >= {house.TimeLiteral(PlannedPushes.Start.AddDays(40))} "
            + $"and recorded_at < {house.TimeLiteral(PlannedPushes.Start.AddDays(47))}");

    static async Task ReadPayloadAsync(this PlannedHouse house)
    {
        await using var payload = house.Get<IIngestionStore>().OpenPayload(
            house.Reader.Id, house.Pushes["step_count"].Number);
        Assert.True(await payload.ReadAtLeastAsync(new byte[1_000], 1_000) == 1_000);
    }

    // By number, by id, and in the list.
    static async Task FindPushAsync(this PlannedHouse house)
    {
        await house.ReadPayloadAsync();
        var store = house.Get<IIngestionStore>();
        var id = house.Pushes["rejects"].Id;
        Assert.NotNull(await store.FindAsync(house.Reader.Id, id, default));
        Assert.Equal(10, (await store.ListAsync(house.Reader.Id, new(), null, 10, default)).Items.Count);
    }

    static async Task<ReceivedPush> KeepAsync(
        this PlannedHouse house, string? idempotencyKey = null, bool behindAnother = false)
    {
        var store = house.Get<IIngestionStore>();
        var text = $"[{Guid.NewGuid():n}]";
        ReceivedPush Make(string body) =>
            ReceivedPushes.Create(TimeProvider.System, house.Reader.Id, body) with { IdempotencyKey = idempotencyKey };
        var push = Make(text);
        Assert.Equal(KeptAs.New, (await store.KeepAsync(push)).As);
        if (behindAnother) Assert.Equal(KeptAs.Joined, (await store.KeepAsync(Make(text))).As);
        await store.FailAsync(await store.GetClaimAsync(), default);
        return push;
    }

    static async Task KeepAndClaimAsync(this PlannedHouse house) => await house.KeepAsync();

    static Task ListSamplesAsync(this PlannedHouse house) => house.ListSamplesAsync("heart_rate", 10);

    static async Task ListSamplesAsync(this PlannedHouse house, string name, int limit)
    {
        var metric = await house.FindMetricAsync(name);
        var from = Instant.From(PlannedPushes.Start.AddDays(40));
        var page = await house.Get<ISampleStore>().ListAsync(
            new(
                house.Reader.Id, metric.MetricId, new(from, null, from + TimeSpan.FromDays(7), null), Grain.Sample,
                "Watch", Descending: false, null, limit),
            default);
        Assert.Equal(limit, page.Items.Count);
    }

    static async Task ListUnmappedAsync(this PlannedHouse house) =>
        await house.Get<ITextStore>().ListAsync(house.Reader.Id, null, 10, default);

    static async Task ListDaysAsync(this PlannedHouse house)
    {
        var metric = await house.FindMetricAsync("heart_rate");
        var from = DateOnly.FromDateTime(PlannedPushes.Start.Date);
        Assert.Equal(10, (await house.Get<IDailyTotalStore>().ListAsync(
            house.Reader.Id, metric.MetricId, from, from.AddDays(10), 100, default)).Count);
    }

    static async Task<UserMetric> FindMetricAsync(this PlannedHouse house, string name) =>
        (await house.Get<ISampleStore>().ListMetricsAsync(house.Reader.Id, default))
            .Single(one => one.Metric.Name == name);

    // Of three days the one between is not there any more.
    static async Task RemoveAsync(this PlannedHouse house)
    {
        var start = new DateTimeOffset(PlannedPushes.Start.Year - 5, 1, 1, 0, 0, 0, TimeSpan.Zero)
            .AddDays(10 * Interlocked.Increment(ref s_removals));
        house.Pushes["removed"] = await PushDaysAsync(count: 3, apart: 1);
        await PushDaysAsync(count: 2, apart: 2);

        Task<Ingestion> PushDaysAsync(int count, int apart) => house.PushAsync(
            house.Reader.Id,
            PlannedPushes.Quantities("flights_climbed", "count", start, count, TimeSpan.FromDays(apart)), "Days");
    }

    static int s_removals;

    static async Task RemoveAndReplayAsync(this PlannedHouse house)
    {
        await house.RemoveAsync();
        var store = house.Get<IIngestionStore>();
        Assert.NotNull(await store.ReplayAsync(house.Reader.Id, house.Pushes["removed"].Id, default));
        var receipt = await new PushApplication(store).ApplyAsync(await store.GetClaimAsync(), default);
        Assert.Equal(0, receipt.Counts.Inserted);
    }

    static async Task FindRouteAsync(this PlannedHouse house) => Assert.NotNull(
        await house.Get<IWorkoutStore>().FindRouteAsync(house.Reader.Id, PlannedPushes.RunId(7), default));

    static async Task FindNearAsync(this PlannedHouse house)
    {
        var near = await house.Get<IWorkoutStore>().ListAsync(
            new(house.Reader.Id, default, null, null, new(43.5, 5, 1_000), null, null, 10), default);
        Assert.Single(near.Items);
    }
}
