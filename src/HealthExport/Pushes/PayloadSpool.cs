using HealthExport.Memory;
using System.IO.Compression;
using System.Security.Cryptography;

namespace HealthExport.Pushes;

/// <summary>
/// Takes a decoded body as it arrives: counts it, hashes it and compresses it chunk by chunk. Small payloads stay in
/// memory; from <see cref="InMemoryBytes"/> compressed bytes on they go to a temporary file that vanishes with the
/// spool. Not for concurrent use.
/// </summary>
/// <param name="folder">Where the temporary file goes, should there be one.</param>
public sealed class PayloadSpool(string folder) : IDisposable
{
    /// <summary>Decoded bytes of every chunk but the last.</summary>
    public const int ChunkBytes = 1 << 20;

    const int InMemoryBytes = 2 << 20;
    const int FirstBufferBytes = 32 << 10;

    readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    readonly List<Chunk> _chunks = [];
    byte[] _decoded = BoundedPool<byte>.Shared.Rent(FirstBufferBytes);
    int _filled;
    FileStream? _file;
    int _inMemory;
    byte[]? _sha256;

    readonly record struct Chunk(int DecodedBytes, int StoredBytes, byte[]? Bytes, long Offset);

    /// <summary>Decoded bytes so far.</summary>
    public long SizeBytes { get; private set; }

    /// <summary>Of the decoded body; there once it is complete.</summary>
    public byte[] Sha256 => _sha256 ?? throw new InvalidOperationException("The payload is not complete.");

    public int ChunkCount => _chunks.Count;

    /// <summary>Takes the next decoded bytes.</summary>
    /// <exception cref="StoreUnavailableException">The temporary folder is full or not there.</exception>
    public void Write(ReadOnlySpan<byte> decoded)
    {
        SizeBytes += decoded.Length;
        _hash.AppendData(decoded);
        while (decoded.Length > 0)
        {
            if (_filled == _decoded.Length) GrowOrSeal();
            var taken = Math.Min(decoded.Length, Math.Min(_decoded.Length, ChunkBytes) - _filled);
            decoded[..taken].CopyTo(_decoded.AsSpan(_filled));
            _filled += taken;
            decoded = decoded[taken..];
            if (_filled == ChunkBytes) Seal();
        }
    }

    /// <summary>Says that the body has come to its end.</summary>
    public void Complete()
    {
        if (_filled > 0) Seal();
        _sha256 = _hash.GetHashAndReset();
        BoundedPool<byte>.Shared.Return(_decoded);
        _decoded = [];
    }

    /// <summary>Compressed and decoded size of a chunk.</summary>
    public (int StoredBytes, int DecodedBytes) SizeOfChunk(int ordinal) =>
        (_chunks[ordinal].StoredBytes, _chunks[ordinal].DecodedBytes);

    /// <summary>The stored form of a chunk: what <see cref="PayloadStream"/> takes.</summary>
    /// <param name="scratch">Used when the chunk has to be fetched from the file; grown as needed.</param>
    public ReadOnlySpan<byte> ReadChunk(int ordinal, ref byte[] scratch)
    {
        var chunk = _chunks[ordinal];
        if (chunk.Bytes is { } bytes) return bytes.AsSpan(0, chunk.StoredBytes);
        if (scratch.Length < chunk.StoredBytes) scratch = new byte[chunk.StoredBytes];
        var stored = scratch.AsSpan(0, chunk.StoredBytes);
        for (var read = 0; read < stored.Length;)
        {
            // May bring less than asked for; bytes of an earlier chunk must never be kept in its place.
            var more = RandomAccess.Read(_file!.SafeFileHandle, stored[read..], chunk.Offset + read);
            if (more == 0) throw new IOException("The temporary file of a payload is shorter than what was written.");
            read += more;
        }
        return stored;
    }

    public void Dispose()
    {
        _hash.Dispose();
        _file?.Dispose();
        if (_decoded.Length > 0) BoundedPool<byte>.Shared.Return(_decoded);
        _decoded = [];
    }

    void GrowOrSeal()
    {
        if (_filled >= ChunkBytes)
        {
            Seal();
            return;
        }
        var larger = BoundedPool<byte>.Shared.Rent(Math.Min(ChunkBytes, _decoded.Length * 4));
        _decoded.AsSpan(0, _filled).CopyTo(larger);
        BoundedPool<byte>.Shared.Return(_decoded);
        _decoded = larger;
    }

    long WriteToFile(ReadOnlySpan<byte> bytes)
    {
        try
        {
            _file ??= OpenFile();
            var offset = _file.Length;
            RandomAccess.Write(_file.SafeFileHandle, bytes, offset);
            return offset;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreUnavailableException("The temporary folder does not take the payload.", e);
        }
    }

    FileStream OpenFile()
    {
        var path = Path.Combine(folder, $"push-{Guid.NewGuid():n}.part");
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Share = FileShare.Delete, BufferSize = 0,
            Options = FileOptions.DeleteOnClose,
        };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        var file = new FileStream(path, options);
        // Where an open file can be without a name, a killed process leaves nothing behind.
        if (!OperatingSystem.IsWindows()) File.Delete(path);
        return file;
    }

    void Seal()
    {
        var scratch = BoundedPool<byte>.Shared.Rent(BrotliEncoder.GetMaxCompressedLength(_filled));
        // Quality 0 with a small window: on phones' JSON a twelfth of the size at 2 GB/s; quality 1 is slower and no
        // smaller.
        if (!BrotliEncoder.TryCompress(_decoded.AsSpan(0, _filled), scratch, out var stored, quality: 0, window: 18))
            throw new InvalidOperationException("The largest compressed size was announced too small.");
        if (_inMemory + stored <= InMemoryBytes)
        {
            _chunks.Add(new(_filled, stored, scratch.AsSpan(0, stored).ToArray(), 0));
            _inMemory += stored;
        }
        else
        {
            _chunks.Add(new(_filled, stored, null, WriteToFile(scratch.AsSpan(0, stored))));
        }
        BoundedPool<byte>.Shared.Return(scratch);
        _filled = 0;
    }
}
