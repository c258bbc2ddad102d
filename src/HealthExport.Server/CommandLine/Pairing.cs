using System.Text.Json.Nodes;
using HealthExport.Keys;
using HealthExport.People;
using HealthExport.Server.Audit;

namespace HealthExport.Server.CommandLine;

/// <summary>What a phone needs to push here: an address, a key of its own, and links that set the app up.</summary>
sealed record Pairing(User User, IssuedKey Key, ReachableUrl Url)
{
    public static async ValueTask<Pairing> MakeAsync(
        User user, KeyIssuer issuer, ReachableUrl url, CancellationToken cancellationToken) =>
        new(user, await issuer.IssueAsync(OrderFor(user), AuditOrigins.OfOperator(), cancellationToken), url);

    static KeyOrder OrderFor(User user) =>
        new(user.Id, "Phone", KeyScopes.Ingest, LimitProfile: LimitProfile.Phone);

    public JsonObject ToJson() => new()
    {
        ["id"] = Key.Stored.Id,
        ["key"] = Key.Key.Reveal(),
        ["url"] = Url.Ingest,
        ["links"] = new JsonObject(AutomationLink.ForEveryType(Url.Ingest, Key.Key.Reveal())
            .Select(link => KeyValuePair.Create(link.Name, (JsonNode?)link.Link))),
    };

    public void Write(TextWriter writer)
    {
        var key = Key.Key.Reveal();
        var links = AutomationLink.ForEveryType(Url.Ingest, key).ToDictionary(link => link.Name, link => link.Link);
        writer.WriteLine($"Phone key of {User.Email}, for pushing only; it is not shown again:");
        writer.WriteLine($"  {key}");
        writer.WriteLine();
        writer.WriteLine("In Health Auto Export: Automations, new, REST API, and then");
        writer.WriteLine($"  URL     {Url.Ingest}");
        writer.WriteLine("  Header  api-key, with the key as its value");
        writer.WriteLine();
        writer.WriteLine("Or point the phone's camera here; it sets up the health metrics:");
        writer.WriteLine();
        foreach (var line in QrText.Draw(QrText.Encode(links[AutomationLink.HealthMetrics]))) writer.WriteLine(line);
        writer.WriteLine();
        writer.WriteLine("Or open these on the phone, one for each type of data:");
        writer.WriteLine($"  {links[AutomationLink.HealthMetrics]}");
        writer.WriteLine($"  {links[AutomationLink.Workouts]}");
        writer.WriteLine("pair --json has the links for symptoms, ECG, state of mind and the others.");
        if (Url.IsLoopback) WriteWaysIn(writer);
    }

    void WriteWaysIn(TextWriter writer)
    {
        var (scheme, port) = (new Uri(Url.Base).Scheme, new Uri(Url.Base).Port);
        var warning = scheme == Uri.UriSchemeHttp ? " (not encrypted: at home only)" : "";
        var lan = ReachableUrl.FindLanAddress() ?? "ADDRESS";
        writer.WriteLine();
        writer.WriteLine($"{Url.Base} is this machine alone: no phone gets there yet. Let it in by one of");
        writer.WriteLine($"  the local network  health-export serve --urls {scheme}://0.0.0.0:{port}");
        writer.WriteLine($"                     then: pair --url {scheme}://{lan}:{port}{warning}");
        writer.WriteLine($"  a tailnet          tailscale serve --bg {port}");
        writer.WriteLine("                     then: pair --url https://MACHINE.TAILNET.ts.net");
        writer.WriteLine("  a reverse proxy    with TLS, such as Caddy, and HEALTHEXPORT__PUBLICURL=https://YOUR.HOST");
        writer.WriteLine("                     then: pair");
    }
}
