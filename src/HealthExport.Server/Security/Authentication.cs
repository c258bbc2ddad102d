using HealthExport.Audit;
using HealthExport.Keys;
using HealthExport.Server.Audit;
using HealthExport.Server.Http;
using HealthExport.Time;

namespace HealthExport.Server.Security;

/// <summary>
/// Finds out who asks, before a byte of the body is read. A key comes in a header, never in the URL, which ends up in
/// logs and histories.
/// </summary>
sealed class Authentication(
    RequestDelegate next, IKeyStore keys, VerifiedKeys verified, KeyUses uses, AuditTrail trail, KeyPlaces places,
    TimeProvider clock)
{
    const string BearerPrefix = "Bearer ";

    public async Task InvokeAsync(HttpContext context)
    {
        // Without a route there is nothing to guard: 404 and 405 are the same for everybody.
        if (context.GetEndpoint()?.Metadata.GetMetadata<NeededScope>() is null)
        {
            await next(context);
            return;
        }
        var (key, lack) = await FindKeyAsync(context);
        if (lack is not null)
        {
            // One answer for all of them; whose trail it is in says which it was.
            trail.Fold(
                trail.Describe(context, AuditAction.AuthenticationFailed, metadata: new() { ["reason"] = lack })
                    with { UserId = key?.UserId ?? 0, KeyId = key?.Id });
            context.Response.Headers.WWWAuthenticate = "Bearer realm=\"health-export\"";
            await Problems.Unauthenticated().ExecuteAsync(context);
            return;
        }
        var caller = new Caller(key!);
        context.Features.Set(caller);
        uses.Note(key!);
        places.Note(context, caller);
        await next(context);
    }

    /// <returns>The key, if it is known, and what keeps it from being good; null for nothing.</returns>
    async ValueTask<(StoredKey? Key, string? Lack)> FindKeyAsync(HttpContext context)
    {
        var text = ReadKey(context.Request.Headers);
        if (!ApiKey.TryParse(text, out var key)) return (null, string.IsNullOrEmpty(text) ? "missing" : "malformed");
        // The version before the record: a revocation in between then empties the memory at the next request.
        var version = await keys.GetVersionAsync(context.RequestAborted);
        if (!verified.TryFind(key, version, out var stored))
        {
            stored = await keys.FindAsync(key.LookupHash, context.RequestAborted);
            if (stored is null) return (null, "unknown");
            if (stored.IsGoodAt(Now())
                && !await verified.IsGenuineAsync(key, stored, version, context.RequestAborted))
                return (null, "unknown");
        }
        return (stored, stored.RevokedAt is not null ? "revoked" : stored.IsGoodAt(Now()) ? null : "expired");
    }

    Instant Now() => Instant.From(clock.GetUtcNow());

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
