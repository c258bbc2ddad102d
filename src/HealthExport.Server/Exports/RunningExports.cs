using System.Globalization;
using HealthExport.Server.Limits;

namespace HealthExport.Server.Exports;

/// <summary>
/// How many exports are sent at once: each reads, packs and holds pages for as long as its client takes. One too many
/// waits a while. Safe from any thread; one per process.
/// </summary>
sealed class RunningExports(TimeProvider clock) : IDisposable
{
    const int Most = 32;
    const int OfOnePerson = 2;
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    readonly Places _places = new(Most, OfOnePerson, s_patience, clock);

    public int TakenCount => _places.TakenCount;

    public int WaitingCount => _places.WaitingCount;

    /// <returns>To be disposed at the export's end; null when no place became free in time.</returns>
    public async ValueTask<IDisposable?> EnterAsync(long userId, CancellationToken aborted)
    {
        var person = userId.ToString(CultureInfo.InvariantCulture);
        return await _places.EnterAsync(person, aborted) ? new Place(_places, person) : null;
    }

    public void Dispose() => _places.Dispose();

    sealed class Place(Places all, string person) : IDisposable
    {
        public void Dispose() => all.Exit(person);
    }
}
