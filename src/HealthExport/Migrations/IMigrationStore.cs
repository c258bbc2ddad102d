namespace HealthExport.Migrations;

/// <summary>The schema's numbered steps.</summary>
/// <param name="Number">From 1; the same in both engines.</param>
/// <param name="IsApplied">Whether the store has it.</param>
/// <param name="IsKnown">Whether this build has it; one that it lacks was applied by a newer build.</param>
public sealed record Migration(int Number, string Name, bool IsApplied, bool IsKnown = true);

/// <summary>
/// Brings a store's schema up or down, step by step, each under a lock and in a transaction of its own.
/// </summary>
public interface IMigrationStore
{
    ValueTask<IReadOnlyList<Migration>> ListAsync(CancellationToken cancellationToken);

    /// <summary>Applies what is missing, or reverts what is above <paramref name="downTo"/>.</summary>
    /// <param name="downTo">Null to go up to the newest; a number to revert every later step.</param>
    /// <returns>The steps taken, in order; on a dry run those that would be.</returns>
    ValueTask<IReadOnlyList<Migration>> MigrateAsync(int? downTo, bool dryRun, CancellationToken cancellationToken);

    /// <summary>Answers when the store does: a read through to the file or server.</summary>
    /// <exception cref="Pushes.StoreUnavailableException">It does not.</exception>
    ValueTask PingAsync(CancellationToken cancellationToken);

    /// <summary>
    /// What the store is, for <c>status</c>: engine, version, place (without secrets), size in bytes.
    /// </summary>
    ValueTask<StoreFacts> DescribeAsync(CancellationToken cancellationToken);
}

/// <param name="SizeBytes">On disk, with its log.</param>
/// <param name="Rows">Rows of each table, by table name.</param>
public sealed record StoreFacts(
    string Engine, string Version, string Place, long SizeBytes, IReadOnlyDictionary<string, long> Rows);
