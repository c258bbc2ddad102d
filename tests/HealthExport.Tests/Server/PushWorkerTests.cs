using System.Net;
using HealthExport.Pushes;
using HealthExport.Server.Settings;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Server;

public sealed class PushWorkerTests
{
    [Fact]
    public async Task A_store_that_is_away_while_applying_delays_the_push_and_counts_nothing()
    {
        await using var server = await RunningServer.StartAsync(overrides: UnsteadyStore.Wrap);
        var store = server.Get<UnsteadyStore>();
        var times = 0;
        store.BeforeBegin = (_, _) => times++ < 3 ? throw new StoreUnavailableException("away") : Task.CompletedTask;
        var key = await server.AddKeyAsync();
        using var response = await server.PushAsync(key, "{}");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var details = await server.FollowAsync(key, (await response.ReadJsonAsync()).IngestionId());
        Assert.Equal(1, details.GetProperty("attempts").GetInt32());
        Assert.Equal(3, store.GivenBack);
    }

    [Fact]
    public async Task A_push_that_fails_five_times_is_failed_and_can_be_replayed()
    {
        await using var server = await RunningServer.StartAsync(overrides: UnsteadyStore.Wrap);
        var store = server.Get<UnsteadyStore>();
        store.BeforeBegin = (_, _) => throw new InvalidOperationException("secret 4711");
        var key = await server.AddKeyAsync();
        using var response = await server.PushAsync(key, "{}");
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        var answer = await response.ReadJsonAsync();
        Assert.Equal("failed", answer.GetProperty("status").GetString());
        Assert.False(answer.GetProperty("success").GetBoolean());
        var details = await server.FollowAsync(key, answer.IngestionId());
        Assert.Equal(5, details.GetProperty("attempts").GetInt32());
        Assert.Equal(5, server.Log.Of(1115).Count());
        Assert.DoesNotContain(server.Log.Lines, line => line.Text.Contains("4711"));

        store.BeforeBegin = null;
        using var replay = await server.SendAsync(
            HttpMethod.Post, $"/v1/ingestions/{answer.IngestionId()}/replay", key);
        Assert.Equal(HttpStatusCode.Accepted, replay.StatusCode);
        Assert.Equal($"/v1/ingestions/{answer.IngestionId()}", replay.Headers.Location!.ToString());
        var settled = await server.FollowAsync(key, answer.IngestionId());
        Assert.Equal("completed", settled.GetProperty("status").GetString());
    }

    [Fact]
    public async Task A_failed_push_does_not_stop_the_next_one()
    {
        await using var server = await RunningServer.StartAsync(overrides: UnsteadyStore.Wrap);
        server.Get<UnsteadyStore>().BeforeBegin = (push, _) =>
            push.Number == 1 ? throw new InvalidOperationException() : Task.CompletedTask;
        var key = await server.AddKeyAsync();
        using var bad = await server.PushAsync(key, "{}", ("Prefer", "respond-async"));
        using var good = await server.PushAsync(key, "[]");
        Assert.Equal(HttpStatusCode.OK, good.StatusCode);
        var failed = await server.FollowAsync(key, (await bad.ReadJsonAsync()).IngestionId());
        Assert.Equal("failed", failed.GetProperty("status").GetString());
    }

    [Fact]
    public async Task A_store_that_cannot_take_a_push_back_is_asked_again()
    {
        await using var server = await RunningServer.StartAsync(overrides: UnsteadyStore.Wrap);
        var store = server.Get<UnsteadyStore>();
        var (begins, gives) = (0, 0);
        store.BeforeBegin = (_, _) => begins++ < 1 ? throw new StoreUnavailableException("away") : Task.CompletedTask;
        store.BeforeGiveBack = () => gives++ < 2 ? throw new StoreUnavailableException("away") : Task.CompletedTask;
        using var response = await server.PushAsync(await server.AddKeyAsync(), "{}");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(3, gives);
    }

