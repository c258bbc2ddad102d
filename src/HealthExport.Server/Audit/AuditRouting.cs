using HealthExport.Audit;
using HealthExport.Server.Http;
using HealthExport.Server.Security;

namespace HealthExport.Server.Audit;

/// <summary>What the audit trail says of requests to an endpoint that do what they ask for.</summary>
sealed record AuditedAs(AuditAction Action);

/// <summary>Says aloud that the audit trail does not tell of an endpoint.</summary>
/// <param name="Why">Such as that it shows nothing of a person.</param>
sealed record NotAudited(string Why);

/// <summary>
/// Sees to it that no endpoint is forgotten by the audit trail, and tells it of reads. Whatever else an endpoint does,
/// its handler records.
/// </summary>
static class AuditRouting
{
    /// <summary>Says what requests to this endpoint are in the audit trail. Reads are recorded by this alone, folded;
    /// for any other action the handler does it.</summary>
    public static T Audits<T>(this T route, AuditAction action) where T : IEndpointConventionBuilder =>
        route.WithMetadata(new AuditedAs(action));

    public static T AuditsNothing<T>(this T route, string why) where T : IEndpointConventionBuilder =>
        route.WithMetadata(new NotAudited(why));

    /// <summary>Stops a start with an endpoint of a key's that does not say what the audit trail says of it.</summary>
    /// <exception cref="InvalidOperationException">There is one, or one says both.</exception>
    public static void CheckAudits(this IEndpointRouteBuilder app)
    {
        foreach (var endpoint in app.DataSources.SelectMany(source => source.Endpoints))
        {
            if (endpoint.Metadata.GetMetadata<NeededScope>() is null
                || endpoint.Metadata.GetMetadata<AuditedAs>() is null
                    != endpoint.Metadata.GetMetadata<NotAudited>() is null) continue;
            throw new InvalidOperationException(
                $"{endpoint.DisplayName} must declare either what the audit trail says of it, or that it says "
                + "nothing.");
        }
    }

    /// <summary>Records reads: also those that broke off half way, and those whose answer is that nothing has
    /// changed.</summary>
    public static IApplicationBuilder UseAuditedReads(this IApplicationBuilder app)
    {
        var trail = app.ApplicationServices.GetRequiredService<AuditTrail>();
        return app.Use((context, next) =>
        {
            var action = context.GetEndpoint()?.Metadata.GetMetadata<AuditedAs>()?.Action;
            return action == AuditAction.DataRead || action == AuditAction.AuditRead
                ? ReadAsync(trail, action, context, next)
                : next(context);
        });
    }

    static async Task ReadAsync(AuditTrail trail, AuditAction action, HttpContext context, RequestDelegate next)
    {
        var sent = new SentRows();
        context.Features.Set(sent);
        // Routing is re-run for an error.
        var endpoint = (RouteEndpoint)context.GetEndpoint()!;
        var subjects = SubjectsOf(context.Request);
        var isOver = false;
        try
        {
            await next(context);
            isOver = true;
        }
        finally
        {
            var response = context.Response;
            if (response.StatusCode < 400 && (isOver || response.HasStarted))
            {
                var (from, to) = SpanOf(context, endpoint);
                trail.Fold(context, action, endpoint.RoutePattern.RawText, new(subjects, from, to, sent.Count));
            }
        }
    }

    /// <summary>Names of metrics, and UUIDs. Other ids may hold what they stand for: a symptom and its time.</summary>
    static string?[] SubjectsOf(HttpRequest request) =>
    [
        .. request.RouteValues.Where(value => value.Key == "name" || Guid.TryParse(value.Value as string, out _))
            .Select(value => value.Value as string),
        .. request.Query["metrics"].ToString().Split(',', StringSplitOptions.RemoveEmptyEntries),
    ];

    static (Time.Instant? From, Time.Instant? To) SpanOf(HttpContext context, RouteEndpoint endpoint)
    {
        if (endpoint.Metadata.GetMetadata<KnownParameters>() is not { } known || !known.Names.Contains("from"))
            return default;
        var query = new QueryReader(context.Request.Query);
        return (query.Instant("from"), query.Instant("to"));
    }
}
