using HealthExport.Audit;
using HealthExport.Catalogue;
using HealthExport.People;
using HealthExport.Tests.Support;
using HealthExport.Time;

namespace HealthExport.Tests.Contracts;

/// <summary>What <see cref="IUserStore"/> promises, for any engine.</summary>
public abstract class UserStoreContract : IAsyncLifetime
{
    StoreFixture _stores = null!;

    public async ValueTask InitializeAsync() => _stores = await OpenAsync();

    public async ValueTask DisposeAsync()
    {
        await _stores.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected abstract ValueTask<StoreFixture> OpenAsync();

    [Fact]
    public async Task A_person_comes_back_as_added()
    {
        var added = await _stores.Users.AddAsync("Zoë@Example.org", "Zoë", "Asia/Tokyo", Entries.UserCreated, default);

        Assert.NotNull(added);
        Assert.Equal("Zoë@Example.org", added.Email);
        Assert.Equal("Zoë", added.DisplayName);
        Assert.Equal("Asia/Tokyo", added.TimeZone);
        Assert.Equal(Instant.From(_stores.Clock.GetUtcNow()), added.CreatedAt);
        Assert.Equal(7, added.PublicId.Version);
        Assert.Equal(added, await _stores.Users.FindAsync(added.Id, default));
    }

    [Fact]
    public async Task An_email_is_found_and_taken_in_any_case()
    {
        var added = await _stores.AddUserAsync("Zoë@Example.org");

        Assert.Equal(added, await _stores.Users.FindByEmailAsync("zOË@EXAMPLE.ORG", default));
        Assert.Null(await _stores.Users.AddAsync("ZOË@example.org", null, null, Entries.UserCreated, default));
        Assert.Single(await _stores.Users.ListAsync(default));
    }

    [Fact]
    public async Task Of_many_adding_one_email_at_once_one_succeeds()
    {
        var added = await Task.WhenAll(Enumerable.Range(0, 16).Select(
            _ => Task.Run(async () =>
                await _stores.Users.AddAsync("one@example.org", null, null, Entries.UserCreated, default))));

        Assert.Single(added, user => user is not null);
    }

    [Fact]
    public async Task Everybody_is_listed_in_the_order_they_were_added()
    {
        var first = await _stores.AddUserAsync("z@example.org");
        var second = await _stores.AddUserAsync("a@example.org");

        Assert.Equal([first, second], await _stores.Users.ListAsync(default));
    }

    [Fact]
    public async Task Who_is_not_there_is_not_found()
    {
        Assert.Null(await _stores.Users.FindAsync(1, default));
        Assert.Null(await _stores.Users.FindByEmailAsync("one@example.org", default));
        Assert.False(await _stores.Users.EraseAsync(1, Entries.UserErased, default));
        Assert.False(await _stores.Users.EraseAsync(0, Entries.UserErased, default));
    }

    [Fact]
    public async Task Erasing_a_person_leaves_no_row_of_theirs_in_any_table_and_every_row_of_others()
    {
        var other = await _stores.AddUserAsync("other@example.org");
        await _stores.FillEveryTableAsync(other.Id);
        var before = (await _stores.Migrations.DescribeAsync(default)).Rows;
        var user = await _stores.AddUserAsync();
        await _stores.FillEveryTableAsync(user.Id);
        var filled = (await _stores.Migrations.DescribeAsync(default)).Rows;
        Assert.All(
            filled.Keys.Except(["keys_version", "schema_migrations", "audit_log"]),
            table => Assert.Equal(before[table] + 1, filled[table]));

        Assert.True(await _stores.Users.EraseAsync(user.Id, Entries.UserErased, default));

        // Of the trail, that it happened.
        var left = new Dictionary<string, long>(before) { ["audit_log"] = before["audit_log"] + 1 };
        Assert.Equal(left, (await _stores.Migrations.DescribeAsync(default)).Rows);
        var erasures = await _stores.Audit.ListAsync(new(null, AuditAction.UserErased), null, 10, default);
        var entry = Assert.Single(erasures.Items);
        Assert.Equal((0L, user.PublicId.ToString()), (entry.UserId, entry.Resource));
        Assert.Null(await _stores.Users.FindAsync(user.Id, default));
        Assert.Equal(other, await _stores.Users.FindAsync(other.Id, default));
        Assert.False(await _stores.Users.EraseAsync(user.Id, Entries.UserErased, default));
    }

    [Fact]
    public async Task Adding_a_person_begins_their_trail()
    {
        var user = await _stores.AddUserAsync();
        Assert.Null(await _stores.Users.AddAsync(user.Email, null, null, Entries.UserCreated, default));

        var entry = Assert.Single((await _stores.Audit.ListAsync(new(null), null, 10, default)).Items);
        Assert.Equal(
            (AuditAction.UserCreated, user.Id, user.PublicId.ToString()), (entry.Action, entry.UserId, entry.Resource));
    }

    [Fact]
    public async Task Erasing_a_person_raises_the_keys_version()
    {
        var user = await _stores.AddUserAsync();
        var before = await _stores.Keys.GetVersionAsync(default);

        await _stores.Users.EraseAsync(user.Id, Entries.UserErased, default);

        Assert.True(await _stores.Keys.GetVersionAsync(default) > before);
    }

    [Fact]
    public async Task A_name_that_went_with_an_erased_person_can_be_sent_by_the_next()
    {
        var metric = Metric.Unknown("dance_steps", "count", MetricKind.Discrete);
        var erased = await _stores.AddUserAsync();
        await ApplyAsync(erased.Id, metric);
        await _stores.Users.EraseAsync(erased.Id, Entries.UserErased, default);
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

    async Task ApplyAsync(long userId, Metric metric)
    {
        await _stores.Ingestions.KeepAsync(ReceivedPushes.Create(_stores, userId, "{}"));
        await using var push = await _stores.Ingestions.BeginAsync(await _stores.Ingestions.GetClaimAsync(), default);
        Assert.NotNull(await push.FindOrAddMetricAsync(metric, default));
        await push.CommitAsync(new(), changedAnything: true, default);
    }

    [Fact]
    public async Task The_id_of_an_erased_person_is_never_given_out_again()
    {
        var erased = await _stores.AddUserAsync();
        await _stores.Users.EraseAsync(erased.Id, Entries.UserErased, default);

        var added = await _stores.AddUserAsync();

        Assert.True(added.Id > erased.Id);
    }
}