    [Fact]
    public async Task However_long_a_store_cannot_take_a_push_back_the_outage_counts_no_attempt()
    {
        await using var server = await RunningServer.StartAsync(
            settings => settings with
            {
                Ingest = settings.Ingest with
                {
                    Backoff = new(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(4)),
                },
            },
            UnsteadyStore.Wrap);
        var store = server.Get<UnsteadyStore>();
        var (begins, gives) = (0, 0);
        store.BeforeBegin = (_, _) => begins++ < 1 ? throw new StoreUnavailableException("away") : Task.CompletedTask;
        store.BeforeGiveBack = () => gives++ < 60 ? throw new StoreUnavailableException("away") : Task.CompletedTask;
        var key = await server.AddKeyAsync();
        using var response = await server.PushAsync(key, "{}");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var details = await server.FollowAsync(key, (await response.ReadJsonAsync()).IngestionId());
        Assert.Equal(1, details.GetProperty("attempts").GetInt32());
    }

    [Fact]
    public async Task A_push_is_given_up_after_as_many_attempts_as_the_setting_says()
    {
        await using var server = await RunningServer.StartAsync(
            settings => settings with { Ingest = settings.Ingest with { Attempts = 2 } }, UnsteadyStore.Wrap);
        server.Get<UnsteadyStore>().BeforeBegin = (_, _) => throw new InvalidOperationException();
        var key = await server.AddKeyAsync();
        using var response = await server.PushAsync(key, "{}");
        var details = await server.FollowAsync(key, (await response.ReadJsonAsync()).IngestionId());
        Assert.Equal("failed", details.GetProperty("status").GetString());
        Assert.Equal(2, details.GetProperty("attempts").GetInt32());
    }

    [Fact]
    public async Task A_queue_that_cannot_be_asked_is_asked_again()
    {
        await using var server = await RunningServer.StartAsync(overrides: UnsteadyStore.Wrap);
        var store = server.Get<UnsteadyStore>();
        var claims = 0;
        store.BeforeClaim = () => claims++ < 3 ? throw new StoreUnavailableException("away") : Task.CompletedTask;
        await Eventually.TrueAsync(() => claims > 3);
        Assert.NotEmpty(server.Log.Of(1101));
        using var ready = await server.GetAsync(null, "/ready");
        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
    }

    [Fact]
    public async Task A_lost_lease_ends_the_attempt_without_giving_back()
    {
        await using var server = await RunningServer.StartAsync(
            settings => settings with
            {
                Ingest = settings.Ingest with { Lease = TimeSpan.FromMilliseconds(300), Wait = TimeSpan.Zero },
            },
            UnsteadyStore.Wrap);
        var store = server.Get<UnsteadyStore>();
        store.LosesLeases = true;
        var isFirst = true;
        store.BeforeBegin = async (_, cancellationToken) =>
        {
            if (!isFirst) return;
            isFirst = false;
            await Task.Delay(Timeout.Infinite, cancellationToken);
        };
        using var response = await server.PushAsync(await server.AddKeyAsync(), "{}");
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        await Eventually.TrueAsync(() => server.Log.Of(1113).Any());
        Assert.Equal(0, store.GivenBack);
    }

    [Fact]
    public async Task A_lease_is_renewed_while_the_work_lasts()
    {
        await using var server = await RunningServer.StartAsync(
            settings => settings with { Ingest = settings.Ingest with { Lease = TimeSpan.FromSeconds(3) } },
            UnsteadyStore.Wrap);
        var store = server.Get<UnsteadyStore>();
        var begins = 0;
        // Longer than the lease that was taken at first.
        store.BeforeBegin = (_, _) =>
        {
            begins++;
            return Eventually.TrueAsync(() => store.Renewed == 4);
        };
        using var response = await server.PushAsync(await server.AddKeyAsync(), "{}");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(1, begins);
    }

    [Fact]
    public async Task A_renewal_that_fails_is_tried_again_and_spoils_nothing()
    {
        await using var server = await RunningServer.StartAsync(
            settings => settings with
            {
                Ingest = settings.Ingest with { Lease = TimeSpan.FromMilliseconds(300) },
            },
            UnsteadyStore.Wrap);
        var store = server.Get<UnsteadyStore>();
        var tries = 0;
        store.BeforeRenew = () => tries++ == 0 ? throw new InvalidOperationException() : Task.CompletedTask;
        store.BeforeBegin = (_, _) => Eventually.TrueAsync(() => tries > 1);
        using var response = await server.PushAsync(await server.AddKeyAsync(), "{}");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Single(server.Log.Of(1111));
        Assert.Single(server.Log.Of(1117));
        Assert.Empty(server.Log.Of(1102));
    }

