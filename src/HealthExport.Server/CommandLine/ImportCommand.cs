using System.CommandLine;
using System.Text.Json.Nodes;
using HealthExport.Audit;
using HealthExport.People;
using HealthExport.Pushes;
using HealthExport.Samples;
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
            {
                Description = "Health Auto Export or standard JSON (.json), standard items one a line (.ndjson), "
                    + "either as .gz, or an export of this server (.zip)",
                Arity = ArgumentArity.OneOrMore,
            };
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
                        await import.TakeAsync(file, progress, outcomes, cancellationToken);
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
        /// <summary>Takes a file, or one after the other what is in an export.</summary>
        public async ValueTask TakeAsync(
            string file, ImportProgress progress, List<Outcome> outcomes, CancellationToken cancellationToken)
        {
            var path = call.Shell.PathOf(file);
            if (PayloadFile.IsZip(path))
            {
                await TakeExportAsync(file, path, progress, outcomes, cancellationToken);
                return;
            }
            await TakeOneAsync(
                file, PayloadFile.ContentTypeOf(path),
                (spool, report) => PayloadFile.ReadAsync(path, spool, report, cancellationToken), progress, outcomes,
                cancellationToken);
        }

        async ValueTask TakeExportAsync(
            string file, string path, ImportProgress progress, List<Outcome> outcomes,
            CancellationToken cancellationToken)
        {
            var report = progress.Begin(file);
            var (zip, fault) = ExportZip.Open(path);
            using var export = zip;
            fault ??= await export!.FindFaultAsync(
                fraction => report(new(ImportStage.Reading, fraction)), cancellationToken);
            if (fault is not null)
            {
                progress.End(fault);
                outcomes.Add(new(file, null, fault));
                return;
            }
            progress.End($"an export of {export!.Manifest.ExportedAt:yyyy-MM-dd}, whole");
            foreach (var listed in export.Pushes)
            {
                var isTaken = await TakeOneAsync(
                    $"{file}/{listed.Path}", listed.ContentType!,
                    async (spool, step) =>
                    {
                        var fault = await export.ReadAsync(
                            listed,
                            bytes =>
                            {
                                spool.Write(bytes);
                                step(new(ImportStage.Reading, (double)spool.SizeBytes / listed.Bytes));
                                return true;
                            },
                            cancellationToken);
                        spool.Complete();
                        // It was whole a moment ago.
                        return fault ?? (Convert.ToHexStringLower(spool.Sha256) == listed.Sha256
                            ? null : "changed while it was read");
                    },
                    progress, outcomes, cancellationToken);
                // The rest could not be told from a whole import; whoever repeats it loses nothing.
                if (!isTaken) return;
            }
            await TakeRanksAsync(export.Manifest.SourceRanks, cancellationToken);
        }

        /// <summary>What the person had set, where nothing is set here: figures depend on it.</summary>
        async ValueTask TakeRanksAsync(IReadOnlyList<string> ranks, CancellationToken cancellationToken)
        {
            string[] named =
            [
                .. ranks.Select(SourceName.Normalise).OfType<string>().Distinct(StringComparer.Ordinal)
                    .Take(UserChange.MaxSourceRanks),
            ];
            if (named.Length == 0 || (await store.Users.ListSourceRanksAsync(user.Id, cancellationToken)).Count > 0)
                return;
            var update = await SetAsync(named);
            // Of some there may be nothing left.
            if (update.UnknownSources.Count > 0) await SetAsync([.. named.Except(update.UnknownSources)]);

            ValueTask<UserUpdate> SetAsync(string[] sources) => store.Users.UpdateAsync(
                user.Id, new() { SourceRanks = sources },
                call.Describe(
                    AuditAction.UserChanged, user.Id, user.PublicId.ToString(),
                    new() { ["fields"] = new JsonArray("source_ranks") }),
                cancellationToken);
        }

        /// <returns>False if it was not taken.</returns>
        async ValueTask<bool> TakeOneAsync(
            string file, string contentType, Func<PayloadSpool, Action<ImportStep>, ValueTask<string?>> read,
            ImportProgress progress, List<Outcome> outcomes, CancellationToken cancellationToken)
        {
            var outcome = await PushAsync(file, contentType, read, progress.Begin(file), cancellationToken);
            progress.End(outcome.Error ?? IngestionText.Describe(outcome.Ingestion!));
            outcomes.Add(outcome);
            return !outcome.IsBad;
        }

        async ValueTask<Outcome> PushAsync(
            string file, string contentType, Func<PayloadSpool, Action<ImportStep>, ValueTask<string?>> read,
            Action<ImportStep> report, CancellationToken cancellationToken)
        {
            try
            {
                var receivedAt = Instant.From(call.Shell.Clock.GetUtcNow());
                using var spool = new PayloadSpool(store.Settings.Ingest.TempFolder);
                if (await read(spool, report) is { } problem) return new(file, null, problem);
                report(new(ImportStage.Storing, 0));
                var queue = store.OpenQueue(fraction => report(new(ImportStage.Storing, fraction)));
                var push = new ReceivedPush
                {
                    UserId = user.Id,
                    KeyId = KeyId,
                    ReceivedAt = receivedAt,
                    Payload = spool,
                    ContentType = contentType,
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
