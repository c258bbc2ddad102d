using System.Net;
using System.Text.RegularExpressions;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Replicas;

/// <summary>Several processes on one database, of which one is killed or held still in the middle of a push.</summary>
public sealed class ReplicaFaultTests : IAsyncLifetime
{
    const int Points = 6_000;

    static readonly (string, string)[] s_settings =
    [
        ("HEALTHEXPORT__INGEST__LEASESECONDS", "3"), ("HEALTHEXPORT__INGEST__BACKOFFLIMITMILLISECONDS", "200"),
        ("HEALTHEXPORT__INGEST__WAITSECONDS", "5"), ("HEALTHEXPORT__DATABASE__MAXCONNECTIONS", "8"),
    ];

    StorePlace _place = null!;
    PostgresFaults _faults = null!;

    public async ValueTask InitializeAsync()
    {
        _place = await StorePlace.MakeSpoiltAsync();
        _faults = PostgresFaults.In(_place.Url);
    }

    public async ValueTask DisposeAsync()
    {
        if (_faults is not null) await _faults.DisposeAsync();
        if (_place is not null) await _place.DisposeAsync();
    }

    [Fact]
    public async Task A_push_whose_replica_is_killed_before_the_commit_is_applied_by_another_once()
    {
        await _faults.HoldUpCommitsAsync();
        using var first = await ServerProcess.StartAsync(_place, s_settings);
        using var second = await ServerProcess.StartAsync(_place, s_settings);
        var id = await PushLaterAsync(first, first.AdminKey!, HeartRates.Write(Points));
        var session = await _faults.WaitForHeldAsync();

        await first.KillAsync();
        await _faults.WaitForHeldAsync(except: session);
        await _faults.LetGoAsync();

        var owner = PhoneClient.Connect(second.Address, first.AdminKey!);
        await AssertAppliedOnceAsync(owner, id, attempts: 2);
        Assert.Single(AppliedIn(first.Log + second.Log));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_replica_held_still_past_its_lease_commits_nothing_and_blocks_nobody(bool amidCopy)
    {
        await (amidCopy ? _faults.HoldUpSamplesAsync() : _faults.HoldUpCommitsAsync());
        using var first = await ServerProcess.StartAsync(_place, s_settings);
        using var second = await ServerProcess.StartAsync(_place, s_settings);
        var id = await PushLaterAsync(first, first.AdminKey!, HeartRates.Write(Points, heldAt: 5_000));
        var session = await _faults.WaitForHeldAsync();

        await first.SuspendAsync();
        // Its session goes on, and waits for what comes no more: data, or the commit.
        await _faults.LetGoAsync();
        var owner = PhoneClient.Connect(second.Address, first.AdminKey!);
        var later = await PushLaterAsync(second, first.AdminKey!, HeartRates.Write(1));
        await AssertAppliedOnceAsync(owner, id, attempts: 2);
        await owner.WaitUntilSettledAsync(later);
        first.Resume();

        // It has noticed, one way or the other, and goes on with others' pushes.
        await Eventually.TrueAsync(() => Regex.IsMatch(first.Log, $"away for push {id}|{id} was taken over"));
        Assert.Equal(0, await _faults.ReadAsync($"select count(*) from pg_stat_activity where pid = {session}"));
        var answer = await PhoneClient.Connect(first.Address, first.AdminKey!).PushAsync(HeartRates.Write(2));
        Assert.Equal((HttpStatusCode.OK, 2), (answer.Code, answer.Count("unchanged")));
        // Its attempt it takes back only if what it noticed was that its connection is gone.
        await AssertAppliedOnceAsync(owner, id, attempts: null);
        Assert.Single(AppliedIn(first.Log + second.Log), found => found == id);
        await _faults.AssertInOrderAsync();
    }

    [Fact]
    public async Task A_replica_held_still_amid_receiving_and_adding_up_does_not_hold_up_the_person_for_long()
    {
        using var first = await ServerProcess.StartAsync(_place, s_settings);
        var owner = PhoneClient.Connect(first.Address, first.AdminKey!);
        await _faults.HoldUpTotalsAsync();
        Assert.Equal(HttpStatusCode.OK, (await owner.PushAsync(HeartRates.Write(1))).Code);
        var addingUp = await _faults.WaitForHeldAsync();
        await _faults.HoldUpReceivingAsync();
        var received = owner.PushAsync(HeartRates.Write(2));
        var receiving = await _faults.WaitForHeldAsync(except: addingUp);

        await first.SuspendAsync();
        // Its sessions have done what they were told, and wait for the commits.
        await _faults.LetGoAsync();
        using var second = await ServerProcess.StartAsync(_place, s_settings);
        var phone = PhoneClient.Connect(second.Address, first.AdminKey!);
        var answer = await phone.PushAsync(HeartRates.Write(3)).WaitAsync(RunningServer.Deadline / 2);
        answer = await phone.WaitUntilSettledAsync(answer.Id);
        first.Resume();

        Assert.Equal(2, answer.Count("inserted"));
        Assert.Equal(
            0,
            await _faults.ReadAsync($"select count(*) from pg_stat_activity where pid in ({addingUp}, {receiving})"));
        // It has found its connection gone at the commit, and cannot tell whether that took place.
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await received).Code);
        var again = await owner.PushAsync(HeartRates.Write(2));
        Assert.Equal((HttpStatusCode.OK, 2), (again.Code, again.Count("unchanged")));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public async Task However_often_replicas_are_killed_and_held_still_nothing_answered_is_lost_or_doubled(int count)
    {
        const int phonesCount = 6;
        const int rounds = 6;
        var random = new Random(count);
        var servers = new ServerProcess[count];
        for (var i = 0; i < count; i++) servers[i] = await ServerProcess.StartAsync(_place, s_settings);
        try
        {
            string[] keys = [await ServerProcess.AddKeyAsync(_place), await AddPersonAsync()];
            var (answers, turn, target, isOver) = (0, 0, int.MaxValue, false);
            var enough = new TaskCompletionSource();
            var phones = Enumerable.Range(0, phonesCount).Select(i => new StubbornPhone(
                i, keys[i % 2],
                () => Volatile.Read(ref servers[Interlocked.Increment(ref turn) % count]).Address,
                new Random(i))).ToList();
            var pushing = phones.Select(phone => Task.Run(() => phone.PushUntilAsync(
                () => Volatile.Read(ref isOver),
                () =>
                {
                    if (Interlocked.Increment(ref answers) >= Volatile.Read(ref target))
                        Volatile.Read(ref enough).TrySetResult();
                },
                _ => Task.Delay(20)))).ToList();

            for (var round = 0; round < rounds; round++)
            {
                Volatile.Write(ref enough, new(TaskCreationOptions.RunContinuationsAsynchronously));
                Volatile.Write(ref target, Volatile.Read(ref answers) + random.Next(5, 40));
                var ended = await Task.WhenAny([enough.Task, .. pushing]).WaitAsync(TimeSpan.FromSeconds(60));
                if (ended != enough.Task) await ended;
                var victim = random.Next(count);
                if (round % 2 == 0)
                {
                    await servers[victim].KillAsync();
                    servers[victim].Dispose();
                    Volatile.Write(ref servers[victim], await ServerProcess.StartAsync(_place, s_settings));
                }
                else
                {
                    await servers[victim].SuspendAsync();
                    await WaitForEndOfLeasesAsync();
                    servers[victim].Resume();
                }
            }
            Volatile.Write(ref isOver, true);
            await Task.WhenAll(pushing).WaitAsync(TimeSpan.FromSeconds(60));

            for (var i = 0; i < keys.Length; i++)
                await PhoneTruth.AssertAsync(
                    PhoneClient.Connect(servers[i].Address, keys[i]), [.. phones.Where((_, at) => at % 2 == i)]);
            await _faults.AssertInOrderAsync();
            Assert.Equal(0, await _faults.ReadAsync("select count(*) from queue"));
            Assert.All(servers, server => Assert.DoesNotContain("Unhandled", server.Log, StringComparison.Ordinal));
        }
        finally
        {
            foreach (var server in servers) server?.Dispose();
        }
    }

