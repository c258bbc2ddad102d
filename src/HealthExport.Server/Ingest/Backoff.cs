namespace HealthExport.Server.Ingest;

/// <summary>How long to wait before the next try.</summary>
/// <param name="First">Before the second try, and the least of all.</param>
/// <param name="Last">The most.</param>
readonly record struct Backoff(TimeSpan First, TimeSpan Last)
{
    public static readonly Backoff Default = new(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(5));

    /// <summary>From the first, twice as long after every failure, to the last; less up to a half of it, by chance, so
    /// that those who failed together do not come back together.</summary>
    /// <param name="failures">In a row, before this one.</param>
    public TimeSpan After(int failures)
    {
        var whole = First * Math.Pow(2, Math.Clamp(failures, 0, 20));
        if (whole > Last) whole = Last;
        // Never under the first: a store that is away is not to be hammered.
        var jittered = whole * (1 - Random.Shared.NextDouble() / 2);
        return jittered < First ? First : jittered;
    }
}
