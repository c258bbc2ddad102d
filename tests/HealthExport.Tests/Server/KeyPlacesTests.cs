using System.Net;
using HealthExport.Audit;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Server;

/// <summary>Where keys are used for the first time. The tests' own address is a trusted proxy's.</summary>
public sealed class KeyPlacesTests
{
    [Theory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.Postgres)]
    public async Task The_first_use_from_each_address_is_told_once_whichever_server_sees_it(Engine engine)
    {
        await using var place = await StorePlace.MakeAsync(engine);
        await using var one = await StartAsync(place);
        await using var two = await StartAsync(place);
        var key = await one.AddKeyAsync();
        string[] addresses = ["203.0.113.1", "2001:db8::1", "203.0.113.1", "2001:db8::2", "203.0.113.2"];
        foreach (var server in (RunningServer[])[one, two, one])
        {
            foreach (var address in addresses)
            {
                using var response = await server.SendAsync(
                    HttpMethod.Get, "/v1/metrics", key, null, ("X-Forwarded-For", address));
                Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            }
            await server.ListAuditAsync(AuditAction.KeyAtNewAddress);
        }

        var told = await two.ListAuditAsync(AuditAction.KeyAtNewAddress);

        Assert.Equal(["203.0.113.2", "2001:db8::1", "203.0.113.1"], told.Select(entry => entry.Address));
        Assert.All(told, entry => Assert.Equal((key.Id, key.Id, key.User.Id), (entry.KeyId, entry.Resource, entry.UserId)));
    }

    [Fact]
    public async Task A_key_that_is_refused_has_not_been_used()
    {
        await using var server = await StartAsync(null);
        var key = await server.AddKeyAsync();
        (await server.SendAsync(HttpMethod.Get, "/v1/metrics", null, null, ("api-key", key.Text[..^1]))).Dispose();

        Assert.Empty(await server.ListAuditAsync(AuditAction.KeyAtNewAddress));
    }

    static Task<RunningServer> StartAsync(StorePlace? place) => RunningServer.StartAsync(
        settings => settings with { Http = new() { TrustedProxies = [IPNetwork.Parse("127.0.0.1/32")] } },
        shared: place);
}