    /// <summary>
    /// Waits until every lease that there is now would have ended. A replica that runs may have prolonged its own, for as
    /// long as the one that is held still keeps a person's lock; that one cannot.
    /// </summary>
    async Task WaitForEndOfLeasesAsync()
    {
        var end = await _faults.ReadAsync(
            """
            select coalesce(max((extract(epoch from leased_until) * 1000000)::bigint), 0)
            from queue
            where lease is not null
            """);
        await Eventually.TrueAsync(async () => end < await _faults.ReadAsync(
            "select (extract(epoch from clock_timestamp()) * 1000000)::bigint"));
    }

    async Task<string> AddPersonAsync()
    {
        await ServerProcess.RunAsync(_place, "user", "add", "second@example.org");
        return await ServerProcess.AddKeyAsync(_place, "second@example.org");
    }

    static async Task<Guid> PushLaterAsync(ServerProcess server, string key, byte[] body)
    {
        var phone = PhoneClient.Connect(server.Address, key);
        phone.Http.DefaultRequestHeaders.Add("Prefer", "respond-async");
        var answer = await phone.PushAsync(body);
        Assert.Equal(HttpStatusCode.Accepted, answer.Code);
        return answer.Id;
    }

    static async Task AssertAppliedOnceAsync(PhoneClient owner, Guid id, int? attempts)
    {
        var receipt = await owner.WaitUntilSettledAsync(id);
        receipt.AssertAddsUp();
        Assert.Equal("completed", receipt.Text("status"));
        Assert.Equal((Points, Points), (receipt.Count("received"), receipt.Count("inserted")));
        if (attempts is { } counted) Assert.Equal(counted, receipt.Body.GetProperty("attempts").GetInt32());
        Assert.Equal(Points, (await owner.ReadRowsAsync("heart_rate", limit: 10_000)).Count);
        var metric = Assert.Single(await owner.ListAsync("/v1/metrics", 10));
        Assert.Equal(Points, metric.GetProperty("count").GetInt64());
    }

    static IEnumerable<Guid> AppliedIn(string log) =>
        Regex.Matches(log, "Push ([0-9a-f-]{36}) of \\d+ bytes applied")
            .Select(line => Guid.Parse(line.Groups[1].Value));
}
