using HealthExport.Keys;
using HealthExport.Server.Http;
using HealthExport.Time;

namespace HealthExport.Server.Security;

/// <summary>
/// Finds out who asks, before a byte of the body is read. A key comes in a header, never in the URL, which ends up in
/// logs and histories.
/// </summary>
sealed class Authentication(
    RequestDelegate next, IKeyStore keys, VerifiedKeys verified, KeyUses uses, TimeProvider clock)
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
        if (await FindKeyAsync(context) is not { } key)
        {
            context.Response.Headers.WWWAuthenticate = "Bearer realm=\"health-export\"";
            await Problems.Unauthenticated().ExecuteAsync(context);
            return;
        }
        context.Features.Set(Caller.Of(key));
        uses.Note(key);
        await next(context);
    }

    async ValueTask<StoredKey?> FindKeyAsync(HttpContext context)
    {
        if (!ApiKey.TryParse(ReadKey(context.Request.Headers), out var key)) return null;
        // The version before the record: a revocation in between then empties the memory at the next request.
        var version = await keys.GetVersionAsync(context.RequestAborted);
        if (!verified.TryFind(key, version, out var stored))
        {
            stored = await keys.FindAsync(key.LookupHash, context.RequestAborted);
            if (stored is null || !stored.IsGoodAt(Now())) return null;
            if (!await verified.IsGenuineAsync(key, stored, version, context.RequestAborted)) return null;
        }
        return stored.IsGoodAt(Now()) ? stored : null;
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
