using HealthExport.Limits;
using HealthExport.Server.Audit;
using HealthExport.Server.Http;
using HealthExport.Server.Ingest;
using HealthExport.Server.Security;
using HealthExport.Server.Settings;
using Microsoft.AspNetCore.Http.Features;

namespace HealthExport.Server.Limits;

/// <summary>
/// Takes each request from its key's allowance, once it is known whose it is and before anything else: what does not fit
/// is answered 429, and takes nothing.
/// </summary>
sealed class RateLimit(
    RequestDelegate next, IUsage usage, AuditTrail trail, ServerSettings settings, TimeProvider clock)
{
    public async Task InvokeAsync(HttpContext context)
    {
        if (context.Features.Get<Caller>() is not { } caller)
        {
            await next(context);
            return;
        }
        var counted = context.GetEndpoint()!.Metadata.GetRequiredMetadata<CountedAs>();
        var budget = new Budget(
            usage, new(caller.KeyId, counted.Class), caller.Limits.Of(counted.Class), trail, context);
        var announced = Announce(context.Request, counted.Class);
        if (await budget.EnterAsync(counted.IsFree ? Cost.Nothing : new(1, announced)) is { } refusal)
        {
            await RefuseAsync(context, refusal);
            return;
        }
        if (counted.Class == LimitClass.Read) budget.Keep();
        context.Features.Set(budget);
        try
        {
            await next(context);
        }
        finally
        {
            await budget.ReleaseAsync();
        }
    }

    /// <summary>The decoded size of a body, if that can be told from its head.</summary>
    long Announce(HttpRequest request, LimitClass limitClass)
    {
        if (request.ContentLength is not { } length) return 0;
        if (limitClass == LimitClass.Read) return length;
        return ContentCodings.TryRead(request.Headers.ContentEncoding, out var coding)
            && coding == ContentCoding.Identity && length <= settings.Ingest.BodyLimitBytes
                ? length
                : 0;
    }

    Task RefuseAsync(HttpContext context, ProblemResult refusal) =>
        context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true }
            ? new RefusedBody(refusal, settings.Ingest.Stall, clock).ExecuteAsync(context)
            : refusal.ExecuteAsync(context);
}
