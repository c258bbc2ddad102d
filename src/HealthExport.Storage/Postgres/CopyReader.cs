using System.Buffers;
using System.Buffers.Binary;

namespace HealthExport.Storage.Postgres;

/// <summary>
/// Reads PostgreSQL's binary COPY format (https://www.postgresql.org/docs/15/sql-copy.html) row by row. Memory is
/// bounded by the longest row. Not for concurrent use.
/// </summary>
sealed class CopyReader(Stream stream) : IDisposable
{
    const int HeaderLength = 19;

    // Where each field of the row starts, and its length, -1 for null.
    readonly List<(int Start, int Length)> _fields = [];
    byte[] _bytes = ArrayPool<byte>.Shared.Rent(1 << 20);
    int _start;
    int _end;
    bool _isStarted;

    /// <summary>Goes to the next row, whose fields are valid until the next call.</summary>
    /// <returns>False at the end.</returns>
    public ValueTask<bool> ReadRowAsync(CancellationToken cancellationToken) =>
        _isStarted && TryTakeRow(out var hasRow) ? new(hasRow) : ReadMoreAsync(cancellationToken);

    public bool IsNull(int field) => _fields[field].Length < 0;

    public ReadOnlySpan<byte> this[int field] =>
        _bytes.AsSpan(_fields[field].Start, _fields[field].Length);

    public void Dispose()
    {
        if (_bytes.Length > 0) ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
    }

    async ValueTask<bool> ReadMoreAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (!_isStarted && _end - _start >= HeaderLength)
            {
                _isStarted = true;
                // Its extension is empty in every version so far, but has a length.
                _start += HeaderLength + BinaryPrimitives.ReadInt32BigEndian(_bytes.AsSpan(_start + 15));
            }
            if (_isStarted && TryTakeRow(out var hasRow)) return hasRow;
            MakeRoom();
            var read = await stream.ReadAsync(_bytes.AsMemory(_end), cancellationToken);
            if (read == 0) throw new InvalidDataException("The answer to a COPY is cut short.");
            _end += read;
        }
    }

    bool TryTakeRow(out bool hasRow)
    {
        hasRow = false;
        var at = _start;
        if (_end - at < sizeof(short)) return false;
        var count = BinaryPrimitives.ReadInt16BigEndian(_bytes.AsSpan(at));
        if (count < 0) return true;
        at += sizeof(short);
        _fields.Clear();
        for (var i = 0; i < count; i++)
        {
            if (_end - at < sizeof(int)) return false;
            var length = BinaryPrimitives.ReadInt32BigEndian(_bytes.AsSpan(at));
            at += sizeof(int);
            if (_end - at < length) return false;
            _fields.Add((at, length));
            at += Math.Max(0, length);
        }
        _start = at;
        return hasRow = true;
    }

    void MakeRoom()
    {
        if (_start > 0)
        {
            _bytes.AsSpan(_start, _end - _start).CopyTo(_bytes);
            (_start, _end) = (0, _end - _start);
        }
        if (_bytes.Length - _end >= _bytes.Length / 2) return;
        var larger = ArrayPool<byte>.Shared.Rent(checked(_bytes.Length * 2));
        _bytes.AsSpan(0, _end).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = larger;
    }
}
