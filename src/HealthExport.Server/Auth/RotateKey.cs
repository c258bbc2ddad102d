using HealthExport.Keys;
using HealthExport.Server.Audit;
using HealthExport.Server.Http;
using HealthExport.Server.Ingest;
using HealthExport.Server.Security;

namespace HealthExport.Server.Auth;

/// <summary>
/// POST /v1/auth/keys/{id}/rotate: puts a new key in the place of one of the caller's, shows it, once, and lets the old
/// one work for <c>overlap_seconds</c> more. A key is rotated once: of two at the same time, one is told to rotate the
/// other's.
/// </summary>
static class RotateKey
{
    public static async Task<IResult> HandleAsync(
        string id, HttpContext context, Caller caller, IKeyStore keys, KeyIssuer issuer,
        CancellationToken cancellationToken)
    {
        using var body = await BodyReader.ReadAsync(context, mayBeEmpty: true);
        var seconds = body.Number("overlap_seconds", 0, (long)KeyIssuer.MaxOverlap.TotalSeconds);
        if (body.Problem is { } problem) return problem;

        if (!ApiKey.IsPublicId(id) || await keys.FindByIdAsync(id, caller.UserId, cancellationToken) is not { } old)
            return Problems.NotFound();
        // The caller gets the new secret, and with it every scope that it has.
        if ((old.Scopes & ~caller.Scopes) is not KeyScopes.None and var beyond)
            return Problems.ScopesBeyondOwn(beyond.Format());

        var overlap = seconds is { } given ? TimeSpan.FromSeconds(given) : KeyIssuer.DefaultOverlap;
        var (outcome, issued) = await issuer.RotateAsync(
            old, overlap, AuditOrigins.Of(context), cancellationToken);
        return outcome switch
        {
            KeyRotation.Done => IssuedKeyAnswer.Respond(
                context, issued!, new(old.Id, KeyIssuer.EndOf(old, issued!.Stored, overlap).AsTime())),
            KeyRotation.Replaced => Problems.KeyConflict(
                "It was rotated before.", "Rotate the key that replaced it: replaced_by in the list of keys."),
            KeyRotation.Ended => Problems.KeyConflict(
                "It was revoked, or its time is over.", "Make a new key: POST /v1/auth/keys."),
            _ => Problems.NotFound(),
        };
    }
}
