using HealthExport.People;

namespace HealthExport.Server.Caching;

/// <summary>
/// Works out again what people asked for lately, once their data or settings have changed, so that it is there when
/// they ask again. One read at a time, when there is nothing better to do; nobody's audit trail tells of it, since nobody
/// has read anything.
/// </summary>
sealed class Warming(
    RecentReads recent, IUserStore users, Answers answers, LocalAnswers local, CacheFigures figures,
    IServiceScopeFactory scopes, TimeProvider clock)
{
    /// <returns>How many answers were worked out.</returns>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var count = 0;
        // Also what is only there because nobody asked for anything since.
        local.Count();
        foreach (var reads in recent.List())
        {
            var userId = reads[0].Caller.UserId;
            if (await users.FindVersionsAsync(userId, cancellationToken) is not { } person)
            {
                recent.Forget(userId);
                continue;
            }
            foreach (var read in reads)
            {
                if (read.Seen == person) continue;
                if (await WorkOutAsync(read, person, cancellationToken))
                {
                    figures.CountWarmed();
                    count++;
                }
                recent.NoteSeen(read, person);
            }
        }
        return count;
    }

    /// <returns>False if it was there already, or is nothing to keep.</returns>
    async Task<bool> WorkOutAsync(RecentReads.Read read, UserVersions person, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        // Its answer goes nowhere but into the cache.
        var context = new DefaultHttpContext
        {
            RequestServices = scope.ServiceProvider, RequestAborted = cancellationToken,
        };
        context.SetEndpoint(read.Endpoint);
        context.Features.Set(read.Caller);
        context.Features.Set(person);
        context.Features.Set(new Http.SentRows());
        var request = context.Request;
        (request.Method, request.Path, request.QueryString) = (HttpMethods.Get, read.Path, read.Query);
        request.RouteValues = read.RouteValues;
        if (read.Accept.Length > 0) request.Headers.Accept = read.Accept;
        var asked = CachedRequest.Of(
            context, person, read.Endpoint.Metadata.GetRequiredMetadata<CachedAs>(), clock.GetUtcNow());
        var (answer, outcome) = await answers.FindAsync(
            asked,
            (notKept, mostBytes) => WorkedOut.CaptureAsync(
                context, read.Endpoint.RequestDelegate!, asked.Tag, mostBytes, notKept),
            cancellationToken);
        return answer is not null && outcome == CacheOutcome.Miss;
    }
}
