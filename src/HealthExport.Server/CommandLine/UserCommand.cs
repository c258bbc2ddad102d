using System.CommandLine;
using System.Text.Json.Nodes;
using HealthExport.Audit;
using HealthExport.People;

namespace HealthExport.Server.CommandLine;

/// <summary>user add, list, erase: creating people is the operator's.</summary>
static class UserCommand
{
    public static Command Make(Shell shell) => new("user", "Adds, lists and erases people")
    {
        MakeAdd(shell), MakeList(shell), MakeErase(shell),
    };

    static Command MakeAdd(Shell shell)
    {
        var email = new Argument<string>("EMAIL") { Description = "Who it is; unique, ignoring case" };
        email.Validators.Add(result =>
        {
            if (!LooksLikeEmail(result.GetValueOrDefault<string>()))
                result.AddError("EMAIL must look like name@host, without spaces.");
        });
        var name = new Option<string?>("--name") { Description = "What to call the person", HelpName = "NAME" };
        var zone = new Option<string?>("--time-zone")
        {
            Description = "IANA zone for time stamps that bear no offset, such as Europe/Berlin",
            HelpName = "ZONE",
        };
        zone.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string>() is { } id && !IsIanaZone(id))
                result.AddError($"--time-zone '{id}' is no IANA time zone, such as Europe/Berlin or America/New_York.");
        });
        return new Command("add", "Adds a person") { email, name, zone }.Run(shell, async (call, cancellationToken) =>
        {
            await using var store = await call.OpenStoreAsync(cancellationToken);
            var address = call.Get(email);
            var user = await store.Users.AddAsync(
                address, call.Get(name), call.Get(zone), call.Describe(AuditAction.UserCreated), cancellationToken)
                ?? throw new CommandFailedException(
                    $"There is a user {address} already.", "See: health-export user list");
            if (call.IsJson) Answer.Write(shell.Out, ToJson(user));
            else
                shell.Out.WriteLine(
                    $"Added {user.Email}. Connect a phone with: health-export pair --user {user.Email}");
            return ExitCodes.Success;
        });
    }

    static Command MakeList(Shell shell) =>
        new Command("list", "Lists everybody, by age of entry").Run(shell, async (call, cancellationToken) =>
        {
            await using var store = await call.OpenStoreAsync(cancellationToken);
            var users = await store.Users.ListAsync(cancellationToken);
            if (call.IsJson)
                Answer.Write(shell.Out, new JsonObject { ["items"] = Answer.ToArray(users, ToJson) });
            else
                Answer.WriteTable(
                    shell, ["E-mail", "Name", "Time zone", "Added", "Id"],
                    users.Select(user => (string?[])
                    [
                        user.Email, user.DisplayName, user.TimeZone, Answer.Format(user.CreatedAt),
                        user.PublicId.ToString(),
                    ]));
            return ExitCodes.Success;
        });

    static Command MakeErase(Shell shell)
    {
        var email = new Argument<string>("EMAIL") { Description = "Whom to erase" };
        var yes = new Option<bool>("--yes", "-y") { Description = "Do not ask" };
        return new Command("erase", "Erases a person: data, payloads, sources and keys, for good") { email, yes }
            .Run(shell, async (call, cancellationToken) =>
            {
                if (call.IsJson && !call.Get(yes))
                    throw new UsageException("With --json nothing is asked.", "Add --yes to erase.");
                await using var store = await call.OpenStoreAsync(cancellationToken);
                var user = await store.GetUserAsync(call.Get(email), cancellationToken);
                if (!call.Get(yes) && !await call.ConfirmAsync(
                        $"This erases {user.Email}: every sample, workout, payload and key, for good.", "the e-mail",
                        user.Email, cancellationToken))
                    throw new CommandFailedException("Nothing was erased.");
                var erased = await store.Users.EraseAsync(
                    user.Id, call.Describe(AuditAction.UserErased), cancellationToken);
                if (!erased) throw new CommandFailedException($"Someone else has erased {user.Email} just now.");
                if (call.IsJson) Answer.Write(shell.Out, new JsonObject { ["erased"] = user.Email });
                else shell.Out.WriteLine($"Erased {user.Email}.");
                return ExitCodes.Success;
            });
    }

    static JsonObject ToJson(User user) => new()
    {
        ["id"] = user.PublicId.ToString(),
        ["email"] = user.Email,
        ["name"] = user.DisplayName,
        ["time_zone"] = user.TimeZone,
        ["created_at"] = Answer.Format(user.CreatedAt),
    };

    static bool LooksLikeEmail(string? text) =>
        text is { Length: <= 254 } && !text.Any(c => char.IsWhiteSpace(c) || char.IsControl(c))
        && text.IndexOf('@') is > 0 and var at && at == text.LastIndexOf('@') && at < text.Length - 1;

    static bool IsIanaZone(string id) =>
        TimeZoneInfo.TryFindSystemTimeZoneById(id, out var zone) && zone.HasIanaId;
}
