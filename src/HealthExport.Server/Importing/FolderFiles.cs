namespace HealthExport.Server.Importing;

/// <summary>A folder and all that is below it; links are not followed.</summary>
/// <param name="name">As it was named.</param>
sealed class FolderFiles(string path, string name) : IFileSource
{
    static readonly EnumerationOptions s_everything = new() { AttributesToSkip = 0, IgnoreInaccessible = false };

    public IEnumerable<ListedFile> List()
    {
        var folders = new Stack<(DirectoryInfo Folder, string Path)>();
        folders.Push((new(path), name.TrimEnd('/', '\\')));
        while (folders.TryPop(out var next))
        {
            var (entries, fault) = Read(next.Folder);
            if (fault is not null) yield return new() { Path = next.Path, Kind = FileKind.Unknown, Fault = fault };
            foreach (var entry in entries)
            {
                var kind = FileKinds.Of(entry.Name);
                var where = $"{next.Path}/{entry.Name}";
                if (kind == FileKind.System) continue;
                if (entry.Attributes.HasFlag(FileAttributes.ReparsePoint))
                    yield return new() { Path = where, Kind = kind, WhyNot = "is a link; links are not followed" };
                else if (entry is DirectoryInfo folder) folders.Push((folder, where));
                else if (kind == FileKind.Unknown)
                    yield return new() { Path = where, Kind = kind, WhyNot = NotKnown };
                else yield return DiskFile.List((FileInfo)entry, where, kind);
            }
        }
    }

    /// <summary>What to say of a file that nothing is known to be done with.</summary>
    public const string NotKnown = "is none of .json, .ndjson, .jsonl, .csv, .gpx, or one of them as .gz";

    static (FileSystemInfo[] Entries, string? Fault) Read(DirectoryInfo folder)
    {
        try
        {
            return (folder.GetFileSystemInfos("*", s_everything), null);
        }
        catch (UnauthorizedAccessException)
        {
            return ([], "may not be read by this user");
        }
        catch (IOException error)
        {
            return ([], $"cannot be read: {error.Message}");
        }
    }
}
