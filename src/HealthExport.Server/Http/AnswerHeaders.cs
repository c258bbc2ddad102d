namespace HealthExport.Server.Http;

/// <summary>
/// What every answer says to browsers and caches: nothing here is a page, a frame, a script or to be kept. A route that
/// knows better (a page, an answer with an ETag) sets its own.
/// </summary>
static class AnswerHeaders
{
    public const string NoPage = "default-src 'none'; frame-ancestors 'none'";

    public static IApplicationBuilder UseAnswerHeaders(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        var headers = context.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers.ContentSecurityPolicy = NoPage;
        headers.CacheControl = "no-store";
        return next(context);
    });
}
