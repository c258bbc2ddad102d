using System.Security.Cryptography;
using System.Text;
using HealthExport.Audit;
using HealthExport.Keys;
using HealthExport.Pushes;
using HealthExport.Tests.Support;
using HealthExport.Time;

namespace HealthExport.Tests.Contracts;

/// <summary>What <see cref="IKeyStore"/> promises, for any engine.</summary>
public abstract class KeyStoreContract : IAsyncLifetime
{
    StoreFixture _stores = null!;
    long _user;
    long _other;

    IKeyStore Keys => _stores.Keys;
    Instant Now => Instant.From(_stores.Clock.GetUtcNow());

    public async ValueTask InitializeAsync()
    {
        _stores = await OpenAsync();
        _user = (await _stores.AddUserAsync()).Id;
        _other = (await _stores.AddUserAsync("other@example.org")).Id;
    }

    public async ValueTask DisposeAsync()
    {
        await _stores.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected abstract ValueTask<StoreFixture> OpenAsync();

    [Fact]
    public async Task A_key_is_found_by_its_hash_as_added()
    {
        var key = Create("a") with { ExpiresAt = Now + TimeSpan.FromDays(1) };
        await Keys.AddAsync(key, Entries.KeyCreated, default);

        var found = await Keys.FindAsync(key.LookupHash, default);

        Assert.Equal(key, found! with { LookupHash = key.LookupHash });
        Assert.Equal(key.LookupHash, found.LookupHash);
        Assert.Null(await Keys.FindAsync(HashOf("b"), default));
    }

    [Fact]
    public async Task Two_keys_share_neither_id_nor_hash()
    {
        await Keys.AddAsync(Create("a"), Entries.KeyCreated, default);

        await Assert.ThrowsAsync<StoreRefusedException>(
            async () => await Keys.AddAsync(
                Create("a") with { UserId = _other, LookupHash = HashOf("b") }, Entries.KeyCreated, default));
        await Assert.ThrowsAsync<StoreRefusedException>(
            async () => await Keys.AddAsync(
                Create("b") with { LookupHash = HashOf("a") }, Entries.KeyCreated, default));

        Assert.Single(await Keys.ListAsync(null, default));
    }

    [Fact]
    public async Task A_refused_key_is_not_named_in_the_error()
    {
        await Keys.AddAsync(Create("a"), Entries.KeyCreated, default);

        var refusal = await Assert.ThrowsAsync<StoreRefusedException>(
            async () => await Keys.AddAsync(
                Create("a") with { Phc = "$argon2id$secret" }, Entries.KeyCreated, default));

        Assert.DoesNotContain("argon2id", refusal.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_persons_keys_are_listed_by_age_and_nobody_elses()
    {
        await Keys.AddAsync(Create("b"), Entries.KeyCreated, default);
        _stores.Clock.Advance(TimeSpan.FromSeconds(1));
        await Keys.AddAsync(Create("a"), Entries.KeyCreated, default);
        await Keys.AddAsync(Create("c") with { UserId = _other }, Entries.KeyCreated, default);

        Assert.Equal(["b", "a"], (await Keys.ListAsync(_user, default)).Select(key => key.Id));
        Assert.Equal(["b", "a", "c"], (await Keys.ListAsync(null, default)).Select(key => key.Id));
    }

    [Fact]
    public async Task Revoking_ends_a_key_once()
    {
        await Keys.AddAsync(Create("a"), Entries.KeyCreated, default);
        _stores.Clock.Advance(TimeSpan.FromMinutes(1));
        var revokedAt = Now;

        Assert.True(await Keys.RevokeAsync("a", _user, Entries.KeyRevoked, default));
        var version = await Keys.GetVersionAsync(default);
        _stores.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.True(await Keys.RevokeAsync("a", _user, Entries.KeyRevoked, default));

        var found = await Keys.FindAsync(HashOf("a"), default);
        Assert.Equal(revokedAt, found!.RevokedAt);
        Assert.False(found.IsGoodAt(Now));
        Assert.Equal(version, await Keys.GetVersionAsync(default));
    }

    [Fact]
    public async Task A_person_cannot_revoke_anothers_key_but_the_operator_can()
    {
        await Keys.AddAsync(Create("a"), Entries.KeyCreated, default);

        Assert.False(await Keys.RevokeAsync("a", _other, Entries.KeyRevoked, default));
        Assert.Null((await Keys.FindAsync(HashOf("a"), default))!.RevokedAt);
        Assert.False(await Keys.RevokeAsync("unknown", null, Entries.KeyRevoked, default));
        Assert.True(await Keys.RevokeAsync("a", null, Entries.KeyRevoked, default));
    }

    [Fact]
    public async Task A_key_made_by_a_clock_that_ran_ahead_can_be_revoked()
    {
        var key = Create("a") with { CreatedAt = Now + TimeSpan.FromHours(1) };
        await Keys.AddAsync(key, Entries.KeyCreated, default);

        Assert.True(await Keys.RevokeAsync("a", _user, Entries.KeyRevoked, default));

        Assert.Equal(key.CreatedAt, (await Keys.FindAsync(key.LookupHash, default))!.RevokedAt);
    }

    [Fact]
    public async Task The_version_grows_with_every_change_but_not_with_use()
    {
        var empty = await Keys.GetVersionAsync(default);
        await Keys.AddAsync(Create("a"), Entries.KeyCreated, default);
        var added = await Keys.GetVersionAsync(default);
        await Keys.TouchAsync("a", Now, default);
        var touched = await Keys.GetVersionAsync(default);
        await Keys.RevokeAsync("a", null, Entries.KeyRevoked, default);
        var revoked = await Keys.GetVersionAsync(default);

        Assert.True(empty < added);
        Assert.Equal(added, touched);
        Assert.True(touched < revoked);
    }

    [Fact]
    public async Task Every_change_is_told_in_the_owners_trail_and_nothing_else_is()
    {
        await Keys.AddAsync(Create("a"), Entries.KeyCreated, default);
        await Assert.ThrowsAsync<StoreRefusedException>(
            async () => await Keys.AddAsync(Create("a"), Entries.KeyCreated, default));
        await Keys.RevokeAsync("a", _other, Entries.KeyRevoked, default);
        await Keys.RevokeAsync("a", null, Entries.KeyRevoked, default);
        await Keys.RevokeAsync("a", null, Entries.KeyRevoked, default);

        foreach (var action in (AuditAction[])[AuditAction.KeyCreated, AuditAction.KeyRevoked])
        {
            var entry = Assert.Single((await _stores.Audit.ListAsync(new(null, action), null, 10, default)).Items);
            Assert.Equal((_user, "a"), (entry.UserId, entry.Resource));
        }
    }

    [Fact]
    public async Task Last_use_never_goes_back()
    {
        await Keys.AddAsync(Create("a"), Entries.KeyCreated, default);

        await Keys.TouchAsync("a", Now, default);
        await Keys.TouchAsync("a", Now + -TimeSpan.FromMinutes(1), default);

        Assert.Equal(Now, (await Keys.FindAsync(HashOf("a"), default))!.LastUsedAt);
    }

    StoredKey Create(string id) => new(
        id, _user, "phone", KeyScopes.Ingest | KeyScopes.Read, "phone", HashOf(id), "$argon2id$x", Now, null, null,
        null);

    static byte[] HashOf(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));
}
