using System.Buffers;
using System.Buffers.Binary;

namespace HealthExport.Moving;

/// <summary>
/// Rows of one table in one form for all stores: equal rows have equal bytes. A value is the byte of its
/// <see cref="MovedType"/>, or 0 for null; then 8 bytes, or the length (4 bytes) and the bytes themselves. Not for
/// concurrent use; dispose it when it is written.
/// </summary>
public sealed class RowBatch : IDisposable
{
    const int FullBytes = 4 << 20;
    const int FullRows = 25_000;
    const byte Null = 0;

    readonly List<int> _ends = [];
    byte[] _bytes = ArrayPool<byte>.Shared.Rent(1 << 16);
    int _length;

    public int Count => _ends.Count;

    /// <summary>Time to hand it on: memory is bounded by this and one row.</summary>
    public bool IsFull => _length >= FullBytes || Count >= FullRows;

    public ReadOnlySpan<byte> this[int row]
    {
        get
        {
            var start = row == 0 ? 0 : _ends[row - 1];
            return _bytes.AsSpan(start, _ends[row] - start);
        }
    }

    public void AddNull()
    {
        Reserve(1);
        _bytes[_length++] = Null;
    }

    public void Add(long value)
    {
        Reserve(9);
        _bytes[_length++] = (byte)MovedType.Integer;
        AddBits(value);
    }

    public void Add(double value)
    {
        if (double.IsNaN(value))
        {
            AddNull();
            return;
        }
        Reserve(9);
        _bytes[_length++] = (byte)MovedType.Real;
        // SQLite keeps whole numbers as integers and so loses the sign of a zero: the same everywhere, then.
        AddBits(value == 0 ? 0 : BitConverter.DoubleToInt64Bits(value));
    }

    public void AddText(ReadOnlySpan<byte> utf8) => Add(MovedType.Text, utf8);

    public void AddBytes(ReadOnlySpan<byte> bytes) => Add(MovedType.Bytes, bytes);

    public void EndRow() => _ends.Add(_length);

    public void AddRow(ReadOnlySpan<byte> row)
    {
        Reserve(row.Length);
        row.CopyTo(_bytes.AsSpan(_length));
        _length += row.Length;
        EndRow();
    }

    public void Clear()
    {
        _ends.Clear();
        _length = 0;
    }

    public void Dispose()
    {
        if (_bytes.Length > 0) ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
        Clear();
    }

    /// <summary>Compares two rows of a table by its key.</summary>
    public static int CompareKeys(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b, int keyLength)
    {
        var left = new RowReader(a);
        var right = new RowReader(b);
        for (var i = 0; i < keyLength; i++)
        {
            left.Read();
            right.Read();
            var order = left.Type == MovedType.Integer
                ? left.Integer.CompareTo(right.Integer)
                : left.Bytes.SequenceCompareTo(right.Bytes);
            if (order != 0) return order;
        }
        return 0;
    }

    void Add(MovedType type, ReadOnlySpan<byte> bytes)
    {
        Reserve(checked(5 + bytes.Length));
        _bytes[_length++] = (byte)type;
        BinaryPrimitives.WriteInt32LittleEndian(_bytes.AsSpan(_length), bytes.Length);
        bytes.CopyTo(_bytes.AsSpan(_length + 4));
        _length += 4 + bytes.Length;
    }

    void AddBits(long bits)
    {
        BinaryPrimitives.WriteInt64LittleEndian(_bytes.AsSpan(_length), bits);
        _length += sizeof(long);
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
