using HealthExport.Server.Settings;

namespace HealthExport.Server.CommandLine;

/// <summary>The settings in force for a verb.</summary>
static class CommandSettings
{
    public static IConfigurationRoot LoadSources(Shell shell, IReadOnlyDictionary<string, string?>? arguments = null) =>
        SettingSources.Load(arguments, Path.Combine(shell.Folder, ".env"), shell.Environment);

    public static ServerSettings Load(Shell shell, IReadOnlyDictionary<string, string?>? arguments = null) =>
        ServerSettings.From(LoadSources(shell, arguments));

    /// <summary>Whether the store is a file of this process, so that nobody else decides when its schema changes.</summary>
    public static bool IsEmbedded(ServerSettings settings) =>
        settings.DatabaseUrl.StartsWith("sqlite:", StringComparison.OrdinalIgnoreCase);
}
