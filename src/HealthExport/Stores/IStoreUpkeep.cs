using HealthExport.Time;

namespace HealthExport.Stores;

/// <summary>What a store needs done from time to time so that it goes on working as it does.</summary>
public interface IStoreUpkeep
{
    /// <summary>
    /// Does what is due at <paramref name="now"/>, and what will be due within a year. Any number of processes may call
    /// it at once, at any time; a repeat changes nothing.
    /// </summary>
    /// <returns>How many things were made or mended; 0 when all was well.</returns>
    /// <exception cref="Pushes.StoreUnavailableException">The store is away; call again later.</exception>
    ValueTask<int> KeepUpAsync(Instant now, CancellationToken cancellationToken);
}
