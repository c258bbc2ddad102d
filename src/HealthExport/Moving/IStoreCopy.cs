namespace HealthExport.Moving;

/// <summary>What to do with the rows of a batch.</summary>
public enum RowWrite : byte
{
    /// <summary>They are not there.</summary>
    Insert,

    /// <summary>Rows of their keys are there, or some of them: afterwards all are as in the batch.</summary>
    Overwrite,

    /// <summary>Rows of their keys are not wanted.</summary>
    Remove,
}

/// <summary>
/// A whole store, read and written table by table, for moving house. Beside the rows it keeps right what follows from
/// them: boxes of routes, partitions, what points from one table to another's rows. Not for concurrent use.
/// </summary>
/// <remarks>
/// Not moved: the schema's own steps, leases (columns of the queue: who moves leaves them behind), and the version of
/// the keys, which <see cref="FinishAsync"/> sets. Every other table and column of the schema is, without being named
/// anywhere: an unknown type is an <see cref="InvalidOperationException"/>.
/// </remarks>
public interface IStoreCopy
{
    /// <summary>Where it is, without secrets. Equal places are the same store.</summary>
    string Place { get; }

    /// <summary>False for an embedded store whose file is not there. Makes nothing.</summary>
    bool Exists { get; }

    /// <summary>Every table, those first that others point to.</summary>
    ValueTask<IReadOnlyList<MovedTable>> ListTablesAsync(CancellationToken cancellationToken);

    /// <summary>The store as it is at this moment, however long the reading takes.</summary>
    ValueTask<IStoreSnapshot> OpenSnapshotAsync(CancellationToken cancellationToken);

    /// <summary>Removes every row of these tables.</summary>
    ValueTask ClearAsync(IReadOnlyList<MovedTable> tables, CancellationToken cancellationToken);

    /// <summary>Writes a batch, in a transaction of its own.</summary>
    /// <exception cref="Pushes.StoreRefusedException">A row breaks a rule of the schema.</exception>
    ValueTask WriteAsync(MovedTable table, RowBatch batch, RowWrite write, CancellationToken cancellationToken);

    /// <summary>After the last batch of a table: makes what follows from its rows. A repeat changes nothing.</summary>
    ValueTask EndTableAsync(MovedTable table, CancellationToken cancellationToken);

    /// <summary>After the last table: no number below the counters is given out again, and every key is looked up
    /// anew. A repeat changes nothing.</summary>
    /// <param name="keysVersion">What the version of the keys must be at least.</param>
    ValueTask FinishAsync(
        IReadOnlyDictionary<string, long> counters, long keysVersion, CancellationToken cancellationToken);

    /// <summary>What follows from the rows and is not so: one sentence each, without personal values.</summary>
    ValueTask<IReadOnlyList<string>> FindFaultsAsync(CancellationToken cancellationToken);
}

/// <summary>A store as it was at one moment. One reading at a time; after one that is not read to its end the snapshot
/// is of no more use.</summary>
public interface IStoreSnapshot : IAsyncDisposable
{
    ValueTask<StoreState> DescribeAsync(CancellationToken cancellationToken);

    ValueTask<long> CountAsync(MovedTable table, CancellationToken cancellationToken);

    /// <summary>Every row of a table. Batches are the caller's to dispose.</summary>
    /// <param name="isOrdered">By key; else in whatever order is the fastest.</param>
    IAsyncEnumerable<RowBatch> ReadAsync(MovedTable table, bool isOrdered, CancellationToken cancellationToken);
}

/// <param name="KeysVersion">Grows with every change to any key.</param>
/// <param name="LiveLeases">Pushes that a server is at work on.</param>
/// <param name="Counters">The highest number given out so far, by table, where a table numbers its rows.</param>
public sealed record StoreState(long KeysVersion, long LiveLeases, IReadOnlyDictionary<string, long> Counters);
