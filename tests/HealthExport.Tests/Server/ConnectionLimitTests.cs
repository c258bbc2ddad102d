using System.Net;
using System.Net.Sockets;
using HealthExport.Server.Connections;
using HealthExport.Server.Settings;
using HealthExport.Tests.Support;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging.Abstractions;

namespace HealthExport.Tests.Server;

public sealed class ConnectionLimitTests : IAsyncDisposable
{
    readonly List<RawConnection> _open = [];

    public ValueTask DisposeAsync()
    {
        foreach (var connection in _open) connection.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Who_opens_many_connections_is_stopped_and_others_are_served()
    {
        await using var server = await StartAsync(most: 100, perAddress: 5);
        for (var i = 0; i < 5; i++) await OpenAsync(server, "127.0.0.2");
        for (var i = 0; i < 20; i++) Assert.True(await IsRefusedAsync(server, "127.0.0.2"));
        await AssertServedAsync(server, "127.0.0.3");
        // And the five themselves: they are no more than five.
        Assert.All(await Task.WhenAll(_open.Select(AskAsync)), head => Assert.StartsWith("HTTP/1.1 200 ", head));

        var line = Assert.Single(server.Log.Of(1005));
        Assert.DoesNotContain("127.0.0", line.Text);
    }

    [Fact]
    public async Task A_place_comes_free_when_a_connection_ends()
    {
        await using var server = await StartAsync(most: 100, perAddress: 2);
        for (var i = 0; i < 2; i++) await OpenAsync(server, "127.0.0.2");
        _open[0].Break();
        await Eventually.TrueAsync(async () => !await IsRefusedAsync(server, "127.0.0.2"));
    }

    [Fact]
    public async Task In_all_no_more_than_the_limit_are_open()
    {
        await using var server = await StartAsync(most: 6, perAddress: 3);
        for (var i = 0; i < 3; i++) await OpenAsync(server, "127.0.0.2");
        for (var i = 0; i < 3; i++) await OpenAsync(server, "127.0.0.3");
        Assert.True(await IsRefusedAsync(server, "127.0.0.4"));
    }

    [Fact]
    public async Task A_trusted_proxy_speaks_for_many()
    {
        await using var server = await StartAsync(most: 100, perAddress: 2, trusted: "127.0.0.2/32");
        for (var i = 0; i < 20; i++) await OpenAsync(server, "127.0.0.2");
        Assert.All(await Task.WhenAll(_open.Select(AskAsync)), head => Assert.StartsWith("HTTP/1.1 200 ", head));
    }

    [Theory]
    [InlineData("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", true)]
    [InlineData("2001:db8:0:1::1", "2001:db8:0:2::1", false)]
    [InlineData("::ffff:203.0.113.9", "203.0.113.9", true)]
    [InlineData("203.0.113.9", "203.0.113.10", false)]
    public async Task One_place_is_an_IPv4_address_or_an_IPv6_network_of_64_bits(string one, string other, bool isSame)
    {
        var limits = new ConnectionLimits(
            new ServerSettings { Http = new() { MaxConnectionsPerAddress = 1 } }, TimeProvider.System,
            NullLogger<ConnectionLimits>.Instance);
        var end = new TaskCompletionSource();
        var first = limits.OnConnectionAsync(From(one), _ => end.Task);
        var isServed = false;
        await limits.OnConnectionAsync(From(other), _ =>
        {
            isServed = true;
            return Task.CompletedTask;
        });
        Assert.Equal(!isSame, isServed);
        end.SetResult();
        await first;

        static DefaultConnectionContext From(string address) =>
            new() { RemoteEndPoint = new IPEndPoint(IPAddress.Parse(address), 40_000) };
    }

    async Task OpenAsync(RunningServer server, string from)
    {
        var connection = await RawConnection.OpenAsync(server.Url, from);
        _open.Add(connection);
        // Accepted by the server, not only by the system.
        Assert.StartsWith("HTTP/1.1 200 ", await AskAsync(connection));
    }

    static async Task AssertServedAsync(RunningServer server, string from)
    {
        using var good = await RawConnection.OpenAsync(server.Url, from);
        Assert.StartsWith("HTTP/1.1 200 ", await AskAsync(good));
    }

    /// <summary>Whether a new connection is closed without an answer.</summary>
    static async Task<bool> IsRefusedAsync(RunningServer server, string from)
    {
        try
        {
            using var another = await RawConnection.OpenAsync(server.Url, from);
            return (await AskAsync(another)).Length == 0;
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            return true;
        }
    }

    static async Task<string> AskAsync(RawConnection connection)
    {
        await connection.SendAsync("HEAD /health HTTP/1.1\r\nHost: a\r\n\r\n");
        return await connection.ReadHeadAsync();
    }

    static Task<RunningServer> StartAsync(int most, int perAddress, string? trusted = null) =>
        RunningServer.StartAsync(settings => settings with
        {
            Http = settings.Http with
            {
                MaxConnections = most, MaxConnectionsPerAddress = perAddress,
                TrustedProxies = trusted is null ? [] : [IPNetwork.Parse(trusted)],
            },
        });
}
