using System.CommandLine;
using System.Text.Json.Nodes;
using HealthExport.Audit;
using HealthExport.People;
using HealthExport.Pushes;

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
            if (!EmailAddress.IsOne(result.GetValueOrDefault<string>()))
                result.AddError("EMAIL must look like name@host, without spaces.");
        });
        var name = new Option<string?>("--name") { Description = "What to call the person", HelpName = "NAME" };
        var zone = ZoneOption.Make("IANA zone for time stamps that bear no offset, such as Europe/Berlin");
        name.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string>() is { } text && !User.IsDisplayName(text))
                result.AddError(
                    $"--name must have 1 to {User.MaxDisplayNameLength} printable characters, without blanks around.");
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
                        user.IsBeingErased ? $"{user.Email} (being erased)".TrimStart() : user.Email,
                        user.DisplayName, user.TimeZone, Answer.Format(user.CreatedAt),
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
                if (await store.Users.FindByEmailAsync(call.Get(email), cancellationToken) is not { } user)
                {
                    // The name goes before the last of the work does: who repeats what was stopped finishes it.
                    await FinishAsync(store, call, cancellationToken);
                    throw new CommandFailedException(
                        $"There is no user {call.Get(email)}.", "See: health-export user list");
                }
                if (!user.IsBeingErased && !call.Get(yes) && !await call.ConfirmAsync(
                        $"This erases {user.Email}: every sample, workout, payload and key, for good.", "the e-mail",
                        user.Email, cancellationToken))
                    throw new CommandFailedException("Nothing was erased.");
                await EraseAsync(store, user, call, cancellationToken);
                await FinishAsync(store, call, cancellationToken);
                if (call.IsJson) Answer.Write(shell.Out, new JsonObject { ["erased"] = user.Email });
                else shell.Out.WriteLine($"Erased {user.Email}.");
                return ExitCodes.Success;
            });
    }

    /// <summary>Goes on with whoever somebody has begun to erase.</summary>
    static async Task FinishAsync(StoreSession store, Call call, CancellationToken cancellationToken)
    {
        foreach (var user in await store.Users.ListBeingErasedAsync(cancellationToken))
        {
            await EraseAsync(store, user, call, cancellationToken);
            call.Shell.Error.WriteLine("Finished erasing somebody, which had been begun before.");
        }
    }

    static async Task EraseAsync(StoreSession store, User user, Call call, CancellationToken cancellationToken)
    {
        try
        {
            await store.Users.EraseAsync(user.Id, call.Describe(AuditAction.UserErased), cancellationToken);
            await store.ForgetAnswersAsync(user.PublicId, cancellationToken);
        }
        catch (Exception e) when (e is OperationCanceledException or StoreUnavailableException)
        {
            if (await store.Users.FindAsync(user.Id, CancellationToken.None) is { IsBeingErased: true })
                call.Shell.Error.WriteLine(
                    "Keys and queue are gone, the rest is going. A server on this store goes on by itself, within an "
                    + "hour or at its start; so does the same command again.");
            throw;
        }
    }

    static JsonObject ToJson(User user) => new()
    {
        ["id"] = user.PublicId.ToString(),
        ["email"] = user.Email,
        ["name"] = user.DisplayName,
        ["time_zone"] = user.TimeZone,
        ["created_at"] = Answer.Format(user.CreatedAt),
        ["being_erased"] = user.IsBeingErased,
    };
}
