using System.Globalization;
using System.Text.RegularExpressions;

namespace HealthExport.Storage;

/// <summary>One numbered step of an engine's schema, as embedded in this build.</summary>
sealed record MigrationStep(int Number, string Name, string Up, string Down);

/// <summary>Reads the steps of one engine.</summary>
static partial class MigrationSteps
{
    /// <param name="engine">The folder's name.</param>
    /// <returns>By number, from 1, without gaps.</returns>
    public static IReadOnlyList<MigrationStep> Read(string engine)
    {
        var assembly = typeof(MigrationSteps).Assembly;
        List<MigrationStep> steps = [];
        foreach (var resource in assembly.GetManifestResourceNames())
        {
            if (ResourceName().Match(resource) is not { Success: true } match || match.Groups["engine"].Value != engine)
                continue;
            steps.Add(new(
                int.Parse(match.Groups["number"].ValueSpan, CultureInfo.InvariantCulture), match.Groups["name"].Value,
                ReadText(resource), ReadText(resource.Replace(".up.sql", ".down.sql", StringComparison.Ordinal))));
        }
        steps.Sort((a, b) => a.Number.CompareTo(b.Number));
        return steps;

        string ReadText(string resource)
        {
            using var reader = new StreamReader(
                assembly.GetManifestResourceStream(resource)
                ?? throw new InvalidOperationException($"The build lacks {resource}."));
            return reader.ReadToEnd();
        }
    }

    [GeneratedRegex(@"\.(?<engine>\w+)\.Migrations\.(?<number>\d{4})_(?<name>\w+)\.up\.sql$")]
    private static partial Regex ResourceName();
}
