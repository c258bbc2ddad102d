using System.IO.MemoryMappedFiles;
using System.Security.Cryptography;

namespace HealthExport.Keys;

/// <summary>
/// The working memory of one derivation: aligned to a page, outside the collected heap, erased and given back to the
/// operating system when disposed. A mapping of its own, because the C library's allocator keeps freed blocks of this
/// size, some for each thread that ever checked a key. A derivation writes a block before it reads it.
/// </summary>
sealed unsafe class Argon2Memory : IDisposable
{
    readonly MemoryMappedFile _file;
    readonly MemoryMappedViewAccessor _view;
    readonly int _bytes;

    public Argon2Memory(int bytes)
    {
        _bytes = bytes;
        _file = MemoryMappedFile.CreateNew(null, bytes);
        _view = _file.CreateViewAccessor(0, bytes);
        byte* start = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        Words = (ulong*)start;
    }

    public ulong* Words { get; }

    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(new Span<byte>(Words, _bytes));
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file.Dispose();
    }
}
