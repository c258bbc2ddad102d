using HealthExport.Audit;
using HealthExport.Server.Audit;
using HealthExport.Server.Http;

namespace HealthExport.Server.Security;

/// <summary>
/// Finds out who asks, before a byte of the body is read. A key comes in a header, never in the URL, which ends up in
/// logs and histories.
/// </summary>
sealed class Authentication(
    RequestDelegate next, KeyCheck check, KeyUses uses, AuditTrail trail, KeyPlaces places)
{
    const string BearerPrefix = "Bearer ";

    // By KeyLack.
    static readonly string[] s_reasons = ["", "missing", "malformed", "unknown", "revoked", "expired"];

    public async Task InvokeAsync(HttpContext context)
    {
        // Without a route there is nothing to guard: 404 and 405 are the same for everybody.
        if (context.GetEndpoint()?.Metadata.GetMetadata<NeededScope>() is null)
        {
            await next(context);
            return;
        }
        var found = await check.CheckAsync(
            ReadKey(context.Request.Headers), context.Connection.RemoteIpAddress, context.RequestAborted);
        if (found.Lack != KeyLack.Nothing)
        {
            await RefuseAsync(context, found);
            return;
        }
        var caller = new Caller(found.Key!);
        context.Features.Set(caller);
        uses.Note(caller.Key);
        places.Note(context, caller);
        await next(context);
    }

    Task RefuseAsync(HttpContext context, CheckedKey found)
    {
        // One answer for all of them; the trail, whose owner may know, says which it was.
        trail.Fold(
            trail.Describe(
                context, AuditAction.AuthenticationFailed,
                metadata: new() { ["reason"] = s_reasons[(int)found.Lack] })
                with { UserId = found.Key?.UserId ?? 0, KeyId = found.Key?.Id });
        if (found.Wait > TimeSpan.Zero) return Problems.TooManyFailures(found.Wait).ExecuteAsync(context);
        context.Response.Headers.WWWAuthenticate = "Bearer realm=\"health-export\"";
        return Problems.Unauthenticated().ExecuteAsync(context);
    }

    static string? ReadKey(IHeaderDictionary headers)
    {
        string? authorization = headers.Authorization;
        if (authorization is not null && authorization.StartsWith(BearerPrefix, StringComparison.OrdinalIgnoreCase))
            return authorization[BearerPrefix.Length..].Trim();
        // Another scheme belongs to a proxy on the way.
        string? key = headers["X-API-Key"];
        key ??= headers["api-key"];
        return key?.Trim();
    }
}
