using System.Text.Json.Nodes;
using HealthExport.Audit;
using HealthExport.Keys;
using HealthExport.People;
using HealthExport.Server.Audit;

namespace HealthExport.Server.CommandLine;

/// <summary>The first start on an empty store: a user, an admin key and a phone key, shown once.</summary>
sealed class FirstStart
{
    const string OwnerEmail = "owner@localhost";

    readonly IUserStore _users;
    readonly KeyIssuer _issuer;

    // Made by a process that died before it showed the keys; null when there is nobody.
    readonly User? _owner;

    readonly AuditEntry _entry;

    FirstStart(IUserStore users, KeyIssuer issuer, User? owner, AuditEntry entry)
    {
        _entry = entry;
        _users = users;
        _issuer = issuer;
        _owner = owner;
    }

    /// <summary>What is shown, once.</summary>
    public sealed record Greeting(User Owner, IssuedKey AdminKey, Pairing Pairing)
    {
        public JsonObject ToJson() => new()
        {
            ["admin_key"] = AdminKey.Key.Reveal(),
            ["user"] = Owner.Email,
            ["pairing"] = Pairing.ToJson(),
        };

        public void Write(TextWriter writer)
        {
            writer.WriteLine($"First start: {Owner.Email} was created.");
            writer.WriteLine("Admin key, for all there is; it is not shown again:");
            writer.WriteLine($"  {AdminKey.Key.Reveal()}");
            writer.WriteLine();
            Pairing.Write(writer);
        }
    }

    /// <returns>Null when somebody is there already.</returns>
    public static async ValueTask<FirstStart?> FindAsync(
        IServiceProvider services, Shell shell, CancellationToken cancellationToken)
    {
        var users = services.GetRequiredService<IUserStore>();
        var keys = services.GetRequiredService<IKeyStore>();
        var there = (await users.ListAsync(cancellationToken)).Where(user => !user.IsBeingErased).ToList();
        var isFirst = there switch
        {
            [] => true,
            // The process died between making the owner and showing the keys: there are none to lose.
            [{ Email: OwnerEmail }] => (await keys.ListAsync(userId: null, cancellationToken)).Count == 0,
            _ => false,
        };
        if (!isFirst) return null;
        return new(
            users, new KeyIssuer(keys, new(), shell.Clock), there is [var owner] ? owner : null,
            AuditEntry.Create(AuditAction.UserCreated, AuditOrigins.OfOperator(), shell.Clock.GetUtcNow()));
    }

    /// <returns>Null when another process was faster.</returns>
    public async ValueTask<Greeting?> GreetAsync(ReachableUrl url, CancellationToken cancellationToken)
    {
        var owner = _owner
            ?? await _users.AddAsync(OwnerEmail, displayName: null, FindLocalZone(), _entry, cancellationToken);
        if (owner is null) return null;
        // Side by side: each key costs one Argon2id hash.
        var pairing = Pairing.MakeAsync(owner, _issuer, url, cancellationToken).AsTask();
        var adminKey = await _issuer.IssueAsync(
            new KeyOrder(owner.Id, "First admin", KeyScopes.All), AuditOrigins.OfOperator(), cancellationToken);
        return new(owner, adminKey, await pairing);
    }

    // UTC is what a machine says that was never told where it is: no zone for a person.
    static string? FindLocalZone() =>
        TimeZoneInfo.Local is { HasIanaId: true, Id: not ("UTC" or "Etc/UTC" or "Etc/UCT" or "GMT") } zone
            ? zone.Id
            : null;
}
