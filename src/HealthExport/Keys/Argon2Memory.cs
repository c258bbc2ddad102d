using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace HealthExport.Keys;

/// <summary>
/// The working memory of one derivation: aligned, outside the garbage-collected heap, erased when given back.
/// One block of the usual size is kept for the next derivation; the rest goes back to the operating system at once,
/// so that a burst of checks leaves an idle server no larger than one check does.
/// </summary>
/// <remarks>
/// Renting and disposing are safe from any thread; one instance belongs to one derivation at a time. The content is
/// zero only when kept memory is reused, so a derivation must write a block before it reads it.
/// </remarks>
sealed unsafe class Argon2Memory : IDisposable
{
    // 32 MiB covers the default cost; anything larger is rare and not worth holding.
    const int MaxKeptBytes = 32 * 1024 * 1024;

    static Argon2Memory? s_kept;

    readonly int _capacityBytes;
    int _usedBytes;

    Argon2Memory(int bytes)
    {
        _capacityBytes = bytes;
        Words = (ulong*)NativeMemory.AlignedAlloc((nuint)bytes, 64);
    }

    /// <summary>The first word, aligned to 64 bytes.</summary>
    public ulong* Words { get; }

    public static Argon2Memory Rent(int bytes)
    {
        var memory = Interlocked.Exchange(ref s_kept, null);
        if (memory is not null && memory._capacityBytes < bytes)
        {
            memory.Free();
            memory = null;
        }

        memory ??= new Argon2Memory(bytes);
        memory._usedBytes = bytes;
        return memory;
    }

    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(new Span<byte>(Words, _usedBytes));
        if (_capacityBytes > MaxKeptBytes || Interlocked.CompareExchange(ref s_kept, this, null) is not null) Free();
    }

    void Free() => NativeMemory.AlignedFree(Words);
}
