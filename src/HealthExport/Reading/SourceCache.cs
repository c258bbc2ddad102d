using System.Text;
using HealthExport.Samples;

namespace HealthExport.Reading;

/// <summary>
/// The normalised source texts of one payload, one string for each: neighbours mostly have the same, and there are few
/// altogether. Not safe for threads.
/// </summary>
sealed class SourceCache
{
    const int Most = 4096;
    const int LongestKept = 512;

    readonly Dictionary<string, string?> _bySent = new(StringComparer.Ordinal);
    readonly byte[] _last = new byte[LongestKept];
    int _lastLength = -1;
    string? _lastSource;

    /// <param name="raw">The string's bytes as sent, escapes included.</param>
    public string? Get(ReadOnlySpan<byte> raw)
    {
        if (raw.Length == _lastLength && raw.SequenceEqual(_last.AsSpan(0, _lastLength))) return _lastSource;
        var source = Find(raw);
        if (raw.Length <= LongestKept)
        {
            raw.CopyTo(_last);
            _lastLength = raw.Length;
            _lastSource = source;
        }
        return source;
    }

    string? Find(ReadOnlySpan<byte> raw)
    {
        if (raw.Length > LongestKept || raw.Contains((byte)'\\')) return Keep(JsonText.Decode(raw));
        Span<char> chars = stackalloc char[LongestKept];
        chars = chars[..Encoding.UTF8.GetChars(raw, chars)];
        return _bySent.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(chars, out var source)
            ? source
            : Keep(JsonText.Decode(raw));
    }

    string? Keep(string sent)
    {
        if (_bySent.TryGetValue(sent, out var source)) return source;
        source = SourceName.Normalise(sent);
        if (_bySent.Count < Most && sent.Length <= LongestKept) _bySent[sent] = source;
        return source;
    }
}
