namespace HealthExport.Moving;

/// <summary>
/// Makes one store the same as another, whatever the engines: every row of every table under the same numbers.
/// Afterwards reads the target back and compares. What the target has already is compared and left alone, so that an
/// interrupted move goes on, and a second one writes only what changed; rows that the source lacks are removed.
/// </summary>
/// <remarks>
/// People are told apart by number and public id. A target that holds others, or whose people have received or changed
/// anything that the source does not know, is not the beginning of this move and is refused.
/// </remarks>
public sealed class StoreMove(IStoreCopy from, IStoreCopy to, MoveOptions options, Action<MoveProgress>? report = null)
{
    const string Users = "users";

    long _rows;
    long _total;

    /// <exception cref="MoveRefusedException">See there. The schemas must be at the same step.</exception>
    /// <exception cref="Pushes.StoreUnavailableException">A store is away. Run it again.</exception>
    /// <exception cref="RowRefusedException">The fault is in the source; nothing of the target is in the way.
    /// </exception>
    /// <exception cref="Pushes.StoreRefusedException">What the target has stands in the way; it can be replaced by
    /// force.</exception>
    public async ValueTask<MoveOutcome> RunAsync(CancellationToken cancellationToken)
    {
        if (from.Place == to.Place)
            throw new MoveRefusedException("Both ends are the same store.", "Name another one with --to");
        var tables = await AgreeOnTablesAsync(cancellationToken);
        await using var source = await from.OpenSnapshotAsync(cancellationToken);
        var state = await source.DescribeAsync(cancellationToken);
        var isFresh = await CheckAsync(source, state, tables, cancellationToken);
        foreach (var table in tables) _total += 2 * await source.CountAsync(table, cancellationToken);

        var wanted = options.VerifyOnly
            ? await MeasureAsync(source, tables, isVerifying: false, cancellationToken)
            : await CopyAsync(source, state, tables, isFresh, cancellationToken);
        await using var target = await to.OpenSnapshotAsync(cancellationToken);
        var found = await MeasureAsync(target, tables, isVerifying: true, cancellationToken);
        return new(
            [.. tables.Select(table => new TableOutcome(
                table.Name, wanted[table].Rows, wanted[table] == found[table]))],
            await to.FindFaultsAsync(cancellationToken));
    }

    async ValueTask<IReadOnlyList<MovedTable>> AgreeOnTablesAsync(CancellationToken cancellationToken)
    {
        var ofSource = (await from.ListTablesAsync(cancellationToken))
            .ToDictionary(table => table.Name, StringComparer.Ordinal);
        var ofTarget = await to.ListTablesAsync(cancellationToken);
        if (!ofSource.Keys.ToHashSet().SetEquals(ofTarget.Select(table => table.Name)))
            throw new InvalidOperationException("The two stores differ in their tables.");
        return [.. ofTarget.Select(table => ofSource[table.Name].AgreeWith(table))];
    }

    /// <returns>Whether the target is to be filled from nothing.</returns>
    async ValueTask<bool> CheckAsync(
        IStoreSnapshot source, StoreState state, IReadOnlyList<MovedTable> tables, CancellationToken cancellationToken)
    {
        var users = tables.Single(table => table.Name == Users);
        await using var target = await to.OpenSnapshotAsync(cancellationToken);
        var targetState = await target.DescribeAsync(cancellationToken);
        var isFresh = await target.CountAsync(users, cancellationToken) == 0;
        if (options.Force || options.VerifyOnly) return isFresh || options.Force;
        if (state.LiveLeases > 0)
            throw new MoveRefusedException(
                "A server is at work on the source: what it still takes in would be left behind.",
                "Stop it first, or say --force");
        if (targetState.LiveLeases > 0)
            throw new MoveRefusedException("A server is at work on the target.", "Stop it first, or say --force");
        if (isFresh) return true;
        if (await HasNewsAsync(source, target, users, cancellationToken)
            || targetState.KeysVersion > state.KeysVersion + 1)
            throw new MoveRefusedException(
                "The target has people, pushes or keys that the source does not have: they would be lost.",
                "Move to an empty store, or say --force to empty this one first");
        return false;
    }

    static async ValueTask<bool> HasNewsAsync(
        IStoreSnapshot source, IStoreSnapshot target, MovedTable users, CancellationToken cancellationToken)
    {
        await using var known = new RowCursor(source.ReadAsync(users, isOrdered: true, cancellationToken), default);
        await using var there = new RowCursor(target.ReadAsync(users, isOrdered: true, cancellationToken), default);
        await known.MoveNextAsync();
        while (await there.MoveNextAsync())
        {
            while (known.HasRow && RowBatch.CompareKeys(known.Row, there.Row, users.KeyLength) < 0)
                await known.MoveNextAsync();
            if (!known.HasRow || RowBatch.CompareKeys(known.Row, there.Row, users.KeyLength) != 0
                || IsNews(users, known.Row, there.Row)) return true;
        }
        await known.DrainAsync();
        return false;
    }

    static bool IsNews(MovedTable users, ReadOnlySpan<byte> known, ReadOnlySpan<byte> there)
    {
        var id = users.IndexOf("public_id");
        if (!RowReader.At(known, id).Bytes.SequenceEqual(RowReader.At(there, id).Bytes)) return true;
        foreach (var counter in (ReadOnlySpan<string>)["last_ingestion", "data_version", "settings_version"])
        {
            var index = users.IndexOf(counter);
            if (RowReader.At(there, index).Integer > RowReader.At(known, index).Integer) return true;
        }
        return false;
    }

    /// <returns>What the source holds.</returns>
    async ValueTask<Dictionary<MovedTable, TableFigures>> CopyAsync(
        IStoreSnapshot source, StoreState state, IReadOnlyList<MovedTable> tables, bool isFresh,
        CancellationToken cancellationToken)
    {
        // Nobody's: a catalogue numbered otherwise, or the rest of a move that did not get as far as the people.
        if (isFresh) await to.ClearAsync(tables, cancellationToken);
        // What points to something goes before it.
        else
            foreach (var table in tables.Reverse())
                await new TableMerge(to, table).RemoveSurplusAsync(source, cancellationToken);

        Dictionary<MovedTable, TableFigures> figures = [];
        foreach (var table in tables)
        {
            var merge = new TableMerge(to, table) { Report = rows => Report(table, false, rows) };
            figures[table] = isFresh
                ? await merge.FillAsync(source, cancellationToken)
                : await merge.WriteDifferencesAsync(source, cancellationToken);
            await to.EndTableAsync(table, cancellationToken);
        }
        await to.FinishAsync(state.Counters, state.KeysVersion + 1, cancellationToken);
        return figures;
    }

    async ValueTask<Dictionary<MovedTable, TableFigures>> MeasureAsync(
        IStoreSnapshot snapshot, IReadOnlyList<MovedTable> tables, bool isVerifying,
        CancellationToken cancellationToken)
    {
        Dictionary<MovedTable, TableFigures> figures = [];
        foreach (var table in tables)
        {
            TableFigures sum = default;
            await foreach (var batch in snapshot.ReadAsync(table, isOrdered: false, cancellationToken)
                .ReadAheadAsync(cancellationToken))
                using (batch)
                {
                    sum = sum.With(batch);
                    Report(table, isVerifying, batch.Count);
                }
            figures[table] = sum;
        }
        return figures;
    }

    void Report(MovedTable table, bool isVerifying, long rows)
    {
        _rows += rows;
        report?.Invoke(new(table.Name, isVerifying, _rows, _total));
    }
}
