using HealthExport.People;
using HealthExport.Server.Security;
using HealthExport.Server.Settings;

namespace HealthExport.Server.Caching;

/// <summary>
/// What people have asked for lately, so much of each and of so many: what they are likely to ask for again. Safe from
/// any thread.
/// </summary>
sealed class RecentReads(ServerSettings settings, TimeProvider clock)
{
    const int MostPeople = 256;
    const int MostOfOne = 24;

    readonly TimeSpan _lately = settings.Cache.MemoryBytes > 0 ? settings.Cache.Warm : TimeSpan.Zero;

    readonly Lock _lock = new();

    // Under _lock. The one who read last, and what was read last, are last.
    readonly OrderedDictionary<long, OrderedDictionary<string, Read>> _people = [];

    /// <param name="Seen">The versions at which it was last worked out or found.</param>
    public sealed record Read(
        RouteEndpoint Endpoint, Caller Caller, PathString Path, QueryString Query, RouteValueDictionary RouteValues,
        string Accept, long At, UserVersions Seen)
    {
        public string Key => $"{Path}{Query} {Accept}";
    }

    /// <summary>Notes a read that was answered. Pages further on are not asked for again and again.</summary>
    public void Note(HttpContext context, RouteEndpoint endpoint, Caller caller, UserVersions person)
    {
        var request = context.Request;
        if (_lately == TimeSpan.Zero || request.Query.ContainsKey("cursor")) return;
        Note(new(
            endpoint, caller, request.Path, request.QueryString,
            // A copy: the web server empties its own for the next request.
            new(request.RouteValues), request.Headers.Accept.ToString(), clock.GetTimestamp(), person));
    }

    /// <summary>Says at which versions a read has been worked out again.</summary>
    public void NoteSeen(Read read, UserVersions person)
    {
        lock (_lock)
            if (_people.TryGetValue(read.Caller.UserId, out var reads) && reads.TryGetValue(read.Key, out var noted))
                reads[read.Key] = noted with { Seen = person };
    }

    /// <summary>By person, who read last first, and each one's reads likewise.</summary>
    public IReadOnlyList<IReadOnlyList<Read>> List()
    {
        lock (_lock)
        {
            foreach (var (userId, reads) in _people.ToArray())
            {
                foreach (var read in reads.Values.Where(read => clock.GetElapsedTime(read.At) >= _lately).ToArray())
                    reads.Remove(read.Key);
                if (reads.Count == 0) _people.Remove(userId);
            }
            return [.. _people.Values.Reverse().Select(reads => reads.Values.Reverse().ToArray())];
        }
    }

    public void Forget(long userId)
    {
        lock (_lock) _people.Remove(userId);
    }

    void Note(Read read)
    {
        lock (_lock)
        {
            var reads = _people.GetValueOrDefault(read.Caller.UserId) ?? [];
            _people.Remove(read.Caller.UserId);
            if (_people.Count == MostPeople) _people.RemoveAt(0);
            _people.Add(read.Caller.UserId, reads);
            reads.Remove(read.Key);
            if (reads.Count == MostOfOne) reads.RemoveAt(0);
            reads.Add(read.Key, read);
        }
    }
}
