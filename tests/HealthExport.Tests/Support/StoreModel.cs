using HealthExport.Samples;

namespace HealthExport.Tests.Support;

/// <summary>
/// What one user's store must hold after a history of pushes: the rules of grain, identity and order, written down
/// once more in the simplest way, over a dictionary. Numbers pushes as the store does, from 1.
/// </summary>
sealed class StoreModel
{
    /// <param name="Start">Ticks: of the instant, or of the local date from day on.</param>
    /// <param name="Source">Empty unless the grain is sample.</param>
    readonly record struct Key(string Metric, string Unit, Grain Grain, long Start, string Source);

    sealed record Cell(SentRow Row, long Push);

    readonly Dictionary<Key, Cell> _rows = [];
    readonly Dictionary<Key, long> _removedBy = [];
    readonly List<(long Push, Func<ModelRow, bool> Covers)> _deletions = [];

    public long LastPush { get; private set; }

    /// <summary>All rows, in the order a read gives them: metric, unit, start, grain, source.</summary>
    public IEnumerable<ModelRow> Rows => _rows
        .Select(pair => new ModelRow(pair.Key.Grain, pair.Value.Row))
        .OrderBy(row => row.Row.Metric, StringComparer.Ordinal).ThenBy(row => row.Row.Unit, StringComparer.Ordinal)
        .ThenBy(row => row.Row.Start.UtcTicks).ThenBy(row => row.Grain)
        .ThenBy(row => row.Row.Source, StringComparer.Ordinal);

    /// <summary>A new push.</summary>
    /// <param name="receivedAt">What periods are reckoned from.</param>
    public ModelReceipt Apply(SentPush push, DateTimeOffset receivedAt) => Apply(push, ++LastPush, receivedAt);

    /// <summary>A push that takes a number but changes nothing, because the same bytes came before.</summary>
    public void ApplyDuplicate() => LastPush++;

    public ModelReceipt Replay(SentPush push, long number, DateTimeOffset receivedAt) =>
        Apply(push, number, receivedAt);

    /// <summary>Deletes, and keeps what is deleted from being replayed.</summary>
    /// <returns>How many rows went.</returns>
    public int Delete(Func<ModelRow, bool> covers)
    {
        var gone = _rows.Where(pair => covers(new(pair.Key.Grain, pair.Value.Row))).Select(pair => pair.Key).ToList();
        foreach (var key in gone) _rows.Remove(key);
        _deletions.Add((LastPush, covers));
        return gone.Count;
    }

    ModelReceipt Apply(SentPush push, long number, DateTimeOffset receivedAt)
    {
        var receipt = new ModelReceipt();
        var listed = new Dictionary<(string Metric, string Unit, Grain Grain), List<ArrayBuckets>>();
        foreach (var array in push.Arrays)
        {
            var (grain, isExplicit) = ModelGrain.Of(array, push.Aggregation);
            var stamps = array.Items.Where(item => item.Stamp is not null).Select(item => item.Stamp!.Value).ToList();
            foreach (var item in array.Items)
            {
                receipt[array.Type].Received++;
                if (item.Reject is { } code)
                {
                    receipt[array.Type].Rejected++;
                    receipt.Rejects.Add((array.Type, item.Index, code));
                    continue;
                }
                var guarded = array.IsCumulative && grain > Grain.Sample
                    && ModelPeriod.MayBeSliver(push.Period, item.Stamp!.Value, stamps.Min(), grain, receivedAt);
                var outcomes = item.Rows.Select(row => Apply(row, grain, number, guarded)).ToList();
                Count(receipt[array.Type], outcomes);
            }
            if (!isExplicit || !array.IsCumulative || array.Items.Count == 0) continue;
            var row = array.Items.SelectMany(item => item.Rows).FirstOrDefault();
            if (row is null) continue;
            var series = (row.Metric, row.Unit, grain);
            if (!listed.TryGetValue(series, out var arrays)) listed.Add(series, arrays = []);
            arrays.Add(new(
                array.Type, [.. stamps.Select(stamp => ModelGrain.KeyOf(stamp, grain))],
                array.Items.All(item => item.Stamp is not null)));
        }
        foreach (var (series, arrays) in listed) RemoveVanished(series, arrays, number, receipt);
        return receipt;
    }

    /// <param name="IsWhole">Every item could be placed in time.</param>
    sealed record ArrayBuckets(string Type, IReadOnlyList<long> Starts, bool IsWhole);

    static void Count(ModelCounts counts, List<ModelOutcome> outcomes)
    {
        switch (outcomes.Max())
        {
            case ModelOutcome.Inserted: counts.Inserted++; break;
            case ModelOutcome.Updated: counts.Updated++; break;
            default: counts.Unchanged++; break;
        }
    }

    ModelOutcome Apply(SentRow row, Grain grain, long number, bool mayNotShrink)
    {
        row = row with { Start = ModelGrain.Floor(row.Start, grain) };
        var key = new Key(
            row.Metric, row.Unit, grain, ModelGrain.KeyOf(row.Start, grain),
            grain == Grain.Sample ? row.Source ?? "" : "");
        if (_deletions.Any(deletion => deletion.Push >= number && deletion.Covers(new(grain, row))))
            return ModelOutcome.Unchanged;
        if (!_rows.TryGetValue(key, out var stored))
        {
            if (_removedBy.TryGetValue(key, out var remover) && remover > number) return ModelOutcome.Unchanged;
            _rows.Add(key, new(row, number));
            return ModelOutcome.Inserted;
        }
        if (stored.Push > number) return ModelOutcome.Unchanged;
        // The first offset stays: it is where the person was when the row began.
        row = row with { Start = grain >= Grain.Day ? stored.Row.Start : row.Start.ToOffset(stored.Row.Start.Offset) };
        if (row.Equals(stored.Row)) return ModelOutcome.Unchanged;
        if (mayNotShrink && row.Value < stored.Row.Value) return ModelOutcome.Unchanged;
        _rows[key] = new(row, number);
        return ModelOutcome.Updated;
    }

    void RemoveVanished(
        (string Metric, string Unit, Grain Grain) series, List<ArrayBuckets> arrays, long number, ModelReceipt receipt)
    {
        var sent = arrays.SelectMany(array => array.Starts).ToHashSet();
        foreach (var array in arrays)
        {
            if (!array.IsWhole || array.Starts.Count == 0) continue;
            var vanished = _rows
                .Where(pair => (pair.Key.Metric, pair.Key.Unit, pair.Key.Grain) == series && pair.Value.Push <= number
                    && pair.Key.Start > array.Starts.Min() && pair.Key.Start < array.Starts.Max()
                    && !sent.Contains(pair.Key.Start))
                .Select(pair => pair.Key).ToList();
            foreach (var key in vanished)
            {
                _rows.Remove(key);
                _removedBy[key] = number;
                receipt[array.Type].Removed++;
            }
        }
    }

    enum ModelOutcome
    {
        Unchanged,
        Updated,
        Inserted,
    }
}

/// <summary>A row with the grain it is stored under.</summary>
sealed record ModelRow(Grain Grain, SentRow Row)
{
    /// <summary>When it starts, as an instant.</summary>
    public DateTimeOffset StartsAt => Row.Start;
}
