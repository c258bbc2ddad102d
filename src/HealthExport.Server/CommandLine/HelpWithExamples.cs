using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace HealthExport.Server.CommandLine;

/// <summary>The help of a verb, and what people type.</summary>
sealed class HelpWithExamples(HelpAction help) : SynchronousCommandLineAction
{
    static readonly Dictionary<string, string[]> s_examples = new()
    {
        ["health-export"] =
        [
            "health-export",
            "health-export serve --urls http://0.0.0.0:8080",
            "health-export pair --url https://health.example.org",
            "health-export import HealthAutoExport.json --user anna@example.org",
        ],
        ["serve"] =
        [
            "health-export serve --urls http://0.0.0.0:8080",
            "health-export serve --urls \"http://127.0.0.1:8080;http://[::1]:8080\" --metrics-urls none",
        ],
        ["pair"] =
        [
            "health-export pair",
            "health-export pair --user anna@example.org --url https://health.example.org",
        ],
        ["add"] = ["health-export user add anna@example.org --name Anna --time-zone Europe/Berlin"],
        ["erase"] = ["health-export user erase anna@example.org"],
        ["create"] =
        [
            "health-export key create --user anna@example.org --name dashboard --scopes read --expires-in 90d",
            "health-export key create --user anna@example.org --name load --scopes ingest --limit-profile bulk --json",
        ],
        ["revoke"] = ["health-export key revoke k3v9x2m1q8az"],
        ["audit"] =
        [
            "health-export audit --user anna@example.org --action data.read",
            "health-export audit --action auth.failed --from 2026-01-01 --json",
        ],
        ["migrate"] = ["health-export migrate --status", "health-export migrate --dry-run"],
        ["move"] =
        [
            "health-export move --from sqlite:data/health.db --to postgresql://health@db.example.org/health",
        ],
        ["import"] =
        [
            "health-export import HealthAutoExport_20260115073000 --user anna@example.org",
            "health-export import 2024.json 2025.zip Workouts-2026.csv --time-zone Europe/Berlin",
            "health-export import mongo --time-zone Europe/Berlin --json",
        ],
        ["replay"] = ["health-export replay --failed"],
        ["run"] = ["health-export jobs run remap --dry-run", "health-export jobs run remap --user anna@example.org"],
        ["status"] = ["health-export status --json"],
        ["config"] = ["DATABASE_URL=sqlite:/srv/health.db health-export config"],
    };

    public override int Invoke(ParseResult parseResult)
    {
        var code = help.Invoke(parseResult);
        var command = parseResult.CommandResult.Command;
        var name = command is RootCommand ? "health-export" : command.Name;
        if (!s_examples.TryGetValue(name, out var examples)) return code;
        var writer = parseResult.InvocationConfiguration.Output;
        writer.WriteLine("Examples:");
        foreach (var example in examples) writer.WriteLine($"  {example}");
        writer.WriteLine();
        return code;
    }
}
