using System.Collections.Concurrent;
using HealthExport.Time;

namespace HealthExport.Limits;

/// <summary>
/// What keys use, as this process knows it. A key that used nothing for an hour takes no memory; one that did takes a
/// few hundred bytes, however much it used.
/// </summary>
public sealed class LocalUsage : IUsage, IDisposable
{
    static readonly TimeSpan s_sweepEvery = TimeSpan.FromMinutes(1);

    readonly TimeProvider _clock;
    readonly ITimer _sweeping;
    readonly ConcurrentDictionary<UsageKey, Entry> _entries = new();

    // UTC at timestamp zero, in microseconds. The monotonic clock does the counting: no hour moves when a clock is set.
    long _zero;

    public LocalUsage(TimeProvider clock)
    {
        _clock = clock;
        SetNow(Instant.From(clock.GetUtcNow()));
        _sweeping = clock.CreateTimer(_ => Sweep(), null, s_sweepEvery, s_sweepEvery);
    }

    public bool? IsShared => null;

    /// <summary>How many keys and classes take memory.</summary>
    internal int Count => _entries.Count;

    public ValueTask<Verdict> TakeAsync(UsageKey key, Allowance allowance, Cost cost) =>
        new(Take(key, allowance, cost));

    public ValueTask<Verdict> GiveBackAsync(UsageKey key, Allowance allowance, Cost cost, int minute) =>
        new(GiveBack(key, allowance, cost, minute));

    public Verdict Take(UsageKey key, Allowance allowance, Cost cost)
    {
        while (true)
        {
            var entry = _entries.GetOrAdd(key, static _ => new());
            lock (entry)
                if (!entry.IsSwept) return entry.Window.Take(Now(), allowance, cost);
        }
    }

    public Verdict GiveBack(UsageKey key, Allowance allowance, Cost cost, int minute)
    {
        while (true)
        {
            var entry = _entries.GetOrAdd(key, static _ => new());
            lock (entry)
                if (!entry.IsSwept) return entry.Window.GiveBack(Now(), allowance, cost, minute);
        }
    }

    /// <summary>Counts what was taken elsewhere, by somebody who knows of all that is counted here.</summary>
    /// <param name="ofMinute">See <see cref="HourWindow.Note"/>.</param>
    /// <param name="minute">That it was taken in.</param>
    /// <param name="epoch">Until when that holds; see <see cref="FindUntold"/>.</param>
    public void Note(UsageKey key, Cost cost, Cost ofMinute, int minute, int epoch)
    {
        while (true)
        {
            var entry = _entries.GetOrAdd(key, static _ => new());
            lock (entry)
            {
                if (entry.IsSwept) continue;
                entry.Window.Note(minute, cost, ofMinute);
                entry.ToldIn = epoch;
                return;
            }
        }
    }

    /// <summary>What is counted here of a key and was not yet told to the others.</summary>
    /// <param name="epoch">A number that grows whenever the others may have forgotten what they were told.</param>
    /// <returns>Oldest first; mostly empty.</returns>
    public HourWindow.Step[] FindUntold(UsageKey key, int epoch)
    {
        if (!_entries.TryGetValue(key, out var entry)) return [];
        lock (entry)
        {
            if (entry.ToldIn == epoch) return [];
            entry.Window.UsedAt(Now());
            return entry.Window.ToArray();
        }
    }

    /// <summary>Sets the time of day by which minutes are counted, for whoever counts with others.</summary>
    public void SetNow(Instant now) => Volatile.Write(
        ref _zero, now.Microseconds - (long)_clock.GetElapsedTime(0).TotalMicroseconds);

    public void Dispose() => _sweeping.Dispose();

    Instant Now() => new(Volatile.Read(ref _zero) + (long)_clock.GetElapsedTime(0).TotalMicroseconds);

    void Sweep()
    {
        foreach (var (key, entry) in _entries)
            lock (entry)
            {
                if (entry.Window.UsedAt(Now()) != Cost.Nothing) continue;
                // Whoever has it in hand looks for another.
                entry.IsSwept = true;
                _entries.TryRemove(key, out _);
            }
    }

    /// <summary>Read and changed under its own lock.</summary>
    sealed class Entry
    {
        public HourWindow Window { get; } = new();
        public int ToldIn { get; set; }
        public bool IsSwept { get; set; }
    }
}
