using System.Security.Cryptography;
using System.Text;
using HealthExport.Audit;
using HealthExport.Keys;
using HealthExport.Pushes;
using HealthExport.Stores;
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
        await Keys.LimitAsync("unknown", "bulk", default, Entries.KeyLimited, default);
        await Keys.LimitAsync("a", "bulk", default, Entries.KeyLimited, default);
        await RotateAsync("a", "b", Now + TimeSpan.FromDays(1));
        await RotateAsync("a", "c", null);
        await Keys.RevokeAsync("a", null, Entries.KeyRevoked, default);
        await Keys.RevokeAsync("a", null, Entries.KeyRevoked, default);

        foreach (var action in (AuditAction[])
            [AuditAction.KeyCreated, AuditAction.KeyLimited, AuditAction.KeyRotated, AuditAction.KeyRevoked])
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

    [Fact]
    public async Task A_key_keeps_all_that_it_was_made_with()
    {
        var key = Create("a") with
        {
            Format = KeyFormat.Uuid, Limits = new(1, 2, 3, long.MaxValue), ExpiresAt = Now + TimeSpan.FromDays(1),
        };
        await Keys.AddAsync(key, Entries.KeyCreated, default);

        Assert.Equal(key, (await Keys.FindByIdAsync("a", _user, default))! with { LookupHash = key.LookupHash });
        Assert.Equal(key, (await Keys.FindByIdAsync("a", null, default))! with { LookupHash = key.LookupHash });
        Assert.Null(await Keys.FindByIdAsync("a", _other, default));
        Assert.Null(await Keys.FindByIdAsync("b", null, default));
    }

    [Fact]
    public async Task A_persons_keys_come_page_by_page_each_once_and_nobody_elses()
    {
        // Several of one moment, so that the id has to tell them apart.
        for (var i = 0; i < 7; i++)
        {
            await Keys.AddAsync(Create($"k{i}"), Entries.KeyCreated, default);
            if (i % 3 == 2) _stores.Clock.Advance(TimeSpan.FromMicroseconds(1));
        }
        await Keys.AddAsync(Create("other") with { UserId = _other }, Entries.KeyCreated, default);

        List<string> ids = [];
        string? cursor = null;
        do
        {
            var page = await Keys.ListAsync(_user, cursor, 3, default);
            Assert.True(page.Items.Count is 3 || page.NextCursor is null);
            ids.AddRange(page.Items.Select(key => key.Id));
            cursor = page.NextCursor;
        }
        while (cursor is not null);

        Assert.Equal(["k0", "k1", "k2", "k3", "k4", "k5", "k6"], ids);
        Assert.Null((await Keys.ListAsync(_user, null, 7, default)).NextCursor);
    }

    [Fact]
    public async Task A_cursor_of_another_persons_keys_or_a_forged_one_is_refused()
    {
        for (var i = 0; i < 2; i++) await Keys.AddAsync(Create($"k{i}"), Entries.KeyCreated, default);
        var page = await Keys.ListAsync(_user, null, 1, default);
        Assert.NotNull(page.NextCursor);

        string[] bad =
        [
            "", "x", OpaqueCursor.Write($"keys {_user}", [1]),
            OpaqueCursor.Write($"keys {_user}", [0x7f, 255, 255, 255, 255, 255, 255, 255, (byte)'a']),
            OpaqueCursor.Write($"keys {_user}", [0, 0, 0, 0, 0, 0, 0, 0, 0]),
        ];
        foreach (var cursor in bad)
            await Assert.ThrowsAsync<InvalidCursorException>(
                async () => await Keys.ListAsync(_user, cursor, 1, default));
        await Assert.ThrowsAsync<InvalidCursorException>(
            async () => await Keys.ListAsync(_other, page.NextCursor, 1, default));
    }

    [Fact]
    public async Task The_lookups_are_of_every_key_that_is_not_revoked()
    {
        var ends = Now + TimeSpan.FromDays(1);
        await Keys.AddAsync(Create("a"), Entries.KeyCreated, default);
        await Keys.AddAsync(Create("b") with { ExpiresAt = ends, UserId = _other }, Entries.KeyCreated, default);
        await Keys.AddAsync(Create("c"), Entries.KeyCreated, default);
        await Keys.RevokeAsync("c", null, Entries.KeyRevoked, default);

        Assert.Equal(
            new (ulong, Instant?)[] { (ApiKey.PrefixOf(HashOf("a")), null), (ApiKey.PrefixOf(HashOf("b")), ends) }
                .Order(),
            (await Keys.ListLookupsAsync(default)).Order());
    }

    [Fact]
    public async Task A_rotation_puts_one_key_in_the_place_of_another_that_ends_later()
    {
        await Keys.AddAsync(Create("old"), Entries.KeyCreated, default);
        var version = await Keys.GetVersionAsync(default);
        var end = Now + TimeSpan.FromHours(1);

        Assert.Equal(KeyRotation.Done, await RotateAsync("old", "new", end));

        Assert.True(version < await Keys.GetVersionAsync(default));
        var old = (await Keys.FindAsync(HashOf("old"), default))!;
        Assert.Equal(("new", (Instant?)end, null), (old.ReplacedBy, old.ExpiresAt, old.RevokedAt));
        Assert.True((await Keys.FindAsync(HashOf("new"), default))!.IsGoodAt(Now));
    }

    [Fact]
    public async Task A_rotation_lets_no_key_live_longer_than_it_would_have()
    {
        var end = Now + TimeSpan.FromMinutes(1);
        await Keys.AddAsync(Create("old") with { ExpiresAt = end }, Entries.KeyCreated, default);

        await RotateAsync("old", "new", Now + TimeSpan.FromHours(1));

        Assert.Equal(end, (await Keys.FindAsync(HashOf("old"), default))!.ExpiresAt);
    }

    [Fact]
    public async Task A_rotation_without_overlap_revokes_at_once()
    {
        var end = Now + TimeSpan.FromDays(1);
        await Keys.AddAsync(Create("old") with { ExpiresAt = end }, Entries.KeyCreated, default);

        await RotateAsync("old", "new", null);

        var old = (await Keys.FindAsync(HashOf("old"), default))!;
        Assert.Equal((end, (Instant?)Now), (old.ExpiresAt, old.RevokedAt));
    }

    [Fact]
    public async Task What_cannot_be_rotated_stays_as_it_is_and_nothing_is_added()
    {
        await Keys.AddAsync(Create("rotated"), Entries.KeyCreated, default);
        await RotateAsync("rotated", "new", Now + TimeSpan.FromDays(1));
        await Keys.AddAsync(Create("expired") with { ExpiresAt = Now }, Entries.KeyCreated, default);
        await Keys.AddAsync(Create("revoked"), Entries.KeyCreated, default);
        await Keys.RevokeAsync("revoked", null, Entries.KeyRevoked, default);
        await Keys.AddAsync(Create("other") with { UserId = _other }, Entries.KeyCreated, default);
        var before = await Keys.ListAsync(null, default);
        var version = await Keys.GetVersionAsync(default);

        foreach (var (id, outcome) in (IEnumerable<(string, KeyRotation)>)
        [
            ("rotated", KeyRotation.Replaced), ("expired", KeyRotation.Ended), ("revoked", KeyRotation.Ended),
            ("other", KeyRotation.NotFound), ("unknown", KeyRotation.NotFound),
        ])
            Assert.Equal(outcome, await RotateAsync(id, "newer", null));

        Assert.Equal(version, await Keys.GetVersionAsync(default));
        Assert.Equal(before.Select(LifeOf), (await Keys.ListAsync(null, default)).Select(LifeOf));
    }

    [Fact]
    public async Task Of_rotations_at_once_one_succeeds()
    {
        await Keys.AddAsync(Create("old"), Entries.KeyCreated, default);

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(
            async () => await RotateAsync("old", $"new{i}", Now + TimeSpan.FromDays(1)))));

        Assert.Equal(1, outcomes.Count(outcome => outcome == KeyRotation.Done));
        Assert.Equal(7, outcomes.Count(outcome => outcome == KeyRotation.Replaced));
        var keys = await Keys.ListAsync(_user, default);
        Assert.Equal(2, keys.Count);
        Assert.Equal(keys.Single(key => key.Id != "old").Id, keys.Single(key => key.Id == "old").ReplacedBy);
    }

    [Fact]
    public async Task A_key_revoked_and_rotated_at_once_is_over_either_way()
    {
        for (var i = 0; i < 10; i++)
        {
            var (old, successor) = ($"old{i}", $"new{i}");
            await Keys.AddAsync(Create(old), Entries.KeyCreated, default);
            var revoking = Task.Run(async () => await Keys.RevokeAsync(old, _user, Entries.KeyRevoked, default));
            var rotating = Task.Run(
                async () => await RotateAsync(old, successor, Now + TimeSpan.FromDays(1)));

            Assert.True(await revoking);
            var outcome = await rotating;

            Assert.False((await Keys.FindByIdAsync(old, _user, default))!.IsGoodAt(Now));
            Assert.Equal(outcome == KeyRotation.Done, await Keys.FindByIdAsync(successor, _user, default) is not null);
        }
    }

    [Fact]
    public async Task Limits_are_put_in_the_place_of_those_before()
    {
        await Keys.AddAsync(Create("a") with { Limits = new(1, 2, 3, 4) }, Entries.KeyCreated, default);
        var version = await Keys.GetVersionAsync(default);

        Assert.True(await Keys.LimitAsync("a", "bulk", new(IngestBytes: 5), Entries.KeyLimited, default));
        Assert.False(await Keys.LimitAsync("unknown", "bulk", default, Entries.KeyLimited, default));

        var found = (await Keys.FindByIdAsync("a", _user, default))!;
        Assert.Equal(("bulk", new LimitOverrides(IngestBytes: 5)), (found.LimitProfile, found.Limits));
        Assert.True(version < await Keys.GetVersionAsync(default));
    }

    [Fact]
    public async Task A_use_within_a_minute_of_the_one_noted_is_not_noted()
    {
        await Keys.AddAsync(Create("a"), Entries.KeyCreated, default);
        await Keys.TouchAsync("a", Now, default);
        await Keys.TouchAsync("a", Now + TimeSpan.FromSeconds(59), default);
        Assert.Equal(Now, (await Keys.FindAsync(HashOf("a"), default))!.LastUsedAt);

        await Keys.TouchAsync("a", Now + TimeSpan.FromSeconds(60), default);
        Assert.Equal(Now + TimeSpan.FromSeconds(60), (await Keys.FindAsync(HashOf("a"), default))!.LastUsedAt);
    }

    ValueTask<KeyRotation> RotateAsync(string old, string successor, Instant? endsAt) =>
        Keys.RotateAsync(old, Create(successor), endsAt, Entries.KeyRotated, default);

    static (string, string?, Instant?, Instant?) LifeOf(StoredKey key) =>
        (key.Id, key.ReplacedBy, key.ExpiresAt, key.RevokedAt);

    StoredKey Create(string id) => new(
        id, _user, "phone", KeyScopes.Ingest | KeyScopes.Read, "phone", HashOf(id), "$argon2id$x", Now, null, null,
        null);

    static byte[] HashOf(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));
}
