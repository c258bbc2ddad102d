using System.Net;
using HealthExport.Keys;
using HealthExport.Storage.Sqlite;
using HealthExport.Tests.Support;
using HealthExport.Time;
using Microsoft.Extensions.DependencyInjection;

namespace HealthExport.Tests.Server;

public sealed class KeyUsesTests
{
    [Fact]
    public async Task A_use_that_cannot_be_written_down_does_not_end_the_server()
    {
        await using var server = await RunningServer.StartAsync(overrides: services => services
            .AddSingleton<IKeyStore>(provider =>
                new FirstUseFails(ActivatorUtilities.CreateInstance<SqliteKeyStore>(provider))));
        var (first, second) = (await server.AddKeyAsync(), await server.AddKeyAsync());
        using var lost = await server.GetAsync(first, "/v1/metrics");
        using var noted = await server.GetAsync(second, "/v1/metrics");
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (lost.StatusCode, noted.StatusCode));
        var keys = server.Get<IKeyStore>();
        await Eventually.TrueAsync(
            async () => (await keys.ListAsync(second.User.Id, default)).Single().LastUsedAt is not null);
        Assert.Null((await keys.ListAsync(first.User.Id, default)).Single().LastUsedAt);
        Assert.Single(server.Log.Of(1201));
        using var ready = await server.GetAsync(null, "/ready");
        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
    }

    /// <summary>The real store, whose first note of a use goes wrong in a way nobody foresaw.</summary>
    sealed class FirstUseFails(IKeyStore keys) : WrappedKeys(keys)
    {
        bool _hasFailed;

        public override ValueTask TouchAsync(string id, Instant usedAt, CancellationToken cancellationToken)
        {
            if (_hasFailed) return base.TouchAsync(id, usedAt, cancellationToken);
            _hasFailed = true;
            throw new InvalidOperationException();
        }
    }
}
