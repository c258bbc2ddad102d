using System.Buffers.Binary;

namespace HealthExport.Moving;

/// <summary>Reads a row of a <see cref="RowBatch"/>, value by value.</summary>
public ref struct RowReader(ReadOnlySpan<byte> row)
{
    ReadOnlySpan<byte> _rest = row;

    public bool IsNull { get; private set; }

    /// <summary>Of what was read last; meaningless when it is null.</summary>
    public MovedType Type { get; private set; }

    public long Integer { get; private set; }

    public readonly double Real => BitConverter.Int64BitsToDouble(Integer);

    /// <summary>A text's UTF-8, or bytes.</summary>
    public ReadOnlySpan<byte> Bytes { get; private set; }

    /// <summary>Goes to the next value, of which there must be one.</summary>
    public void Read()
    {
        var type = _rest[0];
        _rest = _rest[1..];
        Type = (MovedType)type;
        IsNull = type == 0;
        if (IsNull) return;
        if (Type is MovedType.Integer or MovedType.Real)
        {
            Integer = BinaryPrimitives.ReadInt64LittleEndian(_rest);
            _rest = _rest[sizeof(long)..];
            return;
        }
        var length = BinaryPrimitives.ReadInt32LittleEndian(_rest);
        Bytes = _rest.Slice(sizeof(int), length);
        _rest = _rest[(sizeof(int) + length)..];
    }

    /// <summary>Goes to the value of this index, from the start of the row.</summary>
    public static RowReader At(ReadOnlySpan<byte> row, int index)
    {
        var reader = new RowReader(row);
        for (var i = 0; i <= index; i++) reader.Read();
        return reader;
    }
}
