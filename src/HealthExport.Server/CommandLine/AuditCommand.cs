using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Json.Nodes;
using HealthExport.Audit;
using HealthExport.Server.Http;
using HealthExport.Time;

namespace HealthExport.Server.CommandLine;

/// <summary>audit: who did what, everybody's trail and what belongs to nobody. That it was read is in it too.</summary>
static class AuditCommand
{
    const int DefaultLimit = 100;
    const int PageSize = 1_000;

    public static Command Make(Shell shell)
    {
        var user = new Option<string?>("--user") { Description = "Only this person's trail", HelpName = "EMAIL" };
        var key = new Option<string?>("--key") { Description = "Only what was done with this key", HelpName = "ID" };
        var action = new Option<AuditAction?>("--action")
        {
            Description = $"Only this: {string.Join(", ", AuditAction.All)}",
            HelpName = "ACTION",
            CustomParser = result => AuditAction.Find(result.Tokens[0].Value)
                ?? Refuse<AuditAction?>(result, $"--action must be one of {string.Join(", ", AuditAction.All)}."),
        };
        var from = MakeTime("--from", "Not before: a date (UTC) or a time with offset");
        var to = MakeTime("--to", "Before: a date (UTC) or a time with offset");
        var limit = new Option<int>("--limit")
        {
            Description = $"How many, the newest first [default: {DefaultLimit}]",
            HelpName = "N",
            DefaultValueFactory = _ => DefaultLimit,
        };
        limit.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 1 or > 1_000_000)
                result.AddError("--limit must be a whole number from 1 to 1000000.");
        });
        return new Command("audit", "Shows the audit trail: who did what, when and from where")
        {
            user, key, action, from, to, limit,
        }
            .Run(shell, async (call, cancellationToken) =>
            {
                await using var store = await call.OpenStoreAsync(cancellationToken);
                var owner = call.Get(user) is { } email ? await store.GetUserAsync(email, cancellationToken) : null;
                var filter = new AuditFilter(
                    owner?.Id, call.Get(action), call.Get(from), call.Get(to), call.Get(key));
                var entries = await ListAsync(store.Audit, filter, call.Get(limit), cancellationToken);
                // Of whoever was read; of nobody, if it was everybody's.
                await store.Audit.AppendAsync(
                    [
                        call.Describe(
                            AuditAction.AuditRead, owner?.Id ?? 0, null, new() { ["count"] = entries.Count }),
                    ],
                    cancellationToken);
                var emails = (await store.Users.ListAsync(cancellationToken)).ToDictionary(u => u.Id, u => u.Email);
                if (call.IsJson)
                    Answer.Write(shell.Out, new JsonObject
                    {
                        ["items"] = Answer.ToArray(entries, entry => ToJson(entry, emails)),
                    });
                else
                    Answer.WriteTable(
                        shell, ["At", "User", "Action", "Resource", "Key", "Address", "Client", "Details"],
                        entries.Select(entry => (string?[])
                        [
                            Answer.Format(entry.At), emails.GetValueOrDefault(entry.UserId) ?? "-", entry.Action.Name,
                            entry.Resource ?? "-", entry.KeyId ?? "-", entry.Address ?? "-", entry.UserAgent ?? "-",
                            entry.Metadata,
                        ]));
                return ExitCodes.Success;
            });
    }

    static async ValueTask<List<AuditEntry>> ListAsync(
        IAuditStore store, AuditFilter filter, int limit, CancellationToken cancellationToken)
    {
        List<AuditEntry> entries = [];
        string? cursor = null;
        do
        {
            var page = await store.ListAsync(
                filter, cursor, Math.Min(PageSize, limit - entries.Count), cancellationToken);
            entries.AddRange(page.Items);
            cursor = page.NextCursor;
        }
        while (cursor is not null && entries.Count < limit);
        return entries;
    }

    static JsonObject ToJson(AuditEntry entry, Dictionary<long, string> emails) => new()
    {
        ["id"] = entry.Id.ToString(),
        ["created_at"] = Rfc3339.Format(entry.At),
        ["user"] = emails.GetValueOrDefault(entry.UserId),
        ["action"] = entry.Action.Name,
        ["key_id"] = entry.KeyId,
        ["resource"] = entry.Resource,
        ["ip"] = entry.Address,
        ["user_agent"] = entry.UserAgent,
        ["request_id"] = entry.RequestId,
        ["metadata"] = entry.Metadata is { } metadata ? JsonNode.Parse(metadata) : null,
    };

    static Option<Instant?> MakeTime(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "TIME",
        CustomParser = result => QueryReader.FindInstant(result.Tokens[0].Value)
            ?? Refuse<Instant?>(result, $"{name} must be like 2026-01-31 or 2026-01-31T08:00:00+01:00."),
    };

    static T Refuse<T>(ArgumentResult result, string error)
    {
        result.AddError(error);
        return default!;
    }
}
