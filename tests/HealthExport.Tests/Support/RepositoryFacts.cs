namespace HealthExport.Tests.Support;

/// <summary>The repository as it lies on disk, for tests about its own files.</summary>
static class RepositoryFacts
{
    public const int LongFileLines = 400;

    /// <summary>
    /// Files of <c>src/</c> that may be longer than <see cref="LongFileLines"/>, each with the reason.
    /// Paths are relative to the root, with forward slashes.
    /// </summary>
    public static readonly IReadOnlyDictionary<string, string> LongFilesAllowed = new Dictionary<string, string>
    {
        ["src/HealthExport.Storage/Postgres/Migrations/0001_start.up.sql"] =
            "A migration is one file by its number, and the first makes every table and view.",
        ["src/HealthExport.Storage/Sqlite/Migrations/0001_start.up.sql"] =
            "A migration is one file by its number, and the first makes every table and view.",
    };

    public static string Root { get; } = FindRoot();

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    /// <summary>The C# and SQL files that a person wrote below <paramref name="folder"/>, from the root.</summary>
    public static IEnumerable<string> SourceFiles(string folder) =>
        from file in Directory.EnumerateFiles(Path.Combine(Root, folder), "*", SearchOption.AllDirectories)
        let path = Path.GetRelativePath(Root, file).Replace('\\', '/')
        where Path.GetExtension(path) is ".cs" or ".sql"
        where !path.Split('/').Any(part => part is "bin" or "obj")
        orderby path
        select path;

    /// <summary>Every Markdown page, at the root and below <c>docs/</c>.</summary>
    public static IEnumerable<string> Pages() =>
        from file in Directory.EnumerateFiles(Root, "*.md")
            .Concat(Directory.EnumerateFiles(Path.Combine(Root, "docs"), "*.md", SearchOption.AllDirectories))
        let path = Path.GetRelativePath(Root, file).Replace('\\', '/')
        orderby path
        select path;

    static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "HealthExport.slnx"))) return folder.FullName;
        throw new DirectoryNotFoundException($"No HealthExport.slnx above {AppContext.BaseDirectory}");
    }
}
