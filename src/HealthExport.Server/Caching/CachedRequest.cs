using HealthExport.People;

namespace HealthExport.Server.Caching;

/// <summary>A request whose answer is cached.</summary>
/// <param name="Tag">Of the answer.</param>
/// <param name="Person">Whose answer it is.</param>
readonly record struct CachedRequest(string Tag, Guid Person, CacheLife Life)
{
    public static CachedRequest Of(
        HttpContext context, UserVersions person, CachedAs cached, DateTimeOffset now) => new(
        AnswerTag.Of(context.Request, person, cached.Span?.Invoke(context, person, now) ?? ""), person.PublicId,
        cached.Life(context, now));
}
