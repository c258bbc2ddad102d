using System.CommandLine;
using System.Text.Json.Nodes;
using HealthExport.Server.Settings;

namespace HealthExport.Server.CommandLine;

/// <summary>config: every setting, what holds, and who said so.</summary>
static class ConfigCommand
{
    public static Command Make(Shell shell) =>
        new Command("config", "Shows every setting, its value and where it came from; secrets are hidden")
            .Run(shell, (call, _) =>
            {
                var sources = shell.LoadSettingSources();
                var settings = SettingSources.Describe(sources);
                var problem = FindProblem(sources);
                if (call.IsJson)
                    Answer.Write(shell.Out, new JsonObject
                    {
                        ["items"] = Answer.ToArray(settings, setting => new JsonObject
                        {
                            ["name"] = setting.Setting.Name,
                            ["value"] = setting.Shown,
                            ["from"] = setting.Origin,
                            ["default"] = setting.Setting.Default,
                            ["description"] = setting.Setting.Description,
                        }),
                        ["problem"] = problem,
                    });
                else
                    Answer.WriteTable(
                        shell, ["Setting", "Value", "From"],
                        settings.Select(setting => (string?[])[setting.Setting.Name, setting.Shown, setting.Origin]));
                // Shown all the same: a wrong value is easier to mend when it is seen.
                if (problem is not null) shell.Error.WriteLine(problem);
                return Task.FromResult(problem is null ? ExitCodes.Success : ExitCodes.Failed);
            });

    static string? FindProblem(IConfiguration sources)
    {
        try
        {
            ServerSettings.From(sources);
            return null;
        }
        catch (InvalidSettingException invalid)
        {
            return invalid.Message;
        }
    }
}
