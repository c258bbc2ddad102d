using System.Text;
using HealthExport.Catalogue;
using HealthExport.Pushes;
using HealthExport.Samples;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Contracts;

public abstract partial class PushTransactionContract
{
    [Fact]
    public async Task A_commit_settles_the_push_with_its_receipt()
    {
        var kept = await KeepAsync();
        await using (var push = await BeginNextAsync())
        {
            await WriteAsync(push, HeartRate, Grain.Sample, RowChange.Insert, At(0, 60));
            var receipt = new Receipt { Counts = new() { Received = 2, Inserted = 1, Rejected = 1 } };
            await push.CommitAsync(receipt, changedAnything: true, default);
        }

        var settled = await _stores.Ingestions.FindAsync(_user.Id, kept.Id, default);
        Assert.NotNull(settled);
        Assert.Equal(IngestionStatus.Partial, settled.Status);
        Assert.Equal(2, settled.Receipt!.Counts.Received);
        Assert.False(settled.FinishedAt.IsNone);
        Assert.Null(await _stores.Ingestions.ClaimAsync(StoreFixture.Lease, default));
        Assert.Equal(1, await _stores.ReadAsync($"select data_version from users where id = {_user.Id}"));
        Assert.Equal(1, await _stores.ReadAsync("select data_version from raw_ingestions"));
    }

    [Fact]
    public async Task A_push_that_changes_nothing_leaves_the_data_version()
    {
        await InsertAsync(HeartRate, Grain.Sample, At(0, 60));
        await using (var push = await BeginAsync()) await push.CommitAsync(new(), changedAnything: false, default);

        Assert.Equal(1, await _stores.ReadAsync($"select data_version from users where id = {_user.Id}"));
        Assert.Equal(2, await _stores.ReadAsync($"select count(*) from raw_ingestions where data_version = 1"));
    }

    [Fact]
    public async Task Without_a_commit_nothing_took_effect()
    {
        await using (var push = await BeginAsync())
        {
            await WriteAsync(
                push, Metric.Unknown("passing", "x", MetricKind.Discrete), Grain.Sample, RowChange.Insert, At(0, 60));
            await push.AddRejectsAsync([RejectOf("a")], default);
        }

        Assert.Empty(await _stores.Samples.ListMetricsAsync(_user.Id, default));
        Assert.Equal(0, await _stores.ReadAsync("select count(*) from samples"));
        Assert.Equal(0, await _stores.ReadAsync("select count(*) from rejected_items"));
        Assert.Equal(0, await _stores.ReadAsync("select count(*) from metrics where name = 'passing'"));
        Assert.Equal(1, await _stores.ReadAsync("select count(*) from queue"));
    }

    [Fact]
    public async Task A_lost_lease_is_told_and_nothing_is_committed()
    {
        await KeepAsync();
        var claim = await _stores.Ingestions.GetClaimAsync();
        await using (var push = await _stores.Ingestions.BeginAsync(claim with { Lease = Guid.NewGuid() }, default))
        {
            await WriteAsync(push, HeartRate, Grain.Sample, RowChange.Insert, At(0, 60));
            await Assert.ThrowsAsync<LeaseLostException>(
                () => push.CommitAsync(new(), changedAnything: true, default).AsTask());
        }

        Assert.Equal(0, await _stores.ReadAsync("select count(*) from samples"));
        Assert.Equal(1, await _stores.ReadAsync("select count(*) from queue"));
        Assert.Equal(0, await _stores.ReadAsync($"select data_version from users where id = {_user.Id}"));
    }

    [Fact]
    public async Task Rejects_are_kept_in_order_and_replaced_by_a_replay()
    {
        var kept = await ApplyAsync(async push =>
        {
            await push.AddRejectsAsync([RejectOf("a"), RejectOf("b")], default);
            await push.SetSavepointAsync(default);
            await push.AddRejectsAsync([RejectOf("undone")], default);
            await push.RollBackToSavepointAsync(default);
            var bare = RejectOf("c") with { Field = null, Hint = null, Allowed = null, Item = default };
            await push.AddRejectsAsync([bare], default);
        });
        var before = await _stores.Ingestions.ListRejectsAsync(_user.Id, kept.Id, null, 100, default);
        Assert.Equal(["a", "b", "c"], before.Items.Select(reject => reject.ItemType));
        Assert.Equal([20, 300], before.Items[0].Allowed!);
        Assert.Equal("{\"a\":1}", Encoding.UTF8.GetString(before.Items[0].Item.Span));
        Assert.Equal(0, before.Items[2].Item.Length);
        Assert.Null(before.Items[2].Allowed);

        await using (var replay = await BeginReplayAsync(kept))
        {
            await replay.AddRejectsAsync([RejectOf("d")], default);
            await replay.CommitAsync(new(), changedAnything: false, default);
        }

        var after = await _stores.Ingestions.ListRejectsAsync(_user.Id, kept.Id, null, 100, default);
        Assert.Equal(["d"], after.Items.Select(reject => reject.ItemType));
    }

