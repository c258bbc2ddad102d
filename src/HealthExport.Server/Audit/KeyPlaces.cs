using System.Collections.Concurrent;
using System.Net;
using HealthExport.Audit;
using HealthExport.Server.Security;

namespace HealthExport.Server.Audit;

/// <summary>
/// Has the audit trail told of keys where they come from, once a day for each key and address: the store knows which it
/// has seen before. Bounded; what was forgotten is told again. Safe for concurrent use.
/// </summary>
sealed class KeyPlaces(AuditTrail trail, TimeProvider clock)
{
    const int MaxRemembered = 10_000;

    // Replaced as a whole.
    volatile Day _day = new(0);

    sealed record Day(int Number)
    {
        public ConcurrentDictionary<(string KeyId, IPAddress Address), bool> Seen { get; } = new();
    }

    /// <summary>Takes note of where a request of a good key comes from; returns at once.</summary>
    public void Note(HttpContext context, Caller caller)
    {
        if (context.Connection.RemoteIpAddress is not { } address) return;
        var today = (int)(clock.GetUtcNow().UtcTicks / TimeSpan.TicksPerDay);
        var day = _day;
        if (day.Number != today) _day = day = new(today);
        if (!day.Seen.TryAdd((caller.KeyId, address), true)) return;
        // Counting stops everybody: not on every request.
        if (day.Seen.Count >= MaxRemembered) _day = new(today);
        trail.Record(context, AuditAction.KeyAtNewAddress, caller.KeyId);
    }
}
