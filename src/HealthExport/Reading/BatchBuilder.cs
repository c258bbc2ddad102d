using HealthExport.Pushes;
using HealthExport.Samples;

namespace HealthExport.Reading;

/// <summary>Collects what is read until it is enough to hand out.</summary>
/// <param name="rowLimit">How many rows are enough.</param>
sealed class BatchBuilder(int rowLimit = PayloadReader.UsualBatchRows)
{
    const long ByteLimit = 4 << 20;
    const int LongestItem = 64 * 1024;

    // What a receipt lists is fewer.
    const int MostWarnings = 1000;

    // Far more than an array takes itself, with the rows that it begins with: so few are held at once that most are
    // gone before the collector has to move them.
    const int ArrayBytes = 64 * 1024;

    int _warnings;
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

    /// <summary>Adds a warning, unless there were too many already. See <see cref="ReadWarning"/>.</summary>
    public void Warn(string itemType, int index, string code, string warning, string? field = null)
    {
        if (!MayWarn) return;
        _warnings++;
        Batch.Warnings.Add(new(itemType, index, code, warning, field));
    }

    /// <summary>Whether another warning would be kept: worth asking before making its text.</summary>
    public bool MayWarn => _warnings < MostWarnings;

    /// <summary>Adds rows of an array. A hostile payload may have one for each item.</summary>
    public void Begin(SampleRun run)
    {
        Batch.Runs.Add(run);
        _bytes += ArrayBytes;
    }

    public void End(MetricArray array) => Batch.EndedArrays.Add(array);
}
