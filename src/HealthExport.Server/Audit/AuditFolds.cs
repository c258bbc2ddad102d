using System.Text.Json;
using System.Text.Json.Nodes;
using HealthExport.Audit;
using HealthExport.Server.Http;
using HealthExport.Time;

namespace HealthExport.Server.Audit;

/// <summary>What a folded entry adds up.</summary>
/// <param name="Subjects">The things it was done to, such as a metric's name; null among them is none.</param>
/// <param name="From">Start of the span of data that was asked for; null for its beginning.</param>
/// <param name="To">End of it; null for its end.</param>
/// <param name="Rows">How many rows went out.</param>
readonly record struct FoldedPart(
    IReadOnlyList<string?>? Subjects = null, Instant? From = null, Instant? To = null, long Rows = 0);

/// <summary>
/// Entries that stand for all of their kind within a minute: same action, person, key, network, resource and details. Bounded,
/// whatever comes: beyond a number of strangers their addresses are not told apart, and where there are too many others, all are
/// closed early. Safe for concurrent use.
/// </summary>
sealed class AuditFolds
{
    /// <summary>Of entries that need no key in force, one minute's: whoever fails from ever new addresses must not fill
    /// the store.</summary>
    public const int MaxStrangers = 256;

    public const int MaxOpen = 4_096;
    const int MaxSubjects = 20;

    // Of all of them together, as JSON.
    const int MaxSubjectsLength = 1_200;

    static readonly TimeSpan s_minute = TimeSpan.FromMinutes(1);

    readonly Lock _lock = new();
    readonly Dictionary<Key, Fold> _open = [];
    int _strangers;

    readonly record struct Key(
        AuditAction Action, long UserId, string? KeyId, string? Network, string? Resource, string? Metadata)
    {
        /// <summary>Also the holder of a key that has ended.</summary>
        public bool IsStranger => UserId == 0 || Action == AuditAction.AuthenticationFailed;
    }

    /// <summary>Adds to the entry of this minute, or begins it.</summary>
    /// <param name="entry">As it would be alone.</param>
    /// <returns>What is to be recorded now: entries of minutes that are over, or that had to make room.</returns>
    public IReadOnlyList<AuditEntry> Add(AuditEntry entry, FoldedPart part)
    {
        var key = new Key(
            entry.Action, entry.UserId, entry.KeyId, entry.Address is { } address ? AuditNetwork.Of(address) : null,
            entry.Resource, entry.Metadata);
        lock (_lock)
        {
            IReadOnlyList<AuditEntry> closed = [];
            if (_open.TryGetValue(key, out var fold) && !fold.IsOver(entry.At))
            {
                fold.Add(entry, part);
                return closed;
            }
            if (fold is not null) closed = [Close(key)];
            else if (_open.Count >= MaxOpen) closed = CloseWhere(_ => true);
            if (key.IsStranger && _strangers >= MaxStrangers)
            {
                key = key with { Network = null };
                entry = entry with { Address = null, UserAgent = null, RequestId = null };
                if (_open.TryGetValue(key, out var rest))
                {
                    if (!rest.IsOver(entry.At))
                    {
                        rest.Add(entry, part);
                        return closed;
                    }
                    closed = [.. closed, Close(key)];
                }
            }
            _open.Add(key, new(entry, part));
            if (key.IsStranger) _strangers++;
            return closed;
        }
    }

    /// <summary>Takes out the entries of minutes that are over.</summary>
    public IReadOnlyList<AuditEntry> CloseOver(Instant now)
    {
        lock (_lock) return CloseWhere(fold => fold.IsOver(now));
    }

    /// <summary>Takes out everything, or all of one person.</summary>
    public IReadOnlyList<AuditEntry> CloseAll(long? userId = null)
    {
        lock (_lock) return CloseWhere(fold => userId is null || fold.UserId == userId);
    }

    List<AuditEntry> CloseWhere(Func<Fold, bool> isMeant) =>
        [.. _open.Where(open => isMeant(open.Value)).Select(open => open.Key).ToList().Select(Close)];

    AuditEntry Close(Key key)
    {
        _open.Remove(key, out var fold);
        if (key.IsStranger) _strangers--;
        return fold!.ToEntry();
    }

    sealed class Fold
    {
        readonly AuditEntry _first;
        readonly SortedSet<string> _subjects = new(StringComparer.Ordinal);
        Instant _last = Instant.None;
        long _count;
        long _rows;
        Instant? _from;
        Instant? _to;
        int _subjectsLength;
        bool _hasMoreSubjects;

        public Fold(AuditEntry first, FoldedPart part)
        {
            _first = first;
            (_from, _to) = (part.From, part.To);
            Add(first, part);
        }

        public long UserId => _first.UserId;

        /// <summary>Also when the clock was set back.</summary>
        public bool IsOver(Instant now) => now - _first.At >= s_minute || now < _first.At + -s_minute;

        public void Add(AuditEntry entry, FoldedPart part)
        {
            _count++;
            _rows += part.Rows;
            if (entry.At > _last) _last = entry.At;
            _from = part.From is { } from && _from is { } earliest ? (from < earliest ? from : earliest) : null;
            _to = part.To is { } to && _to is { } latest ? (to > latest ? to : latest) : null;
            foreach (var subject in part.Subjects ?? [])
            {
                if (subject is null || _subjects.Contains(subject)) continue;
                var length = JsonEncodedText.Encode(subject).EncodedUtf8Bytes.Length;
                if (_subjects.Count < MaxSubjects && _subjectsLength + length <= MaxSubjectsLength)
                {
                    _subjects.Add(subject);
                    _subjectsLength += length;
                }
                else _hasMoreSubjects = true;
            }
        }

        public AuditEntry ToEntry()
        {
            // What the first entry says of itself comes first.
            var metadata = _first.Metadata is { } own ? JsonNode.Parse(own)!.AsObject() : [];
            metadata["count"] = _count;
            if (_count > 1) metadata["last_at"] = Rfc3339.Format(_last);
            if (_rows > 0) metadata["rows"] = _rows;
            if (_subjects.Count > 0)
                metadata["subjects"] = new JsonArray([.. _subjects.Select(subject => JsonValue.Create(subject))]);
            if (_hasMoreSubjects) metadata["more_subjects"] = true;
            if (_from is { } from) metadata["from"] = Rfc3339.Format(from);
            if (_to is { } to) metadata["to"] = Rfc3339.Format(to);
            return _first with { Metadata = metadata.ToJsonString() };
        }
    }
}
