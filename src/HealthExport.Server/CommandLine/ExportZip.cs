using System.Buffers;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using HealthExport.Pushes;
using HealthExport.Server.Exports;

namespace HealthExport.Server.CommandLine;

/// <summary>
/// One of our own exports on disk. Nothing is ever unpacked to a place that the zip names, and nothing of it is to be
/// taken before <see cref="FindFaultAsync"/> has found none.
/// </summary>
sealed class ExportZip : IDisposable
{
    const int BufferBytes = 128 << 10;
    const int LongestManifest = 64 << 20;
    const int LongestPath = 300;
    const int MostEntries = 1_000_000;

    // Of what has this size at least: no export packs so well, and a bomb has to.
    const long LargeBytes = 64 << 20;
    const int MostRatio = 400;

    readonly FileStream _file;
    readonly ZipArchive _zip;
    readonly Dictionary<string, ZipArchiveEntry> _entries = new(StringComparer.Ordinal);

    ExportZip(FileStream file, ZipArchive zip) => (_file, _zip) = (file, zip);

    /// <summary>What the export says of itself.</summary>
    public ExportManifest Manifest { get; private set; } = null!;

    /// <summary>What is to be pushed, in order; empty files are not.</summary>
    public IEnumerable<ExportedFile> Pushes => Manifest.Files.Where(file => file is { ContentType: not null, Bytes: > 0 });

    public static bool IsZip(ReadOnlySpan<byte> head) => head is [(byte)'P', (byte)'K', ..];

    /// <returns>The export, or what is wrong with it.</returns>
    public static (ExportZip? Zip, string? Fault) Open(string path)
    {
        FileStream? file = null;
        ExportZip? zip = null;
        try
        {
            file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, BufferBytes);
            zip = new(file, new(file, ZipArchiveMode.Read, leaveOpen: true));
            var fault = zip.FindFaultOfEntries() ?? zip.FindFaultOfManifest();
            if (fault is not null) return (null, fault);
            var opened = zip;
            (file, zip) = (null, null);
            return (opened, null);
        }
        catch (Exception error) when (error is InvalidDataException or EndOfStreamException or NotSupportedException)
        {
            return (null, "is a zip archive that is damaged or cut short");
        }
        finally
        {
            zip?.Dispose();
            file?.Dispose();
        }
    }

    /// <summary>Reads everything that is to be pushed and holds it to the manifest.</summary>
    /// <returns>What is wrong; null if nothing is.</returns>
    public async ValueTask<string?> FindFaultAsync(Action<double> report, CancellationToken cancellationToken)
    {
        var (all, done) = (Math.Max(1, Pushes.Sum(file => file.Bytes)), 0L);
        foreach (var listed in Pushes)
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var length = 0L;
            var fault = await ReadAsync(
                listed,
                bytes =>
                {
                    hash.AppendData(bytes);
                    length += bytes.Length;
                    report((double)(done + length) / all);
                    return length <= listed.Bytes;
                },
                cancellationToken);
            if (fault is not null) return fault;
            if (length != listed.Bytes)
                return $"is not what it was: {listed.Path} has "
                    + (length > listed.Bytes ? "more" : "fewer") + " bytes than its manifest says";
            if (Convert.ToHexStringLower(hash.GetHashAndReset()) != listed.Sha256)
                return $"is not what it was: {listed.Path} has another hash than its manifest says";
            done += length;
        }
        return null;
    }

    /// <summary>Hands out a file, piece by piece.</summary>
    /// <param name="take">Answers false when it wants no more.</param>
    /// <returns>What is wrong with the file; null if nothing is.</returns>
    public async ValueTask<string?> ReadAsync(
        ExportedFile listed, TakePiece take, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            await using var content = _entries[listed.Path].Open();
            while (await content.ReadAsync(buffer, cancellationToken) is var read and > 0)
                if (!take(buffer.AsSpan(0, read))) break;
            return null;
        }
        catch (InvalidDataException)
        {
            return $"is damaged: {listed.Path} does not unpack";
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    public void Dispose()
    {
        _zip.Dispose();
        _file.Dispose();
    }

    /// <returns>Whether more is wanted.</returns>
    public delegate bool TakePiece(ReadOnlySpan<byte> bytes);

    string? FindFaultOfEntries()
    {
        if (_zip.Entries.Count > MostEntries) return $"is a zip archive of more than {MostEntries} files";
        foreach (var entry in _zip.Entries)
        {
            if (!IsPath(entry.FullName)) return "is a zip archive with names that lead elsewhere; nothing was taken of it";
            if (!_entries.TryAdd(entry.FullName, entry))
                return "is a zip archive with two files of one name; nothing was taken of it";
        }
        return null;
    }

    static bool IsPath(string name) =>
        name.Length is > 0 and <= LongestPath && name[0] != '/' && !name.Contains('\\') && !name.Contains(':')
        && !name.Any(char.IsControl) && !name.Split('/').Contains("..");

    string? FindFaultOfManifest()
    {
        if (!_entries.TryGetValue(ExportManifest.Path, out var entry))
            return _entries.Keys.Any(IsItems)
                ? "is an export that was cut short: its manifest is missing; ask for it again"
                : "is a zip archive, and none of our exports: unpack it and import the .json files in it";
        if (ReadManifest(entry) is not { } manifest) return "is an export whose manifest cannot be read";
        if (manifest.Format != ExportManifest.OwnFormat)
            return "is a zip archive, and none of our exports: unpack it and import the .json files in it";
        if (manifest.Version != ExportManifest.OwnVersion)
            return $"is an export of version {manifest.Version}; this build reads version {ExportManifest.OwnVersion}";
        Manifest = manifest;
        var listed = new HashSet<string>(StringComparer.Ordinal);
        foreach (var file in manifest.Files)
        {
            if (!listed.Add(file.Path)) return "is an export whose manifest names a file twice";
            if (!_entries.TryGetValue(file.Path, out var found)) return $"is an export that lacks {Short(file.Path)}";
            if (file.ContentType is null) continue;
            if (!NdjsonType.Is(file.ContentType) || file.Bytes < 0)
                return $"is an export whose manifest says of {Short(file.Path)} what cannot be";
            if (file.Bytes > LargeBytes && file.Bytes / MostRatio > found.CompressedLength)
                return $"would unpack to more than {MostRatio} times its size, as no export does; nothing was taken of it";
        }
        return _entries.Keys.FirstOrDefault(path => IsItems(path) && !listed.Contains(path)) is { } unlisted
            ? $"is an export whose manifest does not know {Short(unlisted)}"
            : null;
    }

    static ExportManifest? ReadManifest(ZipArchiveEntry entry)
    {
        using var content = entry.Open();
        using var json = new MemoryStream();
        var buffer = new byte[BufferBytes];
        while (content.Read(buffer) is var read and > 0)
        {
            json.Write(buffer, 0, read);
            if (json.Length > LongestManifest) return null;
        }
        try
        {
            return JsonSerializer.Deserialize(
                json.GetBuffer().AsSpan(0, (int)json.Length), ExportJson.Default.ExportManifest);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    static bool IsItems(string path) => path.EndsWith(ExportFiles.Ndjson, StringComparison.Ordinal);

    static string Short(string path) => path.Length <= 80 ? path : path[..80] + "…";
}
