using System.CommandLine;
using System.Text.Json.Nodes;
using HealthExport.Audit;
using HealthExport.People;
using HealthExport.Pushes;
using HealthExport.Server.Ingest;
using HealthExport.Time;

namespace HealthExport.Server.CommandLine;

/// <summary>import: what POST /v1/ingest takes, from disk; one ingestion a file.</summary>
static class ImportCommand
{
    /// <summary>Stands where the key of a push that came over the network stands.</summary>
    const string KeyId = "command-line";

    sealed record Outcome(string File, Ingestion? Ingestion, string? Error)
    {
        public bool IsBad => Error is not null;
    }

    public static Command Make(Shell shell)
    {
        var files = new Argument<string[]>("FILE")
            { Description = "Health Auto Export or standard JSON, .json or .json.gz", Arity = ArgumentArity.OneOrMore };
        var user = new Option<string?>("--user")
            { Description = "Whose data it is; not needed while there is one user", HelpName = "EMAIL" };
        return new Command("import", "Takes files as if a phone had pushed them, also while a server runs")
        {
            files, user,
        }
            .Run(shell, async (call, cancellationToken) =>
            {
                await using var store = await call.OpenStoreAsync(cancellationToken);
                var owner = await store.GetUserOrOnlyAsync(call.Get(user), cancellationToken);
                var import = new Import(call, store, owner);
                var outcomes = new List<Outcome>();
                await ImportProgress.RunAsync(shell, async progress =>
                {
                    foreach (var file in call.Get(files))
                    {
                        var outcome = await import.TakeAsync(file, progress.Begin(file), cancellationToken);
                        progress.End(outcome.Error ?? IngestionText.Describe(outcome.Ingestion!));
                        outcomes.Add(outcome);
                    }
                });
                Write(call, outcomes);
                return outcomes.Exists(outcome => outcome.IsBad) ? ExitCodes.Failed : ExitCodes.Success;
            });
    }

    static void Write(Call call, List<Outcome> outcomes)
    {
        var sum = new ItemCounts();
        // A duplicate shows the first one's counts: they would be added twice.
        var duplicates = outcomes.Count(outcome => outcome.Ingestion?.Status == IngestionStatus.Duplicate);
        foreach (var counts in outcomes.Where(outcome => outcome.Ingestion?.Status != IngestionStatus.Duplicate)
            .Select(outcome => outcome.Ingestion?.Receipt?.Counts))
        {
            sum.Received += counts?.Received ?? 0;
            sum.Inserted += counts?.Inserted ?? 0;
            sum.Updated += counts?.Updated ?? 0;
            sum.Unchanged += counts?.Unchanged ?? 0;
            sum.Rejected += counts?.Rejected ?? 0;
        }
        var bad = outcomes.Count(outcome => outcome.IsBad);
        if (call.IsJson)
        {
            Answer.Write(call.Shell.Out, new JsonObject
            {
                ["imported"] = outcomes.Count - bad,
                ["duplicates"] = duplicates,
                ["failed"] = bad,
                ["counts"] = IngestionText.ToJson(sum),
                ["files"] = Answer.ToArray(outcomes, outcome =>
                {
                    var node = outcome.Ingestion is { } ingestion ? IngestionText.ToJson(ingestion) : [];
                    node.Insert(0, "file", outcome.File);
                    if (outcome.Error is not null) node["error"] = outcome.Error;
                    return node;
                }),
            });
            return;
        }
        call.Shell.Out.WriteLine(
            $"Imported {outcomes.Count - bad} of {outcomes.Count}"
            + (duplicates > 0 ? $", {duplicates} of them known before" : "")
            + $": {sum.Received} items received, "
            + $"{sum.Inserted} inserted, {sum.Updated} updated, {sum.Unchanged} unchanged, {sum.Rejected} rejected.");
    }

    sealed class Import(Call call, StoreSession store, User user)
    {
        public async ValueTask<Outcome> TakeAsync(
            string file, Action<ImportStep> report, CancellationToken cancellationToken)
        {
            try
            {
                var receivedAt = Instant.From(call.Shell.Clock.GetUtcNow());
                using var spool = new PayloadSpool(store.Settings.Ingest.TempFolder);
                if (await PayloadFile.ReadAsync(call.Shell.PathOf(file), spool, report, cancellationToken) is { } problem)
                    return new(file, null, problem);
                report(new(ImportStage.Storing, 0));
                var queue = store.OpenQueue(fraction => report(new(ImportStage.Storing, fraction)));
                var push = new ReceivedPush
                {
                    UserId = user.Id,
                    KeyId = KeyId,
                    ReceivedAt = receivedAt,
                    Payload = spool,
                    ContentType = "application/json",
                    Headers = new Dictionary<string, string>(),
                    TimeZone = user.TimeZone,
                    Lease = store.Settings.Ingest.Lease,
                };
                var kept = await queue.TryAsync(
                    () => store.Ingestions.KeepAsync(push, cancellationToken), cancellationToken);
                await store.Audit.AppendAsync(
                    [
                        call.Describe(
                            AuditAction.DataIngested, user.Id, kept.Ingestion.Id.ToString(),
                            IngestPush.Describe(kept)),
                    ],
                    cancellationToken);
                var settled = await queue.SettleAsync(user.Id, kept.Ingestion.Id, kept.Claim, cancellationToken);
                return new(file, settled, settled.Status == IngestionStatus.Failed
                    ? $"could not be processed; its bytes are kept: health-export replay {settled.Id}" : null);
            }
            catch (StoreUnavailableException)
            {
                return new(file, null, "the store is away or busy; try again");
            }
        }
    }
}
