using Microsoft.AspNetCore.Http.Features;

namespace HealthExport.Server.Http;

/// <summary>
/// The methods that no route names (RFC 9110): HEAD answers as GET would, without its body, and OPTIONS with what the
/// path allows. Neither asks for more than the path itself does; OPTIONS for nothing at all.
/// </summary>
static class OtherMethods
{
    public static IApplicationBuilder UseOtherMethods(this IApplicationBuilder app) => app.Use(async (context, next) =>
    {
        var (request, response) = (context.Request, context.Response);
        if (HttpMethods.IsHead(request.Method)) await AnswerWithoutBodyAsync(context, next);
        else await next(context);
        if (HttpMethods.IsOptions(request.Method) && IsWholeServer(context)) response.StatusCode = 204;
        if (response.StatusCode != 405 || response.HasStarted) return;
        response.Headers.Allow = NameAllowed(response.Headers.Allow.ToString());
        if (HttpMethods.IsOptions(request.Method)) response.StatusCode = 204;
    });

    static async Task AnswerWithoutBodyAsync(HttpContext context, RequestDelegate next)
    {
        var body = context.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
        context.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(Stream.Null, body));
        context.Request.Method = HttpMethods.Get;
        try
        {
            await next(context);
        }
        finally
        {
            context.Request.Method = HttpMethods.Head;
            context.Features.Set(body);
        }
    }

    static string NameAllowed(string routed)
    {
        var allowed = routed.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).ToList();
        if (allowed.Contains(HttpMethods.Get)) allowed.Add(HttpMethods.Head);
        allowed.Add(HttpMethods.Options);
        return string.Join(", ", allowed.Order(StringComparer.Ordinal));
    }

    static bool IsWholeServer(HttpContext context) =>
        context.Features.Get<IHttpRequestFeature>()?.RawTarget == "*";
}
