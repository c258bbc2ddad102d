using System.Collections.Concurrent;
using System.Threading.Channels;
using HealthExport.Keys;
using HealthExport.Pushes;
using HealthExport.Time;

namespace HealthExport.Server.Security;

/// <summary>
/// Writes down when a key was last used, at most once a minute each, off the way of requests. What cannot be written
/// (the store is away, too many wait) is left to the next use.
/// </summary>
sealed partial class KeyUses(IKeyStore keys, TimeProvider clock, ILogger<KeyUses> log) : BackgroundService
{
    const int MaxWaiting = 1_024;

    // Beyond it all are forgotten: the store itself takes no second use of a minute.
    const int MaxNoted = 10_000;

    readonly ConcurrentDictionary<string, Instant> _noted = new(StringComparer.Ordinal);

    readonly Channel<(string KeyId, Instant At)> _uses = Channel.CreateBounded<(string, Instant)>(
        new BoundedChannelOptions(MaxWaiting) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    /// <summary>Takes note; returns at once.</summary>
    public void Note(StoredKey key)
    {
        var now = Instant.From(clock.GetUtcNow());
        if (key.LastUsedAt is { } written && now - written < TimeSpan.FromMinutes(1)) return;
        if (IsFirstOfMinute(key.Id, now)) _uses.Writer.TryWrite((key.Id, now));
    }

    bool IsFirstOfMinute(string keyId, Instant now)
    {
        if (_noted.TryGetValue(keyId, out var noted))
            return now - noted >= TimeSpan.FromMinutes(1) && _noted.TryUpdate(keyId, now, noted);
        if (_noted.Count >= MaxNoted) _noted.Clear();
        return _noted.TryAdd(keyId, now);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await foreach (var (keyId, at) in _uses.Reader.ReadAllAsync(stoppingToken)) await WriteAsync(keyId, at);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            while (_uses.Reader.TryRead(out var use)) await WriteAsync(use.KeyId, use.At);
        }
    }

    async ValueTask WriteAsync(string keyId, Instant at)
    {
        try
        {
            await keys.TouchAsync(keyId, at, CancellationToken.None);
        }
        catch (StoreUnavailableException)
        {
            _noted.TryRemove(keyId, out _);
        }
        catch (Exception e)
        {
            // Must not end this service: the host would stop the server with it.
            NotNoted(keyId, e.GetType().Name);
        }
    }

    [LoggerMessage(1201, LogLevel.Warning, "The use of key {KeyId} could not be noted ({Exception})")]
    partial void NotNoted(string keyId, string exception);
}
