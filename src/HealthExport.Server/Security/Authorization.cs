using HealthExport.Audit;
using HealthExport.Server.Audit;
using HealthExport.Server.Http;

namespace HealthExport.Server.Security;

/// <summary>Refuses a key that holds none of the scopes that an endpoint needs.</summary>
sealed class Authorization(RequestDelegate next, AuditTrail trail)
{
    public Task InvokeAsync(HttpContext context)
    {
        if (context.Features.Get<Caller>() is not { } caller
            || context.GetEndpoint()?.Metadata.GetMetadata<NeededScope>() is not { } needed
            || (caller.Scopes & needed.AnyOf) != 0) return next(context);
        trail.Fold(context, AuditAction.Forbidden, (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText);
        return Problems.Forbidden(needed.ToString()).ExecuteAsync(context);
    }
}
