using HealthExport.Tests.Support;

namespace HealthExport.Tests.Server;

/// <summary>One server for the tests of a class, each with people of its own.</summary>
public class ServerFixture : IAsyncLifetime
{
    readonly Engine _engine;

    public ServerFixture()
    {
    }

    protected ServerFixture(Engine engine) => _engine = engine;

    internal Engine Engine => _engine;

    internal RunningServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Server = await RunningServer.StartAsync(engine: _engine);

    public ValueTask DisposeAsync() => Server?.DisposeAsync() ?? ValueTask.CompletedTask;
}
