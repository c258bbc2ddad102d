using HealthExport.Server.Limits;
using HealthExport.Server.Settings;

namespace HealthExport.Server.Ingest;

/// <summary>
/// How many large bodies are on their way in at once, in all and of one key: each holds memory and a part of the
/// temporary folder until it is kept. One too many waits for as long as a body may be silent, and its client with it,
/// for nothing is read of it meanwhile. Safe from any thread; one per process.
/// </summary>
sealed class LargeBodies(ServerSettings settings, TimeProvider clock) : IDisposable
{
    /// <summary>Decoded bytes from which a body is large. Below it costs little more than its connection.</summary>
    public const int FromBytes = 128 << 10;

    /// <summary>One key may have the eighth part of the places, and always a few: a phone has several automations.
    /// </summary>
    const int KeyShare = 8;
    const int FewPlaces = 4;

    readonly Places _places = new(
        settings.Ingest.LargeBodies, Math.Max(FewPlaces, settings.Ingest.LargeBodies / KeyShare),
        settings.Ingest.Stall, clock);

    /// <summary>Bodies that have a place.</summary>
    public int TakenCount => _places.TakenCount;

    /// <summary>Bodies that wait for one.</summary>
    public int WaitingCount => _places.WaitingCount;

    /// <summary>For one body of a key; takes no place yet.</summary>
    public Place For(string keyId) => new(_places, keyId);

    public void Dispose() => _places.Dispose();

    /// <summary>One body's place, once it needs one. Not for concurrent use.</summary>
    public sealed class Place(Places all, string keyId) : IDisposable
    {
        bool _isTaken;

        /// <summary>Takes it where a body of that size needs one; a second time does nothing.</summary>
        /// <returns>False when none became free in time.</returns>
        public async ValueTask<bool> TakeForAsync(long bytes, CancellationToken aborted) =>
            _isTaken || bytes < FromBytes || (_isTaken = await all.EnterAsync(keyId, aborted));

        public void Dispose()
        {
            if (!_isTaken) return;
            _isTaken = false;
            all.Exit(keyId);
        }
    }
}
