using System.CommandLine;
using System.Text.Json.Nodes;
using HealthExport.Audit;
using HealthExport.Pushes;

namespace HealthExport.Server.CommandLine;

/// <summary>replay: processes settled pushes again, from their kept bytes.</summary>
static class ReplayCommand
{
    public static Command Make(Shell shell)
    {
        var ids = new Argument<Guid[]>("ID")
        {
            Description = "Ingestions to process again",
            Arity = ArgumentArity.ZeroOrMore,
            CustomParser = result =>
            {
                var ids = new List<Guid>();
                foreach (var token in result.Tokens)
                    if (Guid.TryParse(token.Value, out var id)) ids.Add(id);
                    else result.AddError($"'{token.Value}' is no ingestion's id.");
                return [.. ids];
            },
        };
        var failed = new Option<bool>("--failed") { Description = "Every one that was given up" };
        var command = new Command("replay", "Processes kept pushes again; nothing is counted twice") { ids, failed };
        command.Validators.Add(result =>
        {
            if (result.GetResult(ids) is not { Tokens.Count: > 0 } && !result.GetValue(failed))
                result.AddError("Say which: one ID or several, or --failed.");
        });
        return command.Run(shell, async (call, cancellationToken) =>
        {
            await using var store = await call.OpenStoreAsync(cancellationToken);
            var wanted = await FindAsync(store, call.Get(ids), call.Get(failed), cancellationToken);
            var outcomes = new List<(Guid Id, Ingestion? Ingestion, string? Error)>();
            var queue = store.OpenQueue();
            foreach (var (userId, id) in wanted)
            {
                var ingestion = userId is { } owner
                    ? await store.Ingestions.ReplayAsync(owner, id, cancellationToken) : null;
                if (ingestion is null)
                {
                    outcomes.Add((id, null, "no such ingestion, or its payload is gone"));
                    shell.Error.WriteLine($"{id}: no such ingestion, or its payload is gone");
                    continue;
                }
                await store.Audit.AppendAsync(
                    [call.Describe(AuditAction.IngestionReplayed, ingestion.UserId, id.ToString())],
                    cancellationToken);
                var settled = await queue.SettleAsync(ingestion.UserId, id, claim: null, cancellationToken);
                outcomes.Add((id, settled, settled.Status == IngestionStatus.Failed ? "failed again" : null));
                shell.Error.WriteLine($"{id}: {IngestionText.Describe(settled)}");
            }
            var bad = outcomes.Count(outcome => outcome.Error is not null);
            if (call.IsJson)
                Answer.Write(shell.Out, new JsonObject
                {
                    ["replayed"] = outcomes.Count - bad,
                    ["failed"] = bad,
                    ["items"] = Answer.ToArray(outcomes, outcome => outcome.Ingestion is { } ingestion
                        ? IngestionText.ToJson(ingestion)
                        : new JsonObject { ["ingestion_id"] = outcome.Id.ToString(), ["error"] = outcome.Error }),
                });
            else if (outcomes.Count == 0) shell.Out.WriteLine("Nothing to replay.");
            else shell.Out.WriteLine($"Replayed {outcomes.Count - bad}, failed {bad}.");
            return bad == 0 ? ExitCodes.Success : ExitCodes.Failed;
        });
    }

    static async ValueTask<IReadOnlyList<(long? UserId, Guid Id)>> FindAsync(
        StoreSession store, Guid[] ids, bool failed, CancellationToken cancellationToken)
    {
        var wanted = new List<(long? UserId, Guid Id)>();
        var users = ids.Length > 0 ? await store.Users.ListAsync(cancellationToken) : [];
        foreach (var id in ids.Distinct())
        {
            long? owner = null;
            foreach (var user in users)
                if (await store.Ingestions.FindAsync(user.Id, id, cancellationToken) is not null) owner = user.Id;
            wanted.Add((owner, id));
        }
        if (!failed) return wanted;
        foreach (var (userId, id) in await store.Ingestions.ListByStatusAsync(
            IngestionStatus.Failed, int.MaxValue, cancellationToken))
            if (!ids.Contains(id)) wanted.Add((userId, id));
        return wanted;
    }
}
