using HealthExport.Catalogue;
using HealthExport.Events;
using HealthExport.Pushes;
using HealthExport.Samples;
using HealthExport.Sleep;
using HealthExport.Stores;
using HealthExport.Time;
using HealthExport.Workouts;

namespace HealthExport.Tests.Isolation;

static partial class StoreIsolation
{
    static Dictionary<string, Func<TwoPeople, Task>> OfPushes() => new()
    {
        ["IIngestionStore.KeepAsync(ReceivedPush)"] = async people =>
        {
            // The owner's very bytes, under the owner's idempotency key.
            var body = PushedLife.Of("owner", TwoPeople.OwnersWorkout);
            var push = people.Received(people.Intruder, body, $"once {body.Length}");
            using (push.Payload)
            {
                var kept = await people.Get<IIngestionStore>().KeepAsync(push, default);
                Assert.Equal((KeptAs.New, null), (kept.As, kept.Ingestion.DuplicateOf));
                Assert.NotEqual(people.OwnersPush.Id, kept.Ingestion.Id);
            }
        },
        ["IIngestionStore.RenewAsync(ClaimedPush, TimeSpan)"] = async people => Assert.False(
            await people.Get<IIngestionStore>().RenewAsync(Forged(people), TimeSpan.FromHours(1), default)),
        ["IIngestionStore.GiveBackAsync(ClaimedPush, TimeSpan, Boolean)"] = async people =>
            await people.Get<IIngestionStore>().GiveBackAsync(Forged(people), TimeSpan.Zero, false, default),
        ["IIngestionStore.FailAsync(ClaimedPush)"] = async people =>
            await people.Get<IIngestionStore>().FailAsync(Forged(people), default),
        ["IIngestionStore.BeginAsync(ClaimedPush)"] = async people =>
        {
            await using var push = await people.Get<IIngestionStore>().BeginAsync(Forged(people), default);
            await Assert.ThrowsAsync<LeaseLostException>(
                async () => await push.CommitAsync(new(), changedAnything: true, default));
        },
        ["IIngestionStore.OpenPayload(Int64, Int64)"] = async people =>
        {
            // A number that the intruder has not come to yet.
            var store = people.Get<IIngestionStore>();
            await using (var own = store.OpenPayload(people.Owner.Id, people.OwnersClaim.Number))
                Assert.NotEqual(0, own.Length);
            Assert.Throws<KeyNotFoundException>(
                () => store.OpenPayload(people.Intruder.Id, people.OwnersClaim.Number));
        },
        ["IIngestionStore.FindAppliedAsync(ReceivedPush)"] = async people =>
        {
            var body = PushedLife.Of("owner", TwoPeople.OwnersWorkout);
            var push = people.Received(people.Intruder, body, null);
            using (push.Payload) Assert.Null(await people.Get<IIngestionStore>().FindAppliedAsync(push, default));
        },
        ["IIngestionStore.FindAsync(Int64, Guid)"] = async people => Assert.Null(
            await people.Get<IIngestionStore>().FindAsync(people.Intruder.Id, people.OwnersPush.Id, default)),
        ["IIngestionStore.ListAsync(Int64, IngestionFilter, String, Int32)"] = async people =>
        {
            var store = people.Get<IIngestionStore>();
            Assert.All(
                (await store.ListAsync(people.Intruder.Id, new(), null, 100, default)).Items,
                push => Assert.Equal(people.Intruder.Id, push.UserId));
            Assert.Empty((await store.ListAsync(
                people.Intruder.Id, new(KeyId: people.OwnersKey.Id), null, 100, default)).Items);
            var theirs = await store.ListAsync(people.Owner.Id, new(), null, 1, default);
            await Assert.ThrowsAsync<InvalidCursorException>(async () =>
                await store.ListAsync(people.Intruder.Id, new(), theirs.NextCursor, 1, default));
        },
        ["IIngestionStore.ListArrivalsAsync(Int64, Instant, Int32)"] = async people => Assert.Equal(
            (await people.Get<IIngestionStore>().ListAsync(people.Intruder.Id, new(), null, 100, default)).Items
                .Select(ingestion => ingestion.ReceivedAt),
            (await people.Get<IIngestionStore>().ListArrivalsAsync(people.Intruder.Id, new(0), 100, default))
                .Select(arrival => arrival.ReceivedAt)),
        ["IIngestionStore.ListLastPushesAsync(Int64)"] = async people => Assert.Equal(
            (await people.Get<HealthExport.Samples.ISampleStore>().ListMetricsAsync(people.Intruder.Id, default))
                .Select(metric => metric.MetricId).Order(),
            (await people.Get<IIngestionStore>().ListLastPushesAsync(people.Intruder.Id, default))
                .Select(push => push.MetricId)),
        ["IIngestionStore.ListRejectsAsync(Int64, Guid, String, Int32)"] = async people =>
        {
            var store = people.Get<IIngestionStore>();
            Assert.NotEmpty(
                (await store.ListRejectsAsync(people.Owner.Id, people.OwnersPush.Id, null, 10, default)).Items);
            Assert.Empty(
                (await store.ListRejectsAsync(people.Intruder.Id, people.OwnersPush.Id, null, 10, default)).Items);
        },
        ["IIngestionStore.ReplayAsync(Int64, Guid)"] = async people => Assert.Null(
            await people.Get<IIngestionStore>().ReplayAsync(people.Intruder.Id, people.OwnersPush.Id, default)),

        ["IPushTransaction.EarlierIsPending"] = people => InPushAsync(people, push =>
        {
            Assert.False(push.EarlierIsPending);
            return Task.CompletedTask;
        }),
        ["IPushTransaction.LaterIsApplied"] = people => InPushAsync(people, push =>
        {
            Assert.False(push.LaterIsApplied);
            return Task.CompletedTask;
        }),
        ["IPushTransaction.LaterDeletions"] = people => InPushAsync(people, push =>
        {
            Assert.Empty(push.LaterDeletions);
            return Task.CompletedTask;
        }),
        ["IPushTransaction.FindOrAddMetricAsync(Metric)"] = people => InPushAsync(people, async push =>
            // One name for all who send it; that the owner has sent it shows nowhere.
            Assert.Equal(
                await FindMetricAsync(people, "owner_hue"),
                await push.FindOrAddMetricAsync(
                    Metric.Unknown("owner_hue", "deg", MetricKind.Discrete), default))),
        ["IPushTransaction.FindLastFinerPushAsync(Series)"] = people => InPushAsync(people, async push =>
            Assert.Equal(
                0, await push.FindLastFinerPushAsync(
                    new(await FindMetricAsync(people, "owner_hue"), Grain.Day), default))),
        ["IPushTransaction.ListLocalHoursAsync(Int32, Instant, Instant, Int16)"] = people => InPushAsync(
            people, async push => Assert.Empty(await push.ListLocalHoursAsync(
                await FindMetricAsync(people, "owner_hue"), Early, Late, short.MinValue, default))),
        ["IPushTransaction.FindAsync(Series, ReadOnlyMemory<Sample>, Memory<StoredSample>)"] = people =>
            InPushAsync(people, async push =>
            {
                var found = new StoredSample[1];
                await push.FindAsync(await HueAsync(people), new[] { Hue }, found, default);
                Assert.False(found[0].Exists);
            }),
        ["IPushTransaction.WriteAsync(Series, ReadOnlyMemory<Sample>, ReadOnlyMemory<RowChange>)"] = people =>
            InPushAsync(people, async push =>
                await push.WriteAsync(
                    await HueAsync(people), new[] { Hue with { Value = 99 } }, new[] { RowChange.Insert }, default)),
        ["IPushTransaction.RemoveVanishedAsync(Series, Instant, Instant, ReadOnlyMemory<Instant>)"] = people =>
            InPushAsync(people, async push => Assert.Equal(
                0, await push.RemoveVanishedAsync(await HueAsync(people), Early, Late, default, default))),
        ["IPushTransaction.MarkDaysAsync(IReadOnlyCollection<ValueTuple<Int32, DateOnly>>)"] = people =>
            InPushAsync(people, async push => await push.MarkDaysAsync(
                [(await FindMetricAsync(people, "owner_hue"), new DateOnly(2026, 1, 10))], default)),
        ["IPushTransaction.FindAsync(IReadOnlyList<SleepStage>)"] = people => InPushAsync(people, async push =>
            Assert.Null(Assert.Single(await push.FindAsync(await StagesAsync(people), default)))),
        ["IPushTransaction.WriteAsync(IReadOnlyList<SleepStage>, ReadOnlyMemory<RowChange>)"] = people =>
            InPushAsync(people, async push => await push.WriteAsync(
                [.. (await StagesAsync(people)).Select(stage => stage with { EndAt = Late })],
                new[] { RowChange.Insert }, default)),
        ["IPushTransaction.FindOverlappingAsync(SleepSession)"] = people => InPushAsync(people, async push =>
            Assert.Empty(await push.FindOverlappingAsync(
                await SessionAsync(people) with { Source = "owner watch" }, default))),
        ["IPushTransaction.ReplaceAsync(SleepSession, IReadOnlyList<SleepSession>)"] = people =>
            InPushAsync(people, async push =>
                await push.ReplaceAsync(await SessionAsync(people) with { CoreMinutes = 1 }, [], default)),
        ["IPushTransaction.FindAsync(IReadOnlyList<Workout>)"] = people => InPushAsync(people, async push =>
        {
            var theirs = await WorkoutAsync(people);
            Assert.Null(Assert.Single(await push.FindAsync([theirs with { StartAt = Early, EndAt = Late }], default)));
        }),
        ["IPushTransaction.FindAroundAsync(Instant, Instant)"] = people => InPushAsync(people, async push =>
        {
            var theirs = await WorkoutAsync(people);
            Assert.Empty(await push.FindAroundAsync(theirs.StartAt, theirs.EndAt, default));
        }),
        ["IPushTransaction.WriteAsync(IReadOnlyList<Workout>, IReadOnlyList<Nullable<Guid>>, ReadOnlyMemory<RowChange>)"] =
            people => InPushAsync(people, async push => await push.WriteAsync(
                [await WorkoutAsync(people) with { DistanceMetres = 1 }], [null], new[] { RowChange.Insert }, default)),
        ["IPushTransaction.FindAsync(IReadOnlyList<HealthEvent>)"] = people => InPushAsync(people, async push =>
            Assert.Null(Assert.Single(await push.FindAsync([await EventAsync(people)], default)))),
        ["IPushTransaction.WriteAsync(IReadOnlyList<HealthEvent>, ReadOnlyMemory<RowChange>)"] = people =>
            InPushAsync(people, async push => await push.WriteAsync(
                [await EventAsync(people) with { Value = 1 }], new[] { RowChange.Insert }, default)),
        ["IPushTransaction.FindSimultaneousAsync(IReadOnlyList<HealthEvent>)"] = people =>
            InPushAsync(people, async push => Assert.Empty(
                Assert.Single(await push.FindSimultaneousAsync([await EventAsync(people)], default)))),
        ["IPushTransaction.RenameAsync(HealthEvent, String)"] = people => InPushAsync(people, async push =>
            await Assert.ThrowsAnyAsync<InvalidOperationException>(
                async () => await push.RenameAsync(await EventAsync(people), "intruder's", default))),
        ["IPushTransaction.AddRejectsAsync(IReadOnlyList<Reject>)"] = people => InPushAsync(people, async push =>
            await push.AddRejectsAsync([new("step_count", 0, "out_of_range", "no", null, null, null, "{}"u8.ToArray())],
                default)),
        ["IPushTransaction.CommitAsync(Receipt, Boolean)"] = people =>
            InPushAsync(people, _ => Task.CompletedTask),
    };

