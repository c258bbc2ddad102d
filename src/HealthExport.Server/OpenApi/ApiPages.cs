namespace HealthExport.Server.OpenApi;

/// <summary>
/// GET /docs: pages that show the API's description to people, and let them send requests with a key of theirs. All of it
/// comes from this server, and the key stays in the page.
/// </summary>
static class ApiPages
{
    const string Prefix = "docs";

    // The only pages here that run scripts: their own, and nobody else's. Drawings come as data; the hash is that of a
    // style which the bundle of this version adds to the page.
    const string Policy =
        "default-src 'none'; script-src 'self'; "
        + "style-src 'self' 'sha256-RL3ie0nH+Lzz2YNqQN83mnU0J1ot4QL7b99vMdIX99w='; img-src 'self' data:; "
        + "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    public static IEndpointConventionBuilder MapApiPages(this IEndpointRouteBuilder app)
    {
        // Made when first asked for: it would be a tenth of the work of a start.
        var pages = new Lazy<RequestDelegate>(() => MakePages(app.CreateApplicationBuilder()));
        return app.MapGet($"/{Prefix}/{{**path}}", AnswerAsync).ExcludeFromDescription();

        async Task AnswerAsync(HttpContext context)
        {
            context.Response.Headers.ContentSecurityPolicy = Policy;
            var endpoint = context.GetEndpoint();
            // Files are not given to a request that an endpoint has already.
            context.SetEndpoint(null);
            try
            {
                await pages.Value(context);
            }
            finally
            {
                context.SetEndpoint(endpoint);
            }
        }
    }

    static RequestDelegate MakePages(IApplicationBuilder app) => app.UseSwaggerUI(options =>
    {
        options.RoutePrefix = Prefix;
        options.DocumentTitle = "HealthExport API";
        options.SwaggerEndpoint(GetOpenApi.Path, "HealthExport v1");
        options.EnableDeepLinking();
        options.DisplayRequestDuration();
        options.DefaultModelsExpandDepth(0);
    }).Build();
}
