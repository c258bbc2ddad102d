using System.Collections.Concurrent;

namespace HealthExport.Server.Caching;

/// <summary>Lets of many who ask for the same at once one work it out, and the others wait. Safe from any thread.
/// </summary>
sealed class Flights
{
    readonly ConcurrentDictionary<string, Flight> _under = new(StringComparer.Ordinal);

    /// <returns>What is being worked out; its own, whose caller is the one to do it and must land it.</returns>
    public (Flight Flight, bool IsOwn) Enter(string tag)
    {
        var own = new Flight(this, tag);
        var flight = _under.GetOrAdd(tag, own);
        return (flight, flight == own);
    }

    public sealed class Flight(Flights flights, string tag) : IDisposable
    {
        readonly TaskCompletionSource<KeptAnswer?> _landed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Waits for what comes of it.</summary>
        /// <returns>Null when everybody has to do it for themselves.</returns>
        /// <exception cref="TaskCanceledException">Its one has left, and the waiting one has not: somebody else must.
        /// </exception>
        public Task<KeptAnswer?> WaitAsync(CancellationToken cancellationToken) =>
            _landed.Task.WaitAsync(cancellationToken);

        /// <summary>Says what came of it; only the first time counts.</summary>
        public void Land(KeptAnswer? answer)
        {
            // The next who asks finds what was kept.
            flights._under.TryRemove(new(tag, this));
            _landed.TrySetResult(answer);
        }

        /// <summary>Gives up, unless it has landed.</summary>
        public void Dispose()
        {
            flights._under.TryRemove(new(tag, this));
            _landed.TrySetCanceled();
        }
    }
}
