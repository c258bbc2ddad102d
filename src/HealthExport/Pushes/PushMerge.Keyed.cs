namespace HealthExport.Pushes;

sealed partial class PushMerge
{
    /// <summary>How rows of one kind are found, merged and written.</summary>
    /// <param name="Key">Equal for the same thing sent twice.</param>
    /// <param name="Type">What receipts count the item under.</param>
    /// <param name="Merge">What to store, given what is stored and what was sent; equal to the former if the item says
    /// nothing new.</param>
    sealed record Keyed<T>(
        Func<T, object> Key,
        Func<T, string> Type,
        Func<T, int> Index,
        Func<T, bool> IsDeleted,
        Func<IReadOnlyList<T>, ValueTask<Stored<T>?[]>> Find,
        Func<T, T, T> Merge,
        Func<IReadOnlyList<T>, ReadOnlyMemory<RowChange>, ValueTask> Write)
        where T : class;

    async ValueTask ApplyKeyedAsync<T>(IReadOnlyList<T> items, Keyed<T> kind)
        where T : class
    {
        if (items.Count == 0) return;
        var slotOf = new Dictionary<object, int>();
        var slots = new int[items.Count];
        var firsts = new List<T>();
        for (var i = 0; i < items.Count; i++)
        {
            if (!slotOf.TryGetValue(kind.Key(items[i]), out slots[i]))
            {
                slotOf.Add(kind.Key(items[i]), slots[i] = firsts.Count);
                firsts.Add(items[i]);
            }
        }

        var found = await kind.Find(firsts);
        var rows = firsts.ToArray();
        var changes = new RowChange[rows.Length];
        var outcomes = new Outcome[items.Count];
        for (var i = 0; i < items.Count; i++)
            outcomes[i] = Decide(items[i], kind, ref found[slots[i]], ref rows[slots[i]], ref changes[slots[i]]);

        var refused = new HashSet<int>();
        if (changes.Any(change => change is not RowChange.None))
            await WriteOrBisectAsync(
                0, rows.Length,
                (start, count) => kind.Write(
                    new ArraySegment<T>(rows, start, count), changes.AsMemory(start, count)),
                index => refused.Add(index));
        for (var i = 0; i < items.Count; i++)
        {
            if (refused.Contains(slots[i]))
                _rejects.Add(Refused(kind.Type(items[i]), kind.Index(items[i]), default));
            else Tally.Add(kind.Type(items[i]), outcomes[i]);
        }
    }

    Outcome Decide<T>(T item, Keyed<T> kind, ref Stored<T>? stored, ref T row, ref RowChange change)
        where T : class
    {
        if (kind.IsDeleted(item) || stored?.Push > number) return Outcome.Unchanged;
        if (stored is null)
        {
            stored = new(row = item, number);
            change = RowChange.Insert;
            return Outcome.Inserted;
        }
        var merged = kind.Merge(stored.Row, item);
        if (merged.Equals(stored.Row))
        {
            if (transaction.EarlierIsPending && stored.Push < number && change is RowChange.None)
            {
                row = stored.Row;
                change = RowChange.Touch;
            }
            return Outcome.Unchanged;
        }
        stored = new(row = merged, number);
        if (change is not RowChange.Insert) change = RowChange.Update;
        return Outcome.Updated;
    }
}
