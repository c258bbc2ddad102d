namespace HealthExport.Server.Importing;

/// <summary>A file on disk as something to import.</summary>
static class DiskFile
{
    const int BufferBytes = 128 << 10;

    public static ListedFile List(FileInfo file, string path, FileKind kind)
    {
        var listed = new ListedFile { Path = path, Kind = kind };
        if (!file.Exists) return listed with { Fault = "is not there" };
        // A pipe or a device has no length either, and would be waited for.
        if (file.Length == 0) return listed with { Fault = "is empty, or no file but a pipe or a device" };
        return listed with
        {
            Bytes = file.Length,
            PackedBytes = file.Length,
            Open = () => new FileStream(
                file.FullName, FileMode.Open, FileAccess.Read, FileShare.Read, BufferBytes, FileOptions.SequentialScan),
        };
    }
}