    [Fact]
    public async Task A_push_waits_for_its_receipt_no_longer_than_the_setting()
    {
        await using var server = await RunningServer.StartAsync(
            settings => settings with { Ingest = settings.Ingest with { Wait = TimeSpan.FromMilliseconds(200) } },
            UnsteadyStore.Wrap);
        var gate = new TaskCompletionSource();
        server.Get<UnsteadyStore>().BeforeBegin = (_, _) => gate.Task;
        var key = await server.AddKeyAsync();
        using var response = await server.PushAsync(key, "{}");
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        var answer = await response.ReadJsonAsync();
        Assert.Equal("processing", answer.GetProperty("status").GetString());

        // The same bytes meanwhile join it.
        using var joined = await server.PushAsync(key, "{}");
        Assert.Equal(answer.IngestionId(), (await joined.ReadJsonAsync()).IngestionId());
        gate.SetResult();
        Assert.Equal(
            "completed", (await server.FollowAsync(key, answer.IngestionId())).GetProperty("status").GetString());
    }

    [Fact]
    public async Task Two_who_wait_for_one_ingestion_both_get_its_receipt()
    {
        await using var server = await RunningServer.StartAsync(overrides: UnsteadyStore.Wrap);
        var gate = new TaskCompletionSource();
        var store = server.Get<UnsteadyStore>();
        var begun = new TaskCompletionSource();
        store.BeforeBegin = (_, _) =>
        {
            begun.TrySetResult();
            return gate.Task;
        };
        var key = await server.AddKeyAsync();
        var first = server.PushAsync(key, "{}");
        await begun.Task;
        // The second one's first look at its ingestion comes when it has joined.
        store.BeforeFind = () =>
        {
            gate.TrySetResult();
            return Task.CompletedTask;
        };
        using var two = await server.PushAsync(key, "{}");
        using var one = await first;
        Assert.Equal(HttpStatusCode.OK, one.StatusCode);
        Assert.Equal(HttpStatusCode.OK, two.StatusCode);
        Assert.Equal((await one.ReadJsonAsync()).GetRawText(), (await two.ReadJsonAsync()).GetRawText());
    }

    [Fact]
    public async Task A_store_that_goes_away_after_the_push_is_kept_makes_it_202()
    {
        await using var server = await RunningServer.StartAsync(
            settings => settings with { Ingest = settings.Ingest with { Wait = TimeSpan.FromMilliseconds(300) } },
            UnsteadyStore.Wrap);
        server.Get<UnsteadyStore>().BeforeFind = () => throw new StoreUnavailableException("away");
        using var response = await server.PushAsync(await server.AddKeyAsync(), "{}");
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
    }

    [Fact]
    public async Task What_is_in_hand_or_waits_at_a_stop_can_be_claimed_at_once_with_no_attempt_counted()
    {
        await using var server = await RunningServer.StartAsync(
            settings => settings with { Ingest = settings.Ingest with { Wait = TimeSpan.Zero, Workers = 1 } },
            UnsteadyStore.Wrap);
        var store = server.Get<UnsteadyStore>();
        store.BeforeBegin = (_, cancellationToken) => Task.Delay(Timeout.Infinite, cancellationToken);
        var key = await server.AddKeyAsync();
        using var one = await server.PushAsync(key, "{}");
        using var two = await server.PushAsync(key, "[]");
        await server.StopAsync();
        // What was in hand is claimable at once, without an attempt counted.
        foreach (var number in (long[])[1, 2])
        {
            var claim = await store.ClaimAsync(TimeSpan.FromMinutes(1), default);
            Assert.Equal(number, claim!.Number);
            Assert.Equal(1, claim.Ingestion.Attempts);
            await store.FailAsync(claim, default);
        }
    }

