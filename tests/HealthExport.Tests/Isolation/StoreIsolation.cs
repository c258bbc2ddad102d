using System.Text;
using HealthExport.Deletions;
using HealthExport.Audit;
using HealthExport.Drift;
using HealthExport.Events;
using HealthExport.Keys;
using HealthExport.People;
using HealthExport.Pushes;
using HealthExport.Samples;
using HealthExport.Sleep;
using HealthExport.Stores;
using HealthExport.Tests.Support;
using HealthExport.Texts;
using HealthExport.Time;
using HealthExport.Totals;
using HealthExport.Workouts;

namespace HealthExport.Tests.Isolation;

/// <summary>How each method of the store keeps people apart.</summary>
static partial class StoreIsolation
{
    static readonly string[] s_ofWholeStore =
    [
        "IMigrationStore", "IStoreUpkeep", "IStoreCopy", "IStoreSnapshot", "IPayloadChunks", "ISharedUsage", "IUsage",
        "ISharedAnswers",
    ];

    /// <summary>Contracts that no request reaches with anything that a person could choose: the schema, moving house,
    /// upkeep, the chunks of a payload that was opened for its owner, what a key has used of its limits, and answers by
    /// tags that are made of whose they are.</summary>
    public static bool IsOfWholeStore(string method) => s_ofWholeStore.Contains(method.Split('.')[0]);

    const string Operators = "the operator's";
    const string Workers = "the worker's, for everybody";

    /// <summary>Methods that are not asked for a person's things by somebody else, and why.</summary>
    public static readonly IReadOnlyDictionary<string, string> NeedsNone = new Dictionary<string, string>
    {
        ["IUserStore.FindByEmailAsync(String)"] = Operators,
        ["IUserStore.FindAsync(Int64)"] = "names whom it gives",
        ["IUserStore.ListAsync()"] = Operators,
        ["IUserStore.ListBeingErasedAsync()"] = Operators,
        ["IKeyStore.FindAsync(ReadOnlyMemory<Byte>)"] = "by the hash of a whole key: for who has the key",
        ["IKeyStore.ListLookupsAsync()"] = "prefixes of hashes, without whose they are",
        ["IKeyStore.LimitAsync(String, String, LimitOverrides, AuditEntry)"] = Operators,
        ["IKeyStore.GetVersionAsync()"] = "a number that tells nothing of anybody",
        ["IKeyStore.TouchAsync(String, Instant)"] = "of a key that has been checked",
        ["IIngestionStore.ClaimAsync(TimeSpan)"] = Workers,
        ["IIngestionStore.ListByStatusAsync(IngestionStatus, Int32)"] = Operators,
        ["IPushTransaction.RowNumber"] = "a number for rows that are written within the transaction",
        ["IIngestionStore.CountByStatusAsync()"] = Operators,
        ["IPushTransaction.SetSavepointAsync()"] = "within the transaction",
        ["IPushTransaction.RollBackToSavepointAsync()"] = "within the transaction",
        ["IDailyTotalStore.FindStaleUserAsync(Int64)"] = Workers,
        ["ITextStore.FindUserToMapAsync(Int64, Int64)"] = Workers,
        ["IAuditStore.AppendAsync(IReadOnlyList<AuditEntry>)"] = "each entry names whose it is",
        ["IAuditStore.RemoveBeforeAsync(Instant, Int32)"] = "by age alone, everybody's",
    };

    public static readonly IReadOnlyDictionary<string, Func<TwoPeople, Task>> Cases =
        new Dictionary<string, Func<TwoPeople, Task>>(OfPeople().Concat(OfPushes()).Concat(OfReading()));

