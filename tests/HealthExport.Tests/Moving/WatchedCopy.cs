using HealthExport.Moving;
using HealthExport.Pushes;

namespace HealthExport.Tests.Moving;

/// <summary>A store that counts what is written and may go away.</summary>
sealed class WatchedCopy(IStoreCopy store) : IStoreCopy
{
    public int WritesLeft { get; set; } = int.MaxValue;

    public int SampleWritesLeft { get; set; } = int.MaxValue;

    public int Written { get; private set; }

    public string Place => store.Place;

    public bool Exists => store.Exists;

    public ValueTask<IReadOnlyList<MovedTable>> ListTablesAsync(CancellationToken cancellationToken) =>
        store.ListTablesAsync(cancellationToken);

    public ValueTask<IStoreSnapshot> OpenSnapshotAsync(CancellationToken cancellationToken) =>
        store.OpenSnapshotAsync(cancellationToken);

    public ValueTask ClearAsync(IReadOnlyList<MovedTable> tables, CancellationToken cancellationToken) =>
        store.ClearAsync(tables, cancellationToken);

    public async ValueTask WriteAsync(
        MovedTable table, RowBatch batch, RowWrite write, CancellationToken cancellationToken)
    {
        if (WritesLeft-- <= 0 || table.Name == "samples" && SampleWritesLeft-- <= 0)
            throw new StoreUnavailableException("away");
        Written++;
        await store.WriteAsync(table, batch, write, cancellationToken);
    }

    public ValueTask EndTableAsync(MovedTable table, CancellationToken cancellationToken) =>
        store.EndTableAsync(table, cancellationToken);

    public ValueTask FinishAsync(
        IReadOnlyDictionary<string, long> counters, long keysVersion, CancellationToken cancellationToken) =>
        store.FinishAsync(counters, keysVersion, cancellationToken);

    public ValueTask<IReadOnlyList<string>> FindFaultsAsync(CancellationToken cancellationToken) =>
        store.FindFaultsAsync(cancellationToken);
}
