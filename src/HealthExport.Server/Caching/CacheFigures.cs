using System.Diagnostics.Metrics;
using HealthExport.Caching;
using HealthExport.Server.Settings;

namespace HealthExport.Server.Caching;

/// <summary>What became of a request whose answer is cached.</summary>
enum CacheOutcome
{
    /// <summary>It was worked out.</summary>
    Miss,

    /// <summary>It was kept in this process, or somebody else was working it out.</summary>
    Hit,

    /// <summary>It was kept where servers share answers.</summary>
    SharedHit,

    /// <summary>The client had it.</summary>
    NotModified,
}

/// <summary>Counts what the caches do, for the meter <c>HealthExport.Cache</c> and the verb <c>cache status</c>.
/// </summary>
sealed class CacheFigures : IDisposable
{
    public const string MeterName = "HealthExport.Cache";

    static readonly string[] s_outcomes = ["miss", "hit", "shared_hit", "not_modified"];

    readonly LocalAnswers _local;
    readonly ISharedAnswers? _shared;
    readonly long _capacity;
    readonly DateTimeOffset _since;
    readonly Counter<long> _requests;
    readonly Counter<long> _evictions;
    readonly Counter<long> _warmed;

    // By outcome.
    readonly long[] _counts = new long[s_outcomes.Length];
    long _evicted;
    long _warm;

    /// <param name="shared">Null where nothing is shared.</param>
    public CacheFigures(
        LocalAnswers local, ServerSettings settings, TimeProvider clock, ISharedAnswers? shared = null)
    {
        (_local, _shared, _capacity, _since) = (local, shared, settings.Cache.MemoryBytes, clock.GetUtcNow());
        _requests = Meter.CreateCounter<long>(
            "health_export.cache.requests", "{request}", "Reads whose answers are cached, by outcome and route");
        _evictions = Meter.CreateCounter<long>(
            "health_export.cache.evictions", "{answer}", "Answers that had to make room");
        _warmed = Meter.CreateCounter<long>(
            "health_export.cache.warmed", "{answer}", "Answers worked out before they were asked for again");
        Meter.CreateObservableGauge(
            "health_export.cache.entries", () => local.Count().Entries, "{answer}", "Answers kept in this process");
        Meter.CreateObservableGauge(
            "health_export.cache.size", () => local.Count().Bytes, "By", "What they take of its memory");
    }

    public Meter Meter { get; } = new(MeterName);

    public void Count(CacheOutcome outcome, RouteEndpoint endpoint)
    {
        Interlocked.Increment(ref _counts[(int)outcome]);
        _requests.Add(
            1, new("outcome", s_outcomes[(int)outcome]), new("route", endpoint.RoutePattern.RawText));
    }

    public void CountEvicted(int answers)
    {
        if (answers == 0) return;
        Interlocked.Add(ref _evicted, answers);
        _evictions.Add(answers);
    }

    public void CountWarmed()
    {
        Interlocked.Increment(ref _warm);
        _warmed.Add(1);
    }

    public CacheStatusAnswer Describe()
    {
        var (misses, hits, sharedHits, notModified) = (
            Of(CacheOutcome.Miss), Of(CacheOutcome.Hit), Of(CacheOutcome.SharedHit), Of(CacheOutcome.NotModified));
        var requests = misses + hits + sharedHits + notModified;
        var (entries, bytes) = _local.Count();
        return new(
            Environment.ProcessId, _since, requests, hits, sharedHits, notModified, misses,
            requests > 0 ? (double)(requests - misses) / requests : null, Interlocked.Read(ref _warm),
            Interlocked.Read(ref _evicted), entries, bytes, _capacity,
            _shared is null ? null : _shared.IsThere ? "connected" : "disconnected");

        long Of(CacheOutcome outcome) => Interlocked.Read(ref _counts[(int)outcome]);
    }

    public void Dispose() => Meter.Dispose();
}
