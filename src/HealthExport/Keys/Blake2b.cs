using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;

namespace HealthExport.Keys;

/// <summary>BLAKE2b (RFC 7693), incremental: 1 to 64 bytes of digest, 0 to 64 bytes of key.</summary>
/// <remarks>One instance computes one digest, on one thread at a time. Disposing it erases its state.</remarks>
sealed class Blake2b : IDisposable
{
    public const int MaxDigestLength = 64;
    const int BlockLength = 128;

    static ReadOnlySpan<ulong> InitialState =>
    [
        0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
        0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
    ];

    // RFC 7693, 2.7: the ten schedules; rounds 10 and 11 use the first two again.
    static ReadOnlySpan<byte> Schedules =>
    [
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
        14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3,
        11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4,
        7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8,
        9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13,
        2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9,
        12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11,
        13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10,
        6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5,
        10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0,
    ];

    readonly int _digestLength;
    readonly ulong[] _state = InitialState.ToArray();
    readonly byte[] _block = new byte[BlockLength];
    int _buffered;
    ulong _compressed;    // bytes; RFC 7693 counts 128 bits, of which nobody fills the upper 64

    public Blake2b(int digestLength, ReadOnlySpan<byte> key = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(digestLength, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(digestLength, MaxDigestLength);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(key.Length, 64, nameof(key));
        _digestLength = digestLength;
        _state[0] ^= 0x01010000u ^ ((ulong)key.Length << 8) ^ (ulong)digestLength;
        if (key.IsEmpty) return;
        key.CopyTo(_block);
        _buffered = BlockLength;
    }

    public static void Hash(ReadOnlySpan<byte> input, Span<byte> digest)
    {
        using var hash = new Blake2b(digest.Length);
        hash.Append(input);
        hash.Finish(digest);
    }

    public void Append(ReadOnlySpan<byte> input)
    {
        while (!input.IsEmpty)
        {
            // A full block waits until more follows, because the last block is compressed differently.
            if (_buffered == BlockLength)
            {
                _compressed += BlockLength;
                Compress(isLast: false);
                _buffered = 0;
            }

            var taken = Math.Min(BlockLength - _buffered, input.Length);
            input[..taken].CopyTo(_block.AsSpan(_buffered));
            _buffered += taken;
            input = input[taken..];
        }
    }

    public void AppendInt32(int value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        Append(bytes);
    }

    /// <param name="digest">Exactly as long as the constructor was told.</param>
    public void Finish(Span<byte> digest)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(digest.Length, _digestLength, nameof(digest));
        _block.AsSpan(_buffered).Clear();
        _compressed += (ulong)_buffered;
        Compress(isLast: true);
        Span<byte> whole = stackalloc byte[MaxDigestLength];
        for (var i = 0; i < 8; i++) BinaryPrimitives.WriteUInt64LittleEndian(whole[(8 * i)..], _state[i]);
        whole[.._digestLength].CopyTo(digest);
        CryptographicOperations.ZeroMemory(whole);
    }

    public void Dispose()
    {
        Array.Clear(_state);
        CryptographicOperations.ZeroMemory(_block);
    }

    void Compress(bool isLast)
    {
        Span<ulong> message = stackalloc ulong[16];
        for (var i = 0; i < 16; i++) message[i] = BinaryPrimitives.ReadUInt64LittleEndian(_block.AsSpan(8 * i));
        Span<ulong> work = stackalloc ulong[16];
        _state.CopyTo(work);
        InitialState.CopyTo(work[8..]);
        work[12] ^= _compressed;
        if (isLast) work[14] = ~work[14];

        for (var round = 0; round < 12; round++)
        {
            var order = Schedules.Slice(round % 10 * 16, 16);
            Mix(work, 0, 4, 8, 12, message[order[0]], message[order[1]]);
            Mix(work, 1, 5, 9, 13, message[order[2]], message[order[3]]);
            Mix(work, 2, 6, 10, 14, message[order[4]], message[order[5]]);
            Mix(work, 3, 7, 11, 15, message[order[6]], message[order[7]]);
            Mix(work, 0, 5, 10, 15, message[order[8]], message[order[9]]);
            Mix(work, 1, 6, 11, 12, message[order[10]], message[order[11]]);
            Mix(work, 2, 7, 8, 13, message[order[12]], message[order[13]]);
            Mix(work, 3, 4, 9, 14, message[order[14]], message[order[15]]);
        }

        for (var i = 0; i < 8; i++) _state[i] ^= work[i] ^ work[i + 8];
        message.Clear();
        work.Clear();
    }

    static void Mix(Span<ulong> work, int a, int b, int c, int d, ulong x, ulong y)
    {
        work[a] += work[b] + x;
        work[d] = BitOperations.RotateRight(work[d] ^ work[a], 32);
        work[c] += work[d];
        work[b] = BitOperations.RotateRight(work[b] ^ work[c], 24);
        work[a] += work[b] + y;
        work[d] = BitOperations.RotateRight(work[d] ^ work[a], 16);
        work[c] += work[d];
        work[b] = BitOperations.RotateRight(work[b] ^ work[c], 63);
    }
}
