using dotenv.net;
using HealthExport.Storage;
using Microsoft.Extensions.Configuration.EnvironmentVariables;

namespace HealthExport.Server.Settings;

/// <summary>A setting with its value in force.</summary>
/// <param name="Value">As written by whoever set it, or the default.</param>
/// <param name="Origin">default, .env, environment, file, or arguments.</param>
sealed record EffectiveSetting(Setting Setting, string Value, string Origin)
{
    /// <summary>The value without what must not be seen: of a URL with a password, the password.</summary>
    public string Shown => !Setting.IsSecret || Value.Length == 0 ? Value : Mask(Value);

    static string Mask(string value)
    {
        var scheme = value.IndexOf("://", StringComparison.Ordinal);
        if (scheme < 0) return StorageRegistration.IsEmbedded(value) ? value : "***";
        var at = value.LastIndexOf('@');
        // There, a word alone before the host is more likely a password than a name.
        if (at > 0 && value.StartsWith("redis", StringComparison.OrdinalIgnoreCase))
            return $"{value[..(scheme + 3)]}***{value[at..]}";
        var colon = at < 0 ? -1 : value.IndexOf(':', scheme + 3, at - scheme - 3);
        var shown = colon < 0 ? value : $"{value[..colon]}:***{value[at..]}";
        var query = shown.IndexOf('?');
        return query < 0 ? shown : shown[..query] + "?***";
    }
}

/// <summary>
/// Where settings come from, the later winning: a <c>.env</c> file, the environment, files named by <c>…_FILE</c>
/// (secrets only, where the setting itself is absent), arguments.
/// </summary>
static class SettingSources
{
    /// <param name="arguments">Settings given on the command line, by their names; null for none.</param>
    /// <param name="dotEnvPath">The file to read, if it is there.</param>
    /// <param name="environment">Variables by name; null for the process's own.</param>
    /// <exception cref="InvalidSettingException">A file that a setting names cannot be read.</exception>
    public static IConfigurationRoot Load(
        IReadOnlyDictionary<string, string?>? arguments = null, string dotEnvPath = ".env",
        IReadOnlyDictionary<string, string?>? environment = null)
    {
        IConfigurationSource variables = environment is null
            ? new EnvironmentVariablesConfigurationSource()
            : new NamedSource("environment", environment);
        var configuration = new ConfigurationBuilder().Add(new DotEnvSource(dotEnvPath)).Add(variables).Build();
        var files = ReadFiles(configuration);
        return new ConfigurationBuilder()
            .Add(new DotEnvSource(dotEnvPath))
            .Add(variables)
            .Add(new SecretFileSource(files))
            .Add(new ArgumentSource((arguments ?? new Dictionary<string, string?>()).ToDictionary(
                argument => argument.Key.Replace("__", ":", StringComparison.Ordinal), argument => argument.Value)))
            .Build();
    }

    /// <summary>Every setting as it is in force, in the order of the list.</summary>
    public static IReadOnlyList<EffectiveSetting> Describe(IConfiguration configuration) =>
        [.. SettingList.All.Select(setting => Find(configuration, setting))];

    static EffectiveSetting Find(IConfiguration configuration, Setting setting)
    {
        var value = configuration[setting.Key];
        if (string.IsNullOrWhiteSpace(value)) return new(setting, setting.Default, "default");
        var provider = (configuration as IConfigurationRoot)?.Providers
            .LastOrDefault(provider => provider.TryGet(setting.Key, out _));
        return new(setting, value.Trim(), provider switch
        {
            NamedProvider named => named.Origin,
            EnvironmentVariablesConfigurationProvider => "environment",
            _ => "configuration",
        });
    }

    static Dictionary<string, string?> ReadFiles(IConfiguration configuration)
    {
        var found = new Dictionary<string, string?>();
        foreach (var setting in SettingList.All)
        {
            if (!setting.IsSecret || !string.IsNullOrWhiteSpace(configuration[setting.Key])) continue;
            var path = configuration[setting.FileName];
            if (string.IsNullOrWhiteSpace(path)) continue;
            try
            {
                found[setting.Key] = File.ReadAllText(path.Trim()).Trim();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new InvalidSettingException(setting.FileName, "names a file that cannot be read.");
            }
        }
        return found;
    }

    sealed class NamedProvider(string origin, IDictionary<string, string?> values) : ConfigurationProvider
    {
        public string Origin => origin;

        public override void Load() => Data = new Dictionary<string, string?>(
            values, StringComparer.OrdinalIgnoreCase);
    }

    sealed class DotEnvSource(string path) : IConfigurationSource
    {
        public IConfigurationProvider Build(IConfigurationBuilder builder) => new NamedProvider(
            ".env",
            DotEnv.Read(new DotEnvOptions(envFilePaths: [path], ignoreExceptions: true)).ToDictionary(
                line => line.Key.Replace("__", ":", StringComparison.Ordinal), line => (string?)line.Value));
    }

    sealed class NamedSource(string origin, IReadOnlyDictionary<string, string?> variables) : IConfigurationSource
    {
        public IConfigurationProvider Build(IConfigurationBuilder builder) => new NamedProvider(
            origin,
            variables.ToDictionary(
                variable => variable.Key.Replace("__", ":", StringComparison.Ordinal), variable => variable.Value));
    }

    sealed class SecretFileSource(IDictionary<string, string?> values) : IConfigurationSource
    {
        public IConfigurationProvider Build(IConfigurationBuilder builder) => new NamedProvider("file", values);
    }

    sealed class ArgumentSource(IDictionary<string, string?> values) : IConfigurationSource
    {
        public IConfigurationProvider Build(IConfigurationBuilder builder) => new NamedProvider("arguments", values);
    }
}
