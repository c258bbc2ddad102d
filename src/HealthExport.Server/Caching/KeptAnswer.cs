using System.Collections.Concurrent;
using System.IO.Compression;
using System.Text;
using Microsoft.AspNetCore.ResponseCompression;

namespace HealthExport.Server.Caching;

/// <summary>A whole answer with status 200. Safe from any thread.</summary>
/// <param name="Link">Where a list goes on, for forms that have no place for it; null for nowhere.</param>
/// <param name="Rows">How many rows it shows, for the audit trail.</param>
sealed record KeptAnswer(string ContentType, string? Link, long Rows, ReadOnlyMemory<byte> Body)
{
    // What an entry takes beside its bytes, about.
    const int Overhead = 512;

    // Of the bytes that servers share; others are nobody's answer.
    const byte Format = 1;
    const string Brotli = "br";

    readonly ConcurrentDictionary<string, Lazy<ReadOnlyMemory<byte>>> _packed = new(StringComparer.Ordinal);
    long _packedBytes;

    /// <summary>What it takes of the memory, about.</summary>
    public long Bytes => Overhead + Body.Length + Volatile.Read(ref _packedBytes);

    /// <summary>Its bytes in a coding, worked out once.</summary>
    public ReadOnlyMemory<byte> In(ICompressionProvider coding) => In(coding.EncodingName, coding.CreateStream);

    /// <summary>As servers share it: compressed.</summary>
    public byte[] ToShared()
    {
        using var shared = new MemoryStream();
        using var writer = new BinaryWriter(shared, Encoding.UTF8);
        writer.Write(Format);
        writer.Write(ContentType);
        writer.Write(Link ?? "");
        writer.Write7BitEncodedInt64(Rows);
        writer.Write7BitEncodedInt(Body.Length);
        writer.Write(In(Brotli, stream => new BrotliStream(stream, CompressionLevel.Fastest, leaveOpen: true)).Span);
        writer.Flush();
        return shared.ToArray();
    }

    /// <returns>Null for what is no answer: it is worked out again.</returns>
    public static KeptAnswer? FromShared(byte[] shared, int mostBytes)
    {
        try
        {
            using var reader = new BinaryReader(new MemoryStream(shared), Encoding.UTF8);
            if (reader.ReadByte() != Format) return null;
            var (type, link) = (reader.ReadString(), reader.ReadString());
            var (rows, length) = (reader.Read7BitEncodedInt64(), reader.Read7BitEncodedInt());
            if (length < 0 || length > mostBytes) return null;
            var packed = shared.AsMemory((int)reader.BaseStream.Position);
            var body = new byte[length];
            if (!BrotliDecoder.TryDecompress(packed.Span, body, out var written) || written != length) return null;
            var answer = new KeptAnswer(type, link.Length > 0 ? link : null, rows, body);
            answer._packed[Brotli] = new(packed);
            answer._packedBytes = packed.Length;
            return answer;
        }
        catch (Exception e) when (e is IOException or FormatException or ArgumentException)
        {
            return null;
        }
    }

    ReadOnlyMemory<byte> In(string coding, Func<Stream, Stream> open) =>
        _packed.GetOrAdd(coding, _ => new(() => Pack(open))).Value;

    ReadOnlyMemory<byte> Pack(Func<Stream, Stream> open)
    {
        using var packed = new MemoryStream();
        using (var packer = open(packed)) packer.Write(Body.Span);
        var bytes = packed.ToArray();
        Interlocked.Add(ref _packedBytes, bytes.Length);
        return bytes;
    }
}
