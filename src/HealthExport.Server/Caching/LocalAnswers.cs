using HealthExport.Server.Settings;

namespace HealthExport.Server.Caching;

/// <summary>
/// Answers kept in this process: so many bytes at most, those asked for longest ago going first. Safe from any thread.
/// </summary>
sealed class LocalAnswers(ServerSettings settings, TimeProvider clock)
{
    static readonly TimeSpan s_betweenSweeps = TimeSpan.FromMinutes(1);

    readonly long _capacity = settings.Cache.MemoryBytes;

    readonly Lock _lock = new();

    // Under _lock. The one asked for last is first.
    readonly Dictionary<string, LinkedListNode<Entry>> _entries = new(StringComparer.Ordinal);
    readonly LinkedList<Entry> _order = [];
    long _bytes;
    long _sweptAt;

    sealed record Entry(string Tag, Guid Person, KeptAnswer Answer, TimeSpan Life)
    {
        /// <summary>When it was last asked for: its life begins anew. It cannot grow untrue.</summary>
        public long AskedAt { get; set; }

        /// <summary>What it is counted as; an answer grows when it is packed.</summary>
        public long Bytes { get; set; }
    }

    /// <summary>How many are kept, and what they take.</summary>
    public (int Entries, long Bytes) Count()
    {
        lock (_lock)
        {
            Sweep();
            return (_entries.Count, _bytes);
        }
    }

    public KeptAnswer? Find(string tag)
    {
        lock (_lock)
        {
            Sweep();
            if (!_entries.TryGetValue(tag, out var node)) return null;
            if (IsOver(node.Value))
            {
                Remove(node);
                return null;
            }
            node.Value.AskedAt = clock.GetTimestamp();
            _order.Remove(node);
            _order.AddFirst(node);
            return node.Value.Answer;
        }
    }

    /// <summary>Keeps an answer, or the same one longer; also called when one has grown.</summary>
    /// <returns>How many others had to go.</returns>
    public int Keep(string tag, Guid person, KeptAnswer answer, TimeSpan life)
    {
        if (answer.Bytes > _capacity) return 0;
        lock (_lock)
        {
            Sweep();
            if (_entries.TryGetValue(tag, out var old)) Remove(old);
            var entry = new Entry(tag, person, answer, life)
            {
                AskedAt = clock.GetTimestamp(), Bytes = answer.Bytes,
            };
            _entries[tag] = _order.AddFirst(entry);
            _bytes += entry.Bytes;
            return MakeRoom();
        }
    }

    /// <summary>Counts an answer as what it takes by now.</summary>
    /// <returns>How many others had to go.</returns>
    public int Weigh(string tag)
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue(tag, out var node)) return 0;
            _bytes += node.Value.Answer.Bytes - node.Value.Bytes;
            node.Value.Bytes = node.Value.Answer.Bytes;
            return MakeRoom();
        }
    }

    /// <summary>Lets go of everything of a person.</summary>
    public void Forget(Guid person)
    {
        lock (_lock)
            for (var node = _order.First; node is not null;)
            {
                var next = node.Next;
                if (node.Value.Person == person) Remove(node);
                node = next;
            }
    }

    int MakeRoom()
    {
        var gone = 0;
        while (_bytes > _capacity)
        {
            Remove(_order.Last!);
            gone++;
        }
        return gone;
    }

    // What nobody asks for any more must not stay for ever.
    void Sweep()
    {
        if (clock.GetElapsedTime(_sweptAt) < s_betweenSweeps) return;
        _sweptAt = clock.GetTimestamp();
        for (var node = _order.First; node is not null;)
        {
            var next = node.Next;
            if (IsOver(node.Value)) Remove(node);
            node = next;
        }
    }

    void Remove(LinkedListNode<Entry> node)
    {
        _order.Remove(node);
        _entries.Remove(node.Value.Tag);
        _bytes -= node.Value.Bytes;
    }

    bool IsOver(Entry entry) => clock.GetElapsedTime(entry.AskedAt) >= entry.Life;
}
