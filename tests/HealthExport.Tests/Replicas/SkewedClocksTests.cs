using HealthExport.Tests.EndToEnd;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Replicas;

/// <summary>Histories of pushes that go now to one replica, now to the other, whose clock is two minutes behind it.
/// </summary>
public sealed class SkewedClocksTests(SkewedReplicas replicas)
    : RandomHistoryTests(replicas), IClassFixture<SkewedReplicas>
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(2_000, SlowTests.Count(3, wide: 200))];

    [Theory]
    [MemberData(nameof(Seeds))]
    public override Task After_every_step_the_store_holds_what_the_model_says(int seed) =>
        base.After_every_step_the_store_holds_what_the_model_says(seed);
}

/// <summary>Two servers on one database, a minute ahead and a minute behind; a phone's requests go to them in turn.
/// </summary>
public sealed class SkewedReplicas() : Household(Engine.Postgres)
{
    static readonly TimeSpan s_off = TimeSpan.FromMinutes(1);

    StorePlace _place = null!;
    RunningServer _behind = null!;

    public override async ValueTask InitializeAsync()
    {
        _place = await StorePlace.MakeAsync(Engine.Postgres);
        Server = await StartAsync(s_off);
        _behind = await StartAsync(-s_off);
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        if (_behind is not null) await _behind.DisposeAsync();
        if (_place is not null) await _place.DisposeAsync();
    }

    internal override PhoneClient Connect(TestKey key)
    {
        var http = new HttpClient(new Turns(Server.Url, _behind.Url)) { BaseAddress = Server.Url };
        http.DefaultRequestHeaders.Add("X-API-Key", key.Text);
        return new(http);
    }

    Task<RunningServer> StartAsync(TimeSpan off) => RunningServer.StartAsync(
        overrides: services => services.AddClock(new ShiftedClock(off)), shared: _place);

    sealed class Turns(params Uri[] servers) : DelegatingHandler(new SocketsHttpHandler())
    {
        int _turn;

        protected override Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var server = servers[Interlocked.Increment(ref _turn) % servers.Length];
            request.RequestUri = new(server, request.RequestUri!.PathAndQuery);
            return base.SendAsync(request, cancellationToken);
        }
    }
}
