using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace HealthExport.Tests.Support;

static class Clocks
{
    /// <summary>Has everything in a container go by <paramref name="clock"/>.</summary>
    public static void AddClock(this IServiceCollection services, TimeProvider clock)
    {
        services.RemoveAll<TimeProvider>();
        services.AddSingleton(clock);
    }
}
