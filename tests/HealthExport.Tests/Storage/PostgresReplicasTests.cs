using HealthExport.Pushes;
using HealthExport.Storage.Postgres;
using HealthExport.Tests.Support;
using HealthExport.Totals;

namespace HealthExport.Tests.Storage;

/// <summary>Several replicas on one server, by the server's own clock; and that server going away.</summary>
public sealed class PostgresReplicasTests
{
    static readonly TimeSpan s_lease = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task Replicas_whose_clocks_are_minutes_apart_agree_on_a_lease()
    {
        await using var stores = await PostgresFixture.OpenAsync();
        var user = await stores.AddUserAsync();
        await using var behind = Connect(stores.Url, -TimeSpan.FromMinutes(5));
        await using var ahead = Connect(stores.Url, TimeSpan.FromMinutes(5));
        var (first, second) = (new PostgresIngestionStore(behind, new()), new PostgresIngestionStore(ahead, new()));
        await first.KeepAsync(ReceivedPushes.Create(stores, user.Id, "{}"));

        var claim = await second.ClaimAsync(s_lease, default);

        Assert.NotNull(claim);
        Assert.Null(await first.ClaimAsync(s_lease, default));
        Assert.True(await second.RenewAsync(claim, s_lease, default));
        await second.GiveBackAsync(claim, TimeSpan.Zero, countAttempt: true, default);
        Assert.Equal(2, (await first.ClaimAsync(s_lease, default))!.Ingestion.Attempts);
    }

    [Fact]
    public async Task Totals_do_not_hold_a_connection_until_a_push_has_ended()
    {
        await using var stores = await PostgresFixture.OpenAsync();
        var user = await stores.AddUserAsync();
        await stores.ApplyAsync(
            user.Id,
            """
            {"data":{"metrics":[{"name":"step_count","units":"count","data":[
            {"date":"2026-01-15 12:00:00 +0000","qty":7}]}]}}
            """);
        var stale = Assert.Single(await stores.DailyTotals.ListStaleAsync(user.Id, 10, default));
        var total = new WorkedOutDay(stale.Date, stale.Version, new(stale.Date, 0, null));
        await stores.Ingestions.KeepAsync(ReceivedPushes.Create(stores, user.Id, "{}"));
        await using (await stores.Ingestions.BeginAsync(await stores.Ingestions.GetClaimAsync(), default))
        {
            // It gives up, or the two would wait for each other where connections are few.
            await stores.DailyTotals.SaveAsync(user.Id, stale.MetricId, [total], default);
            Assert.Equal([stale], await stores.DailyTotals.ListStaleAsync(user.Id, 10, default));
        }
        await stores.DailyTotals.SaveAsync(user.Id, stale.MetricId, [total], default);
        Assert.Empty(await stores.DailyTotals.ListStaleAsync(user.Id, 10, default));
    }

    [Fact]
    public async Task What_a_replica_kept_for_itself_no_other_takes_while_its_lease_lasts()
    {
        await using var stores = await PostgresFixture.OpenAsync();
        var user = await stores.AddUserAsync();
        await using var one = Connect(stores.Url, default);
        await using var other = Connect(stores.Url, default);
        var push = ReceivedPushes.Create(stores, user.Id, "{}") with { Lease = s_lease };

        var kept = await new PostgresIngestionStore(one, new()).KeepAsync(push);

        Assert.NotNull(kept.Claim);
        Assert.Null(await new PostgresIngestionStore(other, new()).ClaimAsync(s_lease, default));
        // As if the lease had run out with its holder dead.
        await stores.ExecuteAsync("update queue set leased_until = clock_timestamp() - interval '1 ms'");
        Assert.NotNull(await new PostgresIngestionStore(other, new()).ClaimAsync(s_lease, default));
        Assert.False(await new PostgresIngestionStore(one, new()).RenewAsync(kept.Claim, s_lease, default));
    }

