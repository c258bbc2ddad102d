namespace HealthExport.Moving;

/// <summary>Goes through batches row by row.</summary>
sealed class RowCursor(IAsyncEnumerable<RowBatch> batches, CancellationToken cancellationToken) : IAsyncDisposable
{
    readonly IAsyncEnumerator<RowBatch> _batches = batches.GetAsyncEnumerator(cancellationToken);
    RowBatch? _batch;
    int _index;

    public bool HasRow => _batch is not null;

    public ReadOnlySpan<byte> Row => _batch![_index];

    /// <returns>False at the end.</returns>
    public ValueTask<bool> MoveNextAsync() =>
        _batch is null || ++_index == _batch.Count ? NextBatchAsync() : new(true);

    /// <summary>Reads to the end: a server's snapshot does not outlive a reading that is broken off.</summary>
    public async ValueTask DrainAsync()
    {
        while (HasRow) await MoveNextAsync();
    }

    async ValueTask<bool> NextBatchAsync()
    {
        do
        {
            _batch?.Dispose();
            _batch = null;
            _index = 0;
            if (!await _batches.MoveNextAsync()) return false;
            _batch = _batches.Current;
        }
        while (_batch.Count == 0);
        return true;
    }

    public async ValueTask DisposeAsync()
    {
        _batch?.Dispose();
        await _batches.DisposeAsync();
    }
}
