using HealthExport.Memory;
using System.IO.Compression;

namespace HealthExport.Pushes;

/// <summary>Fetches stored chunks of one payload; disposed with the stream that reads them.</summary>
public interface IPayloadChunks : IDisposable
{
    /// <summary>Decoded size of the whole payload.</summary>
    long SizeBytes { get; }

    /// <summary>The stored form of the chunk, valid until the next call.</summary>
    ReadOnlySpan<byte> Read(int ordinal);
}

/// <summary>
/// The decoded bytes of a payload kept in chunks by <see cref="PayloadSpool"/>: seekable, one chunk in memory at a
/// time. Reads are synchronous: the reader has a thread of its own.
/// </summary>
public sealed class PayloadStream(IPayloadChunks chunks) : Stream
{
    readonly byte[] _decoded = BoundedPool<byte>.Shared.Rent(
        (int)Math.Clamp(chunks.SizeBytes, 1, PayloadSpool.ChunkBytes));
    int _ordinal = -1;
    int _length;
    long _position;
    bool _disposed;

    public override bool CanRead => true;
    public override bool CanSeek => true;
    public override bool CanWrite => false;
    public override long Length => chunks.SizeBytes;

    public override long Position
    {
        get => _position;
        set => _position = value is >= 0 ? value : throw new ArgumentOutOfRangeException(nameof(value));
    }

    public override int Read(Span<byte> buffer)
    {
        if (_position >= Length || buffer.IsEmpty) return 0;
        var ordinal = (int)(_position / PayloadSpool.ChunkBytes);
        if (ordinal != _ordinal) Fetch(ordinal);
        var within = (int)(_position % PayloadSpool.ChunkBytes);
        var taken = Math.Min(buffer.Length, _length - within);
        _decoded.AsSpan(within, taken).CopyTo(buffer);
        _position += taken;
        return taken;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override long Seek(long offset, SeekOrigin origin) => Position = origin switch
    {
        SeekOrigin.Begin => offset,
        SeekOrigin.Current => _position + offset,
        _ => Length + offset,
    };

    public override void Flush() { }
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing && !_disposed)
        {
            _disposed = true;
            chunks.Dispose();
            BoundedPool<byte>.Shared.Return(_decoded);
        }
        base.Dispose(disposing);
    }

    void Fetch(int ordinal)
    {
        if (!BrotliDecoder.TryDecompress(chunks.Read(ordinal), _decoded, out _length))
            throw new InvalidDataException($"Chunk {ordinal} of the payload does not decompress.");
        _ordinal = ordinal;
    }
}
