using HealthExport.People;
using HealthExport.Server.Security;
using Microsoft.Net.Http.Headers;

namespace HealthExport.Server.Caching;

/// <summary>
/// Spares work whose outcome is known: of an endpoint that declares so, answers bear a strong <c>ETag</c> made of
/// everything that they depend on, and a client that has one gets 304 for the price of one statement.
/// </summary>
sealed class AnswerCache(RequestDelegate next, IUserStore users, TimeProvider clock)
{
    // A browser may keep it for this person alone, and asks each time whether it still holds.
    const string Revalidated = "private, no-cache";

    public async Task InvokeAsync(HttpContext context)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<CachedAs>() is not { } cached)
        {
            await next(context);
            return;
        }
        // The versions before the data: what comes in between is newer than its tag, and never the other way round.
        var person = await users.FindVersionsAsync(
            context.Features.Get<Caller>()!.UserId, context.RequestAborted)
            ?? throw new UserGoneException();
        context.Features.Set(person);
        var tag = AnswerTag.Of(
            context.Request, person, cached.Span?.Invoke(context, person, clock.GetUtcNow()) ?? "");
        if (AnswerTag.FindHeld(context.Request, tag) is { } held)
        {
            Label(context.Response, held);
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }
        context.Response.OnStarting(() =>
        {
            if (context.Response.StatusCode == StatusCodes.Status200OK)
                Label(context.Response, AnswerTag.ToHeader(tag, null));
            return Task.CompletedTask;
        });
        await next(context);
    }

    static void Label(HttpResponse response, string etag)
    {
        response.Headers[HeaderNames.ETag] = etag;
        response.Headers[HeaderNames.CacheControl] = Revalidated;
    }
}
