using Microsoft.Extensions.DependencyInjection;

namespace HealthExport.Tests.Support;

static class Decoration
{
    /// <summary>Puts something in front of the container's <typeparamref name="T"/>, of whatever engine it is.</summary>
    public static void Decorate<T>(this IServiceCollection services, Func<T, T> wrap) where T : class
    {
        var there = services.Last(service => service.ServiceType == typeof(T));
        services.AddSingleton<T>(provider => wrap((T)(there.ImplementationInstance
            ?? there.ImplementationFactory?.Invoke(provider)
            ?? ActivatorUtilities.CreateInstance(provider, there.ImplementationType!))));
    }
}
