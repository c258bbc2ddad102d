using HealthExport.Stores;
using HealthExport.Time;

namespace HealthExport.Storage.Postgres;

/// <summary>Keeps the partitions of the next twelve months ready, so that no push has to make them.</summary>
sealed class PostgresUpkeep(PostgresDatabase database) : IStoreUpkeep
{
    public ValueTask<int> KeepUpAsync(Instant now, CancellationToken cancellationToken) =>
        database.Partitions.EnsureYearAheadAsync(now, cancellationToken);
}
