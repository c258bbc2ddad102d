using System.Buffers;
using System.Buffers.Binary;

namespace HealthExport.Storage.Postgres;

/// <summary>Makes PostgreSQL's binary COPY format (https://www.postgresql.org/docs/15/sql-copy.html), whole in memory.
/// Not for concurrent use.</summary>
sealed class CopyWriter : IDisposable
{
    static readonly byte[] s_header = [.. "PGCOPY\n"u8, 0xFF, .. "\r\n\0"u8, 0, 0, 0, 0, 0, 0, 0, 0];

    byte[] _bytes = ArrayPool<byte>.Shared.Rent(1 << 20);
    int _length;

    public CopyWriter()
    {
        s_header.CopyTo(_bytes, 0);
        _length = s_header.Length;
    }

    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, _length);

    public void BeginRow(int fields) => WriteInt16((short)fields);

    public void End() => WriteInt16(-1);

    public void WriteNull() => WriteInt32(-1);

    public void WriteField(bool value) => WriteField([value ? (byte)1 : (byte)0]);

    public void WriteField(short value)
    {
        WriteInt32(sizeof(short));
        WriteInt16(value);
    }

    public void WriteField(int value)
    {
        WriteInt32(sizeof(int));
        WriteInt32(value);
    }

    /// <summary>Also for what travels as 64 bits: a float64, an instant of the server.</summary>
    public void WriteField(long value)
    {
        WriteInt32(sizeof(long));
        Reserve(sizeof(long));
        BinaryPrimitives.WriteInt64BigEndian(_bytes.AsSpan(_length), value);
        _length += sizeof(long);
    }

    public void WriteField(ReadOnlySpan<byte> bytes)
    {
        WriteInt32(bytes.Length);
        Reserve(bytes.Length);
        bytes.CopyTo(_bytes.AsSpan(_length));
        _length += bytes.Length;
    }

    /// <summary>An array of one dimension of 64-bit elements, none of them null.</summary>
    /// <param name="elementType">The type's number (oid).</param>
    /// <param name="littleEndian">The elements.</param>
    /// <param name="less">Subtracted from each.</param>
    public void WriteArray(int elementType, ReadOnlySpan<byte> littleEndian, long less = 0)
    {
        var count = littleEndian.Length / sizeof(long);
        WriteInt32(count == 0 ? 12 : 20 + count * (sizeof(int) + sizeof(long)));
        WriteInt32(count == 0 ? 0 : 1);
        WriteInt32(0);
        WriteInt32(elementType);
        if (count == 0) return;
        WriteInt32(count);
        WriteInt32(1);
        for (var i = 0; i < count; i++)
            WriteField(BinaryPrimitives.ReadInt64LittleEndian(littleEndian[(i * sizeof(long))..]) - less);
    }

    public void Dispose()
    {
        if (_bytes.Length > 0) ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
    }

    void WriteInt16(short value)
    {
        Reserve(sizeof(short));
        BinaryPrimitives.WriteInt16BigEndian(_bytes.AsSpan(_length), value);
        _length += sizeof(short);
    }

    void WriteInt32(int value)
    {
        Reserve(sizeof(int));
        BinaryPrimitives.WriteInt32BigEndian(_bytes.AsSpan(_length), value);
        _length += sizeof(int);
    }

    void Reserve(int bytes)
    {
        if (_bytes.Length - _length >= bytes) return;
        var larger = ArrayPool<byte>.Shared.Rent(checked(Math.Max(_bytes.Length * 2, _length + bytes)));
        _bytes.AsSpan(0, _length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = larger;
    }
}
