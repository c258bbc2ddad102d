using HealthExport.Server.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace HealthExport.Server.Caching;

/// <summary>Has an endpoint answer, for the cache first and then for whoever asked.</summary>
static class WorkedOut
{
    // A browser may keep it for this person alone, and asks each time whether it still holds.
    const string Revalidated = "private, no-cache";

    /// <param name="answer">The endpoint.</param>
    /// <param name="notKept">Called when the answer will not be kept, before it goes on to the client.</param>
    /// <param name="mostBytes">A larger one is not kept.</param>
    /// <returns>The whole answer if it can be kept; else it has been sent.</returns>
    public static async Task<KeptAnswer?> CaptureAsync(
        HttpContext context, RequestDelegate answer, string tag, int mostBytes, Action notKept)
    {
        var response = context.Response;
        var inner = context.Features.GetRequiredFeature<IHttpResponseBodyFeature>().Stream;
        var captured = new CapturingStream(inner, mostBytes, GoOn);
        await AnswerBody.RunAsync(context, captured, answer, isLast: false);
        if (captured.Held is not { } body) return null;
        if (response.StatusCode == StatusCodes.Status200OK && response.ContentType is { } type)
            return new(type, response.Headers.Link, context.Features.Get<SentRows>()?.Count ?? 0, body);
        notKept();
        await inner.WriteAsync(body, context.RequestAborted);
        return null;

        bool GoOn()
        {
            notKept();
            if (response.StatusCode != StatusCodes.Status200OK) return true;
            var etag = AnswerTag.ToHeader(tag, null);
            if (AnswerTag.HoldsAny(context.Request))
            {
                SetNotModified(response, etag);
                return false;
            }
            Label(response, etag);
            return true;
        }
    }

    public static void SetNotModified(HttpResponse response, string etag)
    {
        if (response.HttpContext.Features.Get<SentRows>() is { } sent) sent.Count = 0;
        Label(response, etag);
        response.VaryBy(HeaderNames.AcceptEncoding);
        response.ContentType = null;
        response.Headers.Link = default;
        response.StatusCode = StatusCodes.Status304NotModified;
    }

    public static void Label(HttpResponse response, string etag)
    {
        response.Headers.ETag = etag;
        response.Headers.CacheControl = Revalidated;
    }
}
