using HealthExport.Server.CommandLine;

namespace HealthExport.Server.Importing;

/// <summary>All that an import is to take, in order, and what it passes over.</summary>
/// <remarks>
/// Exports of this server come first. Of all else, what brings workouts comes before what belongs to them; and what
/// remains in the natural order of paths, so that of two files that say different things the later one holds.
/// </remarks>
sealed class ImportPlan : IDisposable
{
    readonly LastZip _zips = new();
    readonly List<ListedFile> _files = [];
    readonly List<(string Path, string Where)> _exports = [];

    ImportPlan()
    {
    }

    /// <summary>What is to be taken or says why it cannot be.</summary>
    public IReadOnlyList<ListedFile> Files => _files;

    /// <summary>What is passed over, and why.</summary>
    public IReadOnlyList<ListedFile> NotTaken { get; private set; } = [];

    /// <summary>Exports of this server: as they were named, and where they are.</summary>
    public IReadOnlyList<(string Name, string Where)> Exports => _exports;

    public long Bytes { get; private set; }

    /// <param name="names">Files, folders and zips as they were named.</param>
    public static ImportPlan Make(Shell shell, IEnumerable<string> names)
    {
        var plan = new ImportPlan();
        try
        {
            foreach (var name in names) plan.Add(shell.PathOf(name), name);
            plan.Order();
            return plan;
        }
        catch
        {
            plan.Dispose();
            throw;
        }
    }

    public void Dispose() => _zips.Dispose();

    void Add(string path, string name)
    {
        var (files, exports) = (_files.Count, _exports.Count);
        if (Directory.Exists(path)) AddFolder(path, name);
        else if (OpenZip.IsZip(new FileInfo(path))) AddZip(path, name);
        else _files.AddRange(new SingleFile(path, name).List());
        if (_exports.Count == exports && !_files.Skip(files).Any(file => file.WhyNot is null))
            _files.Add(new() { Path = name, Kind = FileKind.Unknown, Fault = "holds nothing to import" });
    }

    void AddFolder(string path, string name)
    {
        foreach (var file in UnpackedExport.Recognise([.. new FolderFiles(path, name).List()]))
            if (file is { Kind: FileKind.Zip, Open: not null })
                AddZip(Path.Combine(path, Path.GetRelativePath(name, file.Path)), file.Path);
            else _files.Add(file);
    }

    void AddZip(string path, string name)
    {
        if (_zips.Open(path).Zip is { } zip && ExportZip.IsOne(zip))
        {
            _exports.Add((name, path));
            Bytes += zip.Bytes;
        }
        else _files.AddRange(UnpackedExport.Recognise([.. new ZipFiles(path, name, _zips).List()]));
    }

    void Order()
    {
        NotTaken = [.. _files.Where(file => file.WhyNot is not null).OrderBy(file => file.Path, NaturalOrder.Instance)];
        _files.RemoveAll(file => file.WhyNot is not null);
        ListedFile[] ordered =
        [
            .. _files.OrderBy(file => FileKinds.RankOf(file.Kind, file.Path))
                .ThenBy(file => file.Path, NaturalOrder.Instance),
        ];
        _files.Clear();
        _files.AddRange(ordered);
        _exports.Sort((x, y) => NaturalOrder.Instance.Compare(x.Path, y.Path));
        Bytes += _files.Sum(file => file.Open is null ? 0 : file.Bytes);
    }
}
