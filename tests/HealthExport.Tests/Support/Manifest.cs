namespace HealthExport.Tests.Support;

/// <summary>
/// A committed file that says what the code offers. A test compares; with <c>UPDATE_MANIFESTS=1</c> it writes the file
/// anew, and the change is seen in review.
/// </summary>
static class Manifest
{
    public static void Check(string name, IEnumerable<string> lines) =>
        CheckFile($"tests/HealthExport.Tests/Manifests/{name}", string.Join('\n', lines) + "\n");

    /// <param name="path">From the root of the repository.</param>
    public static void CheckFile(string path, string actual)
    {
        var file = Path.Combine(RepositoryFacts.Root, path);
        if (Environment.GetEnvironmentVariable("UPDATE_MANIFESTS") == "1") File.WriteAllText(file, actual);
        Assert.True(File.Exists(file), $"{path} is missing; UPDATE_MANIFESTS=1 writes it.");
        Assert.Equal(File.ReadAllText(file).ReplaceLineEndings("\n"), actual);
    }
}
