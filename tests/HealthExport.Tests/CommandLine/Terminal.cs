using System.Text.Json;
using HealthExport.Server.CommandLine;

namespace HealthExport.Tests.CommandLine;

/// <summary>A folder with a store of its own and a terminal in it; verbs run in this process.</summary>
sealed class Terminal : IDisposable
{
    readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("health-export-cli-");

    public Terminal() => Environment = new()
    {
        ["DATABASE_URL"] = $"sqlite:{PathOf("health.db")}",
        // Many servers run at once.
        ["HEALTHEXPORT__METRICSURLS"] = "none",
    };

    public sealed record Result(int Code, string Out, string Error)
    {
        /// <summary>Stdout, which must be one JSON document.</summary>
        public JsonElement Json => JsonDocument.Parse(Out).RootElement;
    }

    public Dictionary<string, string?> Environment { get; }
    public string Folder => _folder.FullName;

    public string PathOf(string name) => Path.Combine(_folder.FullName, name);

    public string Write(string name, string text)
    {
        File.WriteAllText(PathOf(name), text);
        return name;
    }

    public Task<Result> RunAsync(params string[] args) => AnswerAsync("", args);

    /// <summary>Runs a verb that reads <paramref name="input"/> from stdin.</summary>
    public async Task<Result> AnswerAsync(string input, params string[] args)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var code = await CommandLineApp.RunAsync(args, OpenShell(output, error, input));
        return new(code, output.ToString(), error.ToString());
    }

    public Shell OpenShell(TextWriter output, TextWriter error, string input = "") => new()
    {
        Out = output,
        Error = error,
        OpenIn = () => new StringReader(input),
        Environment = Environment,
        Folder = Folder,
    };

    public async Task AddUserAsync(string email = "anna@example.org")
    {
        var added = await RunAsync("user", "add", email);
        Assert.True(added.Code == 0, added.Error);
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
