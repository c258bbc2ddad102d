using System.Text.Json.Nodes;
using System.Threading.Channels;
using HealthExport.Audit;
using HealthExport.Pushes;
using HealthExport.Server.Security;
using HealthExport.Server.Settings;
using HealthExport.Time;

namespace HealthExport.Server.Audit;

/// <summary>
/// Writes the audit trail off the way of requests: in batches, at most one a second. While the store is away entries
/// wait, up to <see cref="AuditSettings.MaxWaiting"/>; beyond that they are lost, and the trail says how many. Stopping
/// writes what waits. A process that is killed loses what it had not written: the last second, and what was folded for
/// the minute. Safe for concurrent use.
/// </summary>
sealed partial class AuditTrail : IHostedService, IDisposable
{
    const int MaxBatch = 500;

    static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);
    static readonly TimeSpan s_again = TimeSpan.FromSeconds(2);
    static readonly TimeSpan s_lookAtFolds = TimeSpan.FromSeconds(5);

    // How long a stop may wait for a store that is away.
    static readonly TimeSpan s_farewell = TimeSpan.FromSeconds(5);

    readonly IAuditStore _store;
    readonly TimeProvider _clock;
    readonly ILogger<AuditTrail> _log;
    readonly AuditFolds _folds = new();
    readonly Channel<Waiting> _waiting;
    // Ends the pause between two batches.
    volatile TaskCompletionSource _hurry = new(TaskCreationOptions.RunContinuationsAsynchronously);
    int _flushes;
    long _lost;
    int _hasNoRoom;

    // Not a BackgroundService: one that is stopped before it got its turn would never run, and write nothing.
    Task _writing = Task.CompletedTask;

    // Cancelled when the writer shall come to an end, and when it has had time enough for that.
    readonly CancellationTokenSource _stopping = new();
    readonly CancellationTokenSource _farewell = new();
    readonly CancellationToken _hasWaited;
    bool _isDisposed;

    // The writer's own.
    long _lostTold;

    readonly record struct Waiting(AuditEntry? Entry, TaskCompletionSource? Flushed);

    public AuditTrail(IAuditStore store, ServerSettings settings, TimeProvider clock, ILogger<AuditTrail> log)
    {
        (_store, _clock, _log) = (store, clock, log);
        _hasWaited = _farewell.Token;
        _waiting = Channel.CreateBounded<Waiting>(
            new BoundedChannelOptions(settings.Audit.MaxWaiting) { SingleReader = true });
    }

    /// <summary>Entries that wait to be written.</summary>
    public int WaitingCount => _waiting.Reader.Count;

    /// <summary>Entries lost so far for want of room.</summary>
    public long LostCount => Interlocked.Read(ref _lost);

    /// <summary>Records what a request did; returns at once.</summary>
    /// <param name="resource">What it was done to; see <see cref="AuditEntry.Resource"/>.</param>
    /// <param name="metadata">Details; neither secrets nor health values.</param>
    public void Record(
        HttpContext context, AuditAction action, string? resource = null, JsonObject? metadata = null) =>
        Record(Describe(context, action, resource, metadata));

    public void Record(AuditEntry entry)
    {
        if (_waiting.Writer.TryWrite(new(entry, null))) return;
        Interlocked.Increment(ref _lost);
        // A stop counts what comes too late.
        if (!_waiting.Reader.Completion.IsCompleted && Interlocked.Exchange(ref _hasNoRoom, 1) == 0) NoRoom();
    }

    /// <summary>
    /// As <see cref="Record(HttpContext, AuditAction, string?, JsonObject?)"/>, for what may come often: one entry for
    /// all of a minute that share action, person, key, network, resource and details. Its metadata have the
    /// <c>count</c>.
    /// </summary>
    public void Fold(HttpContext context, AuditAction action, string? resource = null, FoldedPart part = default) =>
        Fold(Describe(context, action, resource), part);

    public void Fold(AuditEntry entry, FoldedPart part = default)
    {
        foreach (var closed in _folds.Add(entry, part)) Record(closed);
    }

    /// <summary>An entry of a request's caller, not recorded: for a store that writes it with the change it tells of.
    /// </summary>
    public AuditEntry Describe(
        HttpContext context, AuditAction action, string? resource = null, JsonObject? metadata = null) =>
        AuditEntry.Create(
            action, AuditOrigins.Of(context), _clock.GetUtcNow(), context.Features.Get<Caller>()?.UserId ?? 0, resource,
            metadata);

    /// <summary>Writes what was recorded before this call, the folds of a person's current minute included.</summary>
    public async ValueTask FlushAsync(long? userId, CancellationToken cancellationToken)
    {
        foreach (var entry in _folds.CloseAll(userId)) Record(entry);
        var flushed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Interlocked.Increment(ref _flushes);
        try
        {
            _hurry.TrySetResult();
            await _waiting.Writer.WriteAsync(new(null, flushed), cancellationToken);
            await flushed.Task.WaitAsync(cancellationToken);
        }
        catch (ChannelClosedException)
        {
            // The server stops, and writes what waits.
        }
        finally
        {
            Interlocked.Decrement(ref _flushes);
        }
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        var version = typeof(AuditTrail).Assembly.GetName().Version!.ToString(3);
        Record(DescribeOwn(AuditAction.ServerStarted, new() { ["version"] = version }));
        _writing = Task.Run(() => WriteAllAsync(_stopping.Token), CancellationToken.None);
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        foreach (var entry in _folds.CloseAll()) Record(entry);
        _waiting.Writer.TryComplete();
        await using var patience =
            _clock.CreateTimer(_ => _farewell.Cancel(), null, s_farewell, Timeout.InfiniteTimeSpan);
        await using var hurry = cancellationToken.Register(_farewell.Cancel);
        await _stopping.CancelAsync();
        await _writing.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        // What came in too late, or could not be written in time.
        if (LostCount > _lostTold) Lost(LostCount - _lostTold);
    }

    /// <summary>Without a stop before it, what waits is lost.</summary>
    public void Dispose()
    {
        // The container disposes it once for each way that it is registered.
        if (Interlocked.Exchange(ref _isDisposed, true)) return;
        _waiting.Writer.TryComplete();
        _farewell.Cancel();
        _stopping.Cancel();
        _farewell.Dispose();
        _stopping.Dispose();
    }

    AuditEntry DescribeOwn(AuditAction action, JsonObject? metadata) => AuditEntry.Create(
        action, AuditOrigin.Nobody, _clock.GetUtcNow(), resource: $"{Environment.MachineName}/{Environment.ProcessId}",
        metadata: metadata);

    async Task WriteAllAsync(CancellationToken stoppingToken)
    {
        await using var look = _clock.CreateTimer(
            _ =>
            {
                foreach (var entry in _folds.CloseOver(Instant.From(_clock.GetUtcNow()))) Record(entry);
            },
            null, s_lookAtFolds, s_lookAtFolds);
        List<AuditEntry> batch = new(MaxBatch);
        List<TaskCompletionSource> flushed = [];
        var isWritten = true;
        while (await _waiting.Reader.WaitToReadAsync(CancellationToken.None))
        {
            while (batch.Count < MaxBatch && _waiting.Reader.TryRead(out var next))
                if (next.Entry is { } entry) batch.Add(entry);
                else flushed.Add(next.Flushed!);
            isWritten = await TryWriteAsync(batch, stoppingToken);
            foreach (var one in flushed) one.TrySetResult();
            if (!isWritten) break;
            batch.Clear();
            flushed.Clear();
            await PauseAsync(stoppingToken);
        }
        // The last of all: it says that nothing is missing.
        if (isWritten) await TryWriteAsync([DescribeOwn(AuditAction.ServerStopped, null)], stoppingToken);
        while (_waiting.Reader.TryRead(out var left))
            if (left.Entry is not null) Interlocked.Increment(ref _lost);
            else left.Flushed!.TrySetResult();
    }

    /// <summary>Until the next batch is due, somebody waits for it, or it is the last.</summary>
    async Task PauseAsync(CancellationToken stoppingToken)
    {
        var hurry = _hurry = new(TaskCreationOptions.RunContinuationsAsynchronously);
        if (_waiting.Reader.Count >= MaxBatch || Volatile.Read(ref _flushes) > 0) return;
        await hurry.Task.WaitAsync(s_pause, _clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Writes a batch, however often it takes.</summary>
    /// <returns>False when the server stops and cannot wait any longer: the batch is lost.</returns>
    async Task<bool> TryWriteAsync(List<AuditEntry> batch, CancellationToken stoppingToken)
    {
        var recorded = batch.Count;
        var lost = LostCount;
        if (lost > _lostTold)
            batch.Add(AuditEntry.Create(
                AuditAction.AuditLost, AuditOrigin.Nobody, _clock.GetUtcNow(),
                metadata: new() { ["count"] = lost - _lostTold }));
        if (batch.Count == 0) return true;
        for (var hasFailed = false; ; hasFailed = true)
        {
            try
            {
                await AppendAsync(batch);
                if (lost > _lostTold) Lost(lost - _lostTold);
                _lostTold = lost;
                Interlocked.Exchange(ref _hasNoRoom, 0);
                if (hasFailed) WrittenAgain(batch.Count, WaitingCount);
                return true;
            }
            // Also what nobody foresaw, such as a schema that has still to be migrated: it must not end the server.
            catch (Exception e)
            {
                if (!hasFailed) NotWritten(e.GetType().Name, WaitingCount + batch.Count);
            }
            if (_hasWaited.IsCancellationRequested)
            {
                Interlocked.Add(ref _lost, recorded);
                return false;
            }
            await Task.Delay(
                s_again, _clock, stoppingToken.IsCancellationRequested ? _hasWaited : stoppingToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    async ValueTask AppendAsync(List<AuditEntry> batch)
    {
        try
        {
            await _store.AppendAsync(batch, CancellationToken.None);
        }
        catch (StoreRefusedException)
        {
            // One of them must not cost the others.
            foreach (var entry in batch)
            {
                try
                {
                    await _store.AppendAsync([entry], CancellationToken.None);
                }
                catch (StoreRefusedException)
                {
                    Refused(entry.Action.Name);
                }
            }
        }
    }

    [LoggerMessage(1401, LogLevel.Warning,
        "The audit trail cannot be written ({Exception}); {Waiting} entries wait, and it is tried again")]
    partial void NotWritten(string exception, int waiting);

    [LoggerMessage(1402, LogLevel.Information,
        "The audit trail is written again: {Written} entries, {Waiting} still wait")]
    partial void WrittenAgain(int written, int waiting);

    [LoggerMessage(1403, LogLevel.Error, "{Lost} entries of the audit trail were lost: there was no room for them")]
    partial void Lost(long lost);

    [LoggerMessage(1406, LogLevel.Error,
        "The audit trail has no room for more entries that wait; what comes now is lost, and counted")]
    partial void NoRoom();

    [LoggerMessage(1404, LogLevel.Error, "The store refused an entry {Action} of the audit trail; it is lost")]
    partial void Refused(string action);
}
