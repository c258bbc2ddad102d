using HealthExport.Deletions;
using HealthExport.People;
using HealthExport.Pushes;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Contracts;

/// <summary>What <see cref="IDeletionStore"/> promises of order and steps, for any engine; what it deletes is in
/// <see cref="SampleStoreContract"/>.</summary>
public abstract class DeletionStoreContract : IAsyncLifetime
{
    const string Body = """
        {"data":{"metrics":[{"name":"step_count","units":"count","data":[
            {"date":"2024-01-01 08:00:00 +0100","qty":5},{"date":"2024-02-01 08:00:00 +0100","qty":7}]}]}}
        """;

    StoreFixture _stores = null!;
    User _user = null!;

    public async ValueTask InitializeAsync()
    {
        _stores = await OpenAsync();
        _user = await _stores.AddUserAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _stores.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected abstract ValueTask<StoreFixture> OpenAsync();

    Task<KeptPush> KeepAsync(string body, bool wantsWork = false)
    {
        var push = ReceivedPushes.Create(_stores, _user.Id, body);
        return _stores.Ingestions.KeepAsync(wantsWork ? push with { Lease = StoreFixture.Lease } : push);
    }

    async Task<Receipt> ApplyAsync() => await new PushApplication(_stores.Ingestions).ApplyAsync(
        await _stores.Ingestions.GetClaimAsync(), default);

    ValueTask<DeletionState> BeginAsync(Deletion deletion, bool withPayloads = false) => _stores.Deletions.BeginAsync(
        _user.Id, deletion, withPayloads, Deleting.Entry(_user.Id), default);

    [Fact]
    public async Task A_deletion_comes_after_what_was_received_before_it_and_before_what_was_received_after()
    {
        var before = await KeepAsync(Body);
        var began = await BeginAsync(Deleting.Of("step_count"));
        Assert.Equal(before.Ingestion.Number, began.UpTo);

        // The same bytes: neither one with those that wait, nor at once in work.
        var after = await KeepAsync(Body, wantsWork: true);
        Assert.Equal((KeptAs.New, null), (after.As, after.Claim));
        var withheld = await ApplyAsync();
        Assert.Equal((2, 0), (withheld.Counts.Unchanged, withheld.Counts.Inserted));
        Assert.Null(await _stores.Ingestions.ClaimAsync(StoreFixture.Lease, default));
        Assert.Equal(began, Assert.Single(await _stores.Deletions.ListUnfinishedAsync(default)) with
        {
            Counts = began.Counts,
        });

        var done = await _stores.Deletions.DeleteRowsAsync(_user.Id, began.Number, default);
        Assert.Equal(DeletionStage.Done, done!.Stage);
        Assert.Empty(await _stores.Deletions.ListUnfinishedAsync(default));
        Assert.Equal(2, (await ApplyAsync()).Counts.Inserted);
        Assert.Equal(2, Assert.Single(await _stores.Samples.ListMetricsAsync(_user.Id, default)).Count);
    }

    [Fact]
    public async Task The_last_push_is_no_model_for_a_duplicate_once_a_deletion_has_begun()
    {
        await _stores.ApplyAsync(_user.Id, Body);
        Assert.Equal(KeptAs.Duplicate, (await KeepAsync(Body)).As);
        var began = await BeginAsync(Deleting.Of(null));
        Assert.Equal(KeptAs.New, (await KeepAsync(Body)).As);
        await _stores.Deletions.DeleteRowsAsync(_user.Id, began.Number, default);
        Assert.Equal(2, (await ApplyAsync()).Counts.Inserted);
    }

    [Fact]
    public async Task What_was_applied_is_known_by_its_bytes_whatever_came_since_until_a_deletion_undoes_it()
    {
        var push = ReceivedPushes.Create(_stores, _user.Id, Body);
        using var payload = push.Payload;
        async Task<long?> FindAsync(ReceivedPush asked) =>
            (await _stores.Ingestions.FindAppliedAsync(asked, default))?.Number;
        Assert.Null(await FindAsync(push));
        var kept = await KeepAsync(Body);
        Assert.Null(await FindAsync(push));
        await ApplyAsync();
        Assert.Equal(kept.Ingestion.Number, await FindAsync(push));

        await _stores.ApplyAsync(_user.Id, Body.Replace("5", "6", StringComparison.Ordinal));
        await _stores.ApplyAsync(_user.Id, Body);
        Assert.Equal(3, await FindAsync(push));
        Assert.Null(await FindAsync(push with { TimeZone = "Asia/Tokyo" }));
        Assert.Null(await FindAsync(push with { UserId = (await _stores.AddUserAsync("other@example.org")).Id }));

        await BeginAsync(Deleting.Of("step_count"));
        Assert.Null(await FindAsync(push));
    }

    [Fact]
    public async Task Two_processes_at_the_same_deletion_count_each_row_once()
    {
        var points = string.Join(",", Enumerable.Range(0, 3_000).Select(
            second => $$"""{"date":"2024-03-01 08:{{second / 60}}:{{second % 60:00}} +0100","qty":60}"""));
        await _stores.ApplyAsync(
            _user.Id, $$$"""{"data":{"metrics":[{"name":"heart_rate","units":"count/min","data":[{{{points}}}]}]}}""");
        await _stores.ApplyAsync(_user.Id, Body);
        var stored = (await _stores.Samples.ListMetricsAsync(_user.Id, default)).Sum(metric => metric.Count);
        var began = await BeginAsync(Deleting.Of(null));

        var both = await Task.WhenAll(
            Task.Run(() => _stores.Deletions.DeleteRowsAsync(_user.Id, began.Number, default).AsTask()),
            Task.Run(() => _stores.Deletions.DeleteRowsAsync(_user.Id, began.Number, default).AsTask()));

        var done = await _stores.Deletions.FindAsync(_user.Id, began.Number, default);
        Assert.Equal(stored, done!.Counts.Values.Sum());
        Assert.Contains(both, one => one!.Stage is DeletionStage.Done);
        Assert.Empty(await _stores.Samples.ListMetricsAsync(_user.Id, default));
        Assert.Equal(
            1, await _stores.ReadAsync($"select count(*) from audit_log where action = 'data.deleted'"));
    }

    [Fact]
    public async Task Bytes_that_are_needed_are_not_deleted_and_shared_ones_stay_for_who_came_later()
    {
        var first = await KeepAsync(Body);
        var began = await BeginAsync(Deleting.Of(null), withPayloads: true);
        var payloads = new PayloadDeletion(_stores.Ingestions, _stores.Deletions);
        var rows = await _stores.Deletions.DeleteRowsAsync(_user.Id, began.Number, default);
        Assert.Equal(DeletionStage.Payloads, rows!.Stage);
        Assert.False(await payloads.DeleteAsync(rows, default));
        Assert.Equal(1, await _stores.ReadAsync("select count(*) from raw_chunks"));

        // Rows are gone, so what came later is no longer held up, and shares the bytes.
        var later = await KeepAsync(Body);
        Assert.Equal(2, (await ApplyAsync()).Counts.Unchanged);
        Assert.Equal(2, (await ApplyAsync()).Counts.Inserted);
        Assert.True(await payloads.DeleteAsync(rows, default));
        await _stores.Deletions.EndPayloadsAsync(_user.Id, began.Number, default);

        Assert.Equal(1, (await _stores.Deletions.FindAsync(_user.Id, began.Number, default))!.Payloads);
        Assert.False((await _stores.Ingestions.FindAsync(_user.Id, first.Ingestion.Id, default))!.HasPayload);
        using (var kept = _stores.Ingestions.OpenPayload(_user.Id, later.Ingestion.Number))
        using (var text = new StreamReader(kept))
            Assert.Equal(Body, await text.ReadToEndAsync());

        // And when that goes too, nobody has them.
        var last = await BeginAsync(Deleting.Of("step_count"), withPayloads: true);
        rows = await _stores.Deletions.DeleteRowsAsync(_user.Id, last.Number, default);
        Assert.True(await payloads.DeleteAsync(rows!, default));
        Assert.Equal(0, await _stores.ReadAsync("select count(*) from raw_chunks"));
    }
}
