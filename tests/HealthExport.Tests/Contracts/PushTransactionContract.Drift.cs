using HealthExport.Drift;
using HealthExport.Pushes;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Contracts;

public abstract partial class PushTransactionContract
{
    static DriftNote Unknown(string field, long items = 1, DriftKind kind = DriftKind.Field) =>
        new(kind, field.Length == 0 ? "" : "workouts", field, items);

    async Task<Ingestion> CountAsync(params DriftNote[] notes)
    {
        var kept = await KeepAsync();
        await using var push = await BeginNextAsync();
        await push.CommitAsync(new() { Drift = notes }, changedAnything: false, default);
        return kept;
    }

    async Task<List<DriftCount>> ListDriftAsync(DriftKind? kind = null, int limit = 2_000, DriftPlace? after = null) =>
        [.. await _stores.Drift.ListAsync(new(_user.Id, kind, after, limit), default)];

    [Fact]
    public async Task What_was_not_known_adds_up_by_name_with_the_push_that_held_it_last()
    {
        var first = await CountAsync(
            Unknown("socks", 3), Unknown("shoes"), Unknown("", 7), Unknown("m", 2, DriftKind.Unit));
        _stores.Clock.Advance(TimeSpan.FromHours(1));
        var second = await CountAsync(Unknown("socks", 2), Unknown("Ähren"));
        var before = await _stores.Users.FindVersionsAsync(_user.Id, default);

        var rows = await ListDriftAsync();
        Assert.Equal(
            [
                new(DriftKind.Field, "workouts", "socks", 5, 2, first.ReceivedAt, second.ReceivedAt, 2, second.Id),
                new(DriftKind.Field, "workouts", "Ähren", 1, 1, second.ReceivedAt, second.ReceivedAt, 2, second.Id),
                new(DriftKind.Unit, "workouts", "m", 2, 1, first.ReceivedAt, first.ReceivedAt, 1, first.Id),
                new(DriftKind.Field, "", "", 7, 1, first.ReceivedAt, first.ReceivedAt, 1, first.Id),
                new(DriftKind.Field, "workouts", "shoes", 1, 1, first.ReceivedAt, first.ReceivedAt, 1, first.Id),
            ],
            rows);
        Assert.Equal(rows.Where(row => row.Kind == DriftKind.Unit), await ListDriftAsync(DriftKind.Unit));
        for (var i = 0; i < rows.Count; i++)
            Assert.Equal(rows.Skip(i + 1).Take(2), await ListDriftAsync(limit: 2, after: rows[i].Place));

        var other = await _stores.AddUserAsync("two@example.org");
        Assert.Empty(await _stores.Drift.ListAsync(new(other.Id, null, null, 10), default));
        // It is no data of theirs: what was read is as good as before.
        Assert.Equal(before, await _stores.Users.FindVersionsAsync(_user.Id, default));
    }

    [Fact]
    public async Task Nothing_is_counted_of_a_push_that_is_not_committed()
    {
        await KeepAsync();
        var claim = await _stores.Ingestions.GetClaimAsync();
        await using (var push = await _stores.Ingestions.BeginAsync(claim with { Lease = Guid.NewGuid() }, default))
            await Assert.ThrowsAsync<LeaseLostException>(
                () => push.CommitAsync(new() { Drift = [Unknown("socks")] }, changedAnything: true, default).AsTask());
        Assert.Empty(await ListDriftAsync());
    }

    [Fact]
    public async Task A_person_has_a_thousand_names_and_the_others_are_one_of_each_kind()
    {
        await CountAsync(Names(0, 990));
        // Ten more fit, and the known ones do in any case.
        await CountAsync([.. Names(980, 25), Unknown("kWh", 4, DriftKind.Unit)]);
        await CountAsync([.. Names(0, 2), Unknown("", 5), .. Names(1_010, 3)]);

        var rows = await ListDriftAsync();
        Assert.Equal(IDriftStore.MostNames, rows.Count(row => row.Name.Length > 0));
        Assert.Equal(
            [(DriftKind.Unit, 4, 1), (DriftKind.Field, 5 + 5 + 3, 2L)],
            rows.Where(row => row.Name.Length == 0).Select(row => (row.Kind, row.Items, row.Pushes)).Order());
        Assert.Equal(2, rows.Single(row => row.Name == "field aab").Pushes);
        Assert.Equal(2, rows.Single(row => row.Name == "field bls").Pushes);
        Assert.Equal(990 + 25 + 4 + 2 + 5 + 3, rows.Sum(row => row.Items));

        static DriftNote[] Names(int from, int count) => [.. Enumerable.Range(from, count).Select(n => Unknown(
            $"field {Letter(n / 676)}{Letter(n / 26 % 26)}{Letter(n % 26)}"))];

        static char Letter(int n) => (char)('a' + n);
    }

    [Fact]
    public async Task A_push_counts_once_unless_no_receipt_says_that_it_has()
    {
        const string body = """{"data":{"socks":[1]}}""";
        var kept = (await _stores.Ingestions.KeepAsync(ReceivedPushes.Create(_stores, _user.Id, body))).Ingestion;
        await ApplyAsync();
        await ReplayAsync(kept);
        Assert.Equal((1, 1), await CountedAsync());

        // Its duplicate bears its receipt, also when it becomes a push of its own.
        var duplicate = await _stores.Ingestions.KeepAsync(ReceivedPushes.Create(_stores, _user.Id, body));
        Assert.Equal(KeptAs.Duplicate, duplicate.As);
        await ReplayAsync(duplicate.Ingestion);
        Assert.Equal((1, 1), await CountedAsync());

        // One from before there was a report, and one that failed.
        await _stores.ExecuteAsync($"update raw_ingestions set receipt = '{{}}' where number = {kept.Number}");
        await ReplayAsync(kept);
        Assert.Equal((2, 2), await CountedAsync());
        var failed = (await _stores.Ingestions.KeepAsync(
            ReceivedPushes.Create(_stores, _user.Id, $"{body} "))).Ingestion;
        await _stores.Ingestions.FailAsync(await _stores.Ingestions.GetClaimAsync(), default);
        await ReplayAsync(failed);
        await ReplayAsync(failed);
        Assert.Equal((3, 3), await CountedAsync());

        async Task ApplyAsync() => await new PushApplication(_stores.Ingestions).ApplyAsync(
            await _stores.Ingestions.GetClaimAsync(), default);

        async Task ReplayAsync(Ingestion ingestion)
        {
            Assert.NotNull(await _stores.Ingestions.ReplayAsync(_user.Id, ingestion.Id, default));
            await ApplyAsync();
        }

        async Task<(long, long)> CountedAsync()
        {
            var row = Assert.Single(await ListDriftAsync());
            return (row.Items, row.Pushes);
        }
    }
}
