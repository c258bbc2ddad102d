namespace HealthExport.Server.Ingest;

/// <summary>How long to wait before the next try.</summary>
static class Backoff
{
    static readonly TimeSpan s_first = TimeSpan.FromMilliseconds(100);
    static readonly TimeSpan s_last = TimeSpan.FromSeconds(5);

    /// <summary>From 100 ms, twice as long after every failure, to 5 s; less up to a half of it, by chance, so that
    /// those who failed together do not come back together.</summary>
    /// <param name="failures">In a row, before this one.</param>
    public static TimeSpan After(int failures)
    {
        var whole = s_first * Math.Pow(2, Math.Clamp(failures, 0, 10));
        if (whole > s_last) whole = s_last;
        // Never under the first: a store that is away is not to be hammered.
        var jittered = whole * (1 - Random.Shared.NextDouble() / 2);
        return jittered < s_first ? s_first : jittered;
    }
}
