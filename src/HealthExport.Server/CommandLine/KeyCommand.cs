using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using HealthExport.Audit;
using HealthExport.Keys;
using HealthExport.Server.Audit;
using HealthExport.Time;

namespace HealthExport.Server.CommandLine;

/// <summary>key create, list, revoke.</summary>
static class KeyCommand
{
    public static Command Make(Shell shell) => new("key", "Issues, lists and revokes API keys")
    {
        MakeCreate(shell), MakeList(shell), MakeRevoke(shell),
    };

    static Command MakeCreate(Shell shell)
    {
        var user = new Option<string>("--user")
            { Description = "Whose key it is", HelpName = "EMAIL", Required = true };
        var name = new Option<string>("--name")
            { Description = "What it is for; shown in listings", HelpName = "NAME", Required = true };
        name.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string>()?.Trim() is not { Length: >= 1 and <= 80 })
                result.AddError("--name must have 1 to 80 characters.");
        });
        var scopes = new Option<KeyScopes>("--scopes")
        {
            Description = "What it may do: ingest, read, admin, with commas between; none includes another",
            HelpName = "SCOPES",
            Required = true,
            CustomParser = result => Read<KeyScopes>(
                result, KeyScopeNames.TryParse, "--scopes must be of ingest, read, admin, with commas between."),
        };
        var format = new Option<KeyFormat>("--format")
        {
            Description = "hx (hx_ID_SECRET, the default), or uuid for clients that want one",
            HelpName = "FORMAT",
            CustomParser = result => Read<KeyFormat>(result, KeyFormats.TryParse, "--format must be hx or uuid."),
        };
        var expiresIn = new Option<TimeSpan?>("--expires-in")
        {
            Description = "How long it works: 90d, 12h, 30m; for ever, if absent",
            HelpName = "SPAN",
            CustomParser = result => TryReadSpan(result.Tokens[0].Value, out var span)
                ? span
                : Refuse<TimeSpan?>(
                    result, "--expires-in must be a number with d, h or m, such as 90d, up to 3650d."),
        };
        var profiles = string.Join(", ", LimitProfiles.Names);
        var profile = new Option<LimitProfile>("--limit-profile")
        {
            Description = $"Which limits hold for it: {profiles}",
            HelpName = "PROFILE",
            CustomParser = result => Read<LimitProfile>(
                result, LimitProfiles.TryParse, $"--limit-profile must be one of {profiles}."),
        };
        return new Command("create", "Issues a key and shows it, once")
        {
            user, name, scopes, format, expiresIn, profile,
        }
            .Run(shell, async (call, cancellationToken) =>
            {
                await using var store = await call.OpenStoreAsync(cancellationToken);
                var owner = await store.GetUserAsync(call.Get(user), cancellationToken);
                var now = Instant.From(shell.Clock.GetUtcNow());
                var issued = await store.Issuer.IssueAsync(
                    new KeyOrder(
                        owner.Id, call.Get(name).Trim(), call.Get(scopes), call.Get(format), call.Get(profile),
                        call.Get(expiresIn) is { } span ? now + span : null),
                    AuditOrigins.OfOperator(), cancellationToken);
                if (call.IsJson)
                    Answer.Write(shell.Out, new JsonObject
                    {
                        ["id"] = issued.Stored.Id,
                        ["key"] = issued.Key.Reveal(),
                        ["scopes"] = Answer.ToArray(issued.Stored.Scopes.ToNames(), scope => scope),
                    });
                else
                {
                    shell.Out.WriteLine(issued.Key.Reveal());
                    shell.Error.WriteLine(
                        $"Key {issued.Stored.Id} of {owner.Email}: {issued.Stored.Scopes.Format()}. "
                        + "It is not shown again.");
                }
                return ExitCodes.Success;
            });
    }

    static Command MakeList(Shell shell)
    {
        var user = new Option<string?>("--user") { Description = "Only this person's keys", HelpName = "EMAIL" };
        var command = new Command("list", "Lists keys, without their secrets") { user };
        return command.Run(shell, async (call, cancellationToken) =>
        {
            await using var store = await call.OpenStoreAsync(cancellationToken);
            var owner = call.Get(user) is { } email ? await store.GetUserAsync(email, cancellationToken) : null;
            var emails = (await store.Users.ListAsync(cancellationToken)).ToDictionary(u => u.Id, u => u.Email);
            var keys = await store.Keys.ListAsync(owner?.Id, cancellationToken);
            var now = Instant.From(shell.Clock.GetUtcNow());
            if (call.IsJson)
                Answer.Write(shell.Out, new JsonObject
                {
                    ["items"] = Answer.ToArray(keys, key => ToJson(key, emails.GetValueOrDefault(key.UserId), now)),
                });
            else
                Answer.WriteTable(
                    shell, ["Id", "User", "Name", "Scopes", "Limits", "State", "Created", "Expires", "Last used"],
                    keys.Select(key => (string?[])
                    [
                        key.Id, emails.GetValueOrDefault(key.UserId), key.Name, key.Scopes.Format(), key.LimitProfile,
                        StateOf(key, now), Answer.Format(key.CreatedAt), Answer.Format(key.ExpiresAt) ?? "never",
                        Answer.Format(key.LastUsedAt) ?? "never",
                    ]));
            return ExitCodes.Success;
        });
    }

    static Command MakeRevoke(Shell shell)
    {
        var id = new Argument<string>("ID") { Description = "The key's id, as key list shows it" };
        return new Command("revoke", "Ends a key at once") { id }.Run(shell, async (call, cancellationToken) =>
        {
            await using var store = await call.OpenStoreAsync(cancellationToken);
            var wanted = call.Get(id);
            if (!await store.Keys.RevokeAsync(
                wanted, userId: null, call.Describe(AuditAction.KeyRevoked), cancellationToken))
                throw new CommandFailedException("There is no key with that id.", "See: health-export key list");
            if (call.IsJson) Answer.Write(shell.Out, new JsonObject { ["revoked"] = wanted });
            else shell.Out.WriteLine($"Revoked {wanted}.");
            return ExitCodes.Success;
        });
    }

    static JsonObject ToJson(StoredKey key, string? email, Instant now) => new()
    {
        ["id"] = key.Id,
        ["user"] = email,
        ["name"] = key.Name,
        ["scopes"] = Answer.ToArray(key.Scopes.ToNames(), scope => scope),
        ["limit_profile"] = key.LimitProfile,
        ["state"] = StateOf(key, now),
        ["created_at"] = Answer.Format(key.CreatedAt),
        ["expires_at"] = Answer.Format(key.ExpiresAt),
        ["revoked_at"] = Answer.Format(key.RevokedAt),
        ["last_used_at"] = Answer.Format(key.LastUsedAt),
    };

    static string StateOf(StoredKey key, Instant now) =>
        key.RevokedAt is not null ? "revoked" : key.IsGoodAt(now) ? "good" : "expired";

    delegate bool TryParse<T>(string? text, out T value);

    static T Read<T>(System.CommandLine.Parsing.ArgumentResult result, TryParse<T> tryParse, string error) =>
        tryParse(result.Tokens[0].Value, out var value) ? value : Refuse<T>(result, error);

    static T Refuse<T>(System.CommandLine.Parsing.ArgumentResult result, string error)
    {
        result.AddError(error);
        return default!;
    }

    static bool TryReadSpan(string text, out TimeSpan span)
    {
        span = default;
        if (text.Length < 2 || !int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None,
            CultureInfo.InvariantCulture, out var number)) return false;
        var unit = text[^1] switch
        {
            'd' => TimeSpan.FromDays(1),
            'h' => TimeSpan.FromHours(1),
            'm' => TimeSpan.FromMinutes(1),
            _ => TimeSpan.Zero,
        };
        if (unit == TimeSpan.Zero || number == 0 || number > TimeSpan.FromDays(3650) / unit) return false;
        span = unit * number;
        return true;
    }
}
