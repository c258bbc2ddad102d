using System.Buffers.Binary;
using System.Runtime.InteropServices;
using HealthExport.Time;

namespace HealthExport.Storage;

/// <summary>
/// Arrays as blobs, bit for bit: float64 (IEEE 754, the payload of a NaN included) and int64, little-endian on every
/// machine.
/// </summary>
static class LittleEndian
{
    public static byte[] ToBytes(ReadOnlySpan<double> values) => ToBytes(MemoryMarshal.Cast<double, long>(values));

    /// <summary>Microseconds.</summary>
    public static byte[] ToBytes(ReadOnlySpan<Instant> times) => ToBytes(MemoryMarshal.Cast<Instant, long>(times));

    public static double[] ReadDoubles(ReadOnlySpan<byte> bytes)
    {
        var values = new double[bytes.Length / sizeof(double)];
        Read(bytes, MemoryMarshal.Cast<double, long>(values.AsSpan()));
        return values;
    }

    public static Instant[] ReadInstants(ReadOnlySpan<byte> bytes)
    {
        var times = new Instant[bytes.Length / sizeof(long)];
        Read(bytes, MemoryMarshal.Cast<Instant, long>(times.AsSpan()));
        return times;
    }

    static byte[] ToBytes(ReadOnlySpan<long> values)
    {
        var bytes = new byte[values.Length * sizeof(long)];
        if (BitConverter.IsLittleEndian) MemoryMarshal.AsBytes(values).CopyTo(bytes);
        else BinaryPrimitives.ReverseEndianness(values, MemoryMarshal.Cast<byte, long>(bytes.AsSpan()));
        return bytes;
    }

    static void Read(ReadOnlySpan<byte> bytes, Span<long> values)
    {
        if (bytes.Length != values.Length * sizeof(long))
            throw new InvalidDataException("A blob of 8-byte values does not hold a whole number of them.");
        if (BitConverter.IsLittleEndian) bytes.CopyTo(MemoryMarshal.AsBytes(values));
        else BinaryPrimitives.ReverseEndianness(MemoryMarshal.Cast<byte, long>(bytes), values);
    }
}
