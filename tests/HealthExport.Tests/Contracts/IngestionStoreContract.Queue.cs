using System.Collections.Concurrent;
using HealthExport.Pushes;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Contracts;

/// <summary>The queue: who may work on what, and when.</summary>
public abstract partial class IngestionStoreContract
{
    [Fact]
    public async Task A_claim_counts_the_attempt_and_says_so()
    {
        var kept = await KeepAsync("{}");
        _stores.Clock.Advance(TimeSpan.FromSeconds(1));

        var claim = await Store.GetClaimAsync();

        Assert.Equal(kept.Ingestion.Id, claim.Ingestion.Id);
        Assert.False(claim.IsReplay);
        Assert.Equal(IngestionStatus.Processing, claim.Ingestion.Status);
        var found = await Store.FindAsync(_user, claim.Ingestion.Id, default);
        Assert.Equal((1, Now), (found!.Attempts, found.StartedAt));
        Assert.Null(await Store.ClaimAsync(StoreFixture.Lease, default));
    }

    [Fact]
    public async Task A_push_is_claimed_with_its_keeping_when_nothing_of_the_user_is_before_it()
    {
        var first = await Store.KeepAsync(Push("[1]") with { Lease = StoreFixture.Lease });
        var second = await Store.KeepAsync(Push("[2]") with { Lease = StoreFixture.Lease });
        var others = await Store.KeepAsync(Push("[1]") with { Lease = StoreFixture.Lease, UserId = _other });

        Assert.Equal(IngestionStatus.Processing, first.Claim!.Ingestion.Status);
        Assert.Equal(IngestionStatus.Processing, first.Ingestion.Status);
        Assert.Equal(1, first.Claim.Ingestion.Attempts);
        Assert.Null(second.Claim);
        Assert.NotNull(others.Claim);
        Assert.Null(await Store.ClaimAsync(StoreFixture.Lease, default));
        Assert.True(await Store.RenewAsync(first.Claim, StoreFixture.Lease, default));
    }

    [Fact]
    public async Task A_users_pushes_are_claimed_one_at_a_time_in_order_of_receipt()
    {
        await KeepAsync("[1]");
        await KeepAsync("[2]");

        var first = await Store.GetClaimAsync();
        Assert.Null(await Store.ClaimAsync(StoreFixture.Lease, default));
        await _stores.SettleAsync(first);
        var second = await Store.GetClaimAsync();

        Assert.Equal((1, 2), (first.Number, second.Number));
    }

    [Fact]
    public async Task Users_are_claimed_side_by_side_and_none_waits_for_anothers_backlog()
    {
        for (var at = 0; at < 3; at++) await KeepAsync($"[{at}]");
        await Store.KeepAsync(Push("[1]") with { UserId = _other });

        var first = await Store.GetClaimAsync();
        await _stores.SettleAsync(first);
        var second = await Store.GetClaimAsync();

        Assert.Equal((_user, _other), (first.UserId, second.UserId));
        Assert.Equal(_user, (await Store.GetClaimAsync()).UserId);
    }

    [Fact]
    public async Task Many_workers_claim_every_push_once_and_every_users_in_order()
    {
        const int users = 6;
        const int pushes = 8;
        for (var at = 0; at < users; at++)
        {
            var user = await _stores.AddUserAsync($"{at}@example.org");
            for (var push = 0; push < pushes; push++)
                await Store.KeepAsync(Push($"[{push}]") with { UserId = user.Id });
        }
        var other = _stores.OpenAnother();
        ConcurrentQueue<(long UserId, long Number)> claimed = [];

        await Task.WhenAll(Enumerable.Range(0, 8).Select(worker => Task.Run(async () =>
        {
            var store = worker % 2 == 0 ? Store : other;
            while (claimed.Count < users * pushes)
            {
                if (await store.ClaimAsync(StoreFixture.Lease, default) is not { } claim) continue;
                claimed.Enqueue((claim.UserId, claim.Number));
                await _stores.SettleAsync(claim);
            }
        })));

        Assert.Equal(users * pushes, claimed.Count);
        foreach (var user in claimed.GroupBy(one => one.UserId))
            Assert.Equal(
                Enumerable.Range(1, pushes).Select(number => (long)number), user.Select(one => one.Number));
    }

