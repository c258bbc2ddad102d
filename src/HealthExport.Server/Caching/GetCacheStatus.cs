using System.Net;
using HealthExport.Server.Http;

namespace HealthExport.Server.Caching;

/// <param name="Since">When this server started.</param>
/// <param name="Requests">Reads whose answers are cached, and what became of each: the four after it add up to it.</param>
/// <param name="NotModified">The client had the answer.</param>
/// <param name="HitRate">The part that did not have to be worked out, 0 to 1; null before the first.</param>
/// <param name="Warmed">Answers that were worked out before anybody asked again.</param>
/// <param name="Evictions">Answers that had to make room.</param>
/// <param name="Redis">connected or disconnected; null where answers are not shared.</param>
sealed record CacheStatusAnswer(
    DateTimeOffset Since, long Requests, long Hits, long SharedHits, long NotModified, long Misses, double? HitRate,
    long Warmed, long Evictions, int Entries, long SizeBytes, long CapacityBytes, string? Redis);

/// <summary>
/// GET /internal/cache: what the caches of this process have done, for the verb <c>cache status</c> on the same machine.
/// Needs no key, and is not there for anybody else.
/// </summary>
static class GetCacheStatus
{
    public const string Path = "/internal/cache";

    // What a proxy on this machine says of those who come through it.
    static readonly string[] s_signsOfProxies = ["X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"];

    public static IResult Handle(HttpContext context, CacheFigures figures) =>
        IsOfThisMachine(context)
            ? TypedResults.Json(figures.Describe(), ServerJson.Default.CacheStatusAnswer)
            : Problems.NotFound();

    static bool IsOfThisMachine(HttpContext context) =>
        context.Connection.RemoteIpAddress is { } from
        && (IPAddress.IsLoopback(from) || from.Equals(context.Connection.LocalIpAddress))
        && !s_signsOfProxies.Any(context.Request.Headers.ContainsKey)
        // A name stands for a proxy, or for a page in somebody's browser that has it point here.
        && (IPAddress.TryParse(context.Request.Host.Host, out _) || context.Request.Host.Host == "localhost");
}
