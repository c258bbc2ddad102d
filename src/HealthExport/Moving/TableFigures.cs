using System.Buffers.Binary;
using System.Security.Cryptography;

namespace HealthExport.Moving;

/// <summary>
/// What two stores must have in common about a table: how many rows, and the sum, modulo 2^128, of the first 16 bytes
/// of each row's SHA-256, in whatever order they come. Equal figures mean equal rows, to the last bit.
/// </summary>
public readonly record struct TableFigures(long Rows, UInt128 Checksum)
{
    public TableFigures With(ReadOnlySpan<byte> row)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(row, hash);
        return new(Rows + 1, unchecked(Checksum + BinaryPrimitives.ReadUInt128LittleEndian(hash)));
    }

    public TableFigures With(RowBatch batch)
    {
        var figures = this;
        for (var i = 0; i < batch.Count; i++) figures = figures.With(batch[i]);
        return figures;
    }
}
