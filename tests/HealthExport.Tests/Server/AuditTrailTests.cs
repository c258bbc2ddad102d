using HealthExport.Audit;
using HealthExport.Pushes;
using HealthExport.Server.Audit;
using HealthExport.Tests.Support;
using Microsoft.Extensions.Logging;

namespace HealthExport.Tests.Server;

/// <summary>The trail by itself, over a real store that goes wrong at will, on a clock that stands.</summary>
public sealed class AuditTrailTests : IAsyncLifetime
{
    const int MaxWaiting = 100;

    readonly CapturedLog _log = new();
    readonly FakeClock _clock = new();
    LoggerFactory _loggers = null!;
    SqliteFixture _stores = null!;
    UnsteadyAudit _store = null!;
    AuditTrail _trail = null!;

    public async ValueTask InitializeAsync()
    {
        _stores = await SqliteFixture.OpenAsync();
        _store = new(_stores.Audit);
        _loggers = new([_log]);
        _trail = new(
            _store, new() { Audit = new() { MaxWaiting = MaxWaiting } }, _clock, new Logger<AuditTrail>(_loggers));
    }

    public async ValueTask DisposeAsync()
    {
        _trail.Dispose();
        _loggers.Dispose();
        await _stores.DisposeAsync();
    }

    [Fact]
    public async Task The_first_entry_is_written_at_once_and_those_after_it_together_a_second_later()
    {
        await _trail.StartAsync(default);
        await Eventually.TrueAsync(async () => (await ListAsync(AuditAction.ServerStarted)).Count == 1);
        for (var i = 0; i < 50; i++) _trail.Record(Create(i));

        await EventuallyWrittenAsync(50);

        Assert.InRange(_store.Batches, 2, 3);
        Assert.Equal(0, _trail.LostCount);
    }

    [Fact]
    public async Task Nothing_is_lost_while_the_store_is_away_and_it_is_said_once()
    {
        var isAway = true;
        _store.BeforeAppend = _ =>
        {
            if (isAway) throw new StoreUnavailableException("away");
        };
        await _trail.StartAsync(default);
        // Beside the entry of the start.
        for (var i = 1; i < MaxWaiting; i++) _trail.Record(Create(i));
        await AdvanceUntilAsync(() => _store.Batches >= 5);
        isAway = false;
        await EventuallyWrittenAsync(MaxWaiting - 1);

        Assert.Equal(0, _trail.LostCount);
        Assert.Single(_log.Of(1401));
        Assert.Single(_log.Of(1402));
        Assert.Empty(_log.Of(1403));
    }

    [Fact]
    public async Task What_comes_beyond_the_bound_is_counted_and_the_trail_itself_tells_of_it()
    {
        var isAway = true;
        _store.BeforeAppend = _ =>
        {
            if (isAway) throw new StoreUnavailableException("away");
        };
        await _trail.StartAsync(default);
        for (var i = 0; i < 1_000; i++) _trail.Record(Create(i));
        var lost = _trail.LostCount;
        // The entry of the start waits too, and what the writer has in hand waits beside the others.
        Assert.InRange(lost, 1_001 - 2 * MaxWaiting, 1_001 - MaxWaiting);
        await Eventually.TrueAsync(() => _log.Of(1401).Any());
        isAway = false;
        await AdvanceUntilAsync(() => _log.Of(1403).Any());

        await AdvanceUntilAsync(async () => (await ListAsync()).Count == 1_000 - lost);
        var told = Assert.Single(await ListAsync(AuditAction.AuditLost));
        Assert.Equal((0L, lost), (told.UserId, told.Metadata().GetProperty("count").GetInt64()));
        Assert.Equal(lost, Assert.Single(_log.Of(1403)).Values["Lost"]);
        Assert.Single(_log.Of(1406));
    }

    [Fact]
    public async Task An_entry_that_the_store_refuses_does_not_cost_the_others()
    {
        _store.BeforeAppend = entries =>
        {
            if (entries.Any(entry => entry.Resource == "bad")) throw new StoreRefusedException("refused");
        };
        for (var i = 0; i < 20; i++) _trail.Record(Create(i) with { Resource = i == 7 ? "bad" : "good" });
        await _trail.StartAsync(default);

        await EventuallyWrittenAsync(19);

        Assert.Single(_log.Of(1404));
        Assert.All(await ListAsync(), entry => Assert.Equal("good", entry.Resource));
    }

    [Fact]
    public async Task A_fault_that_nobody_foresaw_does_not_end_the_trail()
    {
        var isFirst = true;
        _store.BeforeAppend = _ =>
        {
            if (isFirst) throw new InvalidOperationException("no such table");
        };
        _trail.Record(Create(0));
        await _trail.StartAsync(default);
        await Eventually.TrueAsync(() => _log.Of(1401).Any());
        isFirst = false;

        await EventuallyWrittenAsync(1);
    }

