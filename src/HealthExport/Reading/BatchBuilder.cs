using HealthExport.Pushes;
using HealthExport.Samples;

namespace HealthExport.Reading;

/// <summary>Collects what is read until it is enough to hand out.</summary>
sealed class BatchBuilder
{
    public const int RowLimit = 4096;
    const long ByteLimit = 4 << 20;
    const int LongestItem = 64 * 1024;

    long _bytes;
    int _rows;

    public ReadBatch Batch { get; private set; } = new();

    public bool IsFull => _rows >= RowLimit || _bytes >= ByteLimit;

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

    public void Warn(ReadWarning warning) => Batch.Warnings.Add(warning);

    public void End(MetricArray array) => Batch.EndedArrays.Add(array);
}
