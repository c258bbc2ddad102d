using HealthExport.Stores;
using HealthExport.Time;

namespace HealthExport.Storage.Sqlite;

/// <summary>Nothing is due: there are no partitions, and the log is copied into the file after commits.</summary>
sealed class SqliteUpkeep : IStoreUpkeep
{
    public ValueTask<int> KeepUpAsync(Instant now, CancellationToken cancellationToken) => new(0);
}
