using System.CommandLine;
using HealthExport.Server.Settings;

namespace HealthExport.Server.CommandLine;

/// <summary>pair: a new phone key with all that the app has to be told.</summary>
static class PairCommand
{
    public static Command Make(Shell shell)
    {
        var user = new Option<string?>("--user")
            { Description = "Whose phone it is; not needed while there is one user", HelpName = "EMAIL" };
        var url = new Option<string?>("--url")
        {
            Description = "Where the phone gets to the server [default: HEALTHEXPORT__PUBLICURL or HEALTHEXPORT__URLS]",
            HelpName = "URL",
        };
        url.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string>() is { } text && ServerSettings.FindPublicUrl(text) is null)
                result.AddError("--url must be a URL such as https://health.example.org.");
        });
        return new Command("pair", "Connects a phone: a key, the URL, and a QR code that sets up the app") { user, url }
            .Run(shell, async (call, cancellationToken) =>
            {
                await using var store = await call.OpenStoreAsync(cancellationToken);
                var owner = await store.GetUserOrOnlyAsync(call.Get(user), cancellationToken);
                var reachable = ReachableUrl.Find(call.Get(url), store.Settings);
                var pairing = await Pairing.MakeAsync(owner, store.Issuer, reachable, cancellationToken);
                if (call.IsJson) Answer.Write(shell.Out, pairing.ToJson());
                else pairing.Write(shell.Out);
                return ExitCodes.Success;
            });
    }
}
