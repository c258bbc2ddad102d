using HealthExport.Server.Settings;
using Microsoft.Net.Http.Headers;

namespace HealthExport.Server.Http;

/// <summary>
/// Which other sites' scripts may read answers: none, unless set. Keys travel in headers that a script has to add
/// itself, so that credentials a browser adds (cookies, certificates) are allowed to nobody.
/// </summary>
static class CrossOrigin
{
    /// <summary>Instead of origins: all of them.</summary>
    public const string Everybody = "*";

    static readonly TimeSpan s_remembered = TimeSpan.FromHours(1);

    static readonly string[] s_methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

    static readonly string[] s_sent =
    [
        HeaderNames.Authorization, "X-API-Key", "api-key", HeaderNames.Accept, HeaderNames.ContentType,
        HeaderNames.ContentEncoding, HeaderNames.IfNoneMatch, "Idempotency-Key", "Prefer", RequestId.Header,
        "automation-aggregation", "automation-id", "automation-name", "automation-period", "session-id",
    ];

    static readonly string[] s_read =
    [
        RequestId.Header, HeaderNames.ETag, HeaderNames.Link, HeaderNames.Location, HeaderNames.RetryAfter,
        HeaderNames.Allow, HeaderNames.WWWAuthenticate, HeaderNames.ContentDisposition, "Preference-Applied",
        "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "X-RateLimit-Bytes-Limit",
        "X-RateLimit-Bytes-Remaining",
    ];

    /// <summary>Answers preflights, which bear no key, and says on other answers who may read them.</summary>
    public static IApplicationBuilder UseCrossOrigin(this IApplicationBuilder app, HttpSettings settings) =>
        settings.CorsOrigins.Count == 0 ? app : app.UseCors(policy =>
        {
            if (settings.CorsOrigins is [Everybody]) policy.AllowAnyOrigin();
            else policy.WithOrigins([.. settings.CorsOrigins]);
            policy.WithMethods(s_methods).WithHeaders(s_sent).WithExposedHeaders(s_read)
                .SetPreflightMaxAge(s_remembered);
        });
}
