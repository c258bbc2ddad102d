using HealthExport.Audit;
using HealthExport.Catalogue;
using HealthExport.Keys;
using HealthExport.People;
using HealthExport.Pushes;
using HealthExport.Tests.Support;
using HealthExport.Time;

namespace HealthExport.Tests.Contracts;

public abstract partial class UserStoreContract
{
    [Fact]
    public async Task Erasing_a_person_leaves_no_row_of_theirs_in_any_table_and_every_row_of_others()
    {
        var other = await _stores.AddUserAsync("other@example.org");
        await _stores.FillEveryTableAsync(other.Id);
        var before = (await _stores.Migrations.DescribeAsync(default)).Rows;
        var user = await _stores.AddUserAsync();
        await _stores.FillEveryTableAsync(user.Id);
        var filled = (await _stores.Migrations.DescribeAsync(default)).Rows;
        // That they were added stands in the trail, too.
        Assert.All(
            filled.Keys.Except(["keys_version", "schema_migrations"]),
            table => Assert.Equal(before[table] + (table == "audit_log" ? 2 : 1), filled[table]));

        Assert.True(await EraseAsync(user));

        await AssertRowsAsync(before, erasures: 1);
        var entry = Assert.Single((await _stores.Audit.ListAsync(new(0), null, 10, default)).Items);
        Assert.Equal((AuditAction.UserErased, user.PublicId.ToString()), (entry.Action, entry.Resource));
        Assert.Null(await _stores.Users.FindAsync(user.Id, default));
        Assert.Equal(other, await _stores.Users.FindAsync(other.Id, default));
        Assert.False(await EraseAsync(user));
    }

    [Fact]
    public async Task Erasing_a_person_raises_the_keys_version()
    {
        var user = await _stores.AddUserAsync();
        var before = await _stores.Keys.GetVersionAsync(default);

        await EraseAsync(user);

        Assert.True(await _stores.Keys.GetVersionAsync(default) > before);
    }

    [Fact]
    public async Task Begun_to_be_erased_a_person_can_do_nothing_any_more_and_says_so()
    {
        var user = await AddUserWithSourcesAsync("one@example.org", Watch);
        var other = await AddUserWithSourcesAsync("other@example.org", Watch);
        var (key, kept) = (KeyOf(user), KeyOf(other));
        await _stores.Keys.AddAsync(key, Entries.KeyCreated, default);
        await _stores.Keys.AddAsync(kept, Entries.KeyCreated, default);
        var settled = Assert.Single(await ListIngestionsAsync(user.Id));
        await _stores.Ingestions.KeepAsync(ReceivedPushes.Create(_stores, user.Id, "[1]"));
        var version = await _stores.Keys.GetVersionAsync(default);

        Assert.True(await _stores.Users.BeginErasingAsync(user.Id, default));

        var marked = await _stores.Users.FindAsync(user.Id, default);
        Assert.NotNull(marked);
        Assert.Equal(user with { ErasingSince = Instant.From(_stores.Clock.GetUtcNow()) }, marked);
        Assert.Equal([marked], await _stores.Users.ListBeingErasedAsync(default));
        Assert.Equal([marked, other], await _stores.Users.ListAsync(default));
        Assert.True(await _stores.Keys.GetVersionAsync(default) > version);
        Assert.Null(await _stores.Keys.FindAsync(key.LookupHash, default));
        Assert.NotNull(await _stores.Keys.FindAsync(kept.LookupHash, default));
        Assert.Null(await _stores.Ingestions.ClaimAsync(StoreFixture.Lease, default));
        Assert.Null(await _stores.Ingestions.ReplayAsync(user.Id, settled.Id, default));
        await Assert.ThrowsAsync<UserGoneException>(
            async () => await _stores.Keys.AddAsync(KeyOf(user), Entries.KeyCreated, default));
        await Assert.ThrowsAsync<UserGoneException>(
            () => _stores.Ingestions.KeepAsync(ReceivedPushes.Create(_stores, user.Id, "[2]")));
        Assert.Null(await _stores.Users.FindProfileAsync(user.Id, default));
        Assert.Null(await _stores.Users.FindVersionsAsync(user.Id, default));
        Assert.Equal(
            UserUpdate.NotThere,
            await _stores.Users.UpdateAsync(user.Id, new() { DisplayName = "Zoë" }, Entries.UserChanged, default));
        // Nobody else may have the name before the last of it is gone.
        Assert.Null(await _stores.Users.AddAsync("one@example.org", null, null, Entries.UserCreated, default));

        Assert.True(await _stores.Users.BeginErasingAsync(user.Id, default));
        Assert.True(await EraseAsync(user));
        Assert.Equal([other], await _stores.Users.ListAsync(default));
        Assert.Empty(await _stores.Users.ListBeingErasedAsync(default));
        Assert.False(await _stores.Users.BeginErasingAsync(user.Id, default));
        Assert.NotNull(await _stores.Users.AddAsync("one@example.org", null, null, Entries.UserCreated, default));
    }

