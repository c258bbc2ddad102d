namespace HealthExport.Keys;

/// <summary>
/// Bounds how many derivations run at once, and so their memory (19 MiB each) and the processors they take from all
/// else. One per process; safe from any thread. The rest wait in order, without a thread.
/// </summary>
/// <param name="count">1 or more.</param>
public sealed class Argon2Slots(int count)
{
    // Never disposed: a derivation may outlive its caller, and it holds no handle.
    readonly SemaphoreSlim _free = new(count);

    /// <summary>As many as there are processors, less one for requests that need no derivation.</summary>
    public Argon2Slots() : this(Math.Max(1, Environment.ProcessorCount - 1))
    {
    }

    /// <summary>Runs <paramref name="derive"/> on a thread of the pool when its turn has come.</summary>
    /// <param name="cancellationToken">Ends the waiting; what has begun comes to its end.</param>
    public async Task<T> RunAsync<T>(Func<T> derive, CancellationToken cancellationToken)
    {
        await _free.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await Task.Run(derive, CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            _free.Release();
        }
    }
}
