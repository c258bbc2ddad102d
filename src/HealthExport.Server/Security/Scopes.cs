using HealthExport.Keys;
using HealthExport.Limits;

namespace HealthExport.Server.Security;

/// <summary>What a key must hold to use an endpoint: any one of these.</summary>
sealed record NeededScope(KeyScopes AnyOf)
{
    public override string ToString() => string.Join(" or ", AnyOf.ToNames());
}

/// <summary>What a request to an endpoint is counted as, against its key's limits.</summary>
/// <param name="IsFree">It takes none of them, and is answered when they are used up.</param>
sealed record CountedAs(LimitClass Class, bool IsFree)
{
    public override string ToString() => LimitClasses.GetName(Class) + (IsFree ? ", free" : "");
}

/// <summary>Says aloud that an endpoint answers without a key.</summary>
sealed record NoKeyNeeded;

static class ScopeRouting
{
    /// <param name="anyOf">One of these is enough.</param>
    public static T Needs<T>(this T route, KeyScopes anyOf) where T : IEndpointConventionBuilder =>
        route.WithMetadata(new NeededScope(anyOf));

    public static T CountsAs<T>(this T route, LimitClass limitClass) where T : IEndpointConventionBuilder =>
        route.WithMetadata(new CountedAs(limitClass, IsFree: false));

    /// <summary>For asking about the limits themselves.</summary>
    public static T IsFreeAs<T>(this T route, LimitClass limitClass) where T : IEndpointConventionBuilder =>
        route.WithMetadata(new CountedAs(limitClass, IsFree: true));

    public static T NeedsNoKey<T>(this T route) where T : IEndpointConventionBuilder =>
        route.WithMetadata(new NoKeyNeeded());

    /// <summary>
    /// Stops a start with an endpoint that says neither which scope it needs and what it is counted as, nor that it
    /// needs no key.
    /// </summary>
    /// <exception cref="InvalidOperationException">There is one, or one says both.</exception>
    public static void CheckScopes(this IEndpointRouteBuilder app)
    {
        foreach (var endpoint in app.DataSources.SelectMany(source => source.Endpoints))
        {
            var needed = endpoint.Metadata.GetMetadata<NeededScope>();
            var open = endpoint.Metadata.GetMetadata<NoKeyNeeded>();
            var counted = endpoint.Metadata.GetMetadata<CountedAs>();
            if (open is null ? needed is { AnyOf: not KeyScopes.None } && counted is not null
                : needed is null && counted is null) continue;
            throw new InvalidOperationException(
                $"{endpoint.DisplayName} must declare either a scope and what it is counted as, or that it needs no "
                + "key.");
        }
    }
}