    [Fact]
    public async Task Stopped_at_any_table_it_leaves_somebody_being_erased_and_the_next_call_goes_on()
    {
        var before = (await _stores.Migrations.DescribeAsync(default)).Rows;
        var erasures = 0;
        // The last has an index of its own kind, which takes no triggers; it goes with the routes.
        foreach (var table in before.Keys.Except(["keys_version", "schema_migrations", "workout_route_boxes"]))
        {
            var user = await _stores.AddUserAsync();
            await _stores.FillEveryTableAsync(user.Id);
            await _stores.RefuseDeletingAsync(table);

            await Assert.ThrowsAnyAsync<Exception>(async () => await EraseAsync(user));

            var left = await _stores.Users.FindAsync(user.Id, default);
            Assert.NotNull(left);
            // Keys and queue go in the transaction that begins it, whole or not at all.
            Assert.Equal(table is not ("api_keys" or "queue"), left.IsBeingErased);
            Assert.Equal(left.IsBeingErased, await CountAsync("api_keys", user) == 0);
            await _stores.AllowDeletingAsync(table);
            Assert.True(await EraseAsync(user));
            await AssertRowsAsync(before, ++erasures);
        }
    }

    [Fact]
    public async Task A_push_in_work_takes_no_effect_when_its_person_has_begun_to_be_erased()
    {
        var user = await _stores.AddUserAsync();
        await _stores.Ingestions.KeepAsync(ReceivedPushes.Create(_stores, user.Id, "{}"));
        var claim = await _stores.Ingestions.GetClaimAsync();

        Assert.True(await _stores.Users.BeginErasingAsync(user.Id, default));

        Assert.False(await _stores.Ingestions.RenewAsync(claim, StoreFixture.Lease, default));
        await using (var push = await _stores.Ingestions.BeginAsync(claim, default))
        {
            Assert.NotNull(await push.FindOrAddMetricAsync(MetricCatalogue.Find("step_count")!, default));
            await Assert.ThrowsAsync<LeaseLostException>(
                async () => await push.CommitAsync(new(), changedAnything: true, default));
        }
        await _stores.Ingestions.GiveBackAsync(claim, TimeSpan.Zero, countAttempt: true, default);
        await _stores.Ingestions.FailAsync(claim, default);
        Assert.True(await EraseAsync(user));
        Assert.Equal(0, await _stores.ReadAsync("select count(*) from raw_ingestions"));
    }