    static Dictionary<string, Func<TwoPeople, Task>> OfPeople() => new()
    {
        ["IUserStore.AddAsync(String, String, String, AuditEntry)"] = async people =>
            Assert.Null(await people.Get<IUserStore>().AddAsync(
                people.Owner.Email.ToUpperInvariant(), "x", null, Entries.UserCreated, default)),
        ["IUserStore.FindProfileAsync(Int64)"] = async people =>
        {
            var profile = await people.Get<IUserStore>().FindProfileAsync(people.Intruder.Id, default);
            Assert.Equal(people.Intruder, profile!.User);
            Assert.Equal(["intruder watch"], profile.SourceRanks);
        },
        ["IUserStore.FindVersionsAsync(Int64)"] = async people => Assert.Equal(
            people.Intruder.PublicId,
            (await people.Get<IUserStore>().FindVersionsAsync(people.Intruder.Id, default))!.PublicId),
        ["IUserStore.ListSourceRanksAsync(Int64)"] = async people => Assert.Equal(
            ["intruder watch"],
            await people.Get<IUserStore>().ListSourceRanksAsync(people.Intruder.Id, default)),
        ["IUserStore.UpdateAsync(Int64, UserChange, AuditEntry)"] = async people =>
        {
            var users = people.Get<IUserStore>();
            var refused = await users.UpdateAsync(
                people.Intruder.Id,
                new() { Email = people.Owner.Email, SourceRanks = (string[])["owner watch"] }, Entries.UserChanged,
                default);
            Assert.True(refused.IsEmailTaken);
            Assert.Equal(["owner watch"], refused.UnknownSources);
            Assert.NotNull((await users.UpdateAsync(
                people.Intruder.Id, new() { DisplayName = "x", SourceRanks = (string[])[] }, Entries.UserChanged,
                default)).Profile);
        },
        ["IUserStore.BeginErasingAsync(Int64)"] = async people =>
            Assert.True(await people.Get<IUserStore>().BeginErasingAsync(people.Intruder.Id, default)),
        ["IUserStore.EraseAsync(Int64, AuditEntry)"] = async people =>
            Assert.True(await people.Get<IUserStore>().EraseAsync(people.Intruder.Id, Entries.UserErased, default)),

        ["IKeyStore.AddAsync(StoredKey, AuditEntry)"] = async people =>
            await Assert.ThrowsAsync<StoreRefusedException>(async () => await people.Get<IKeyStore>().AddAsync(
                TwoPeople.KeyOf(people.Intruder) with { Id = people.OwnersKey.Id }, Entries.KeyCreated, default)),
        ["IKeyStore.FindByIdAsync(String, Nullable<Int64>)"] = async people => Assert.Null(
            await people.Get<IKeyStore>().FindByIdAsync(people.OwnersKey.Id, people.Intruder.Id, default)),
        ["IKeyStore.ListAsync(Nullable<Int64>)"] = async people => Assert.Equal(
            [people.IntrudersKey.Id],
            (await people.Get<IKeyStore>().ListAsync(people.Intruder.Id, default)).Select(key => key.Id)),
        ["IKeyStore.ListAsync(Int64, String, Int32)"] = async people =>
        {
            var keys = people.Get<IKeyStore>();
            await keys.AddAsync(TwoPeople.KeyOf(people.Intruder), Entries.KeyCreated, default);
            var own = await keys.ListAsync(people.Intruder.Id, null, 1, default);
            Assert.Equal([people.IntrudersKey.Id], own.Items.Select(key => key.Id));
            await Assert.ThrowsAsync<InvalidCursorException>(async () =>
                await keys.ListAsync(people.Owner.Id, own.NextCursor, 1, default));
        },
        ["IKeyStore.RevokeAsync(String, Nullable<Int64>, AuditEntry)"] = async people => Assert.False(
            await people.Get<IKeyStore>().RevokeAsync(
                people.OwnersKey.Id, people.Intruder.Id, Entries.KeyRevoked, default)),
        ["IKeyStore.RotateAsync(String, StoredKey, Nullable<Instant>, AuditEntry)"] = async people => Assert.Equal(
            KeyRotation.NotFound,
            await people.Get<IKeyStore>().RotateAsync(
                people.OwnersKey.Id, TwoPeople.KeyOf(people.Intruder), null, Entries.KeyRevoked, default)),

        ["IAuditStore.ListAsync(AuditFilter, String, Int32)"] = async people =>
        {
            var audit = people.Get<IAuditStore>();
            var own = await audit.ListAsync(new(people.Intruder.Id), null, 1, default);
            Assert.All(own.Items, entry => Assert.Equal(people.Intruder.Id, entry.UserId));
            var theirs = await audit.ListAsync(new(people.Owner.Id), null, 1, default);
            await Assert.ThrowsAsync<InvalidCursorException>(async () =>
                await audit.ListAsync(new(people.Intruder.Id), theirs.NextCursor, 1, default));
        },
    };