    [Fact]
    public async Task Earlier_and_later_pushes_of_the_same_person_are_known()
    {
        var other = await _stores.AddUserAsync("two@example.org");
        await ApplyAsync(_ => Task.CompletedTask, other);
        var first = await ApplyAsync(_ => Task.CompletedTask);
        var second = await KeepAsync();
        var claim = await _stores.Ingestions.GetClaimAsync();
        Assert.Equal(second.Number, claim.Number);
        await using (var push = await _stores.Ingestions.BeginAsync(claim, default))
        {
            Assert.False(push.EarlierIsPending);
            Assert.False(push.LaterIsApplied);
        }

        // The first is queued again while the second is in work.
        await _stores.Ingestions.ReplayAsync(_user.Id, first.Id, default);
        await using (var push = await _stores.Ingestions.BeginAsync(claim, default))
        {
            Assert.True(push.EarlierIsPending);
            Assert.False(push.LaterIsApplied);
            await push.CommitAsync(new(), changedAnything: true, default);
        }
        await using (var replay = await BeginNextAsync())
        {
            Assert.False(replay.EarlierIsPending);
            Assert.True(replay.LaterIsApplied);
        }
    }

    [Fact]
    public async Task A_later_push_that_waits_to_be_replayed_counts_as_applied()
    {
        var first = await ApplyAsync(_ => Task.CompletedTask);
        var second = await ApplyAsync(_ => Task.CompletedTask);
        await _stores.Ingestions.ReplayAsync(_user.Id, second.Id, default);

        await using var replay = await BeginReplayAsync(first);

        Assert.True(replay.LaterIsApplied);
    }

    [Fact]
    public async Task Deletions_asked_for_later_are_known_to_a_replay_only()
    {
        var first = await InsertAsync(HeartRate, Grain.Sample, At(0, 60));
        var deletion = Deleting.Of("heart_rate", Watch, At(0, 0).StartAt, null);
        Assert.Equal(1, await _stores.Deletions.DeleteAsync(_user.Id, deletion));

        await ApplyAsync(push =>
        {
            Assert.Empty(push.LaterDeletions);
            return Task.CompletedTask;
        });
        await using var replay = await BeginReplayAsync(first);
        Assert.Equal([deletion], replay.LaterDeletions);
    }

    [Fact]
    public async Task The_catalogue_is_in_the_store_and_numbers_are_not_burnt()
    {
        await using var push = await BeginAsync();
        var unknown = Metric.Unknown("one", "x", MetricKind.Cumulative);
        var before = await push.FindOrAddMetricAsync(HeartRate, default);
        var first = await push.FindOrAddMetricAsync(unknown, default);
        for (var i = 0; i < 100; i++) Assert.Equal(first, await push.FindOrAddMetricAsync(unknown, default));
        var second = await push.FindOrAddMetricAsync(Metric.Unknown("one", "y", MetricKind.Cumulative), default);

        Assert.NotNull(before);
        Assert.Equal(first + 1, second);
        Assert.Equal(before, await push.FindOrAddMetricAsync(HeartRate, default));
    }

    [Fact]
    public async Task A_person_registers_a_thousand_unknown_names_and_no_more()
    {
        var other = await _stores.AddUserAsync("two@example.org");
        Metric Name(int i) => Metric.Unknown($"unknown {i}", "x", MetricKind.Discrete);
        await ApplyAsync(async push =>
        {
            for (var i = 0; i < 1_000; i++) Assert.NotNull(await push.FindOrAddMetricAsync(Name(i), default));
            Assert.Null(await push.FindOrAddMetricAsync(Name(1_000), default));
            Assert.NotNull(await push.FindOrAddMetricAsync(Name(999), default));
            Assert.NotNull(await push.FindOrAddMetricAsync(HeartRate, default));
        });
        await ApplyAsync(async push =>
        {
            Assert.Null(await push.FindOrAddMetricAsync(Name(1_000), default));
            Assert.NotNull(await push.FindOrAddMetricAsync(Name(0), default));
        });
        await ApplyAsync(
            async push => Assert.NotNull(await push.FindOrAddMetricAsync(Name(1_000), default)), other);
    }

    static Reject RejectOf(string type) => new(
        type, 3, RejectCodes.OutOfRange, "412 is outside 20 to 300", "hint", "Max", [20, 300],
        Encoding.UTF8.GetBytes("{\"a\":1}"));
}
