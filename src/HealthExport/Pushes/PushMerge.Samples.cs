using System.Buffers;
using System.Runtime.CompilerServices;
using HealthExport.Memory;
using System.Text.Json;
using HealthExport.Catalogue;
using HealthExport.Samples;
using HealthExport.Texts;

namespace HealthExport.Pushes;

sealed partial class PushMerge
{
    readonly Dictionary<(string ItemType, int Array, int ItemIndex), Outcome> _composites = [];
    readonly Dictionary<Series, ListedBuckets> _listed = [];

    readonly ChangedDays _changedDays = new();

    // Of the run at hand: the number its rows are written with, and the last push that wrote finer rows of its metric.
    long _rowNumber;
    long _lastFiner;

    async ValueTask ApplyAsync(SampleRun run)
    {
        if (run.Count == 0) return;
        if (await FindOrAddAsync(run.Array.Metric) is { } id)
            await ApplyAsync(run, new Series(id, run.Array.Grain));
        else RejectAll(run);
        run.Release();
    }

    async ValueTask ApplyAsync(SampleRun run, Series series)
    {
        var count = run.Count;
        await PutOnStoredClockAsync(run, series.MetricId);
        SortByKey(run.Samples, series.KeyHasSource);
        var found = BoundedPool<StoredSample>.Shared.Rent(count);
        var changes = BoundedPool<RowChange>.Shared.Rent(count);
        var outcomes = BoundedPool<Outcome>.Shared.Rent(count);
        // Rows of one key are folded onto the first of them; slots[i] says where row i went.
        var slots = BoundedPool<int>.Shared.Rent(count);
        var keys = run.Rows;
        var unique = Fold(run.Samples, series.KeyHasSource, slots);
        if (unique < count) keys = FirstOfEach(run.Samples, slots, unique);
        Array.Clear(changes, 0, unique);

        await transaction.FindAsync(
            series, keys.AsMemory(0, unique), found.AsMemory(0, unique), cancellationToken);
        // The day (or hour) of an amount is what was said last: said again, it must be newer than what was said of its
        // minutes meanwhile.
        _lastFiner = run.Array is { Metric.Kind: MetricKind.Cumulative, NumbersBefore: null }
            && series.Grain is Grain.Hour or Grain.Day
            ? await transaction.FindLastFinerPushAsync(series, cancellationToken)
            : 0;
        _changedDays.Begin(series);
        _rowNumber = transaction.RowNumber = number - (run.Array.NumbersBefore ?? 0);
        var toWrite = Decide(run, keys, slots, found, changes, outcomes);
        if (toWrite)
        {
            HashSet<int>? refused = null;
            await WriteOrBisectAsync(
                0, unique,
                (start, rows) => transaction.WriteAsync(
                    series, keys.AsMemory(start, rows), changes.AsMemory(start, rows), cancellationToken),
                index => (refused ??= []).Add(index));
            if (refused is not null) MarkRefused(run, slots, refused, outcomes);
        }
        Count(run, outcomes);

        if (keys != run.Rows) BoundedPool<Sample>.Shared.Return(keys, clearArray: true);
        BoundedPool<StoredSample>.Shared.Return(found, clearArray: true);
        BoundedPool<RowChange>.Shared.Return(changes);
        BoundedPool<Outcome>.Shared.Return(outcomes);
        BoundedPool<int>.Shared.Return(slots);
    }

