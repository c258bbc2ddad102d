namespace HealthExport.Server.Importing;

/// <summary>Opens zips, and holds the one that was asked for last: files of a zip mostly come one after the other.</summary>
sealed class LastZip : IDisposable
{
    string? _path;
    OpenZip? _zip;

    /// <returns>The archive, good until another is asked for; or what is wrong with it.</returns>
    public (OpenZip? Zip, string? Fault) Open(string path)
    {
        if (_path == path) return (_zip, null);
        Dispose();
        var (zip, fault) = OpenZip.Open(path);
        if (zip is not null) (_path, _zip) = (path, zip);
        return (zip, fault);
    }

    public void Dispose()
    {
        _zip?.Dispose();
        (_path, _zip) = (null, null);
    }
}
