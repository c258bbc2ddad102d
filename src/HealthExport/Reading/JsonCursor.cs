using System.Text.Json;

namespace HealthExport.Reading;

/// <summary>
/// Walks the tokens of a JSON payload through a window of bytes. No byte is tokenised twice but those of an element
/// that the window's end cut, and the window doubles when one element fills it, so that the work is linear.
/// </summary>
/// <remarks>
/// It never throws for what the payload holds. Where the bytes stop being JSON it stops for good: every read answers
/// false from then on, and <see cref="CutAt"/> says where.
/// </remarks>
sealed class JsonCursor
{
    public const int WindowBytes = 64 * 1024;

    /// <summary>
    /// The longest element: a day's route with several points a second is half of it. Memory is bounded by it, because
    /// one element is held whole.
    /// </summary>
    public const int LongestElementBytes = 64 << 20;

    const int LongestText = 64 * 1024;

    const int LargeWindowBytes = 16 << 20;
    static readonly JsonReaderOptions Options = new() { MaxDepth = 64 };

    readonly Stream _payload;
    byte[] _window;
    long _origin;              // offset in the payload of the window's first byte
    int _position;             // the first byte of the window not yet taken
    int _end;                  // bytes in the window
    bool _isFinal;             // the payload ends with the window
    JsonReaderState _state = new(Options);
    int _valueStart;
    int _valueLength;

    public JsonCursor(Stream payload, int windowBytes = WindowBytes)
    {
        _payload = payload;
        _window = new byte[windowBytes];
        payload.Position = 0;
        while (_end < 3 && Refill()) { }
        if (_window.AsSpan(0, _end).StartsWith("\uFEFF"u8)) _position = 3;
    }

    /// <summary>The token read last; None before the first, after the last, and where the payload is cut.</summary>
    public JsonTokenType Token { get; private set; }

    /// <summary>The token's bytes without quotes, escapes as sent. Good until the next read.</summary>
    public ReadOnlySpan<byte> Value => _window.AsSpan(_valueStart, _valueLength);

    /// <summary>
    /// The token as text: of one that is longer than anything it could be, as much as tells that it is too long.
    /// </summary>
    public string Text => JsonText.Decode(Value[..Math.Min(Value.Length, LongestText)]);

    /// <summary>Where the payload stopped being JSON; null while it is.</summary>
    public long? CutAt { get; private set; }

    public bool IsCut => CutAt is not null;

    /// <summary>Bytes handed to the tokeniser and taken from it, for the test that work is linear.</summary>
    public long BytesTokenised { get; private set; }

    public JsonMark Mark() => new(_origin + _position, _state);

    /// <summary>Goes to a mark made earlier. Does nothing once the payload is cut.</summary>
    public void Seek(in JsonMark mark)
    {
        if (IsCut) return;
        _state = mark.State;
        if (mark.Offset >= _origin && mark.Offset <= _origin + _end)
        {
            _position = (int)(mark.Offset - _origin);
            return;
        }
        _payload.Position = _origin = mark.Offset;
        _position = _end = 0;
        _isFinal = false;
    }

    /// <summary>As <see cref="Seek"/>, also out of a cut that was met while looking ahead.</summary>
    public void SeekBack(in JsonMark mark)
    {
        CutAt = null;
        Seek(mark);
    }

    /// <summary>Takes the next token.</summary>
    /// <returns>False at the document's end and where it is cut.</returns>
    public bool Read()
    {
        while (!IsCut)
        {
            var reader = Open();
            try
            {
                if (reader.Read())
                {
                    Token = reader.TokenType;
                    var quote = Token is JsonTokenType.String or JsonTokenType.PropertyName ? 1 : 0;
                    _valueStart = _position + (int)reader.TokenStartIndex + quote;
                    _valueLength = reader.ValueSpan.Length;
                    Take(ref reader);
                    return true;
                }
                if (_isFinal) break;
            }
            catch (JsonException)
            {
                Cut(ref reader);
                break;
            }
            Refill();
        }
        Token = JsonTokenType.None;
        return false;
    }

