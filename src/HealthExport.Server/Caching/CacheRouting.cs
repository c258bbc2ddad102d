using HealthExport.People;
using HealthExport.Server.Http;
using HealthExport.Server.Security;

namespace HealthExport.Server.Caching;

/// <summary>
/// What an answer depends on beside the request and the person's versions, such as the days that "the last 30 days" are:
/// the same text as long as the answer is the same. Empty for nothing.
/// </summary>
delegate string EffectiveSpan(HttpContext context, UserVersions person, DateTimeOffset now);

/// <summary>That answers of an endpoint bear an <c>ETag</c>, and how long the server keeps them.</summary>
/// <param name="Life">By the request: null among its results keeps none.</param>
/// <param name="Text">As the manifest says it.</param>
sealed record CachedAs(Func<HttpContext, DateTimeOffset, CacheLife> Life, EffectiveSpan? Span, string Text);

/// <summary>Says aloud that answers of an endpoint bear no <c>ETag</c> and are not kept.</summary>
/// <param name="Why">Such as that they change without a change of anybody's data.</param>
sealed record NotCached(string Why);

/// <summary>Sees to it that of every GET somebody has thought whether its answer holds on.</summary>
static class CacheRouting
{
    /// <summary>
    /// Answers bear a strong <c>ETag</c>, are spared where the client has them, and are kept for a while. For endpoints
    /// whose answer depends on nothing but the request, the caller's data and settings, this build, and
    /// <paramref name="span"/>; not on the key, nor on pushes that changed nothing.
    /// </summary>
    /// <param name="span">Of an endpoint whose answer depends on the present time as well.</param>
    public static T Caches<T>(this T route, CacheLife life, EffectiveSpan? span = null)
        where T : IEndpointConventionBuilder =>
        route.WithMetadata(new CachedAs((_, _) => life, span, life.ToString()));

    /// <inheritdoc cref="Caches{T}(T, CacheLife, EffectiveSpan)"/>
    /// <summary>As the other one, for a life that depends on what is asked for.</summary>
    /// <param name="lately">Of answers about the last so many days; others are kept in this process alone.</param>
    public static T CachesLastDays<T>(this T route, int days, CacheLife lately) where T : IEndpointConventionBuilder =>
        route.WithMetadata(new CachedAs(
            (context, now) => IsWithin(context, now, days) ? lately : CacheLife.InProcess, Span: null,
            $"{lately} for {days} days"));

    public static T CachesNothing<T>(this T route, string why) where T : IEndpointConventionBuilder =>
        route.WithMetadata(new NotCached(why));

    /// <summary>Stops a start with a GET of a key's that does not say whether its answers are cached.</summary>
    /// <exception cref="InvalidOperationException">There is one, or one says both.</exception>
    public static void CheckCaching(this IEndpointRouteBuilder app)
    {
        foreach (var endpoint in app.DataSources.SelectMany(source => source.Endpoints))
        {
            if (endpoint.Metadata.GetMetadata<NeededScope>() is null
                || endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods.Contains(HttpMethods.Get) is not true
                || endpoint.Metadata.GetMetadata<CachedAs>() is null
                    != endpoint.Metadata.GetMetadata<NotCached>() is null) continue;
            throw new InvalidOperationException(
                $"{endpoint.DisplayName} must declare either how long its answers are cached, or that they are not.");
        }
    }

    // A day more than asked for: where the day begins is the person's, not ours.
    static bool IsWithin(HttpContext context, DateTimeOffset now, int days) =>
        new QueryReader(context.Request.Query).Instant("from") is { } from
        && from >= Time.Instant.From(now.AddDays(-days - 1));
}