    static Dictionary<string, Func<TwoPeople, Task>> OfReading() => new()
    {
        ["ISampleStore.ListMetricsAsync(Int64)"] = async people =>
        {
            var metrics = await people.Get<ISampleStore>().ListMetricsAsync(people.Intruder.Id, default);
            Assert.Contains(metrics, metric => metric.Metric.Name == "intruder_hue");
            Assert.DoesNotContain(metrics, metric => metric.Metric.Name == "owner_hue");
            Assert.All(
                metrics.SelectMany(metric => metric.Sources),
                source => Assert.StartsWith("intruder", source, StringComparison.Ordinal));
            Assert.Equal(3, metrics.Single(metric => metric.Metric.Name == "step_count").Count);
        },
        ["ISampleStore.ListAsync(SampleQuery)"] = async people =>
        {
            var samples = people.Get<ISampleStore>();
            Assert.Empty((await samples.ListAsync(
                await QueryAsync(people, people.Intruder, "owner_hue"), default)).Items);
            var steps = await QueryAsync(people, people.Owner, "step_count");
            var theirs = await samples.ListAsync(steps, default);
            Assert.NotNull(theirs.NextCursor);
            await Assert.ThrowsAsync<InvalidCursorException>(async () => await samples.ListAsync(
                steps with { UserId = people.Intruder.Id, Cursor = theirs.NextCursor }, default));
            Assert.Empty((await samples.ListAsync(
                steps with { UserId = people.Intruder.Id, Source = "owner watch" }, default)).Items);
        },
        ["ISampleStore.ReadAsync(Int64, Int32, Grain, TimeSpanBounds)"] = async people =>
        {
            var samples = people.Get<ISampleStore>();
            Assert.Empty(await samples.ReadAsync(
                people.Intruder.Id, await FindMetricAsync(people, "owner_hue"), Grain.Sample, default, default)
                .ToListAsync());
            Assert.Equal(3, (await samples.ReadAsync(
                people.Intruder.Id, await FindMetricAsync(people, "step_count"), Grain.Sample, default, default)
                .ToListAsync()).Count);
        },
        ["IDeletionStore.KnowsAsync(Int64, String)"] = async people =>
        {
            var deletions = people.Get<IDeletionStore>();
            Assert.True(await deletions.KnowsAsync(people.Owner.Id, "owner_hue", default));
            Assert.False(await deletions.KnowsAsync(people.Intruder.Id, "owner_hue", default));
        },
        ["IDeletionStore.CountAsync(Int64, Deletion)"] = async people =>
        {
            var deletions = people.Get<IDeletionStore>();
            Assert.NotEmpty(await deletions.CountAsync(people.Owner.Id, Deleting.Of("owner_hue"), default));
            Assert.Empty(await deletions.CountAsync(people.Intruder.Id, Deleting.Of("owner_hue"), default));
        },
        ["IDeletionStore.BeginAsync(Int64, Deletion, Boolean, AuditEntry)"] = async people =>
        {
            var deletions = people.Get<IDeletionStore>();
            Assert.Equal(0, await deletions.DeleteAsync(people.Intruder.Id, Deleting.Of(null, "owner watch")));
            Assert.NotEqual(0, await deletions.DeleteAsync(people.Intruder.Id, Deleting.Of(null)));
            Assert.Empty(await people.Get<ISampleStore>().ListMetricsAsync(people.Intruder.Id, default));
        },
        ["IDeletionStore.DeleteRowsAsync(Int64, Int64)"] = async people =>
        {
            Assert.Null(await people.Get<IDeletionStore>().DeleteRowsAsync(people.Intruder.Id, 1, default));
        },
        ["IDeletionStore.FindAsync(Int64, Int64)"] = async people =>
        {
            var deletions = people.Get<IDeletionStore>();
            Assert.NotNull(await deletions.FindAsync(people.Owner.Id, 1, default));
            Assert.Null(await deletions.FindAsync(people.Intruder.Id, 1, default));
        },
        ["IDeletionStore.ForgetPushAsync(DeletionState, Ingestion, Receipt, IReadOnlyCollection<String>)"] = async people =>
        {
            // With another's number and id in hand, no more than one's own is touched.
            var deletions = people.Get<IDeletionStore>();
            var began = await deletions.BeginAsync(
                people.Intruder.Id, Deleting.Of("heart_rate"), true, Deleting.Entry(people.Intruder.Id), default);
            var theirs = await people.Get<IIngestionStore>().FindAsync(people.Owner.Id, people.OwnersPush.Id, default);
            await deletions.ForgetPushAsync(
                began, theirs! with { UserId = people.Intruder.Id }, null, ["heart_rate"], default);
        },
        ["IDeletionStore.EndPayloadsAsync(Int64, Int64)"] = people =>
            people.Get<IDeletionStore>().EndPayloadsAsync(people.Intruder.Id, 1, default).AsTask(),
        ["IDeletionStore.ListUnfinishedAsync()"] = async people => Assert.Empty(
            await people.Get<IDeletionStore>().ListUnfinishedAsync(default)),

        ["IDailyTotalStore.ListAsync(Int64, Int32, DateOnly, DateOnly, Int32)"] = async people =>
        {
            var totals = people.Get<IDailyTotalStore>();
            var metric = await FindMetricAsync(people, "owner_hue");
            Assert.NotEmpty(
                await totals.ListAsync(people.Owner.Id, metric, DateOnly.MinValue, DateOnly.MaxValue, 10, default));
            Assert.Empty(
                await totals.ListAsync(people.Intruder.Id, metric, DateOnly.MinValue, DateOnly.MaxValue, 10, default));
        },
        ["IDailyTotalStore.ReadAsync(Int64, IReadOnlyList<Int32>, DateOnly, DateOnly)"] = async people =>
        {
            var totals = people.Get<IDailyTotalStore>();
            int[] metrics = [await FindMetricAsync(people, "owner_hue")];
            Assert.NotEmpty(await totals.ReadAsync(
                people.Owner.Id, metrics, DateOnly.MinValue, DateOnly.MaxValue, default).ToListAsync());
            Assert.Empty(await totals.ReadAsync(
                people.Intruder.Id, metrics, DateOnly.MinValue, DateOnly.MaxValue, default).ToListAsync());
        },
        ["IDailyTotalStore.ListDatesAsync(Int64, DateOnly, DateOnly)"] = async people =>
        {
            var metric = await FindMetricAsync(people, "owner_hue");
            var dates = await people.Get<IDailyTotalStore>().ListDatesAsync(
                people.Intruder.Id, DateOnly.MinValue, DateOnly.MaxValue, default);
            Assert.NotEmpty(dates);
            Assert.DoesNotContain(dates, date => date.MetricId == metric);
        },
        ["IDailyTotalStore.ListStaleAsync(Int64, Int32)"] = async people => Assert.DoesNotContain(
            await people.Get<IDailyTotalStore>().ListStaleAsync(people.Intruder.Id, 100, default),
            day => day.MetricId == FindMetricAsync(people, "owner_hue").AsTask().GetAwaiter().GetResult()),
        ["IDailyTotalStore.SaveAsync(Int64, Int32, IReadOnlyList<WorkedOutDay>)"] = async people =>
        {
            var totals = people.Get<IDailyTotalStore>();
            var stale = await totals.ListStaleAsync(people.Owner.Id, 100, default);
            Assert.NotEmpty(stale);
            foreach (var day in stale)
                await totals.SaveAsync(
                    people.Intruder.Id, day.MetricId, [new(day.Date, day.Version, null)], default);
        },

        ["ISleepStore.ListStagesAsync(Int64, Instant, Instant)"] = async people => Assert.Equal(
            ["intruder watch"],
            (await people.Get<ISleepStore>().ListStagesAsync(people.Intruder.Id, Early, Late, default))
                .Select(stage => stage.Source)),
        ["ISleepStore.ListSessionsAsync(Int64, Instant, Instant)"] = async people =>
        {
            var sleep = people.Get<ISleepStore>();
            var own = Assert.Single(await sleep.ListSessionsAsync(people.Intruder.Id, Early, Late, default));
            var theirs = Assert.Single(await sleep.ListSessionsAsync(people.Owner.Id, Early, Late, default));
            Assert.NotEqual(theirs.StartAt, own.StartAt);
        },
        ["ISleepStore.FindEndsAsync(Int64)"] = async people =>
        {
            var nobody = await people.Get<IUserStore>().AddAsync(
                "third@example.org", null, null, Entries.UserCreated, default);
            Assert.Null(await people.Get<ISleepStore>().FindEndsAsync(nobody!.Id, default));
        },

        ["ITextStore.ListAsync(Int64, Nullable<TextPlace>, Int32)"] = async people => Assert.Equal(
            "intruder run",
            Assert.Single(await people.Get<ITextStore>().ListAsync(people.Intruder.Id, null, 10, default)).Text),
        ["ITextStore.MapAsync(Int64, TextKind, String, String)"] = async people =>
        {
            var texts = people.Get<ITextStore>();
            var activity = TextKind.All.Single(kind => kind.Field == TextField.WorkoutName);
            Assert.Equal(0, await texts.MapAsync(people.Intruder.Id, activity, "owner run", "running", default));
            Assert.Equal(1, await texts.MapAsync(people.Intruder.Id, activity, "intruder run", "running", default));
        },
        ["ITextStore.ListWithoutValueAsync(Int64, String, String, Int32)"] = async people =>
        {
            var kind = Assert.Single(await ListEventsAsync(people, people.Owner)).Kind;
            Assert.All(
                await people.Get<ITextStore>().ListWithoutValueAsync(people.Intruder.Id, kind, "", 10, default),
                one => Assert.Contains("intruder", Encoding.UTF8.GetString(one.Payload.Span), StringComparison.Ordinal));
        },
        ["ITextStore.SetValuesAsync(Int64, IReadOnlyList<ValueTuple<EventWithoutValue, EventValue>>)"] = async people =>
        {
            var texts = people.Get<ITextStore>();
            var kind = Assert.Single(await ListEventsAsync(people, people.Owner)).Kind;
            var theirs = Assert.Single(await texts.ListWithoutValueAsync(people.Owner.Id, kind, "", 10, default));
            Assert.Equal(
                0, await texts.SetValuesAsync(people.Intruder.Id, [(theirs, new("mild", "Mild"))], default));
        },
        ["ITextStore.MarkMappedAsync(Int64, Int64)"] = async people =>
            await people.Get<ITextStore>().MarkMappedAsync(people.Intruder.Id, 1, default),

        ["IEventStore.ListAsync(EventQuery)"] = async people => Assert.Equal(
            ["intruder"], (await ListEventsAsync(people, people.Intruder)).Select(NameIn)),
        ["IEventStore.FindAsync(Int64, String, String)"] = async people =>
        {
            var theirs = Assert.Single(await ListEventsAsync(people, people.Owner));
            Assert.Equal("owner", NameIn(theirs));
            Assert.Null(await people.Get<IEventStore>().FindAsync(
                people.Intruder.Id, theirs.Kind, theirs.Identity, default));
        },

        ["IDriftStore.ListAsync(DriftQuery)"] = async people => Assert.Equal(
            ["intruder_tool", "intruder_hue"],
            (await people.Get<IDriftStore>().ListAsync(new(people.Intruder.Id, null, null, 10), default))
                .Select(row => row.Name)),

        ["IWorkoutStore.ListAsync(WorkoutQuery)"] = async people =>
        {
            var workouts = people.Get<IWorkoutStore>();
            var query = new WorkoutQuery(people.Intruder.Id, default, null, null, null, null, null, 10);
            var own = Assert.Single((await workouts.ListAsync(query, default)).Items);
            Assert.Equal("intruder run", own.Workout.NameAsSent);
            Assert.Single((await workouts.ListAsync(query with { Near = new(52.5, 13.4, 1_000) }, default)).Items);
            Assert.Empty((await workouts.ListAsync(query with { NameAsSent = "owner run" }, default)).Items);
        },
        ["IWorkoutStore.SumAsync(Int64, TimeSpanBounds)"] = async people => Assert.Equal(
            1, Assert.Single(await people.Get<IWorkoutStore>().SumAsync(people.Intruder.Id, default, default)).Count),
        ["IWorkoutStore.FindAsync(Int64, Guid)"] = async people => Assert.Null(
            await people.Get<IWorkoutStore>().FindAsync(people.Intruder.Id, TwoPeople.OwnersWorkout, default)),
        ["IWorkoutStore.FindRouteAsync(Int64, Guid)"] = async people =>
        {
            var workouts = people.Get<IWorkoutStore>();
            Assert.NotNull(await workouts.FindRouteAsync(people.Owner.Id, TwoPeople.OwnersWorkout, default));
            Assert.Null(await workouts.FindRouteAsync(people.Intruder.Id, TwoPeople.OwnersWorkout, default));
        },
    };

    static Instant Early => Instant.From(new DateOnly(2026, 1, 1));
    static Instant Late => Instant.From(new DateOnly(2026, 2, 1));

    static async ValueTask<int> FindMetricAsync(TwoPeople people, string name) =>
        (await people.Get<ISampleStore>().ListMetricsAsync(people.Owner.Id, default))
            .Single(metric => metric.Metric.Name == name).MetricId;

    static async Task<SampleQuery> QueryAsync(TwoPeople people, User user, string metric) =>
        new(user.Id, await FindMetricAsync(people, metric), default, null, null, false, null, 1);

    static async Task<IReadOnlyList<HealthEvent>> ListEventsAsync(TwoPeople people, User user) =>
        await people.Get<IEventStore>().ListAsync(new(user.Id, default, null, null, 10), default);

    static string NameIn(HealthEvent row) =>
        System.Text.Encoding.UTF8.GetString(row.Payload.Span).Contains("owner", StringComparison.Ordinal)
            ? "owner" : "intruder";
}
