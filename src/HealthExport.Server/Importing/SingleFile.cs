namespace HealthExport.Server.Importing;

/// <summary>A file that was named itself: taken whatever it is called, and then for JSON.</summary>
/// <param name="name">As it was named.</param>
sealed class SingleFile(string path, string name) : IFileSource
{
    public IEnumerable<ListedFile> List()
    {
        var kind = FileKinds.Of(Path.GetFileName(path));
        yield return DiskFile.List(
            new FileInfo(path), name, kind is FileKind.Unknown or FileKind.System or FileKind.Zip ? FileKind.Json : kind);
    }
}
