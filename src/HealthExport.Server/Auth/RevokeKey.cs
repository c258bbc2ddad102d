using HealthExport.Audit;
using HealthExport.Keys;
using HealthExport.Server.Audit;
using HealthExport.Server.Http;
using HealthExport.Server.Security;

namespace HealthExport.Server.Auth;

/// <summary>
/// DELETE /v1/auth/keys/{id}, or /v1/auth/keys with <c>{"id"}</c>: ends a key of the caller's at once, the one in use
/// included: who has lost a key must be able to end it with that very key. Again, it changes nothing: 204 as well.
/// </summary>
static class RevokeKey
{
    public static async Task<IResult> HandleAsync(
        string id, HttpContext context, Caller caller, IKeyStore keys, AuditTrail trail,
        CancellationToken cancellationToken) =>
        ApiKey.IsPublicId(id) && await keys.RevokeAsync(
            id, caller.UserId, trail.Describe(context, AuditAction.KeyRevoked), cancellationToken)
            ? TypedResults.NoContent()
            : Problems.NotFound();

    public static async Task<IResult> HandleBodyAsync(
        HttpContext context, Caller caller, IKeyStore keys, AuditTrail trail, CancellationToken cancellationToken)
    {
        using var body = await BodyReader.ReadAsync(context);
        var id = body.Text("id", isNeeded: true);
        return body.Problem ?? await HandleAsync(id!, context, caller, keys, trail, cancellationToken);
    }
}
