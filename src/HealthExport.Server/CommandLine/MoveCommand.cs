using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using HealthExport.Migrations;
using HealthExport.Moving;
using HealthExport.Pushes;
using HealthExport.Storage;

namespace HealthExport.Server.CommandLine;

/// <summary>move: makes another store the same as this one, whatever the engines.</summary>
static class MoveCommand
{
    public static Command Make(Shell shell)
    {
        var from = new Option<string?>("--from")
            { Description = "The store to copy; the configured one, if absent", HelpName = "URL" };
        var to = new Option<string>("--to")
        {
            Description = "The store to fill: empty, or filled by an earlier move", HelpName = "URL", Required = true,
        };
        var force = new Option<bool>("--force")
        {
            Description = "Empties the target first, whatever it holds; moves although a server is at work",
        };
        var verifyOnly = new Option<bool>("--verify-only") { Description = "Writes nothing; compares the two stores" };
        return new Command("move", "Copies everything to another store and compares; run it again to go on")
        {
            from, to, force, verifyOnly,
        }
            .Run(shell, async (call, cancellationToken) =>
            {
                var started = shell.Clock.GetTimestamp();
                await using var source = Open(
                    shell, "--from", call.Get(from) ?? shell.LoadSettings().DatabaseUrl);
                await using var target = Open(shell, "--to", call.Get(to));
                await PrepareAsync(source, target, call.Get(verifyOnly), cancellationToken);
                var outcome = await MoveProgressBar.RunAsync(shell, async report =>
                {
                    var options = new MoveOptions(call.Get(force), call.Get(verifyOnly));
                    var move = new StoreMove(CopyOf(source), CopyOf(target), options, report);
                    try
                    {
                        return await move.RunAsync(cancellationToken);
                    }
                    catch (RowRefusedException refused)
                    {
                        throw new CommandFailedException(
                            refused.Message,
                            "Correct or delete that row in the source: see \"Move house\" in docs/operations.md");
                    }
                    catch (StoreRefusedException refused)
                    {
                        throw new CommandFailedException(
                            $"What is in the target stands in the way: {refused.Message}",
                            "Say --force to empty it first");
                    }
                    catch (MoveRefusedException refused)
                    {
                        throw new CommandFailedException(refused.Message, refused.Hint);
                    }
                });
                Write(call, outcome, shell.Clock.GetElapsedTime(started));
                return outcome.IsVerified ? ExitCodes.Success : ExitCodes.Failed;
            });
    }

    static ServiceProvider Open(Shell shell, string option, string url)
    {
        try
        {
            // One table may take longer than any push.
            return new ServiceCollection().AddSingleton(shell.Clock)
                .AddHealthExportStorage(url, new() { StatementTimeout = TimeSpan.Zero, MaxSize = 4 })
                .BuildServiceProvider();
        }
        catch (ArgumentException error)
        {
            throw new CommandFailedException(
                error.Message.Replace("DATABASE_URL", option, StringComparison.Ordinal)
                    .Replace($" (Parameter '{error.ParamName}')", "", StringComparison.Ordinal));
        }
    }

    static IStoreCopy CopyOf(ServiceProvider store) => store.GetRequiredService<IStoreCopy>();

    /// <summary>Both schemas must be this build's. The target's is brought there; the source is left as it is.</summary>
    static async ValueTask PrepareAsync(
        ServiceProvider source, ServiceProvider target, bool verifyOnly, CancellationToken cancellationToken)
    {
        foreach (var (store, option) in ((ServiceProvider, string)[])[(source, "--from"), (target, "--to")])
        {
            if (CopyOf(store).Exists || store == target && !verifyOnly) continue;
            throw new CommandFailedException(
                $"There is no store at {CopyOf(store).Place}.", $"Say with {option} where it is");
        }
        await RequireNewestAsync(source, cancellationToken);
        if (verifyOnly) await RequireNewestAsync(target, cancellationToken);
        else
            await target.GetRequiredService<IMigrationStore>()
                .MigrateAsync(downTo: null, dryRun: false, cancellationToken);
    }

    static async ValueTask RequireNewestAsync(ServiceProvider store, CancellationToken cancellationToken)
    {
        var steps = await store.GetRequiredService<IMigrationStore>().ListAsync(cancellationToken);
        if (steps.All(step => step.IsApplied)) return;
        throw new CommandFailedException(
            $"The schema at {CopyOf(store).Place} is not up to date.",
            "Set DATABASE_URL to it and run: health-export migrate");
    }

    static void Write(Call call, MoveOutcome outcome, TimeSpan elapsed)
    {
        var seconds = Math.Round(elapsed.TotalSeconds, 1);
        if (call.IsJson)
            Answer.Write(call.Shell.Out, new JsonObject
            {
                ["tables"] = Answer.ToArray(outcome.Tables, table => new JsonObject
                {
                    ["name"] = table.Name, ["rows"] = table.Rows, ["verified"] = table.IsVerified,
                }),
                ["faults"] = Answer.ToArray(outcome.Faults, fault => JsonValue.Create(fault)),
                ["seconds"] = seconds,
            });
        else
            Answer.WriteTable(
                call.Shell, ["Table", "Rows", "Verified"],
                outcome.Tables.Where(table => table.Rows > 0 || !table.IsVerified).Select(table => (string?[])
                [
                    table.Name, table.Rows.ToString("N0", CultureInfo.InvariantCulture),
                    table.IsVerified ? "yes" : "no",
                ]));
        if (outcome.IsVerified)
        {
            if (!call.IsJson)
                call.Shell.Out.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{outcome.Tables.Sum(table => table.Rows):N0} rows, the same in both stores; {seconds} s."));
            return;
        }
        foreach (var table in outcome.Tables.Where(table => !table.IsVerified))
            call.Shell.Error.WriteLine($"The table {table.Name} differs.");
        foreach (var fault in outcome.Faults) call.Shell.Error.WriteLine(fault);
        call.Shell.Error.WriteLine("Run move again: it writes what differs. Until it verifies, keep the source.");
    }
}
