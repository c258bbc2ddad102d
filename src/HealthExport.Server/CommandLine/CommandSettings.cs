using HealthExport.Server.Settings;

namespace HealthExport.Server.CommandLine;

/// <summary>The settings in force for a verb.</summary>
static class CommandSettings
{
    public static IConfigurationRoot LoadSources(Shell shell, IReadOnlyDictionary<string, string?>? arguments = null) =>
        SettingSources.Load(arguments, Path.Combine(shell.Folder, ".env"), shell.Environment);

    public static ServerSettings Load(Shell shell, IReadOnlyDictionary<string, string?>? arguments = null) =>
        ServerSettings.From(LoadSources(shell, arguments));
}
