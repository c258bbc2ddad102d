using HealthExport.People;
using HealthExport.Server.Http;
using HealthExport.Server.Security;
using Microsoft.AspNetCore.ResponseCompression;

namespace HealthExport.Server.Caching;

/// <summary>
/// Spares work whose outcome is known: of an endpoint that declares so, answers bear a strong <c>ETag</c> made of all
/// that they depend on, a client that has one gets 304 for the price of one statement, and under the same tag answers
/// are kept. So nothing ever has to be emptied: what has changed has another tag.
/// </summary>
sealed class AnswerCache(
    RequestDelegate next, IUserStore users, Answers answers, RecentReads recent, IResponseCompressionProvider codings,
    CacheFigures figures, TimeProvider clock)
{
    public async Task InvokeAsync(HttpContext context)
    {
        if (context.GetEndpoint() is not RouteEndpoint endpoint
            || endpoint.Metadata.GetMetadata<CachedAs>() is not { } cached)
        {
            await next(context);
            return;
        }
        var caller = context.Features.Get<Caller>()!;
        // The versions before the data: what comes in between is newer than its tag, and never the other way round.
        var person = await users.FindVersionsAsync(caller.UserId, context.RequestAborted)
            ?? throw new UserGoneException();
        context.Features.Set(person);
        var request = CachedRequest.Of(context, person, cached, clock.GetUtcNow());
        if (AnswerTag.IsHeld(context.Request, request.Tag))
        {
            figures.Count(CacheOutcome.NotModified, endpoint);
            recent.Note(context, endpoint, caller, person);
            WorkedOut.SetNotModified(context.Response, AnswerTag.ToHeader(request.Tag, null));
            return;
        }
        var (answer, outcome) = await answers.FindAsync(
            request,
            (notKept, mostBytes) => WorkedOut.CaptureAsync(context, next, request.Tag, mostBytes, notKept),
            context.RequestAborted);
        // Counted before it is sent: who has his answer finds himself counted.
        figures.Count(outcome, endpoint);
        if (answer is null) return;
        recent.Note(context, endpoint, caller, person);
        await SendAsync(context, request.Tag, answer);
    }

    async ValueTask SendAsync(HttpContext context, string tag, KeptAnswer answer)
    {
        var response = context.Response;
        if (context.Features.Get<SentRows>() is { } sent) sent.Count = answer.Rows;
        response.ContentType = answer.ContentType;
        response.Headers.Link = answer.Link;
        var coding = Compression.Choose(context, codings, isLarge: answer.Body.Length >= Compression.LeastBytes);
        var etag = AnswerTag.ToHeader(tag, coding?.EncodingName);
        if (AnswerTag.HoldsAny(context.Request))
        {
            WorkedOut.SetNotModified(response, etag);
            return;
        }
        WorkedOut.Label(response, etag);
        var body = coding is null ? answer.Body : answers.Pack(tag, answer, coding);
        response.Headers.ContentEncoding = coding?.EncodingName;
        response.ContentLength = body.Length;
        await response.Body.WriteAsync(body, context.RequestAborted);
    }
}
