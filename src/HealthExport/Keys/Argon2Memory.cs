using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace HealthExport.Keys;

/// <summary>
/// The working memory of one derivation: aligned to 64 bytes, outside the collected heap, erased when disposed. It
/// belongs to one derivation at a time, which writes a block before it reads it: fresh memory holds anything.
/// </summary>
sealed unsafe class Argon2Memory : IDisposable
{
    readonly Argon2MemoryPool _pool;

    public Argon2Memory(Argon2MemoryPool pool, int capacityBytes)
    {
        _pool = pool;
        CapacityBytes = capacityBytes;
        Words = (ulong*)NativeMemory.AlignedAlloc((nuint)capacityBytes, 64);
    }

    public int CapacityBytes { get; }

    /// <summary>How much of it the present derivation may write to, and disposing erases.</summary>
    public int UsedBytes { get; set; }

    public ulong* Words { get; }

    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(new Span<byte>(Words, UsedBytes));
        if (!_pool.TryKeep(this)) Free();
    }

    public void Free() => NativeMemory.AlignedFree(Words);
}