    [Fact]
    public async Task A_push_given_back_waits_and_those_after_it_wait_with_it()
    {
        await KeepAsync("[1]");
        await KeepAsync("[2]");

        await Store.GiveBackAsync(await Store.GetClaimAsync(), TimeSpan.FromSeconds(5), countAttempt: false, default);

        Assert.Null(await Store.ClaimAsync(StoreFixture.Lease, default));
        _stores.Clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(1, (await Store.GetClaimAsync()).Number);
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 0)]
    public async Task Giving_back_counts_the_attempt_or_takes_it_back(bool countAttempt, int attempts)
    {
        var kept = await KeepAsync("{}");

        await Store.GiveBackAsync(await Store.GetClaimAsync(), TimeSpan.Zero, countAttempt, default);

        var found = await Store.FindAsync(_user, kept.Ingestion.Id, default);
        Assert.Equal((IngestionStatus.Queued, attempts), (found!.Status, found.Attempts));
    }

    [Fact]
    public async Task A_lease_that_ended_is_taken_over_and_its_holder_can_do_nothing_more()
    {
        var kept = await KeepAsync("{}");
        var lost = await Store.GetClaimAsync();
        var other = _stores.OpenAnother();
        _stores.Clock.Advance(StoreFixture.Lease - TimeSpan.FromSeconds(1));
        Assert.Null(await other.ClaimAsync(StoreFixture.Lease, default));
        _stores.Clock.Advance(TimeSpan.FromSeconds(1));

        var taken = await other.GetClaimAsync();

        Assert.Equal(lost.Ingestion.Id, taken.Ingestion.Id);
        Assert.NotEqual(lost.Lease, taken.Lease);
        Assert.False(await Store.RenewAsync(lost, StoreFixture.Lease, default));
        await Store.GiveBackAsync(lost, TimeSpan.Zero, countAttempt: true, default);
        await Store.FailAsync(lost, default);
        var found = await Store.FindAsync(_user, kept.Ingestion.Id, default);
        Assert.Equal((IngestionStatus.Processing, 2), (found!.Status, found.Attempts));
        Assert.True(await other.RenewAsync(taken, StoreFixture.Lease, default));
    }

    [Fact]
    public async Task An_outage_longer_than_the_lease_costs_no_attempt()
    {
        var kept = await KeepAsync("{}");
        var lost = await Store.GetClaimAsync();
        _stores.Clock.Advance(StoreFixture.Lease);
        var other = _stores.OpenAnother();
        var taken = await other.GetClaimAsync();

        await Store.GiveBackAsync(lost, TimeSpan.Zero, countAttempt: false, default);

        var found = await Store.FindAsync(_user, kept.Ingestion.Id, default);
        Assert.Equal((IngestionStatus.Processing, 1), (found!.Status, found.Attempts));
        Assert.True(await other.RenewAsync(taken, StoreFixture.Lease, default));
        // The one attempt that counts is its own.
        await Store.GiveBackAsync(lost, TimeSpan.Zero, countAttempt: false, default);
        Assert.Equal(1, (await Store.FindAsync(_user, kept.Ingestion.Id, default))!.Attempts);
    }

    [Fact]
    public async Task A_renewed_lease_lasts()
    {
        await KeepAsync("{}");
        var claim = await Store.GetClaimAsync();
        _stores.Clock.Advance(StoreFixture.Lease / 2);
        Assert.True(await Store.RenewAsync(claim, StoreFixture.Lease, default));

        _stores.Clock.Advance(StoreFixture.Lease / 2);
        Assert.Null(await _stores.OpenAnother().ClaimAsync(StoreFixture.Lease, default));
        _stores.Clock.Advance(StoreFixture.Lease / 2);

        Assert.NotNull(await _stores.OpenAnother().ClaimAsync(StoreFixture.Lease, default));
    }

    [Fact]
    public async Task A_push_claimed_five_times_in_vain_fails_and_those_after_it_go_on()
    {
        var kept = await KeepAsync("[1]");
        await KeepAsync("[2]");
        for (var attempt = 1; attempt <= 5; attempt++)
        {
            Assert.Equal(1, (await Store.GetClaimAsync()).Number);
            _stores.Clock.Advance(StoreFixture.Lease);
        }

        var next = await Store.GetClaimAsync();

        Assert.Equal(2, next.Number);
        var failed = await Store.FindAsync(_user, kept.Ingestion.Id, default);
        Assert.Equal((IngestionStatus.Failed, 5, Now), (failed!.Status, failed.Attempts, failed.FinishedAt));
        Assert.True(failed.HasPayload);
    }

    [Fact]
    public async Task The_last_push_that_fails_by_its_attempts_is_settled_although_nothing_is_left_to_claim()
    {
        var kept = await KeepAsync("[1]");
        for (var attempt = 1; attempt <= 5; attempt++)
            await Store.GiveBackAsync(await Store.GetClaimAsync(), TimeSpan.Zero, countAttempt: true, default);

        Assert.Null(await Store.ClaimAsync(StoreFixture.Lease, default));

        Assert.Equal(IngestionStatus.Failed, (await Store.FindAsync(_user, kept.Ingestion.Id, default))!.Status);
    }

    [Fact]
    public async Task Failing_settles_a_push_and_lets_the_next_go_on()
    {
        var kept = await KeepAsync("[1]");
        await KeepAsync("[2]");

        await Store.FailAsync(await Store.GetClaimAsync(), default);

        var failed = await Store.FindAsync(_user, kept.Ingestion.Id, default);
        Assert.Equal((IngestionStatus.Failed, Now), (failed!.Status, failed.FinishedAt));
        Assert.Equal(2, (await Store.GetClaimAsync()).Number);
    }

    [Fact]
    public async Task A_replay_runs_under_the_old_number_before_what_waits_but_not_beside_it()
    {
        var kept = await KeepAsync("[1]");
        await SettleNextAsync();
        await KeepAsync("[2]");
        await KeepAsync("[3]");
        var inWork = await Store.GetClaimAsync();
        await Store.ReplayAsync(_user, kept.Ingestion.Id, default);

        Assert.Null(await Store.ClaimAsync(StoreFixture.Lease, default));
        await _stores.SettleAsync(inWork);
        var replay = await Store.GetClaimAsync();

        Assert.Equal((1, true), (replay.Number, replay.IsReplay));
    }

    [Fact]
    public async Task A_replay_starts_with_no_attempts_and_keeps_the_receipt_until_it_is_settled()
    {
        var kept = await KeepAsync("[1]");
        await SettleNextAsync(new() { Counts = new() { Received = 1, Inserted = 1 } });

        var queued = await Store.ReplayAsync(_user, kept.Ingestion.Id, default);

        Assert.Equal((IngestionStatus.Queued, 0), (queued!.Status, queued.Attempts));
        Assert.True(queued.FinishedAt.IsNone);
        Assert.Equal(1, queued.Receipt!.Counts.Inserted);
        await SettleNextAsync(new() { Counts = new() { Received = 1, Unchanged = 1 } });
        Assert.Equal(1, (await Store.FindAsync(_user, queued.Id, default))!.Receipt!.Counts.Unchanged);
    }

    [Fact]
    public async Task A_replay_of_what_waits_or_is_in_work_changes_nothing()
    {
        var kept = await KeepAsync("[1]");
        var waiting = await Store.ReplayAsync(_user, kept.Ingestion.Id, default);
        await Store.GetClaimAsync();
        var inWork = await Store.ReplayAsync(_user, kept.Ingestion.Id, default);

        Assert.Equal(IngestionStatus.Queued, waiting!.Status);
        Assert.Equal((IngestionStatus.Processing, 1), (inWork!.Status, inWork.Attempts));
        Assert.Equal(1, await _stores.ReadAsync("select count(*) from queue"));
    }

    [Fact]
    public async Task A_replayed_duplicate_is_processed_as_a_push_of_its_own()
    {
        await KeepAsync("[1]");
        await SettleNextAsync(new() { Counts = new() { Received = 1, Inserted = 1 } });
        var duplicate = await KeepAsync("[1]");

        var queued = await Store.ReplayAsync(_user, duplicate.Ingestion.Id, default);

        Assert.Null(queued!.DuplicateOf);
        Assert.Equal(1, queued.Receipt!.Counts.Inserted);
        Assert.Equal(2, (await Store.GetClaimAsync()).Number);
    }

    [Fact]
    public async Task What_is_anothers_or_has_no_payload_cannot_be_replayed()
    {
        var kept = await KeepAsync("[1]");
        await SettleNextAsync();

        Assert.Null(await Store.ReplayAsync(_other, kept.Ingestion.Id, default));
        await _stores.ExecuteAsync($"update raw_ingestions set has_payload = false where user_id = {_user}");
        Assert.Null(await Store.ReplayAsync(_user, kept.Ingestion.Id, default));
    }
}
