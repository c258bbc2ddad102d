using System.Text.Json;

namespace HealthExport.Server.Importing.Mongo;

/// <summary>
/// Takes one document after the other off a stream: one a line, spread over lines, or in an array. Holds one document
/// and a window; work is linear, however the bytes arrive.
/// </summary>
sealed class DocumentReader(Stream content, int windowBytes = DocumentReader.WindowBytes)
{
    /// <summary>MongoDB has none of half that size.</summary>
    public const int LongestDocument = 64 << 20;

    const int WindowBytes = 128 << 10;

    static readonly JsonReaderOptions s_options = new() { AllowMultipleValues = true, MaxDepth = 64 };

    JsonReaderState _state = new(s_options);
    byte[] _window = new byte[windowBytes];
    long _origin;            // offset in the stream of the window's first byte
    int _scanned;            // behind which nothing has been tokenised
    int _end;                // bytes in the window
    int _start = -1;         // where the document in hand begins
    int _depth;              // of the document in hand
    bool _isStarted;
    bool _isFinal;

    /// <param name="document">Good until the next.</param>
    /// <returns>False at the end.</returns>
    /// <exception cref="BrokenExportException">There is no JSON from some byte on, or too long a document.</exception>
    public bool TryRead(out ReadOnlyMemory<byte> document)
    {
        while (true)
        {
            if (TryScan(out document)) return true;
            if (_isFinal) return false;
            Refill();
        }
    }

    bool TryScan(out ReadOnlyMemory<byte> document)
    {
        document = default;
        var reader = new Utf8JsonReader(_window.AsSpan(_scanned, _end - _scanned), _isFinal, _state);
        try
        {
            while (reader.Read())
            {
                if (_start < 0)
                {
                    if (reader.TokenType != JsonTokenType.StartObject) continue;
                    _start = _scanned + (int)reader.TokenStartIndex;
                    _depth = reader.CurrentDepth;
                }
                else if (reader.TokenType == JsonTokenType.EndObject && reader.CurrentDepth == _depth)
                {
                    document = _window.AsMemory(_start, _scanned + (int)reader.BytesConsumed - _start);
                    _start = -1;
                    Keep(reader);
                    return true;
                }
            }
        }
        catch (JsonException)
        {
            var at = _origin + _scanned + reader.BytesConsumed;
            throw new BrokenExportException($"is no whole export: it is not JSON from byte {at:N0} on");
        }
        Keep(reader);
        return false;
    }

    void Keep(in Utf8JsonReader reader)
    {
        _state = reader.CurrentState;
        _scanned += (int)reader.BytesConsumed;
    }

    void Refill()
    {
        var kept = _start >= 0 ? _start : _scanned;
        var unread = _end - kept;
        if (unread > LongestDocument)
            throw new BrokenExportException($"holds a document of more than {LongestDocument >> 20} MB");
        var into = unread > _window.Length / 2 ? new byte[_window.Length * 2] : _window;
        Buffer.BlockCopy(_window, kept, into, 0, unread);
        _window = into;
        _origin += kept;
        _scanned -= kept;
        _end = unread;
        if (_start >= 0) _start = 0;
        _end += content.ReadAtLeast(_window.AsSpan(_end), _window.Length - _end, throwOnEndOfStream: false);
        _isFinal = _end < _window.Length;
        if (_isStarted) return;
        _isStarted = true;
        if (_window.AsSpan(0, _end).StartsWith("\uFEFF"u8)) _scanned = 3;
    }
}

/// <summary>Why an export cannot be taken, as the end of a sentence.</summary>
sealed class BrokenExportException(string message) : Exception(message);
