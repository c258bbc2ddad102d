using System.Globalization;
using HealthExport.Tests.Support;

[assembly: AssemblyFixture(typeof(RedisServers))]

namespace HealthExport.Tests.Support;

/// <summary>
/// The Redis server that the tests of this run share, started at the first use. Each test has names of its own there; at
/// the end nothing is left of them.
/// </summary>
public sealed class RedisServers : IAsyncDisposable
{
    const string Prefix = "healthexport_test_";

    static readonly SemaphoreSlim s_gate = new(1, 1);

    // Of a run that was killed before it could tidy up, what is left is gone an hour later by itself.
    static readonly string s_run = $"{Prefix}{Guid.NewGuid():n}:";

    static RedisServer? s_server;    // under s_gate
    static int s_tests;

    /// <summary>The server, and a prefix that nobody else uses.</summary>
    internal static async Task<(RedisServer Server, string Prefix)> FindAsync()
    {
        RedisServer.Require();
        await s_gate.WaitAsync();
        try
        {
            s_server ??= RedisServer.Given is { } url ? RedisServer.At(url) : await RedisServer.StartAsync();
        }
        finally
        {
            s_gate.Release();
        }
        var test = Interlocked.Increment(ref s_tests).ToString(CultureInfo.InvariantCulture);
        return (s_server, $"{s_run}{test}:");
    }

    public async ValueTask DisposeAsync()
    {
        if (s_server is not { } server) return;
        if (RedisServer.Given is not null)
        {
            using var connection = await server.ConnectAsync();
            var database = connection.GetDatabase();
            foreach (var endPoint in connection.GetEndPoints())
                foreach (var key in connection.GetServer(endPoint).Keys(database.Database, $"{s_run}*"))
                    await database.KeyDeleteAsync(key);
        }
        await server.DisposeAsync();
    }
}
