using HealthExport.Pushes;

namespace HealthExport.Moving;

/// <summary>Brings one table of the target to what the source holds.</summary>
sealed class TableMerge(IStoreCopy to, MovedTable table)
{
    /// <summary>Gets how many more rows are done.</summary>
    public Action<long>? Report { get; init; }

    /// <summary>Writes every row; the target has none.</summary>
    public async ValueTask<TableFigures> FillAsync(IStoreSnapshot source, CancellationToken cancellationToken)
    {
        TableFigures figures = default;
        await foreach (var batch in ReadAsync(source, cancellationToken))
            using (batch)
            {
                figures = figures.With(batch);
                await WriteAsync(batch, RowWrite.Insert, cancellationToken);
                Report?.Invoke(batch.Count);
            }
        return figures;
    }

    /// <summary>Writes the rows that the target lacks or has otherwise.</summary>
    public async ValueTask<TableFigures> WriteDifferencesAsync(
        IStoreSnapshot source, CancellationToken cancellationToken)
    {
        TableFigures figures = default;
        await using var before = await to.OpenSnapshotAsync(cancellationToken);
        await using var wanted = new RowCursor(ReadAsync(source, cancellationToken), default);
        await using var there = new RowCursor(ReadAsync(before, cancellationToken), default);
        using RowBatch inserts = new(), overwrites = new();
        await there.MoveNextAsync();
        while (await wanted.MoveNextAsync())
        {
            while (there.HasRow && Compare(there, wanted) < 0) await there.MoveNextAsync();
            if (!there.HasRow || Compare(there, wanted) != 0) inserts.AddRow(wanted.Row);
            else if (!there.Row.SequenceEqual(wanted.Row)) overwrites.AddRow(wanted.Row);
            figures = figures.With(wanted.Row);
            if (overwrites.IsFull) await FlushAsync(overwrites, RowWrite.Overwrite, cancellationToken);
            if (inserts.IsFull) await FlushAsync(inserts, RowWrite.Insert, cancellationToken);
            if (figures.Rows % 10_000 == 0) Report?.Invoke(10_000);
        }
        await FlushAsync(overwrites, RowWrite.Overwrite, cancellationToken);
        await FlushAsync(inserts, RowWrite.Insert, cancellationToken);
        Report?.Invoke(figures.Rows % 10_000);
        return figures;
    }

    /// <summary>Removes the rows that the source lacks.</summary>
    public async ValueTask RemoveSurplusAsync(IStoreSnapshot source, CancellationToken cancellationToken)
    {
        await using var before = await to.OpenSnapshotAsync(cancellationToken);
        await using var wanted = new RowCursor(ReadAsync(source, cancellationToken), default);
        await using var there = new RowCursor(ReadAsync(before, cancellationToken), default);
        using RowBatch surplus = new();
        if (!await there.MoveNextAsync()) return;
        await wanted.MoveNextAsync();
        do
        {
            while (wanted.HasRow && Compare(wanted, there) < 0) await wanted.MoveNextAsync();
            if (wanted.HasRow && Compare(wanted, there) == 0) continue;
            surplus.AddRow(there.Row);
            if (surplus.IsFull) await FlushAsync(surplus, RowWrite.Remove, cancellationToken);
        }
        while (await there.MoveNextAsync());
        await wanted.DrainAsync();
        await FlushAsync(surplus, RowWrite.Remove, cancellationToken);
    }

    IAsyncEnumerable<RowBatch> ReadAsync(IStoreSnapshot snapshot, CancellationToken cancellationToken) =>
        snapshot.ReadAsync(table, isOrdered: true, cancellationToken).ReadAheadAsync(cancellationToken);

    int Compare(RowCursor a, RowCursor b) => RowBatch.CompareKeys(a.Row, b.Row, table.KeyLength);

    async ValueTask FlushAsync(RowBatch batch, RowWrite write, CancellationToken cancellationToken)
    {
        if (batch.Count > 0) await WriteAsync(batch, write, cancellationToken);
        batch.Clear();
    }

    async ValueTask WriteAsync(RowBatch batch, RowWrite write, CancellationToken cancellationToken)
    {
        try
        {
            await to.WriteAsync(table, batch, write, cancellationToken);
        }
        catch (StoreRefusedException refused) when (refused.IsOfRowsAlone)
        {
            throw new RowRefusedException(table.Name, refused);
        }
    }
}