    [Fact]
    public async Task Many_erasing_one_person_at_once_all_succeed_and_leave_others_alone()
    {
        var other = await AddUserWithSourcesAsync("other@example.org", Watch);
        var before = (await _stores.Migrations.DescribeAsync(default)).Rows;
        var user = await _stores.AddUserAsync();
        await _stores.FillEveryTableAsync(user.Id);

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            // One that comes when all is over finds nobody.
            if (!await EraseAsync(user))
                Assert.Null(await _stores.Users.FindAsync(user.Id, default));
        })));

        await AssertRowsAsync(before, erasures: 1);
        Assert.Equal([other], await _stores.Users.ListAsync(default));
    }

    [Fact]
    public async Task Entries_of_the_trail_that_come_while_their_person_is_erased_leave_nothing()
    {
        var before = (await _stores.Migrations.DescribeAsync(default)).Rows;
        for (var round = 1; round <= 5; round++)
        {
            var user = await _stores.AddUserAsync();
            await _stores.FillEveryTableAsync(user.Id);
            using var isOver = new CancellationTokenSource();
            var recording = Enumerable.Range(0, 3).Select(i => Task.Run(async () =>
            {
                while (!isOver.IsCancellationRequested)
                    await _stores.Audit.AppendAsync(
                        [
                            Entries.Of(AuditAction.DataRead) with { UserId = user.Id },
                            Entries.Of(AuditAction.KeyAtNewAddress) with
                            {
                                UserId = user.Id, KeyId = $"key-{i}", Address = $"192.0.2.{Random.Shared.Next(256)}",
                            },
                        ],
                        default);
            })).ToArray();

            Assert.True(await EraseAsync(user));

            await isOver.CancelAsync();
            await Task.WhenAll(recording);
            await AssertRowsAsync(before, erasures: round);
        }
    }

    [Fact]
    public async Task More_rows_than_go_in_one_transaction_are_all_erased()
    {
        const int rows = 20_000;
        var other = await AddUserWithSourcesAsync("other@example.org", Watch);
        var user = await AddUserWithSourcesAsync(
            "one@example.org", [.. Enumerable.Range(0, rows).Select(i => i % 2 == 0 ? Watch : Phone)]);
        Assert.Equal(rows, await CountAsync("samples", user));

        Assert.True(await EraseAsync(user));

        Assert.Equal(0, await CountAsync("samples", user));
        Assert.Equal(1, await CountAsync("samples", other));
    }

    [Fact]
    public async Task A_name_that_went_with_an_erased_person_can_be_sent_by_the_next()
    {
        var metric = Metric.Unknown("dance_steps", "count", MetricKind.Discrete);
        var erased = await _stores.AddUserAsync();
        await ApplyAsync(erased.Id, metric);
        await EraseAsync(erased);
        Assert.Equal(0, await _stores.ReadAsync("select count(*) from metrics where name = 'dance_steps'"));
        var next = await _stores.AddUserAsync();

        await ApplyAsync(next.Id, metric);

        Assert.Equal(1, await _stores.ReadAsync("""
            select count(*)
            from user_metric_names n
            join metrics m on m.id = n.metric_id
            where m.name = 'dance_steps'
            """));
    }

    [Fact]
    public async Task A_name_that_somebody_else_has_sent_too_stays()
    {
        var metric = Metric.Unknown("dance_steps", "count", MetricKind.Discrete);
        var (erased, other) = (await _stores.AddUserAsync(), await _stores.AddUserAsync("other@example.org"));
        await ApplyAsync(erased.Id, metric);
        await ApplyAsync(other.Id, metric);

        await EraseAsync(erased);

        Assert.Equal(1, await _stores.ReadAsync("select count(*) from metrics where name = 'dance_steps'"));
    }

    [Fact]
    public async Task The_id_of_an_erased_person_is_never_given_out_again()
    {
        var erased = await _stores.AddUserAsync();
        await EraseAsync(erased);

        var added = await _stores.AddUserAsync();

        Assert.True(added.Id > erased.Id);
    }

    async Task<bool> EraseAsync(User user) =>
        await _stores.Users.EraseAsync(user.Id, Entries.UserErased, default);

    /// <summary>Checks that everything is as before, but for what the trail says of each erasure.</summary>
    async Task AssertRowsAsync(IReadOnlyDictionary<string, long> before, int erasures) => Assert.Equal(
        new Dictionary<string, long>(before) { ["audit_log"] = before["audit_log"] + erasures },
        (await _stores.Migrations.DescribeAsync(default)).Rows);

    async Task ApplyAsync(long userId, Metric metric)
    {
        await _stores.Ingestions.KeepAsync(ReceivedPushes.Create(_stores, userId, "{}"));
        await using var push = await _stores.Ingestions.BeginAsync(await _stores.Ingestions.GetClaimAsync(), default);
        Assert.NotNull(await push.FindOrAddMetricAsync(metric, default));
        await push.CommitAsync(new(), changedAnything: true, default);
    }

    async Task<IReadOnlyList<Ingestion>> ListIngestionsAsync(long userId) =>
        (await _stores.Ingestions.ListAsync(userId, new(), null, 100, default)).Items;

    async Task<long> CountAsync(string table, User user) =>
        await _stores.ReadAsync($"select count(*) from {table} where user_id = {user.Id}");

    StoredKey KeyOf(User user)
    {
        var minted = ApiKey.Mint(KeyFormat.Hx);
        return new(
            minted.PublicId, user.Id, "test", KeyScopes.All, "default", minted.Key.LookupHash.ToArray(), "$argon2id$",
            Instant.From(_stores.Clock.GetUtcNow()), null, null, null);
    }
}
