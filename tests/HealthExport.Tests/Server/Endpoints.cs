using HealthExport.Keys;
using HealthExport.Server.Audit;
using HealthExport.Server.Caching;
using HealthExport.Server.Security;
using HealthExport.Tests.Support;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace HealthExport.Tests.Server;

/// <param name="Scope">As the manifest says it.</param>
/// <param name="AnyOf">None if no key is needed.</param>
/// <param name="LimitClass">As the manifest says it; "-" if no key is needed.</param>
/// <param name="Audit">As the manifest says it; "-" if the audit trail tells nothing of it.</param>
/// <param name="Cache">As the manifest says it; "-" if its answers bear no ETag.</param>
sealed record KnownEndpoint(
    string Method, string Route, string Scope, KeyScopes AnyOf, string LimitClass, string Audit, string Cache)
{
    /// <summary>A path that the route matches; what it names is not there.</summary>
    public string SamplePath => string.Join('/', Route.Split('/').Select(part =>
        !part.StartsWith('{') ? part : part.Contains(":guid") ? Guid.Empty.ToString() : "nothing"));
}

static class Endpoints
{
    public static IReadOnlyList<KnownEndpoint> Of(RunningServer server) =>
    [
        .. from endpoint in server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
           from method in endpoint.Metadata.GetRequiredMetadata<HttpMethodMetadata>().HttpMethods
           let scope = endpoint.Metadata.GetMetadata<NeededScope>()
           let counted = endpoint.Metadata.GetMetadata<CountedAs>()
           let route = "/" + endpoint.RoutePattern.RawText!.TrimStart('/')
           orderby route, method
           select new KnownEndpoint(
               method, route, scope?.ToString() ?? "no key", scope?.AnyOf ?? KeyScopes.None,
               counted?.ToString() ?? "-",
               endpoint.Metadata.GetMetadata<AuditedAs>()?.Action.Name ?? "-",
               endpoint.Metadata.GetMetadata<CachedAs>()?.Text ?? "-"),
    ];
}