    /// <summary>The owner's claim as the intruder's.</summary>
    static ClaimedPush Forged(TwoPeople people) => people.OwnersClaim with
    {
        Ingestion = people.OwnersClaim.Ingestion with { UserId = people.Intruder.Id },
    };

    /// <summary>Does something in a push of the intruder's, and commits it.</summary>
    static async Task InPushAsync(TwoPeople people, Func<IPushTransaction, Task> use)
    {
        await using var push = await people.BeginAsync();
        await use(push);
        await push.CommitAsync(new(), changedAnything: true, default);
    }

    static async Task<Series> HueAsync(TwoPeople people) =>
        new(await FindMetricAsync(people, "owner_hue"), Grain.Sample);

    /// <summary>The key of a row of the owner's.</summary>
    static Sample Hue => new()
    {
        StartAt = Instant.From(new DateTimeOffset(2026, 1, 10, 8, 0, 0, TimeSpan.Zero)), EndAt = Instant.None,
        Value = 7, Min = double.NaN, Max = double.NaN,
    };

    static async Task<IReadOnlyList<SleepStage>> StagesAsync(TwoPeople people) =>
        await people.Get<ISleepStore>().ListStagesAsync(people.Owner.Id, Early, Late, default);

    static async Task<SleepSession> SessionAsync(TwoPeople people) =>
        Assert.Single(await people.Get<ISleepStore>().ListSessionsAsync(people.Owner.Id, Early, Late, default));

    static async Task<Workout> WorkoutAsync(TwoPeople people) =>
        (await people.Get<IWorkoutStore>().FindAsync(people.Owner.Id, TwoPeople.OwnersWorkout, default))!.Workout;

    static async Task<HealthEvent> EventAsync(TwoPeople people) =>
        Assert.Single(await ListEventsAsync(people, people.Owner));
}
