using System.Text.Json.Nodes;
using HealthExport.Audit;
using HealthExport.People;
using HealthExport.Pushes;
using HealthExport.Samples;
using HealthExport.Server.CommandLine;
using HealthExport.Server.Ingest;
using HealthExport.Time;

namespace HealthExport.Server.Importing;

/// <summary>
/// Takes files one after the other, each as a push of its own. What is in the store already is known by its bytes and not
/// taken again, so that an import may be broken off anywhere, and repeated whenever: no older file then brings back what
/// has been corrected since.
/// </summary>
/// <param name="zone">Whose clock times without an offset are on; null if nobody said.</param>
sealed class Import(
    Call call, StoreSession store, User user, TimeZoneInfo? zone, ImportProgress progress, ImportSummary summary)
{
    /// <summary>Stands where the key of a push that came over the network stands.</summary>
    const string KeyId = "command-line";

    readonly FileSpooling _spooling = new(zone);
    bool _isStoreAway;

    /// <summary>Takes all of a plan, as far as the store is there and nobody stops it; what is left is counted.</summary>
    public async ValueTask TakeAsync(ImportPlan plan, CancellationToken cancellationToken)
    {
        foreach (var file in plan.NotTaken) summary.PassOver(file.Name, file.WhyNot!);
        foreach (var (name, where) in plan.Exports)
            await TakeOrLeaveAsync(() => TakeExportAsync(PrintedText.OfName(name), where, cancellationToken));
        foreach (var file in plan.Files)
            await TakeOrLeaveAsync(async () =>
            {
                if (file.Open is null) Fail(file.Name, file.Fault!);
                else
                    await TakeOneAsync(
                        file.Name, file.Bytes,
                        (spool, report) => _spooling.ReadAsync(file, spool, report, cancellationToken),
                        cancellationToken);
            });

        async ValueTask TakeOrLeaveAsync(Func<ValueTask> take)
        {
            if (_isStoreAway || cancellationToken.IsCancellationRequested)
            {
                summary.Leave();
                return;
            }
            try
            {
                await take();
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                progress.End("stopped");
                summary.Leave();
            }
        }
    }

    async ValueTask TakeExportAsync(string name, string path, CancellationToken cancellationToken)
    {
        progress.Begin(name, 0);
        var (zip, fault) = OpenZip.Open(path);
        ExportZip? opened = null;
        if (zip is not null) (opened, fault) = ExportZip.From(zip);
        using var export = opened;
        if (export is not null) fault = await export.FindFaultAsync(progress.Report, cancellationToken);
        if (fault is not null)
        {
            Fail(name, fault);
            return;
        }
        progress.End($"an export of {export!.Manifest.ExportedAt:yyyy-MM-dd}, whole");
        // The bar counts the zip as it lies on disk.
        var share = new FileInfo(path).Length / Math.Max(1.0, export.Pushes.Sum(file => (double)file.Bytes));
        foreach (var listed in export.Pushes)
        {
            var isTaken = await TakeOneAsync(
                $"{name}/{listed.Path}", (long)(listed.Bytes * share),
                async (spool, report) =>
                {
                    var fault = await export.ReadAsync(
                        listed,
                        bytes =>
                        {
                            spool.Write(bytes);
                            report((double)spool.SizeBytes / listed.Bytes);
                            return true;
                        },
                        cancellationToken);
                    spool.Complete();
                    // It was whole a moment ago.
                    if (Convert.ToHexStringLower(spool.Sha256) != listed.Sha256) fault ??= "changed while it was read";
                    return new(listed.ContentType!, fault);
                },
                cancellationToken);
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

    void Fail(string name, string fault)
    {
        progress.Begin(name, 0);
        progress.End(fault);
        summary.Add(new(name, null, false, fault));
    }

    /// <returns>False if it was not taken.</returns>
    async ValueTask<bool> TakeOneAsync(
        string name, long bytes, Func<PayloadSpool, Action<double>, ValueTask<SpooledFile>> read,
        CancellationToken cancellationToken)
    {
        progress.Begin(name, bytes);
        var outcome = await PushAsync(name, read, cancellationToken);
        progress.End(outcome.Describe(), outcome.Items);
        summary.Add(outcome);
        return !outcome.IsBad;
    }

    async ValueTask<ImportOutcome> PushAsync(
        string name, Func<PayloadSpool, Action<double>, ValueTask<SpooledFile>> read,
        CancellationToken cancellationToken)
    {
        try
        {
            var receivedAt = Instant.From(call.Shell.Clock.GetUtcNow());
            using var spool = new PayloadSpool(store.Settings.Ingest.TempFolder);
            var (contentType, fault, aggregation) = await read(spool, progress.ReportReading);
            if (fault is not null) return new(name, null, false, fault);
            var push = new ReceivedPush
            {
                UserId = user.Id,
                KeyId = KeyId,
                ReceivedAt = receivedAt,
                Payload = spool,
                ContentType = contentType,
                Headers = aggregation is null
                    ? new Dictionary<string, string>()
                    : new Dictionary<string, string> { ["automation-aggregation"] = aggregation },
                TimeZone = zone?.Id,
                Lease = store.Settings.Ingest.Lease,
            };
            var queue = store.OpenQueue(progress.ReportStoring);
            if (await queue.TryAsync(() => store.Ingestions.FindAppliedAsync(push, cancellationToken), cancellationToken)
                is { } known)
                return await FindWorkoutAgainAsync(name, known, queue, cancellationToken);
            var kept = await queue.TryAsync(() => store.Ingestions.KeepAsync(push, cancellationToken), cancellationToken);
            await store.Audit.AppendAsync(
                [
                    call.Describe(
                        AuditAction.DataIngested, user.Id, kept.Ingestion.Id.ToString(), IngestPush.Describe(kept)),
                ],
                cancellationToken);
            var settled = await queue.SettleAsync(user.Id, kept.Ingestion.Id, kept.Claim, cancellationToken);
            return new(name, settled, IsKnown: false, FaultOf(settled));
        }
        catch (StoreUnavailableException error)
        {
            _isStoreAway = true;
            return new(name, null, false, $"the store is away or busy; try again ({error.Message.TrimEnd('.')})");
        }
    }

    /// <summary>A file of a workout that was not there when it was taken is tried again: it may be there by now.</summary>
    async ValueTask<ImportOutcome> FindWorkoutAgainAsync(
        string name, Ingestion known, QueuedPushes queue, CancellationToken cancellationToken)
    {
        if (known.Receipt?.Errors.Any(error => error.Code == RejectCodes.NoWorkout) != true
            || await queue.TryAsync(
                () => store.Ingestions.ReplayAsync(user.Id, known.Id, cancellationToken), cancellationToken) is null)
            return new(name, known, IsKnown: true, null);
        await store.Audit.AppendAsync(
            [call.Describe(AuditAction.IngestionReplayed, user.Id, known.Id.ToString())], cancellationToken);
        var settled = await queue.SettleAsync(user.Id, known.Id, claim: null, cancellationToken);
        return new(name, settled, IsKnown: settled.Receipt?.Counts.Updated == 0, FaultOf(settled));
    }

    static string? FaultOf(Ingestion settled) => settled.Status == IngestionStatus.Failed
        ? $"could not be processed; its bytes are kept: health-export replay {settled.Id}" : null;
}
