using System.Diagnostics;

namespace HealthExport.Storage;

/// <summary>
/// How many rows to delete in one transaction: what takes about a twentieth of a second, whatever the rows hold, so
/// that whoever waits behind hardly notices. Not for concurrent use; one for each table.
/// </summary>
sealed class EraseBatch
{
    const int Least = 16;
    const int Most = 50_000;

    static readonly TimeSpan s_short = TimeSpan.FromMilliseconds(25);
    static readonly TimeSpan s_long = TimeSpan.FromMilliseconds(100);

    long _startedAt;

    /// <summary>Rows of the batch at hand.</summary>
    public int Rows { get; private set; } = 256;

    public void Start() => _startedAt = Stopwatch.GetTimestamp();

    /// <param name="rows">How many there were.</param>
    /// <returns>Whether there may be more.</returns>
    public bool End(int rows)
    {
        if (rows < Rows) return false;
        var took = Stopwatch.GetElapsedTime(_startedAt);
        if (took < s_short) Rows = Math.Min(Rows * 4, Most);
        else if (took > s_long) Rows = Math.Max(Rows / 4, Least);
        return true;
    }
}
