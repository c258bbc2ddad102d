using HealthExport.Server.Settings;

namespace HealthExport.Server.CommandLine;

/// <summary>What a verb sees of the machine around it; tests bring their own.</summary>
sealed record Shell
{
    /// <summary>Answers only. With <c>--json</c> exactly one document.</summary>
    public required TextWriter Out { get; init; }

    /// <summary>Progress, questions, errors and logs.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>Opened when something is asked: a terminal's input costs time at every start.</summary>
    public Func<TextReader> OpenIn { get; init; } = () => TextReader.Null;

    /// <summary>Variables by name; null for the process's own.</summary>
    public IReadOnlyDictionary<string, string?>? Environment { get; init; }

    /// <summary>Where relative paths and <c>.env</c> are looked for.</summary>
    public required string Folder { get; init; }

    /// <summary>Whether a person watches <see cref="Error"/>: then progress may move.</summary>
    public bool IsWatched { get; init; }

    /// <summary>Whether a person can answer a question.</summary>
    public bool IsInteractive { get; init; }

    /// <summary>How many columns <see cref="Out"/> has; plenty where nobody wraps lines.</summary>
    public Func<int> FindWidth { get; init; } = () => 240;

    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Where this shell's settings come from.</summary>
    /// <param name="arguments">Settings given on the command line, by their names; null for none.</param>
    public IConfigurationRoot LoadSettingSources(IReadOnlyDictionary<string, string?>? arguments = null) =>
        SettingSources.Load(arguments, PathOf(".env"), Environment);

    /// <inheritdoc cref="LoadSettingSources"/>
    /// <summary>The settings in force.</summary>
    /// <exception cref="InvalidSettingException">One cannot be used.</exception>
    public ServerSettings LoadSettings(IReadOnlyDictionary<string, string?>? arguments = null) =>
        ServerSettings.From(LoadSettingSources(arguments));

    /// <summary>An argument's path as this shell means it.</summary>
    public string PathOf(string argument) => Path.GetFullPath(argument, Folder);

    public static Shell OfProcess()
    {
        // A QR code is drawn in blocks that the old code pages lack.
        if (OperatingSystem.IsWindows()) Console.OutputEncoding = System.Text.Encoding.UTF8;
        return new()
        {
            Out = Console.Out,
            Error = Console.Error,
            OpenIn = () => Console.In,
            Folder = System.Environment.CurrentDirectory,
            IsWatched = !Console.IsErrorRedirected && System.Environment.GetEnvironmentVariable("TERM") != "dumb",
            IsInteractive = !Console.IsInputRedirected,
            FindWidth = () => Console.IsOutputRedirected ? 240 : Math.Max(Console.WindowWidth, 80),
        };
    }
}
