using HealthExport.Server.Http;

namespace HealthExport.Server.Security;

/// <summary>
/// Finds out who asks and whether the key may: before a byte of the body is read. A key comes in a header, never in the
/// URL, which ends up in logs and histories.
/// </summary>
sealed class Authentication(RequestDelegate next, KeyCheck check, KeyUses uses)
{
    const string BearerPrefix = "Bearer ";

    public async Task InvokeAsync(HttpContext context)
    {
        // Without a route there is nothing to guard: 404 and 405 are the same for everybody.
        if (context.GetEndpoint()?.Metadata.GetMetadata<NeededScope>() is not { } needed)
        {
            await next(context);
            return;
        }
        var (key, wait) = await check.CheckAsync(
            ReadKey(context.Request.Headers), context.Connection.RemoteIpAddress, context.RequestAborted);
        if (key is null)
        {
            await RefuseAsync(context, wait);
            return;
        }
        context.Features.Set(new Caller(key));
        uses.Note(key);
        if ((key.Scopes & needed.AnyOf) == 0)
        {
            await Problems.Forbidden(needed.ToString()).ExecuteAsync(context);
            return;
        }
        await next(context);
    }

    static Task RefuseAsync(HttpContext context, TimeSpan wait)
    {
        if (wait > TimeSpan.Zero) return Problems.TooManyFailures(wait).ExecuteAsync(context);
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
