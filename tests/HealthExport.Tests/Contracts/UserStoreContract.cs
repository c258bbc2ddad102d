using HealthExport.Audit;
using HealthExport.People;
using HealthExport.Tests.Support;
using HealthExport.Time;

namespace HealthExport.Tests.Contracts;

/// <summary>What <see cref="IUserStore"/> promises, for any engine.</summary>
public abstract partial class UserStoreContract : IAsyncLifetime
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
    public async Task Adding_a_person_begins_their_trail()
    {
        var user = await _stores.AddUserAsync();
        Assert.Null(await _stores.Users.AddAsync(user.Email, null, null, Entries.UserCreated, default));

        var entry = Assert.Single((await _stores.Audit.ListAsync(new(null), null, 10, default)).Items);
        Assert.Equal(
            (AuditAction.UserCreated, user.Id, user.PublicId.ToString()), (entry.Action, entry.UserId, entry.Resource));
    }
}
