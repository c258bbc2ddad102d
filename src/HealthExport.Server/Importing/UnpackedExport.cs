using HealthExport.Server.Exports;

namespace HealthExport.Server.Importing;

/// <summary>
/// An export of this server that somebody, or a browser, has unpacked: its items are taken as its manifest says, and its
/// tables and routes, which say the same once more, are passed over.
/// </summary>
static class UnpackedExport
{
    /// <param name="files">All that lies in one place.</param>
    /// <returns>The same, but for what belongs to exports.</returns>
    public static List<ListedFile> Recognise(List<ListedFile> files)
    {
        foreach (var listed in files.Where(file => IsManifest(file.Path) && file.Open is not null).ToList())
        {
            if (Read(listed) is not { Format: ExportManifest.OwnFormat } manifest) continue;
            var folder = listed.Path[..^ExportManifest.Path.Length];
            var listing = manifest.Files.GroupBy(file => file.Path, StringComparer.Ordinal)
                .ToDictionary(group => folder + group.Key, group => group.First(), StringComparer.Ordinal);
            var here = files.Select(file => file.Path).ToHashSet(StringComparer.Ordinal);
            files = [.. files.Select(file => Take(file, listed, manifest, listing, folder))];
            files.AddRange(listing
                .Where(entry => entry.Value is { ContentType: not null, Bytes: > 0 } && !here.Contains(entry.Key))
                .Select(entry => new ListedFile
                {
                    Path = entry.Key, Kind = FileKind.Lines, Fault = "is missing from the export that lists it",
                }));
        }
        return files;
    }

    static ListedFile Take(
        ListedFile file, ListedFile manifestFile, ExportManifest manifest, Dictionary<string, ExportedFile> listing,
        string folder)
    {
        if (!file.Path.StartsWith(folder, StringComparison.Ordinal)) return file;
        if (file == manifestFile && manifest.Version != ExportManifest.OwnVersion)
            return file with { Open = null, Fault = ExportZip.DescribeVersion(manifest) };
        if (file.Open is null) return file;
        return manifest.Version == ExportManifest.OwnVersion && listing.TryGetValue(file.Path, out var entry)
            && entry.ContentType is { } contentType && file.Kind == FileKind.Lines
                ? file with { ContentType = contentType, Sha256 = entry.Sha256 }
                : file with { Open = null, WhyNot = "belongs to an export of this server, whose items are in its ndjson" };
    }

    static bool IsManifest(string path) =>
        path == ExportManifest.Path || path.EndsWith($"/{ExportManifest.Path}", StringComparison.Ordinal);

    static ExportManifest? Read(ListedFile file)
    {
        try
        {
            using var content = file.Open!();
            return ExportZip.ReadManifest(content);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            return null;
        }
    }
}
