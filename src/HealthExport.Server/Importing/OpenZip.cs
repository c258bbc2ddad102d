using System.Buffers.Binary;
using System.IO.Compression;

namespace HealthExport.Server.Importing;

/// <summary>
/// A zip on disk, of which nothing is ever unpacked to a place that it names. Opened only when its list of contents is of
/// a size that can be held.
/// </summary>
sealed class OpenZip : IDisposable
{
    /// <summary>No export has a tenth of them.</summary>
    public const int MostEntries = 100_000;

    const int MostDirectoryBytes = 16 << 20;
    const int BufferBytes = 128 << 10;
    const int EndBytes = 22;
    const int LocatorBytes = 20;
    const int LongestComment = ushort.MaxValue;
    const string Damaged = "is a zip archive that is damaged or cut short";

    static readonly string s_tooMany =
        $"is a zip archive of more than {MostEntries:N0} files; unpack it and import the folder";

    readonly FileStream _file;
    readonly ZipArchive _zip;

    OpenZip(FileStream file, ZipArchive zip) => (_file, _zip) = (file, zip);

    public IReadOnlyList<ZipArchiveEntry> Entries => _zip.Entries;

    /// <summary>Of the archive.</summary>
    public long Bytes => _file.Length;

    public static bool IsZip(ReadOnlySpan<byte> head) => head is [(byte)'P', (byte)'K', ..];

    /// <summary>Whether it is a zip by its content; false for one that cannot be read.</summary>
    public static bool IsZip(FileInfo file)
    {
        try
        {
            // What has no length may be a pipe, and would be waited for.
            if (!file.Exists || file.Length == 0) return false;
            using var content = file.OpenRead();
            var head = new byte[2];
            return content.ReadAtLeast(head, 2, throwOnEndOfStream: false) == 2 && IsZip(head);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <returns>The archive, or what is wrong with it.</returns>
    public static (OpenZip? Zip, string? Fault) Open(string path)
    {
        FileStream? file = null;
        try
        {
            file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, BufferBytes);
            if (FindFaultOfDirectory(file) is { } fault) return (null, fault);
            file.Position = 0;
            var zip = new ZipArchive(file, ZipArchiveMode.Read, leaveOpen: true);
            if (zip.Entries.Count > MostEntries) return (null, s_tooMany);
            // Files that share their packed bytes unpack to more than anything of this size could hold.
            if (zip.Entries.Sum(entry => (decimal)entry.CompressedLength) > file.Length)
                return (null, "is a zip archive whose files lie over one another, as in no honest one");
            (var opened, file) = (new OpenZip(file, zip), null);
            return (opened, null);
        }
        catch (Exception error) when (error is InvalidDataException or EndOfStreamException or NotSupportedException
            or ArgumentException or OverflowException)
        {
            return (null, Damaged);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return (null, $"cannot be read: {error.Message}");
        }
        finally
        {
            file?.Dispose();
        }
    }

    public void Dispose()
    {
        _zip.Dispose();
        _file.Dispose();
    }

    /// <summary>
    /// Looks at the end of the list of contents, where its size is said, before anything holds the list in memory.
    /// </summary>
    static string? FindFaultOfDirectory(FileStream file)
    {
        var tail = new byte[(int)Math.Min(file.Length, LocatorBytes + EndBytes + LongestComment)];
        file.Position = file.Length - tail.Length;
        file.ReadExactly(tail);
        var at = tail.AsSpan().LastIndexOf("PK\u0005\u0006"u8);
        if (at < 0 || tail.Length - at < EndBytes) return Damaged;
        var end = tail.AsSpan(at);
        long count = BinaryPrimitives.ReadUInt16LittleEndian(end[10..]);
        long start = BinaryPrimitives.ReadUInt32LittleEndian(end[16..]);
        // Which of the two records is believed depends on fields that may lie, so the worse one counts.
        if (at >= LocatorBytes && tail.AsSpan(at - LocatorBytes).StartsWith("PK\u0006\u0007"u8))
        {
            var big = new byte[56];
            file.Position = BinaryPrimitives.ReadInt64LittleEndian(tail.AsSpan(at - LocatorBytes + 8));
            file.ReadExactly(big);
            count = Math.Max(
                count == ushort.MaxValue ? 0 : count, BinaryPrimitives.ReadInt64LittleEndian(big.AsSpan(32)));
            start = Math.Min(start, BinaryPrimitives.ReadInt64LittleEndian(big.AsSpan(48)));
        }
        var directoryBytes = file.Length - tail.Length + at - start;
        return count > MostEntries || start < 0 || directoryBytes > MostDirectoryBytes ? s_tooMany : null;
    }
}