    /// <summary>Settles every row against what is stored, as if they came one after another.</summary>
    /// <param name="keys">In: one row per key. Out: what to write under it.</param>
    /// <returns>Whether there is anything to write.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    bool Decide(
        SampleRun run, Sample[] keys, int[] slots, StoredSample[] found, RowChange[] changes, Outcome[] outcomes)
    {
        var toWrite = false;
        var mayBeDeleted = transaction.LaterDeletions.Count > 0;
        var rows = run.Samples;
        for (var i = 0; i < rows.Length; i++)
        {
            ref var row = ref rows[i];
            ref var stored = ref found[slots[i]];
            ref var change = ref changes[slots[i]];
            if (mayBeDeleted && IsDeletedLater(run.Array.Metric.Name, new SampleRow(run.Array.Grain, row, number)))
            {
                outcomes[i] = Outcome.Unchanged;
                continue;
            }
            if (run.Array.SaysFiguresOnly && stored.Exists) row.KeepWhatIsUnsaid(stored.Row, run.Array.Metric);
            outcomes[i] = Decide(ref stored, in row, ref change);
            if (change is RowChange.None) continue;
            toWrite = true;
            _changedDays.Add(stored.Row);
            if (change is not RowChange.Touch) keys[slots[i]] = stored.Row;
        }
        return toWrite;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    Outcome Decide(ref StoredSample stored, in Sample row, ref RowChange change)
    {
        // A later push has written or removed it: an older one, replayed, must not bring its value back.
        if (stored.Push > _rowNumber) return Outcome.Unchanged;
        if (!stored.Exists)
        {
            stored = new() { Row = row, Push = _rowNumber, Exists = true };
            change = RowChange.Insert;
            return Outcome.Inserted;
        }
        if (row.SaysTheSameAs(stored.Row))
        {
            var mustBeNewer = transaction.EarlierIsPending || stored.Push < _lastFiner;
            if (stored.Row.MayNotShrink && !row.MayNotShrink)
            {
                // What may have been a sliver is now known to be the whole.
                stored.Row.MayNotShrink = false;
                stored.Row.FurtherItems = row.FurtherItems;
                stored.Push = _rowNumber;
                if (change is not RowChange.Insert) change = RowChange.Update;
            }
            else if (mustBeNewer && stored.Push < _rowNumber && change is RowChange.None) change = RowChange.Touch;
            return Outcome.Unchanged;
        }
        // A sliver of a bucket must not lower the whole.
        if (row.MayNotShrink && row.Value < stored.Row.Value) return Outcome.Unchanged;
        var offset = stored.Row.OffsetMinutes;
        stored.Row = row;
        stored.Row.OffsetMinutes = offset;
        stored.Push = _rowNumber;
        if (change is not RowChange.Insert) change = RowChange.Update;
        return Outcome.Updated;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    void Count(SampleRun run, Outcome[] outcomes)
    {
        var type = run.Array.ItemType;
        if (run.Array.IsComposite)
        {
            var rows = run.Samples;
            for (var i = 0; i < rows.Length; i++)
            {
                var key = (type, run.Array.Ordinal, rows[i].ItemIndex);
                if (!_composites.TryGetValue(key, out var strongest) || outcomes[i] > strongest)
                    _composites[key] = outcomes[i];
            }
            return;
        }
        Span<long> sums = stackalloc long[4];
        sums.Clear();
        for (var i = 0; i < run.Count; i++) sums[(int)outcomes[i]] += 1 + run.Rows[i].FurtherItems;
        // Rejected ones are counted with their rejects.
        for (var outcome = Outcome.Unchanged; outcome < Outcome.Rejected; outcome++)
            if (sums[(int)outcome] > 0) Tally.Add(type, outcome, sums[(int)outcome]);
    }

    void CountComposites()
    {
        foreach (var ((type, _, _), outcome) in _composites)
            if (outcome is not Outcome.Rejected) Tally.Add(type, outcome);
        _composites.Clear();
    }

    void MarkRefused(SampleRun run, int[] slots, HashSet<int> refused, Outcome[] outcomes)
    {
        var rows = run.Samples;
        for (var i = 0; i < rows.Length; i++)
        {
            if (!refused.Contains(slots[i])) continue;
            outcomes[i] = Outcome.Rejected;
            var isTold = run.Array.IsComposite
                && _composites
                    .GetValueOrDefault((run.Array.ItemType, run.Array.Ordinal, rows[i].ItemIndex)) is Outcome.Rejected;
            for (var item = isTold ? 1 : 0; item <= rows[i].FurtherItems; item++)
                _rejects.Add(Refused(run.Array.ItemType, rows[i].ItemIndex, AsItem(run.Array, rows[i])));
        }
    }

    /// <summary>The item as a standard item: its bytes as sent are gone by now, but for the payload.</summary>
    static byte[] AsItem(MetricArray array, in Sample row)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("type", "Quantity");
            json.WriteString("metric", KeyText.Shorten(array.Metric.Name));
            json.WriteString("unit", KeyText.Shorten(array.Metric.Unit));
            json.WriteString("start_at", row.StartAt.At(array.Grain >= Grain.Day ? 0 : row.OffsetMinutes));
            if (!double.IsNaN(row.Value)) json.WriteNumber("value", row.Value);
            if (!double.IsNaN(row.Min)) json.WriteNumber("min", row.Min);
            if (!double.IsNaN(row.Max)) json.WriteNumber("max", row.Max);
            json.WriteString("grain", array.Grain.ToString().ToLowerInvariant());
            if (row.Source is not null) json.WriteString("source", row.Source);
            json.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }

    static int Compare(in Sample a, in Sample b, bool withSource)
    {
        var order = a.StartAt.CompareTo(b.StartAt);
        return order != 0 || !withSource ? order : string.CompareOrdinal(a.Source, b.Source);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void SortByKey(Span<Sample> rows, bool withSource)
    {
        for (var i = 1; i < rows.Length; i++)
        {
            if (Compare(rows[i - 1], rows[i], withSource) <= 0) continue;
            // Equal keys stay in the order sent, because the later one wins.
            rows.Sort((a, b) =>
                Compare(a, b, withSource) is var order && order != 0 ? order : a.ItemIndex.CompareTo(b.ItemIndex));
            return;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static int Fold(ReadOnlySpan<Sample> rows, bool withSource, int[] slots)
    {
        var slot = 0;
        slots[0] = 0;
        for (var i = 1; i < rows.Length; i++)
        {
            if (Compare(rows[i - 1], rows[i], withSource) != 0) slot++;
            slots[i] = slot;
        }
        return slot + 1;
    }

    static Sample[] FirstOfEach(ReadOnlySpan<Sample> rows, int[] slots, int unique)
    {
        var keys = BoundedPool<Sample>.Shared.Rent(unique);
        for (var i = rows.Length - 1; i >= 0; i--) keys[slots[i]] = rows[i];
        return keys;
    }

    void NoteBuckets(MetricArray array)
    {
        if (!array.ListsEveryBucket || array.Starts.Count == 0) return;
        if (!_metricIds.TryGetValue(array.Metric, out var id)) return;
        var series = new Series(id, array.Grain);
        if (!_listed.TryGetValue(series, out var listed)) _listed.Add(series, listed = new(array.ItemType));
        listed.Add(array);
    }

    /// <summary>
    /// After the last batch: removes stored buckets that lie within the span of an array which lists every bucket, and
    /// which no array of the push has.
    /// </summary>
    public async ValueTask RemoveVanishedAsync()
    {
        foreach (var (series, listed) in _listed)
        {
            foreach (var span in listed.Spans())
            {
                var removed = await transaction.RemoveVanishedAsync(
                    series, span.First, span.Last, span.Starts, cancellationToken);
                if (removed == 0) continue;
                ChangedAnything = true;
                Tally.AddRemoved(listed.ItemType, removed);
                _changedDays.Add(series, span.First, span.Last);
            }
        }
    }
    /// <summary>At the end: which days have to be worked out anew.</summary>
    public ValueTask MarkDaysAsync() => transaction.MarkDaysAsync(_changedDays.All, cancellationToken);
}
