using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Data.Common;
using System.Text.Json.Nodes;
using HealthExport.People;
using HealthExport.Pushes;
using HealthExport.Server.Settings;

namespace HealthExport.Server.CommandLine;

/// <summary>
/// All verbs. Answers go to stdout, everything else to stderr; the exit code is 0, 1 (failed) or 2 (usage).
/// With <c>--json</c> stdout gets exactly one document, also when something fails.
/// </summary>
static class CommandLineApp
{
    public static async Task<int> RunAsync(string[] args, Shell shell, CancellationToken cancellationToken = default)
    {
        try
        {
            return ServeCommand.FindArguments(args) is { } serve
                ? await ServeCommand.RunAsync(shell, serve, cancellationToken)
                : await InvokeAsync(args, shell, cancellationToken);
        }
        catch (Exception error)
        {
            return Report(shell, args, error);
        }
    }

    static async Task<int> InvokeAsync(string[] args, Shell shell, CancellationToken cancellationToken)
    {
        var root = MakeRoot(shell);
        // A value may start with @: no file of arguments is meant.
        var parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Action is ParseErrorAction)
        {
            var path = parsed.CommandResult.Command == root ? "" : $" {PathOf(parsed.CommandResult.Command)}";
            // What follows a word that is no verb is of no use to the reader.
            var errors = parsed.Errors.Select(error => error.Message).Distinct();
            throw new UsageException(
                string.Join(Environment.NewLine, parsed.UnmatchedTokens.Count > 0 ? errors.Take(1) : errors),
                NearestVerb.Find(parsed) is { } nearest
                    ? $"Did you mean {nearest}? See: health-export{path} --help" : $"See: health-export{path} --help");
        }
        return await parsed.InvokeAsync(
            new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                Output = shell.Out,
                Error = shell.Error,
                // Time to give back what is in hand. A server has its own way to end.
                ProcessTerminationTimeout = parsed.CommandResult.Command is RootCommand or { Name: "serve" }
                    ? null : TimeSpan.FromSeconds(10),
            },
            cancellationToken);
    }

    static RootCommand MakeRoot(Shell shell)
    {
        var root = new RootCommand("A home for Apple Health data: takes what phones push, keeps it, gives it back.");
        ServeCommand.AddTo(root, shell);
        var serve = new Command("serve", "Serves; the verb when none is given");
        ServeCommand.AddTo(serve, shell);
        root.Add(serve);
        root.Add(PairCommand.Make(shell));
        root.Add(StatusCommand.Make(shell));
        root.Add(FreshnessCommand.Make(shell));
        root.Add(ImportCommand.Make(shell));
        root.Add(ReplayCommand.Make(shell));
        root.Add(UserCommand.Make(shell));
        root.Add(KeyCommand.Make(shell));
        root.Add(AuditCommand.Make(shell));
        root.Add(MigrateCommand.Make(shell));
        root.Add(MoveCommand.Make(shell));
        root.Add(JobsCommand.Make(shell));
        root.Add(CacheCommand.Make(shell));
        root.Add(ConfigCommand.Make(shell));
        root.Add(Call.JsonOption);
        foreach (var option in root.Options)
            switch (option)
            {
                case HelpOption { Action: HelpAction help }:
                    option.Action = new HelpWithExamples(help);
                    break;
                case VersionOption:
                    option.Action = new ShowVersion();
                    break;
            }
        return root;
    }

    static int Report(Shell shell, string[] args, Exception error)
    {
        var (message, hint, code) = error switch
        {
            UsageException usage => (usage.Message, usage.Hint, ExitCodes.Usage),
            CommandFailedException failed => (failed.Message, failed.Hint, ExitCodes.Failed),
            InvalidSettingException invalid => (invalid.Message, "See: health-export config", ExitCodes.Failed),
            StoreUnavailableException away => (
                $"The store cannot be used: {away.Message}", "DATABASE_URL says where it is: health-export config",
                ExitCodes.Failed),
            UserGoneException => ("The person has just been erased.", null, ExitCodes.Failed),
            DbException store => ($"The store refused: {store.Message}", null, ExitCodes.Failed),
            OperationCanceledException => ("Stopped.", null, ExitCodes.Failed),
            ArgumentException argument => (
                argument.Message.Replace($" (Parameter '{argument.ParamName}')", ""), null, ExitCodes.Failed),
            IOException or UnauthorizedAccessException => (error.Message, null, ExitCodes.Failed),
            _ => ($"Something went wrong that should not: {error.GetType().Name}.", (string?)null, ExitCodes.Failed),
        };
        shell.Error.WriteLine(message);
        if (hint is not null) shell.Error.WriteLine(hint);
        if (args.TakeWhile(arg => arg != "--").Contains("--json"))
            Answer.Write(shell.Out, new JsonObject { ["error"] = message, ["hint"] = hint });
        return code;
    }

    static string PathOf(Command command) =>
        string.Join(' ', command.Parents.OfType<Command>().Where(parent => parent is not RootCommand)
            .Select(parent => parent.Name).Append(command.Name));

    sealed class ShowVersion : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            var version = typeof(CommandLineApp).Assembly.GetName().Version!;
            parseResult.InvocationConfiguration.Output.WriteLine(version.ToString(3));
            return ExitCodes.Success;
        }
    }
}
