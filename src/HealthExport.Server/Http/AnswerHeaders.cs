using HealthExport.Server.Settings;

namespace HealthExport.Server.Http;

/// <summary>
/// What every answer says to browsers and caches: nothing here is a page, a frame, a script or to be kept. A route that
/// knows better (a page, an answer with an ETag) sets its own.
/// </summary>
sealed class AnswerHeaders(ServerSettings settings)
{
    readonly (string Name, string Value)[] _plain =
    [
        ("Cache-Control", "no-store"),
        ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Referrer-Policy", "no-referrer"),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
    ];

    // A browser is told to come over TLS only by an answer that it got so: the others anybody could have sent.
    readonly (string Name, string Value)[] _overTls = settings.Tls.Hsts > TimeSpan.Zero
        ? [("Strict-Transport-Security", $"max-age={(long)settings.Tls.Hsts.TotalSeconds}")]
        : [];

    /// <param name="isEncrypted">Whether the client's connection is.</param>
    public IEnumerable<(string Name, string Value)> Of(bool isEncrypted) =>
        isEncrypted ? [.. _plain, .. _overTls] : _plain;

    /// <summary>Sets them before anybody else has a say.</summary>
    public Task SetAsync(HttpContext context, RequestDelegate next)
    {
        var headers = context.Response.Headers;
        foreach (var (name, value) in _plain) headers[name] = value;
        if (context.Request.IsHttps)
            foreach (var (name, value) in _overTls) headers[name] = value;
        return next(context);
    }
}