    [Fact]
    public async Task Stopping_writes_what_waits_and_what_is_being_folded()
    {
        await _trail.StartAsync(default);
        for (var i = 0; i < 60; i++) _trail.Record(Create(i));
        for (var i = 0; i < 30; i++) _trail.Fold(Create(0, AuditAction.LimitHit) with { Resource = $"{i % 3}" });

        await _trail.StopAsync(default);

        Assert.Equal(60, (await ListAsync()).Count);
        var folds = await ListAsync(AuditAction.LimitHit);
        Assert.Equal(3, folds.Count);
        Assert.All(folds, fold => Assert.Equal(10, fold.Metadata().GetProperty("count").GetInt32()));
        Assert.Equal(0, _trail.LostCount);
        var all = (await _stores.Audit.ListAsync(new(null), null, 1_000, default)).Items;
        Assert.Single(all, entry => entry.Action == AuditAction.ServerStopped);
    }

    [Fact]
    public async Task Everything_recorded_while_it_stops_is_written_or_counted()
    {
        await _trail.StartAsync(default);
        var isOver = false;
        long recorded = 0;
        var recorders = Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            while (!Volatile.Read(ref isOver))
            {
                _trail.Record(Create(0));
                Interlocked.Increment(ref recorded);
            }
        })).ToList();
        await Eventually.TrueAsync(() => Interlocked.Read(ref recorded) > 1_000);

        await _trail.StopAsync(default);
        Volatile.Write(ref isOver, true);
        await Task.WhenAll(recorders);

        var written = await _stores.ReadAsync("select count(*) from audit_log where action = 'data.ingested'");
        Assert.Equal(recorded, written + _trail.LostCount);
        Assert.True(written > 0);
    }

    [Fact]
    public async Task A_stop_waits_for_a_store_that_is_away_but_not_for_ever()
    {
        _store.BeforeAppend = _ => throw new StoreUnavailableException("away");
        await _trail.StartAsync(default);
        for (var i = 0; i < 50; i++) _trail.Record(Create(i));
        await Eventually.TrueAsync(() => _log.Of(1401).Any());

        var stopping = _trail.StopAsync(default);
        await AdvanceUntilAsync(() => stopping.IsCompleted);
        await stopping;

        Assert.Equal(51, _trail.LostCount);
        Assert.Empty(await ListAsync(AuditAction.ServerStopped));
        Assert.Equal(51L, Assert.Single(_log.Of(1403)).Values["Lost"]);
    }

    [Fact]
    public async Task A_fold_is_written_when_its_minute_is_over_although_nothing_more_comes()
    {
        await _trail.StartAsync(default);
        _trail.Fold(Create(0, AuditAction.DataRead));
        _trail.Fold(Create(0, AuditAction.DataRead));
        _clock.Advance(TimeSpan.FromSeconds(59));
        await _trail.FlushAsync(userId: 1, default);
        Assert.Empty(await ListAsync(AuditAction.DataRead));

        await AdvanceUntilAsync(async () => (await ListAsync(AuditAction.DataRead)).Count > 0);

        var fold = Assert.Single(await ListAsync(AuditAction.DataRead));
        Assert.Equal(2, fold.Metadata().GetProperty("count").GetInt32());
    }

    [Fact]
    public async Task Flushing_waits_until_what_came_before_is_written()
    {
        await _trail.StartAsync(default);
        for (var i = 0; i < 10; i++)
        {
            for (var j = 0; j < 9; j++) _trail.Record(Create(i));
            _trail.Fold(Create(i, AuditAction.DataRead));
            await _trail.FlushAsync(userId: null, default);
            Assert.Equal(9 * (i + 1), (await ListAsync()).Count);
            Assert.Equal(i + 1, (await ListAsync(AuditAction.DataRead)).Count);
        }
        await _trail.StopAsync(default);
        await _trail.FlushAsync(userId: null, default);
    }

    Task EventuallyWrittenAsync(int count) => AdvanceUntilAsync(async () =>
    {
        var entries = await ListAsync();
        Assert.Equal(entries.Count, entries.DistinctBy(entry => entry.Id).Count());
        Assert.True(entries.Count <= count);
        return entries.Count == count;
    });

    Task AdvanceUntilAsync(Func<bool> holds) => AdvanceUntilAsync(() => Task.FromResult(holds()));

    // The writer's own timers have to be there before the clock moves: again and again.
    Task AdvanceUntilAsync(Func<Task<bool>> holds) => Eventually.TrueAsync(async () =>
    {
        _clock.Advance(TimeSpan.FromSeconds(1));
        return await holds();
    });

    async Task<IReadOnlyList<AuditEntry>> ListAsync(AuditAction? action = null) =>
        (await _stores.Audit.ListAsync(new(null, action ?? AuditAction.DataIngested), null, 10_000, default)).Items;

    AuditEntry Create(int second, AuditAction? action = null) => AuditEntry.Create(
        action ?? AuditAction.DataIngested, AuditOrigin.Nobody, _clock.GetUtcNow().AddSeconds(second));
}
