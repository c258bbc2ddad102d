using HealthExport.Tests.Support;

namespace HealthExport.Tests.Server;

/// <summary>One server for the tests of a class, each with people of its own.</summary>
public sealed class ServerFixture : IAsyncLifetime
{
    internal RunningServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Server = await RunningServer.StartAsync();

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}
