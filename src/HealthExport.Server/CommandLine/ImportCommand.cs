using System.CommandLine;
using HealthExport.Server.Importing;
using HealthExport.Time;

namespace HealthExport.Server.CommandLine;

/// <summary>import: what POST /v1/ingest takes, from disk; one ingestion a file.</summary>
static class ImportCommand
{
    public static Command Make(Shell shell)
    {
        var files = new Argument<string[]>("FILE")
            {
                Description = "Files, folders and zips of what Health Auto Export writes (.json, .csv, .gpx), of standard "
                    + "items one a line (.ndjson), or of collections that mongoexport took from the vendor's server; "
                    + "each also as .gz. Exports of this server come first, then what brings workouts, then what belongs "
                    + "to them; else in the order of their paths, numbers as numbers, so that the later file holds",
                Arity = ArgumentArity.OneOrMore,
            };
        var user = new Option<string?>("--user")
            { Description = "Whose data it is; not needed while there is one user", HelpName = "EMAIL" };
        var zone = ZoneOption.Make(
            "Where times without an offset were taken, as Europe/Berlin; the person's own zone if absent");
        return new Command("import", "Takes files as if a phone had pushed them, also while a server runs")
        {
            files, user, zone,
        }
            .Run(shell, async (call, cancellationToken) =>
            {
                await using var store = await call.OpenStoreAsync(cancellationToken);
                var owner = await store.GetUserOrOnlyAsync(call.Get(user), cancellationToken);
                var clock = IanaZone.TryFind(call.Get(zone) ?? owner.TimeZone ?? "", out var found) ? found : null;
                var startedAt = shell.Clock.GetTimestamp();
                using var plan = ImportPlan.Make(shell, call.Get(files));
                var summary = new ImportSummary(hasZone: clock is not null);
                await ImportProgress.RunAsync(
                    shell, plan.Bytes,
                    progress => new Import(call, store, owner, clock, progress, summary)
                        .TakeAsync(plan, cancellationToken).AsTask());
                var took = shell.Clock.GetElapsedTime(startedAt);
                if (call.IsJson) Answer.Write(shell.Out, summary.ToJson(took));
                else summary.Write(shell.Out, took);
                return summary.IsWhole ? ExitCodes.Success : ExitCodes.Failed;
            });
    }
}
