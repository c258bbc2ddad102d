using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using HealthExport.Migrations;

namespace HealthExport.Server.CommandLine;

/// <summary>migrate: brings the store's schema up or down.</summary>
static class MigrateCommand
{
    public static Command Make(Shell shell)
    {
        var downTo = new Option<int?>("--down-to")
        {
            Description = "Reverts every later step; 0 reverts all, and the data with it",
            HelpName = "N",
            CustomParser = result =>
            {
                if (int.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var step))
                    return step;
                result.AddError("--down-to must be a step's number, 0 or more.");
                return null;
            },
        };
        var dryRun = new Option<bool>("--dry-run") { Description = "Says what would be done" };
        var status = new Option<bool>("--status") { Description = "Lists the steps and whether the store has them" };
        var yes = new Option<bool>("--yes", "-y") { Description = "Does not ask before reverting" };
        var command = new Command("migrate", "Brings the store's schema up to date, or down")
        {
            downTo, dryRun, status, yes,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(status) && (result.GetValue(dryRun) || result.GetResult(downTo) is not null))
                result.AddError("--status goes with neither --down-to nor --dry-run.");
        });
        return command.Run(shell, async (call, cancellationToken) =>
        {
            await using var store = call.OpenStoreAsItIs();
            if (call.Get(status))
            {
                WriteStatus(call, await store.Migrations.ListAsync(cancellationToken));
                return ExitCodes.Success;
            }
            var target = call.Get(downTo);
            var known = await store.Migrations.ListAsync(cancellationToken);
            if (target > known.Max(step => step.Number))
                throw new CommandFailedException(
                    $"There is no step {target}; the newest is {known.Max(step => step.Number)}.",
                    "See: health-export migrate --status");
            // A script knows what it does; a person may have meant something else.
            if (target is not null && !call.Get(dryRun) && !call.Get(yes) && !call.IsJson && shell.IsInteractive
                && known.Any(step => step.IsApplied && step.Number > target)
                && !await call.ConfirmAsync(
                    $"Reverting to step {target} deletes what the later steps hold, for good.", "the step's number",
                    $"{target}", cancellationToken))
                throw new CommandFailedException("Nothing was reverted.");
            var steps = await store.Migrations.MigrateAsync(target, call.Get(dryRun), cancellationToken);
            Write(call, steps, target is null ? "up" : "down", call.Get(dryRun));
            return ExitCodes.Success;
        });
    }

    static void WriteStatus(Call call, IReadOnlyList<Migration> steps)
    {
        if (call.IsJson)
            Answer.Write(call.Shell.Out, new JsonObject
            {
                ["items"] = Answer.ToArray(steps, step => new JsonObject
                {
                    ["number"] = step.Number, ["name"] = step.Name, ["applied"] = step.IsApplied,
                }),
            });
        else
            Answer.WriteTable(
                call.Shell, ["Step", "Name", "Applied"],
                steps.Select(step => (string?[])[$"{step.Number}", step.Name, step.IsApplied ? "yes" : "no"]));
    }

    static void Write(Call call, IReadOnlyList<Migration> steps, string direction, bool isDryRun)
    {
        if (call.IsJson)
        {
            Answer.Write(call.Shell.Out, new JsonObject
            {
                ["direction"] = direction,
                ["dry_run"] = isDryRun,
                ["steps"] = Answer.ToArray(steps, step => new JsonObject
                {
                    ["number"] = step.Number, ["name"] = step.Name,
                }),
            });
            return;
        }
        if (steps.Count == 0) call.Shell.Out.WriteLine("Nothing to do.");
        var verb = (direction, isDryRun) switch
        {
            ("up", false) => "Applied",
            ("up", true) => "Would apply",
            (_, false) => "Reverted",
            _ => "Would revert",
        };
        foreach (var step in steps) call.Shell.Out.WriteLine($"{verb} {step.Number:0000} {step.Name}");
    }
}
