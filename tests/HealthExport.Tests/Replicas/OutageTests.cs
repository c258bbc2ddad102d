using System.Diagnostics;
using System.Net;
using HealthExport.Server.Settings;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Replicas;

/// <summary>A PostgreSQL server of the tests' own, which goes away while replicas work on it.</summary>
public sealed class OutageTests : IAsyncLifetime
{
    const int Points = 6_000;

    // Longer than what a few tries to give a push back would last.
    static readonly TimeSpan s_outage = TimeSpan.FromSeconds(SlowTests.Count(6, wide: 120));

    PostgresServer _server = null!;
    StorePlace _place = null!;

    public async ValueTask InitializeAsync()
    {
        PostgresServer.Require();
        Assert.SkipUnless(PostgresServer.IsInstalled, "PostgreSQL is not installed here: a given one is not stopped.");
        _server = await PostgresServer.StartAsync();
        await _server.RunAsync("create database health");
        _place = StorePlace.At(_server.UrlOf("health"));
    }

    public async ValueTask DisposeAsync()
    {
        if (_place is not null) await _place.DisposeAsync();
        if (_server is not null) await _server.DisposeAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task While_it_is_away_pushes_are_503_and_then_all_goes_on_without_a_restart(bool asByPowerLoss)
    {
        await using var one = await RunningServer.StartAsync(Hurry, shared: _place);
        await using var two = await RunningServer.StartAsync(Hurry, shared: _place);
        RunningServer[] servers = [one, two];
        var faults = PostgresFaults.In(_place.Url);
        await faults.HoldUpSamplesAsync();
        var (big, small) = (await one.AddKeyAsync(), await one.AddKeyAsync());
        using var kept = await one.PushAsync(
            big, HeartRates.Write(Points, heldAt: 5_000), headers: ("Prefer", "respond-async"));
        var id = (await kept.ReadJsonAsync()).IngestionId();
        await faults.WaitForHeldAsync();
        var (turn, isOver) = (0, false);
        var phones = Enumerable.Range(0, 4).Select(i => new StubbornPhone(
            i, small.Text, () => servers[Interlocked.Increment(ref turn) % 2].Url, new Random(i))).ToList();
        var pushing = phones.Select(phone => Task.Run(() => phone.PushUntilAsync(
            () => Volatile.Read(ref isOver), () => { }, _ => Task.Delay(20)))).ToList();
        await Eventually.TrueAsync(() => phones.Sum(phone => phone.Answered.Count) > 20);

        await (asByPowerLoss ? _server.KillAsync() : _server.StopAsync());
        for (var since = Stopwatch.StartNew(); since.Elapsed < s_outage; await Task.Delay(100))
            foreach (var server in servers)
            {
                using var refused = await server.PushAsync(small, "{}");
                var problem = await refused.ReadProblemAsync(503, "unavailable");
                Assert.Equal(
                    problem.GetProperty("retry_after").GetDouble(),
                    refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds);
                foreach (var path in (string[])["/health", "/ready"])
                {
                    using var probe = await server.GetAsync(null, path);
                    Assert.Equal(HttpStatusCode.ServiceUnavailable, probe.StatusCode);
                }
            }
        await _server.StartAgainAsync();
        await faults.DisposeAsync();

        await Eventually.TrueAsync(async () =>
        {
            using var ready = await two.GetAsync(null, "/ready");
            return ready.StatusCode == HttpStatusCode.OK;
        });
        var receipt = await one.FollowAsync(big, id);
        Assert.Equal("completed", receipt.GetProperty("status").GetString());
        // Where it was away for longer than the lease, the other replica may have it done before the first takes its
        // attempt back.
        await Eventually.TrueAsync(
            async () => (await one.FollowAsync(big, id)).GetProperty("attempts").GetInt32() == 1);
        Assert.Equal(Points, receipt.GetProperty("counts").GetProperty("inserted").GetInt64());
        var answered = phones.Sum(phone => phone.Answered.Count);
        await Eventually.TrueAsync(() => phones.Sum(phone => phone.Answered.Count) > answered + 20);
        Volatile.Write(ref isOver, true);
        await Task.WhenAll(pushing).WaitAsync(TimeSpan.FromSeconds(60));
        await PhoneTruth.AssertAsync(PhoneClient.Connect(two.Url, small.Text), phones);
        await using var after = PostgresFaults.In(_place.Url);
        Assert.Equal(0, await after.ReadAsync("select count(*) from raw_ingestions where status = 5"));
        Assert.Equal(0, await after.ReadAsync("select count(*) from queue"));
        Assert.Equal(
            Points, await after.ReadAsync($"select count(*) from samples where user_id = {big.User.Id}"));
        await after.AssertInOrderAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_commit_whose_answer_never_came_took_place_once(bool isKilled)
    {
        // A commit that was held up takes place and is not answered, for want of a standby. The others do without one.
        await _server.RunAsync("alter system set synchronous_commit = local");
        await _server.RunAsync("alter system set synchronous_standby_names = nobody");
        await _server.StopAsync();
        await _server.StartAgainAsync();
        await ServerProcess.RunAsync(_place, "migrate");
        await using var faults = PostgresFaults.In(_place.Url);
        await faults.HoldUpCommitsAsync();
        using var first = await ServerProcess.StartAsync(_place);
        using var second = await ServerProcess.StartAsync(_place);
        var phone = PhoneClient.Connect(first.Address, first.AdminKey!);
        phone.Http.DefaultRequestHeaders.Add("Prefer", "respond-async");
        var id = (await phone.PushAsync(HeartRates.Write(Points))).Id;
        var session = await faults.WaitForHeldAsync();

        await faults.LetGoAsync();
        await Eventually.TrueAsync(async () => await faults.ReadAsync(
            $"select count(*) from pg_stat_activity where wait_event = 'SyncRep' and pid = {session}") == 1);
        if (isKilled) await first.KillAsync();
        await faults.EndSessionAsync(session);
        await _server.RunAsync("alter system set synchronous_standby_names = ''");
        await _server.RunAsync("select pg_reload_conf()");

        var owner = PhoneClient.Connect(second.Address, first.AdminKey!);
        var receipt = await owner.WaitUntilSettledAsync(id);
        receipt.AssertAddsUp();
        Assert.Equal("completed", receipt.Text("status"));
        Assert.Equal(Points, receipt.Count("inserted"));
        Assert.Equal(1, receipt.Body.GetProperty("attempts").GetInt32());
        Assert.Equal(Points, (await owner.ReadRowsAsync("heart_rate", limit: 10_000)).Count);
        Assert.Equal(0, await faults.ReadAsync("select count(*) from queue"));
        if (isKilled) return;
        var again = await PhoneClient.Connect(first.Address, first.AdminKey!).PushAsync(HeartRates.Write(Points));
        Assert.Equal("duplicate", again.Text("status"));
    }

    static ServerSettings Hurry(ServerSettings settings) => settings with
    {
        Ingest = settings.Ingest with
        {
            Backoff = new(TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(200)),
            Wait = TimeSpan.FromSeconds(3),
        },
        Database = settings.Database with { MaxSize = 10, AcquireTimeout = TimeSpan.FromSeconds(3) },
    };
}
