using HealthExport.Tests.Support;
using HealthExport.Totals;

namespace HealthExport.Tests.Server;

public sealed class TotalsUpkeepTests
{
    static readonly TimeSpan s_quiet = TimeSpan.FromSeconds(2);

    [Theory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.Postgres)]
    public async Task Totals_are_worked_out_once_pushes_are_quiet_and_make_way_for_the_next(Engine engine)
    {
        await using var place = await StorePlace.MakeAsync(engine);
        var clock = new FakeClock();
        SlowTotals? slow = null;
        await using var server = await RunningServer.StartAsync(
            overrides: services =>
            {
                services.AddClock(clock);
                services.Decorate<IDailyTotalStore>(store => slow = new(store));
            },
            shared: place);
        var key = await server.AddKeyAsync();

        await PushAsync("72");
        await AdvanceUntilAsync(() => slow!.Entered.Task.IsCompleted);
        await PushAsync("73");
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => slow!.Left);

        await AdvanceUntilAsync(() => slow!.Saved > 0);
        await Eventually.TrueAsync(async () => await slow!.FindStaleUserAsync(0, default) is null);
        Assert.Empty(server.Log.Of(1304));

        async Task PushAsync(string value)
        {
            using var answer = await server.PushAsync(
                key,
                $$$"""
                {"data":{"metrics":[{"name":"heart_rate","units":"count/min","data":[
                {"date":"2025-06-01 08:00:00 +0200","Avg":{{{value}}}}]}]}}
                """);
            Assert.Equal("completed", (await answer.ReadJsonAsync()).NeededText("status"));
        }

        Task AdvanceUntilAsync(Func<bool> holds) => Eventually.TrueAsync(() =>
        {
            clock.Advance(s_quiet);
            return holds();
        });
    }

    /// <summary>The real store; the first who asks what is stale waits until somebody calls that off.</summary>
    sealed class SlowTotals(IDailyTotalStore store) : IDailyTotalStore
    {
        readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Entered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>How the first one's waiting ended.</summary>
        public Task Left => _left.Task.WaitAsync(RunningServer.Deadline);

        public int Saved { get; private set; }

        public async ValueTask<IReadOnlyList<StaleDay>> ListStaleAsync(
            long userId, int limit, CancellationToken cancellationToken)
        {
            if (Entered.TrySetResult())
            {
                await using var calledOff = cancellationToken.Register(
                    () => _left.TrySetCanceled(cancellationToken));
                await _left.Task;
            }
            return await store.ListStaleAsync(userId, limit, cancellationToken);
        }

        public ValueTask<IReadOnlyList<KeptDay>> ListAsync(
            long userId, int metricId, DateOnly from, DateOnly end, int limit, CancellationToken cancellationToken) =>
            store.ListAsync(userId, metricId, from, end, limit, cancellationToken);

        public IAsyncEnumerable<(int MetricId, KeptDay Day)> ReadAsync(
            long userId, IReadOnlyList<int> metricIds, DateOnly from, DateOnly end,
            CancellationToken cancellationToken) => store.ReadAsync(userId, metricIds, from, end, cancellationToken);

        public ValueTask<IReadOnlyList<(int MetricId, DateOnly Date)>> ListDatesAsync(
            long userId, DateOnly from, DateOnly end, CancellationToken cancellationToken) =>
            store.ListDatesAsync(userId, from, end, cancellationToken);

        public async ValueTask SaveAsync(
            long userId, int metricId, IReadOnlyList<WorkedOutDay> days, CancellationToken cancellationToken)
        {
            await store.SaveAsync(userId, metricId, days, cancellationToken);
            Saved += days.Count;
        }

        public ValueTask<long?> FindStaleUserAsync(long afterUserId, CancellationToken cancellationToken) =>
            store.FindStaleUserAsync(afterUserId, cancellationToken);
    }
}
