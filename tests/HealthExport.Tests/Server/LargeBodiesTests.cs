using System.Net;
using HealthExport.Server.Ingest;
using HealthExport.Server.Settings;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Server;

public sealed class LargeBodiesTests
{
    [Fact]
    public async Task Of_one_key_only_so_many_come_in_at_once_and_others_are_not_held_up()
    {
        await using var server = await RunningServer.StartAsync(settings => settings with
        {
            Ingest = settings.Ingest with { LargeBodies = 8 },
        });
        var (greedy, other) = (await server.AddKeyAsync(), await server.AddKeyAsync());
        var large = RateLimitTests.MakeBody(256 << 10, 1);
        var open = new List<RawConnection>();
        for (var i = 0; i < 4; i++)
        {
            var client = await RawConnection.OpenAsync(server.Url);
            await client.SendHeadAsync(greedy, large.Length);
            await client.SendAsync(large.AsMemory(0, 200 << 10));
            open.Add(client);
        }
        await Eventually.TrueAsync(() => server.Get<LargeBodies>().TakenCount == 4);

        var fifth = server.PushAsync(greedy, RateLimitTests.MakeBody(256 << 10, 2));
        await Eventually.TrueAsync(() => server.Get<LargeBodies>().WaitingCount == 1);
        using var small = await server.PushAsync(greedy, "{}");
        using var others = await server.PushAsync(other, large);
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (small.StatusCode, others.StatusCode));
        Assert.False(fifth.IsCompleted);

        open[0].Break();
        using var after = await fifth;
        Assert.Equal(HttpStatusCode.OK, after.StatusCode);
        foreach (var client in open[1..]) client.Break();
        await Eventually.TrueAsync(() => server.Get<LargeBodies>().TakenCount == 0);
    }

    [Fact]
    public async Task Who_gets_no_place_in_time_is_refused_and_holds_up_nobody_after()
    {
        var clock = new FakeClock();
        using var bodies = new LargeBodies(
            new ServerSettings { Ingest = new() { LargeBodies = 4 } }, clock);
        var places = Enumerable.Range(0, 4).Select(i => bodies.For($"k{i % 2}")).ToList();
        foreach (var place in places)
        {
            Assert.True(await place.TakeForAsync(LargeBodies.FromBytes - 1, default));
            Assert.True(await place.TakeForAsync(LargeBodies.FromBytes, default));
        }
        Assert.Equal(4, bodies.TakenCount);
        using var late = bodies.For("k2");
        var waiting = late.TakeForAsync(LargeBodies.FromBytes, default).AsTask();
        Assert.Equal(1, bodies.WaitingCount);
        clock.Advance(TimeSpan.FromSeconds(60));
        Assert.False(await waiting);

        using var leaves = new CancellationTokenSource();
        using var left = bodies.For("k0");
        var leaving = left.TakeForAsync(LargeBodies.FromBytes, leaves.Token).AsTask();
        await leaves.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaving);

        foreach (var place in places) place.Dispose();
        places[0].Dispose();
        Assert.Equal((0, 0), (bodies.TakenCount, bodies.WaitingCount));
        Assert.True(await late.TakeForAsync(LargeBodies.FromBytes, default));
    }
}
