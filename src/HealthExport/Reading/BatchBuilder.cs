using System.Runtime.InteropServices;
using HealthExport.Pushes;
using HealthExport.Samples;

namespace HealthExport.Reading;

/// <summary>Collects what is read until it is enough to hand out.</summary>
/// <param name="rowLimit">How many rows are enough.</param>
sealed class BatchBuilder(int rowLimit = PayloadReader.UsualBatchRows)
{
    const long ByteLimit = 4 << 20;
    const int LongestItem = 64 * 1024;
    const int MostWarnings = 1000; // of one code and one item type

    readonly Dictionary<(string ItemType, string Code), int> _warnings = [];

    long _bytes;
    int _rows;

    public int RowLimit => rowLimit;

    public ReadBatch Batch { get; private set; } = new();

    public bool IsFull => _rows >= rowLimit || _bytes >= ByteLimit;

    /// <summary>Items that were read so far, rejected ones included, over all batches.</summary>
    public long Items { get; private set; }

    public bool IsEmpty => _rows == 0 && _bytes == 0 && Batch.Warnings.Count == 0 && Batch.EndedArrays.Count == 0;

    public ReadBatch Take()
    {
        var full = Batch;
        Batch = new();
        _rows = 0;
        _bytes = 0;
        return full;
    }

    /// <summary>Counts an item of one row.</summary>
    public void Count()
    {
        _rows++;
        Items++;
    }

    /// <summary>Counts an item that takes about so much memory.</summary>
    public void Count(long bytes)
    {
        Count();
        _bytes += bytes;
    }

    public void Reject(string itemType, int index, in Fault fault, ReadOnlySpan<byte> item)
    {
        var error = item.Length > LongestItem
            ? $"{fault.Error} (the item has {item.Length} bytes, of which the first {LongestItem} are kept here)"
            : fault.Error;
        var kept = item[..Math.Min(item.Length, LongestItem)].ToArray();
        Batch.Rejects.Add(new(itemType, index, fault.Code, error, fault.Hint, fault.Field, fault.Allowed, kept));
        Count(kept.Length);
    }

    /// <summary>
    /// Adds a warning, unless there were too many of its kind already. See <see cref="ReadWarning"/>.
    /// </summary>
    public void Warn(string itemType, int index, string code, string warning, string? field = null)
    {
        ref var count = ref CollectionsMarshal.GetValueRefOrAddDefault(_warnings, (itemType, code), out _);
        if (++count <= MostWarnings) Batch.Warnings.Add(new(itemType, index, code, warning, field));
    }

    /// <summary>Whether another warning of this kind would be kept: worth asking before making its text.</summary>
    public bool MayWarn(string itemType, string code) =>
        _warnings.GetValueOrDefault((itemType, code)) < MostWarnings;

    public void End(MetricArray array) => Batch.EndedArrays.Add(array);
}
