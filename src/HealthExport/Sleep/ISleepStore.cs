using HealthExport.Pushes;
using HealthExport.Time;

namespace HealthExport.Sleep;

/// <summary>Reads a user's sleep as it was sent. Another user's rows are never seen.</summary>
public interface ISleepStore
{
    /// <summary>Segments that start in [from, to), by start, stage and source.</summary>
    /// <exception cref="StoreUnavailableException">The store is away.</exception>
    ValueTask<IReadOnlyList<SleepStage>> ListStagesAsync(
        long userId, Instant from, Instant to, CancellationToken cancellationToken);

    /// <summary>Aggregated nights and naps that start in [from, to), by start and source.</summary>
    /// <exception cref="StoreUnavailableException">The store is away.</exception>
    ValueTask<IReadOnlyList<SleepSession>> ListSessionsAsync(
        long userId, Instant from, Instant to, CancellationToken cancellationToken);

    /// <summary>The first and the last start of anything; null if there is nothing.</summary>
    /// <exception cref="StoreUnavailableException">The store is away.</exception>
    ValueTask<(Instant First, Instant Last)?> FindEndsAsync(long userId, CancellationToken cancellationToken);
}
