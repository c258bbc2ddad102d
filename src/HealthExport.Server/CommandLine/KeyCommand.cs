using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using HealthExport.Audit;
using HealthExport.Keys;
using HealthExport.Server.Audit;
using HealthExport.Time;

namespace HealthExport.Server.CommandLine;

/// <summary>key create, list, rotate, limit, revoke.</summary>
static class KeyCommand
{
    const string NoKey = "There is no key with that id.";
    const string SeeList = "See: health-export key list";

    public static Command Make(Shell shell) => new("key", "Issues, lists, rotates, limits and revokes API keys")
    {
        MakeCreate(shell), MakeList(shell), MakeRotate(shell), MakeLimit(shell), MakeRevoke(shell),
    };

    static Command MakeCreate(Shell shell)
    {
        var user = new Option<string>("--user")
            { Description = "Whose key it is", HelpName = "EMAIL", Required = true };
        var name = new Option<string>("--name")
            { Description = "What it is for; shown in listings", HelpName = "NAME", Required = true };
        name.Validators.Add(result =>
        {
            if (!KeyOrder.IsName(result.GetValueOrDefault<string>()?.Trim()))
                result.AddError("--name must have 1 to 80 characters, all of them printable, and be no key.");
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
            CustomParser = result => SpanText.TryRead(result.Tokens[0].Value, TimeSpan.FromDays(3650), out var span)
                ? span
                : Refuse<TimeSpan?>(
                    result, "--expires-in must be a number with d, h or m, such as 90d, up to 3650d."),
        };
        var profile = MakeProfile();
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
                if (call.IsJson) Answer.Write(shell.Out, ToJson(issued));
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

    static Command MakeRotate(Shell shell)
    {
        var id = MakeId();
        var overlap = new Option<TimeSpan>("--overlap")
        {
            Description = "How long the old key goes on working: 7d, 1h (the default), 0m to end it at once",
            HelpName = "SPAN",
            DefaultValueFactory = _ => KeyIssuer.DefaultOverlap,
            CustomParser = result =>
                SpanText.TryRead(result.Tokens[0].Value, KeyIssuer.MaxOverlap, out var span, mayBeZero: true)
                    ? span
                    : Refuse<TimeSpan>(result, "--overlap must be a number with d, h or m, such as 7d, up to 90d."),
        };
        return new Command("rotate", "Puts a new key in the place of another and shows it, once") { id, overlap }
            .Run(shell, async (call, cancellationToken) =>
            {
                await using var store = await call.OpenStoreAsync(cancellationToken);
                var old = await store.Keys.FindByIdAsync(GetId(call, id), userId: null, cancellationToken)
                    ?? throw new CommandFailedException(NoKey, SeeList);
                var (outcome, issued) = await store.Issuer.RotateAsync(
                    old, call.Get(overlap), AuditOrigins.OfOperator(), cancellationToken);
                if (issued is null)
                    throw outcome switch
                    {
                        KeyRotation.Replaced => new CommandFailedException(
                            "That key was rotated before.", "Rotate the one that replaced it: health-export key list"),
                        KeyRotation.Ended => new CommandFailedException(
                            "That key was revoked, or its time is over.", "Make a new one: health-export key create"),
                        _ => new CommandFailedException(NoKey, SeeList),
                    };
                var endsAt = KeyIssuer.EndOf(old, issued.Stored, call.Get(overlap));
                if (call.IsJson)
                {
                    var document = ToJson(issued);
                    document["replaces"] = new JsonObject { ["id"] = old.Id, ["ends_at"] = Answer.Format(endsAt) };
                    Answer.Write(shell.Out, document);
                }
                else
                {
                    shell.Out.WriteLine(issued.Key.Reveal());
                    shell.Error.WriteLine(
                        $"Key {issued.Stored.Id} replaces {old.Id}, which works until {Answer.Format(endsAt)}. "
                        + "It is not shown again.");
                }
                return ExitCodes.Success;
            });
    }

    static Command MakeLimit(Shell shell)
    {
        var id = MakeId();
        var profile = MakeProfile();
        var ingestRequests = MakeOverride("--ingest-requests", "Pushes an hour");
        var ingestBytes = MakeOverride("--ingest-bytes", "Bytes of pushes an hour, unpacked");
        var readRequests = MakeOverride("--read-requests", "Reads an hour");
        var readBytes = MakeOverride("--read-bytes", "Bytes of the bodies of reads an hour");
        return new Command("limit", "Puts a key under a profile of limits, with numbers of its own where given")
        {
            id, profile, ingestRequests, ingestBytes, readRequests, readBytes,
        }
            .Run(shell, async (call, cancellationToken) =>
            {
                await using var store = await call.OpenStoreAsync(cancellationToken);
                var name = LimitProfiles.GetName(call.Get(profile));
                var limits = new LimitOverrides(
                    call.Get(ingestRequests), call.Get(ingestBytes), call.Get(readRequests), call.Get(readBytes));
                if (!await store.Keys.LimitAsync(
                    GetId(call, id), name, limits, call.Describe(AuditAction.KeyLimited), cancellationToken))
                    throw new CommandFailedException(NoKey, SeeList);
                if (call.IsJson)
                    Answer.Write(shell.Out, new JsonObject
                    {
                        ["id"] = call.Get(id), ["limit_profile"] = name, ["limits"] = ToJson(limits),
                    });
                else shell.Out.WriteLine($"Limits of {call.Get(id)}: {Describe(name, limits)}.");
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
                        key.Id, emails.GetValueOrDefault(key.UserId), key.Name, key.Scopes.Format(),
                        Describe(key.LimitProfile, key.Limits), key.StateAt(now), Answer.Format(key.CreatedAt), Answer.Format(key.ExpiresAt) ?? "never",
                        Answer.Format(key.LastUsedAt) ?? "never",
                    ]));
            return ExitCodes.Success;
        });
    }

    static Command MakeRevoke(Shell shell)
    {
        var id = MakeId();
        return new Command("revoke", "Ends a key at once") { id }.Run(shell, async (call, cancellationToken) =>
        {
            await using var store = await call.OpenStoreAsync(cancellationToken);
            var wanted = GetId(call, id);
            if (!await store.Keys.RevokeAsync(
                wanted, userId: null, call.Describe(AuditAction.KeyRevoked), cancellationToken))
                throw new CommandFailedException(NoKey, SeeList);
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
        ["format"] = KeyFormats.GetName(key.Format),
        ["limit_profile"] = key.LimitProfile,
        ["limits"] = ToJson(key.Limits),
        ["state"] = key.StateAt(now),
        ["created_at"] = Answer.Format(key.CreatedAt),
        ["expires_at"] = Answer.Format(key.ExpiresAt),
        ["revoked_at"] = Answer.Format(key.RevokedAt),
        ["last_used_at"] = Answer.Format(key.LastUsedAt),
        ["replaced_by"] = key.ReplacedBy,
    };

    static JsonObject ToJson(IssuedKey issued) => new()
    {
        ["id"] = issued.Stored.Id,
        ["key"] = issued.Key.Reveal(),
        ["scopes"] = Answer.ToArray(issued.Stored.Scopes.ToNames(), scope => scope),
    };

    static JsonObject? ToJson(LimitOverrides limits) => limits.IsNone ? null : new()
    {
        ["ingest_requests"] = limits.IngestRequests,
        ["ingest_bytes"] = limits.IngestBytes,
        ["read_requests"] = limits.ReadRequests,
        ["read_bytes"] = limits.ReadBytes,
    };

    static string Describe(string profile, LimitOverrides limits) => limits.IsNone ? profile : $"{profile}, own numbers";

    static Argument<string> MakeId() => new("ID") { Description = "The key's id, as key list shows it" };

    /// <summary>What goes to the store, and perhaps from there into a log, is an id and never a key.</summary>
    static string GetId(Call call, Argument<string> argument)
    {
        var id = call.Get(argument);
        if (ApiKey.TryParse(id, out _))
            throw new CommandFailedException(
                "That is a whole key, not its id.",
                "Find the id in: health-export key list. The shell's history may hold the key now.");
        return ApiKey.IsPublicId(id) ? id : throw new CommandFailedException(NoKey, SeeList);
    }

    static Option<LimitProfile> MakeProfile()
    {
        var profiles = string.Join(", ", LimitProfiles.Names);
        return new("--limit-profile")
        {
            Description = $"Which limits hold for it: {profiles}",
            HelpName = "PROFILE",
            CustomParser = result => Read<LimitProfile>(
                result, LimitProfiles.TryParse, $"--limit-profile must be one of {profiles}."),
        };
    }

    static Option<long?> MakeOverride(string name, string what) => new(name)
    {
        Description = $"{what}; the profile's, if absent",
        HelpName = "N",
        CustomParser = result =>
            long.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number is >= 1 and <= LimitOverrides.Most
                ? number
                : Refuse<long?>(result, $"{name} must be a whole number from 1 to {LimitOverrides.Most}."),
    };

    delegate bool TryParse<T>(string? text, out T value);

    static T Read<T>(System.CommandLine.Parsing.ArgumentResult result, TryParse<T> tryParse, string error) =>
        tryParse(result.Tokens[0].Value, out var value) ? value : Refuse<T>(result, error);

    static T Refuse<T>(System.CommandLine.Parsing.ArgumentResult result, string error)
    {
        result.AddError(error);
        return default!;
    }
}