    [Fact]
    public async Task Stopping_answers_202_to_those_who_wait_and_hands_their_pushes_back()
    {
        await using var server = await RunningServer.StartAsync(overrides: UnsteadyStore.Wrap);
        var store = server.Get<UnsteadyStore>();
        var begun = new TaskCompletionSource();
        store.BeforeBegin = (_, cancellationToken) =>
        {
            begun.TrySetResult();
            return Task.Delay(Timeout.Infinite, cancellationToken);
        };
        var key = await server.AddKeyAsync();
        var waiting = server.PushAsync(key, "{}");
        await begun.Task;
        var stop = server.StopAsync();
        using var response = await waiting;
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        await stop;
        Assert.Equal(1, store.GivenBack);
        Assert.Single(server.Log.Of(1112));
        var ingestion = await store.FindAsync(key.User.Id, (await response.ReadJsonAsync()).IngestionId(), default);
        Assert.Equal(IngestionStatus.Queued, ingestion!.Status);
        Assert.Equal(0, ingestion.Attempts);
    }

    [Fact]
    public async Task A_body_on_its_way_when_the_server_stops_is_still_kept()
    {
        await using var server = await RunningServer.StartAsync();
        var key = await server.AddKeyAsync();
        using var client = await RawConnection.OpenAsync(server.Url);
        await client.SendAsync(
            $"POST /v1/ingest HTTP/1.1\r\nHost: test\r\napi-key: {key.Text}\r\nContent-Length: 2\r\n"
            + "Expect: 100-continue\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 100 ", await client.ReadHeadAsync());
        var stop = server.StopAsync();
        await Eventually.TrueAsync(async () =>
        {
            try
            {
                using var refused = await RawConnection.OpenAsync(server.Url);
                return false;
            }
            catch (System.Net.Sockets.SocketException)
            {
                return true;
            }
        });
        await client.SendAsync("{}");
        Assert.StartsWith("HTTP/1.1 202 ", await client.ReadToEndAsync());
        await stop;
    }

    [Fact]
    public async Task A_push_in_hand_that_finds_no_slot_goes_back_for_others_to_take()
    {
        await using var server = await RunningServer.StartAsync(
            settings => settings with
            {
                Ingest = settings.Ingest with
                {
                    Lease = TimeSpan.FromSeconds(3), Wait = TimeSpan.Zero, Workers = 1,
                },
            },
            UnsteadyStore.Wrap);
        var store = server.Get<UnsteadyStore>();
        var (busy, patient) = (await server.AddKeyAsync(), await server.AddKeyAsync());
        var begun = new TaskCompletionSource();
        store.BeforeBegin = (push, cancellationToken) =>
        {
            Assert.Equal(busy.User.Id, push.UserId);
            begun.TrySetResult();
            return Task.Delay(Timeout.Infinite, cancellationToken);
        };
        using var one = await server.PushAsync(busy, "{}");
        await begun.Task;
        using var two = await server.PushAsync(patient, "{}");
        Assert.Equal("processing", (await two.ReadJsonAsync()).GetProperty("status").GetString());

        await Eventually.TrueAsync(() => store.GivenBack == 1);
        ClaimedPush? claim = null;
        await Eventually.TrueAsync(
            async () => (claim = await store.ClaimAsync(TimeSpan.FromMinutes(1), default)) is not null);
        Assert.Equal((patient.User.Id, 1), (claim!.UserId, claim.Ingestion.Attempts));
    }

    [Fact]
    public async Task Many_people_at_once_all_get_their_receipts()
    {
        // Hundreds of commits, one after the other, however slow the disk.
        await using var server = await RunningServer.StartAsync(
            settings => settings with { Ingest = settings.Ingest with { Wait = RunningServer.Deadline } },
            UnsteadyStore.Wrap);
        var (now, most) = (0, 0);
        server.Get<UnsteadyStore>().BeforeBegin = async (_, _) =>
        {
            var running = Interlocked.Increment(ref now);
            lock (server) most = Math.Max(most, running);
            await Task.Yield();
            Interlocked.Decrement(ref now);
        };
        var keys = new List<TestKey>();
        for (var i = 0; i < 8; i++) keys.Add(await server.AddKeyAsync());
        var pushes = keys.SelectMany(key => Enumerable.Range(0, 10).Select(
            i => server.PushAsync(key, $$"""{"n":{{i}}}"""))).ToList();
        foreach (var push in pushes)
        {
            using var response = await push;
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }
        Assert.InRange(most, 1, IngestSettings.DefaultWorkers);
    }
}
