using System.Text.Json;

namespace HealthExport.Reading;

/// <summary>Which occurrence of each top-level key counts: the last one. Found before anything is read.</summary>
sealed class RepeatedKeys
{
    readonly Dictionary<string, long> _root = new(StringComparer.Ordinal);
    Dictionary<string, long> _inner = new(StringComparer.Ordinal);
    readonly HashSet<string> _repeated = new(StringComparer.Ordinal);

    /// <summary>Keys that came more than once.</summary>
    public IReadOnlyCollection<string> Repeated => _repeated;

    /// <summary>Walks over the whole payload, and back to where it was.</summary>
    public static RepeatedKeys Scan(JsonCursor cursor)
    {
        var start = cursor.Mark();
        var keys = new RepeatedKeys();
        if (cursor.Read() && cursor.Token == JsonTokenType.StartObject) keys.Scan(cursor, keys._root, isRoot: true);
        cursor.SeekBack(start);
        return keys;
    }

    /// <summary>Whether the value at an offset is the one that counts for its key.</summary>
    /// <param name="offset">Of the place right behind the key.</param>
    public bool Counts(bool isRoot, string key, long offset) =>
        (isRoot ? _root : _inner).TryGetValue(key, out var last) && last == offset;

    void Scan(JsonCursor cursor, Dictionary<string, long> last, bool isRoot)
    {
        for (var keys = 0; cursor.Read() && cursor.Token == JsonTokenType.PropertyName;)
        {
            if (++keys > EnvelopeReader.MostKeys) return;
            var key = cursor.Text;
            var offset = cursor.Mark().Offset;
            if (!cursor.Read()) return; // cut before its value: it replaces nothing
            if (!last.TryAdd(key, offset)) _repeated.Add(key);
            last[key] = offset;
            if (isRoot && EnvelopeReader.IsData(key) && cursor.Token == JsonTokenType.StartObject)
            {
                _inner = new(StringComparer.Ordinal);
                Scan(cursor, _inner, isRoot: false);
            }
            else if (!cursor.Skip()) return;
        }
    }
}
