using System.Buffers;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using HealthExport.Pushes;
using HealthExport.Server.CommandLine;
using HealthExport.Server.Exports;

namespace HealthExport.Server.Importing;

/// <summary>
/// One of our own exports on disk. Nothing is ever unpacked to a place that the zip names, and nothing of it is to be
/// taken before <see cref="FindFaultAsync"/> has found none.
/// </summary>
sealed class ExportZip : IDisposable
{
    const int BufferBytes = 128 << 10;
    const string ItemsFolder = "ndjson/";
    const int LongestManifest = 64 << 20;
    const int LongestPath = 300;

    readonly OpenZip _zip;
    readonly Dictionary<string, ZipArchiveEntry> _entries = new(StringComparer.Ordinal);

    ExportZip(OpenZip zip) => _zip = zip;

    /// <summary>What the export says of itself.</summary>
    public ExportManifest Manifest { get; private set; } = null!;

    /// <summary>What is to be pushed, in order; empty files are not.</summary>
    public IEnumerable<ExportedFile> Pushes => Manifest.Files.Where(file => file is { ContentType: not null, Bytes: > 0 });

    /// <summary>Whether a zip says of itself that it is an export of ours.</summary>
    public static bool IsOne(OpenZip zip)
    {
        if (FindManifest(zip) is not { } entry) return false;
        try
        {
            // One that cannot be read is still ours if what it should list lies beside it.
            return ReadManifest(entry)?.Format switch
            {
                null => zip.Entries.Any(entry => entry.FullName.StartsWith(ItemsFolder, StringComparison.Ordinal)),
                var format => format == ExportManifest.OwnFormat,
            };
        }
        catch (Exception error) when (error is InvalidDataException or NotSupportedException)
        {
            return false;
        }
    }

    /// <param name="zip">Disposed with the export, or if it is none.</param>
    /// <returns>The export, or what is wrong with it.</returns>
    public static (ExportZip? Zip, string? Fault) From(OpenZip zip)
    {
        var export = new ExportZip(zip);
        if ((export.FindFaultOfEntries() ?? export.FindFaultOfManifest()) is not { } fault) return (export, null);
        export.Dispose();
        return (null, fault);
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
    }

    /// <returns>Whether more is wanted.</returns>
    public delegate bool TakePiece(ReadOnlySpan<byte> bytes);

    string? FindFaultOfEntries()
    {
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
        if (ReadManifest(_entries[ExportManifest.Path]) is not { } manifest)
            return "is an export whose manifest cannot be read";
        if (manifest.Version != ExportManifest.OwnVersion)
            return DescribeVersion(manifest);
        Manifest = manifest;
        var listed = new HashSet<string>(StringComparer.Ordinal);
        foreach (var file in manifest.Files)
        {
            if (!listed.Add(file.Path)) return "is an export whose manifest names a file twice";
            if (!_entries.TryGetValue(file.Path, out var found)) return $"is an export that lacks {Short(file.Path)}";
            if (file.ContentType is null) continue;
            if (!NdjsonType.Is(file.ContentType) || file.Bytes < 0)
                return $"is an export whose manifest says of {Short(file.Path)} what cannot be";
            if (FileSpooling.IsBomb(file.Bytes, found.CompressedLength))
                return $"{FileSpooling.Bomb}; nothing was taken of it";
        }
        return _entries.Keys.FirstOrDefault(path => IsItems(path) && !listed.Contains(path)) is { } unlisted
            ? $"is an export whose manifest does not know {Short(unlisted)}"
            : null;
    }

    /// <summary>What to say of an export that a newer server wrote.</summary>
    public static string DescribeVersion(ExportManifest manifest) =>
        $"is an export of version {manifest.Version}; this build reads version {ExportManifest.OwnVersion}";

    static ZipArchiveEntry? FindManifest(OpenZip zip) =>
        zip.Entries.FirstOrDefault(entry => entry.FullName == ExportManifest.Path);

    static ExportManifest? ReadManifest(ZipArchiveEntry entry)
    {
        using var content = entry.Open();
        return ReadManifest(content);
    }

    /// <returns>What an export says of itself; null for what is none.</returns>
    public static ExportManifest? ReadManifest(Stream content)
    {
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

    static string Short(string path) => PrintedText.OfName(path);
}
