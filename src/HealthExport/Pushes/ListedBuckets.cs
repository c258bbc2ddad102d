using HealthExport.Samples;
using HealthExport.Time;

namespace HealthExport.Pushes;

/// <summary>
/// A span of which a push says every bucket; those between the ends that it does not list have vanished.
/// </summary>
/// <param name="First">Start of the first bucket.</param>
/// <param name="Last">Start of the last bucket.</param>
/// <param name="Starts">Every bucket listed from the one to the other, ascending.</param>
readonly record struct ListedSpan(Instant First, Instant Last, ReadOnlyMemory<Instant> Starts);

/// <summary>What the arrays of a push that list every bucket say of one series. Not for concurrent use.</summary>
/// <param name="itemType">What receipts count the series under.</param>
sealed class ListedBuckets(string itemType)
{
    readonly List<Instant> _starts = [];
    readonly List<(Instant First, Instant Last)> _spans = [];

    public string ItemType => itemType;

    /// <param name="array">One with <see cref="MetricArray.ListsEveryBucket"/>, read to its end.</param>
    public void Add(MetricArray array)
    {
        // Also of an array that concludes nothing: what it lists has not vanished for the others.
        _starts.AddRange(array.Starts);
        if (!array.HasUnplacedItems && array.Starts.Count > 1) _spans.Add((array.Starts.Min(), array.Starts.Max()));
    }

    /// <summary>
    /// The arrays' spans, ascending, made one where they meet or overlap: a payload of many small arrays over the same
    /// time must not have the stored rows walked over once for each of them.
    /// </summary>
    public IEnumerable<ListedSpan> Spans()
    {
        _spans.Sort();
        var starts = _starts.ToArray();
        Array.Sort(starts);
        for (int i = 0, from = 0; i < _spans.Count;)
        {
            var (first, last) = _spans[i++];
            for (; i < _spans.Count && _spans[i].First <= last; i++)
                if (_spans[i].Last > last) last = _spans[i].Last;
            while (starts[from] < first) from++;
            var end = from;
            while (end < starts.Length && starts[end] <= last) end++;
            yield return new(first, last, starts.AsMemory(from, end - from));
            from = end;
        }
    }
}
