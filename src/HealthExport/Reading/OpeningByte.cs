namespace HealthExport.Reading;

/// <summary>
/// Looks for the first byte that says something, after a byte order mark and blanks, however the bytes arrive: only an
/// object or an array can be a push.
/// </summary>
public struct OpeningByte
{
    int _seen;    // bytes of a byte order mark that have come

    /// <summary>
    /// Whether it opens an object or an array; null as long as only a byte order mark and blanks have come.
    /// </summary>
    public bool? MayBeJson { get; private set; }

    /// <summary>Takes the next bytes; once the answer is there, they are passed over.</summary>
    public void Take(ReadOnlySpan<byte> bytes)
    {
        if (MayBeJson is not null) return;
        var mark = "\uFEFF"u8;
        foreach (var b in bytes)
        {
            if (_seen < mark.Length && b == mark[_seen])
            {
                _seen++;
                continue;
            }
            // Half a mark is no mark.
            if (_seen > 0 && _seen < mark.Length)
            {
                MayBeJson = false;
                return;
            }
            _seen = mark.Length;
            if (b is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n') continue;
            MayBeJson = b is (byte)'{' or (byte)'[';
            return;
        }
    }
}
