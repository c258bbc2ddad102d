using HealthExport.Keys;
using HealthExport.Server.Audit;
using HealthExport.Server.Http;
using HealthExport.Server.Security;
using HealthExport.Time;

namespace HealthExport.Server.Auth;

/// <summary>POST /v1/auth/keys: issues a key of the caller's and shows it, once. Asked twice, it makes two.</summary>
static class CreateKey
{
    static readonly string s_formats = string.Join(", ", KeyFormats.Names);
    static readonly string s_profiles = string.Join(", ", LimitProfiles.Names);

    public static async Task<IResult> HandleAsync(
        HttpContext context, Caller caller, KeyIssuer issuer, TimeProvider clock, CancellationToken cancellationToken)
    {
        using var body = await BodyReader.ReadAsync(context);
        var order = Read(body, caller.UserId, Instant.From(clock.GetUtcNow()));
        if (body.Problem is { } problem) return problem;
        // Else no scope would be worth anything beside admin.
        if ((order.Scopes & ~caller.Scopes) is not KeyScopes.None and var beyond)
            return Problems.ScopesBeyondOwn(beyond.Format());
        return IssuedKeyAnswer.Respond(
            context, await issuer.IssueAsync(order, AuditOrigins.Of(context), cancellationToken));
    }

    static KeyOrder Read(BodyReader body, long userId, Instant now)
    {
        var name = body.Text("name", isNeeded: true)?.Trim();
        if (name is not null && !KeyOrder.IsName(name))
            body.Refuse(
                "name", $"must have 1 to {KeyOrder.MaxNameLength} characters, all of them printable, and be no key.");
        var scopes = KeyScopes.None;
        if (body.Texts("scopes", isNeeded: true) is { } names && !KeyScopeNames.TryParse(names, out scopes))
            body.Refuse("scopes", "must be a list of ingest, read and admin, at least one.");
        var format = KeyFormat.Hx;
        if (body.Text("format") is { } formatName && !KeyFormats.TryParse(formatName, out format))
            body.Refuse("format", $"must be one of {s_formats}.");
        var profile = LimitProfile.Default;
        if (body.Text("limit_profile") is { } profileName && !LimitProfiles.TryParse(profileName, out profile))
            body.Refuse("limit_profile", $"must be one of {s_profiles}.");
        var expiresAt = body.Instant("expires_at");
        if (expiresAt <= now || expiresAt > now + KeyOrder.MaxLife)
            body.Refuse("expires_at", "must lie ahead, within a hundred years.");
        return new(userId, name ?? "", scopes, format, profile, expiresAt);
    }
}
