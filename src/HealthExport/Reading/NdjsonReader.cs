using System.Text.Json;
using HealthExport.Pushes;

namespace HealthExport.Reading;

/// <summary>
/// Reads standard items, one a line. A line that cannot be read is one reject and costs its neighbours nothing; so is
/// one that is longer than the longest element, of which only the beginning is held. Blank lines say nothing. Lines end
/// with LF, also after CR; the last needs no end. Work is linear, however the bytes arrive.
/// </summary>
/// <param name="longestLine">Bytes.</param>
sealed class NdjsonReader(
    Stream payload, ReadContext context, int windowBytes = JsonCursor.WindowBytes,
    int longestLine = JsonCursor.LongestElementBytes)
{
    const byte LineFeed = (byte)'\n';

    readonly StandardItemReader _items = new(context);
    byte[] _window = new byte[windowBytes];
    int _position;    // the first byte of the window not yet taken
    int _scanned;     // behind which no line end has been looked for
    int _end;         // bytes in the window
    long _passedOver; // bytes of an overlong line that are not held any more
    bool _isFinal;

    /// <summary>Bytes looked at for a line's end, for the test that work is linear.</summary>
    public long BytesScanned { get; private set; }

    public IEnumerable<ReadBatch> ReadAll()
    {
        payload.Position = 0;
        var isFirst = true;
        for (var index = 0; TryReadLine(out var line, out var length); index++)
        {
            if (isFirst && line.Span.StartsWith("\uFEFF"u8)) line = line[3..];
            isFirst = false;
            Read(line, length, index);
            if (context.Batches.IsFull) yield return context.Batches.Take();
        }
    }

    void Read(ReadOnlyMemory<byte> line, long length, int index)
    {
        if (length > longestLine)
        {
            Reject($"The line has {length} bytes, and {longestLine} is the most");
            return;
        }
        line = line.Trim(" \t\r"u8);
        if (line.IsEmpty) return;
        if (line.Span[0] != '{')
        {
            Reject("The line is not a JSON object");
            return;
        }
        try
        {
            _items.Read(line, index, mustSayType: true);
        }
        catch (JsonException error)
        {
            Reject($"The line is not JSON from byte {error.BytePositionInLine} on");
        }

        void Reject(string why) => context.Batches.Reject(
            SectionName.Metrics, index, Fault.Unreadable(why) with { Hint = "Each line is one item, whole." }, line.Span);
    }

    /// <param name="line">Good until the next; of an overlong one the beginning.</param>
    /// <param name="length">Of the whole line, without its line feed.</param>
    bool TryReadLine(out ReadOnlyMemory<byte> line, out long length)
    {
        while (true)
        {
            var at = _window.AsSpan(_scanned, _end - _scanned).IndexOf(LineFeed);
            BytesScanned += at < 0 ? _end - _scanned : at + 1;
            if (at >= 0 || _isFinal)
            {
                var end = at < 0 ? _end : _scanned + at;
                var held = Math.Min(end - _position, longestLine + 1);
                line = _window.AsMemory(_position, held);
                length = _passedOver + end - _position;
                if (_passedOver > 0) _passedOver = 0;
                _position = _scanned = at < 0 ? _end : end + 1;
                return at >= 0 || length > 0;
            }
            _scanned = _end;
            Refill();
        }
    }

    void Refill()
    {
        var unread = _end - _position;
        if (unread > longestLine)
        {
            // Its beginning is kept for the reject, the rest passed over until it ends.
            var surplus = unread - longestLine;
            _passedOver += surplus;
            unread = longestLine;
        }
        var into = JsonCursor.WindowFor(unread, _window, longestLine);
        // Not onto itself, again and again, while the rest of an overlong line is passed over.
        if (_position > 0 || into != _window) Buffer.BlockCopy(_window, _position, into, 0, unread);
        _window = into;
        _position = 0;
        _scanned = _end = unread;
        while (_end < _window.Length)
        {
            var read = payload.Read(_window, _end, _window.Length - _end);
            if (read == 0)
            {
                _isFinal = true;
                return;
            }
            _end += read;
        }
    }
}
