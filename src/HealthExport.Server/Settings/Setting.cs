namespace HealthExport.Server.Settings;

/// <summary>One setting as the world sees it.</summary>
/// <param name="Name">The environment variable; <c>__</c> separates sections.</param>
/// <param name="Default">What holds when it is absent or blank, as it would be written; empty for none.</param>
/// <param name="Description">One sentence, with the unit.</param>
/// <param name="IsSecret">It is never shown whole, and may come from the file that <c>NAME_FILE</c> names.</param>
sealed record Setting(string Name, string Default, string Description, bool IsSecret = false)
{
    /// <summary>Smallest and largest value of a number; null for texts.</summary>
    public (long Min, long Max)? Range { get; init; }

    /// <summary>The variable that names a file with the value, for secrets.</summary>
    public string FileName => Name + "_FILE";

    /// <summary>The same name as configuration knows it.</summary>
    public string Key => Name.Replace("__", ":", StringComparison.Ordinal);
}