    [Fact]
    public async Task A_claim_passes_over_a_user_whose_row_another_replica_holds()
    {
        await using var stores = await PostgresFixture.OpenAsync();
        var (one, two) = (await stores.AddUserAsync(), await stores.AddUserAsync("two@example.org"));
        await stores.Ingestions.KeepAsync(ReceivedPushes.Create(stores, one.Id, "{}"));
        await stores.Ingestions.KeepAsync(ReceivedPushes.Create(stores, two.Id, "{}"));
        await using var holder = await stores.Database.OpenAsync(default);
        await using var transaction = await holder.BeginTransactionAsync();
        await using (var hold = holder.CreateCommand())
        {
            hold.CommandText = $"select 1 from users where id = {one.Id} for no key update";
            await hold.ExecuteNonQueryAsync();
        }

        Assert.Equal(two.Id, (await stores.Ingestions.GetClaimAsync()).UserId);
        Assert.Null(await stores.Ingestions.ClaimAsync(s_lease, default));
        await transaction.RollbackAsync();
        Assert.Equal(one.Id, (await stores.Ingestions.GetClaimAsync()).UserId);
    }

    [Fact]
    public async Task Equal_pushes_kept_by_replicas_at_once_become_one()
    {
        await using var stores = await PostgresFixture.OpenAsync();
        var user = await stores.AddUserAsync();
        var replicas = Enumerable.Range(0, 4).Select(_ => stores.OpenAnother()).ToArray();

        var kept = await Task.WhenAll(Enumerable.Range(0, 24).Select(at => Task.Run(async () =>
            await replicas[at % 4].KeepAsync(ReceivedPushes.Create(stores, user.Id, "{}") with { Lease = s_lease }))));

        Assert.Single(kept, one => one.As == KeptAs.New && one.Claim is not null);
        Assert.Equal(23, kept.Count(one => one.As == KeptAs.Joined));
        Assert.Equal(1, await stores.ReadAsync("select count(*) from raw_chunks"));
    }

    [Fact]
    public async Task While_the_server_is_away_it_is_said_and_once_it_is_back_all_that_was_kept_is_there()
    {
        PostgresServer.Require();
        Assert.SkipUnless(PostgresServer.IsInstalled, "PostgreSQL is not installed here: a given one is not stopped.");
        await using var server = await PostgresServer.StartAsync();
        await server.RunAsync("create database health");
        await using var database = new PostgresDatabase(server.UrlOf("health"));
        await new PostgresMigrations(database).MigrateAsync(null, dryRun: false, default);
        var user = await new PostgresUserStore(database).AddAsync(
            "one@example.org", null, null, Entries.UserCreated, default);
        var store = new PostgresIngestionStore(database, new());

        for (var number = 1; number <= 4; number += 2)
        {
            var kept = await store.KeepAsync(Create($"[{number}]"));
            // A fast stop first, then as a loss of power.
            await (number == 1 ? server.StopAsync() : server.KillAsync());
            await Assert.ThrowsAsync<StoreUnavailableException>(() => store.KeepAsync(Create("[0]")));
            await Assert.ThrowsAsync<StoreUnavailableException>(
                async () => await store.ClaimAsync(s_lease, default));
            await server.StartAgainAsync();

            Assert.Equal(kept.Ingestion.Id, (await store.FindAsync(user!.Id, kept.Ingestion.Id, default))!.Id);
            Assert.Equal(number + 1, (await store.KeepAsync(Create($"[{number + 1}]"))).Ingestion.Number);
        }

        Assert.Equal(1, (await store.ClaimAsync(s_lease, default))!.Number);

        ReceivedPush Create(string body) => ReceivedPushes.Create(new FakeClock(), user!.Id, body);
    }

    static PostgresDatabase Connect(string url, TimeSpan off) =>
        new(url, new() { MaxSize = 5 }, new FakeClock(TimeProvider.System.GetUtcNow() + off));
}