    /// <summary>Takes the rest of the value whose first token was read last.</summary>
    /// <returns>False where the payload is cut.</returns>
    public bool Skip()
    {
        if (IsCut) return false;
        if (Token is not (JsonTokenType.StartObject or JsonTokenType.StartArray)) return true;
        var depth = 1;
        while (!IsCut)
        {
            var reader = Open();
            try
            {
                while (depth > 0 && reader.Read())
                {
                    if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray) depth++;
                    else if (reader.TokenType is JsonTokenType.EndObject or JsonTokenType.EndArray) depth--;
                }
            }
            catch (JsonException)
            {
                Cut(ref reader);
                return false;
            }
            Take(ref reader);
            if (depth == 0) return true;
            Refill();
        }
        return false;
    }

    /// <summary>
    /// Takes the next value whole: an element of the array that the cursor is in, or a property's value.
    /// </summary>
    /// <param name="element">
    /// Its bytes as sent. They lie in the window: good until the next read. Empty if there is none.
    /// </param>
    /// <returns>The element's first token; EndArray when the array has ended; None where the payload is cut.</returns>
    public JsonTokenType ReadElement(out ReadOnlyMemory<byte> element)
    {
        element = default;
        var state = _state;
        int scanned = 0, start = -1, depth = 0;
        var first = JsonTokenType.None;
        while (!IsCut)
        {
            var reader = new Utf8JsonReader(Unread[scanned..], _isFinal, state);
            try
            {
                while (reader.Read())
                {
                    if (start < 0)
                    {
                        first = reader.TokenType;
                        start = scanned + (int)reader.TokenStartIndex;
                    }
                    if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray) depth++;
                    else if (reader.TokenType is JsonTokenType.EndObject or JsonTokenType.EndArray) depth--;
                    if (depth > 0) continue;
                    scanned += (int)reader.BytesConsumed;
                    BytesTokenised += reader.BytesConsumed;
                    if (depth == 0) element = _window.AsMemory(_position + start, scanned - start);
                    _position += scanned;
                    _state = reader.CurrentState;
                    return Token = first;
                }
            }
            catch (JsonException)
            {
                _position += scanned;
                _state = state;
                Cut(ref reader);
                break;
            }
            scanned += (int)reader.BytesConsumed;
            BytesTokenised += reader.BytesConsumed;
            state = reader.CurrentState;
            if (_isFinal) break;
            Refill();
        }
        return Token = JsonTokenType.None;
    }

    /// <summary>As <see cref="ReadElement"/>, within an array.</summary>
    /// <returns>False when the array has ended, and where the payload is cut.</returns>
    public bool TryReadElement(out ReadOnlyMemory<byte> element) =>
        ReadElement(out element) is not (JsonTokenType.EndArray or JsonTokenType.None);

    /// <summary>A tokeniser over what the window holds. Give back what it took by Take.</summary>
    public Utf8JsonReader Open() => new(Unread, _isFinal, _state);

    public ReadOnlySpan<byte> Unread => _window.AsSpan(_position, _end - _position);

    public void Take(ref Utf8JsonReader reader) => Take((int)reader.BytesConsumed, reader.CurrentState);

    public void Take(int bytes, in JsonReaderState state)
    {
        BytesTokenised += bytes;
        _position += bytes;
        _state = state;
    }

    /// <summary>Notes that the payload stopped being JSON where the tokeniser threw.</summary>
    public void Cut(ref Utf8JsonReader reader)
    {
        CutAt = _origin + (EndsEarly() ? _end : _position + reader.BytesConsumed);
        Token = JsonTokenType.None;
    }

    /// <summary>Stops before what was not taken yet, because it is not to be read.</summary>
    public void CutHere()
    {
        CutAt = _origin + _position;
        Token = JsonTokenType.None;
    }

    /// <summary>Whether what is left would be a good beginning of something longer.</summary>
    bool EndsEarly()
    {
        if (!_isFinal) return false;
        var reader = new Utf8JsonReader(Unread, isFinalBlock: false, _state);
        try
        {
            while (reader.Read()) { }
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>
    /// Brings more of the payload into the window, behind what is unread. The window doubles when more than half of
    /// it is unread, so that what is scanned again stays in proportion to what is new.
    /// </summary>
    /// <returns>False when the payload has no more.</returns>
    public bool Refill()
    {
        if (_isFinal) return false;
        var unread = _end - _position;
        if (unread > LongestElementBytes)
        {
            CutHere();
            return false;
        }
        var into = WindowFor(unread, _window, LongestElementBytes);
        Buffer.BlockCopy(_window, _position, into, 0, unread);
        _window = into;
        _origin += _position;
        _position = 0;
        _end = unread;
        while (_end < _window.Length)
        {
            var read = _payload.Read(_window, _end, _window.Length - _end);
            if (read == 0)
            {
                _isFinal = true;
                break;
            }
            _end += read;
        }
        return _end > unread || _isFinal;
    }

    /// <summary>
    /// A window that takes what is unread and about as much again, but of the longest element hardly more than it: the
    /// last doubling would cost as much memory as all the others.
    /// </summary>
    /// <returns><paramref name="window"/> itself, if it is large enough.</returns>
    public static byte[] WindowFor(int unread, byte[] window, int longest)
    {
        const int beyond = 4096;
        if (unread <= window.Length / 2 || window.Length > longest) return window;
        var length = window.Length < longest / 2 ? window.Length * 2 : checked(longest + beyond);
        // Twice at most for one payload. The smaller windows, and what was read before, would be held beside it.
        if (length > LargeWindowBytes) GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, true, true);
        // What is not filled takes no memory.
        return GC.AllocateUninitializedArray<byte>(length);
    }
}
