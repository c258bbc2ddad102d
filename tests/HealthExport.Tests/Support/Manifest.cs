namespace HealthExport.Tests.Support;

/// <summary>
/// A committed file that says what the code offers. A test compares; with <c>UPDATE_MANIFESTS=1</c> it writes the file
/// anew, and the change is seen in review.
/// </summary>
static class Manifest
{
    public static void Check(string name, IEnumerable<string> lines)
    {
        var path = Path.Combine(RepositoryFacts.Root, "tests", "HealthExport.Tests", "Manifests", name);
        var actual = string.Join('\n', lines) + "\n";
        if (Environment.GetEnvironmentVariable("UPDATE_MANIFESTS") == "1") File.WriteAllText(path, actual);
        Assert.True(File.Exists(path), $"{name} is missing; UPDATE_MANIFESTS=1 writes it.");
        Assert.Equal(File.ReadAllText(path).ReplaceLineEndings("\n"), actual);
    }
}
