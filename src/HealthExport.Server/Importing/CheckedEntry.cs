using System.IO.Compression;
using HealthExport.Memory;

namespace HealthExport.Server.Importing;

/// <summary>
/// The unpacked bytes of a file in a zip, held to the length and the checksum that the zip says: a file that is longer,
/// shorter or another fails, instead of being taken for what is left of it.
/// </summary>
sealed class CheckedEntry(ZipArchiveEntry entry) : ForwardStream
{
    static readonly uint[] s_table = MakeTable();

    readonly Stream _content = entry.Open();
    uint _crc = uint.MaxValue;
    long _length;

    public override long Position => _length;

    public override int Read(Span<byte> buffer) => Check(_content.Read(buffer), buffer);

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        Check(await _content.ReadAsync(buffer, cancellationToken), buffer.Span);

    int Check(int read, ReadOnlySpan<byte> buffer)
    {
        foreach (var b in buffer[..read]) _crc = s_table[(byte)(_crc ^ b)] ^ (_crc >> 8);
        _length += read;
        if (_length > entry.Length || (read == 0 && buffer.Length > 0 && (_length < entry.Length || ~_crc != entry.Crc32)))
            throw new InvalidDataException("The file is not what the zip says of it.");
        return read;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) _content.Dispose();
        base.Dispose(disposing);
    }

    /// <summary>Of CRC-32 as zip has it (ISO 3309).</summary>
    static uint[] MakeTable()
    {
        var table = new uint[256];
        for (var i = 0u; i < table.Length; i++)
        {
            var value = i;
            for (var bit = 0; bit < 8; bit++) value = (value & 1) != 0 ? 0xEDB88320 ^ (value >> 1) : value >> 1;
            table[i] = value;
        }
        return table;
    }
}
