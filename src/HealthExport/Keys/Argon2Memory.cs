using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace HealthExport.Keys;

/// <summary>
/// The working memory of one derivation: aligned to 64 bytes, outside the collected heap, erased and given back to the
/// operating system when disposed, because checks are rare and an idle server should be small. A derivation writes a
/// block before it reads it: fresh memory holds anything.
/// </summary>
sealed unsafe class Argon2Memory(int bytes) : IDisposable
{
    public ulong* Words { get; } = (ulong*)NativeMemory.AlignedAlloc((nuint)bytes, 64);

    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(new Span<byte>(Words, bytes));
        NativeMemory.AlignedFree(Words);
    }
}
