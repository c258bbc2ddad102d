namespace HealthExport.Limits;

/// <summary>
/// Counts what keys use, over a sliding hour. Exact however many ask at once: what was taken within an hour never
/// exceeds an allowance. Safe from any thread; no method fails or waits longer than a moment.
/// </summary>
public interface IUsage
{
    /// <summary>
    /// Whether the count is shared with other processes at present; null where it is not meant to be.
    /// </summary>
    bool? IsShared { get; }

    /// <summary>Takes the whole cost, or nothing of it.</summary>
    ValueTask<Verdict> TakeAsync(UsageKey key, Allowance allowance, Cost cost);

    /// <summary>Undoes a cost that was taken and turned out not to be due; at most once.</summary>
    /// <param name="minute">As the verdict said.</param>
    ValueTask<Verdict> GiveBackAsync(UsageKey key, Allowance allowance, Cost cost, int minute);
}

/// <summary>A count that several processes share, and that may be away.</summary>
public interface ISharedUsage : IUsage
{
    /// <summary>Raised when sharing begins or ends, and once if it does not begin at first; null when it begins, else
    /// why it ended, without addresses and secrets.</summary>
    event Action<string?>? SharingChanged;

    /// <summary>Looks for the others; returns when they are there, or the first try has failed. From then on they are
    /// looked for without end.</summary>
    Task StartAsync(CancellationToken cancellationToken);
}
