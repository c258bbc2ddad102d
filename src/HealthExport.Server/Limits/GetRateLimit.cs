using HealthExport.Keys;
using HealthExport.Limits;
using HealthExport.Server.Http;
using HealthExport.Server.Security;

namespace HealthExport.Server.Limits;

/// <param name="Profile">The set of limits that the key is under.</param>
sealed record RateLimitAnswer(string Profile, ClassUsage Ingest, ClassUsage Read);

sealed record ClassUsage(HourlyUsage Requests, HourlyUsage Bytes);

/// <param name="Limit">In an hour.</param>
/// <param name="Reset">Seconds until one more fits; 0 if one does.</param>
sealed record HourlyUsage(long Limit, long Used, long Remaining, int Reset);

/// <summary>GET /v1/auth/rate-limit: what the key has used of its limits. Asking takes none of them.</summary>
static class GetRateLimit
{
    public static async Task<IResult> HandleAsync(Caller caller, IUsage usage) => TypedResults.Json(
        new RateLimitAnswer(
            LimitProfiles.GetName(caller.Profile),
            await LookAsync(caller, usage, LimitClass.Ingest),
            await LookAsync(caller, usage, LimitClass.Read)),
        ServerJson.Default.RateLimitAnswer);

    static async ValueTask<ClassUsage> LookAsync(Caller caller, IUsage usage, LimitClass limitClass)
    {
        var allowance = caller.Limits.Of(limitClass);
        var verdict = await usage.TakeAsync(new(caller.KeyId, limitClass), allowance, Cost.Nothing);
        return new(
            Describe(allowance.Requests, verdict.Used.Requests, verdict.RequestReset),
            Describe(allowance.Bytes, verdict.Used.Bytes, verdict.ByteReset));
    }

    static HourlyUsage Describe(long limit, long used, TimeSpan reset) =>
        new(limit, used, Budget.Left(limit, used), Budget.Seconds(reset));
}
