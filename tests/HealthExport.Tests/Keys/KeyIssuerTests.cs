using HealthExport.Audit;
using HealthExport.Keys;
using HealthExport.Tests.Support;
using HealthExport.Time;

namespace HealthExport.Tests.Keys;

public sealed class KeyIssuerTests : IAsyncLifetime
{
    static readonly AuditOrigin s_origin = new("admin", "192.0.2.1", "tests", null);

    SqliteFixture _stores = null!;
    KeyIssuer _issuer = null!;
    long _user;

    Instant Now => Instant.From(_stores.Clock.GetUtcNow());

    public async ValueTask InitializeAsync()
    {
        _stores = await SqliteFixture.OpenAsync();
        _issuer = new(_stores.Keys, new(), _stores.Clock);
        _user = (await _stores.AddUserAsync()).Id;
    }

    public ValueTask DisposeAsync() => _stores.DisposeAsync();

    ValueTask<IssuedKey> IssueAsync(KeyOrder order) => _issuer.IssueAsync(order, s_origin, CancellationToken.None);

    async Task<AuditEntry> FindEntryAsync(AuditAction action) =>
        Assert.Single((await _stores.Audit.ListAsync(new(_user, action), null, 10, default)).Items);

    [Fact]
    public async Task What_is_stored_proves_the_key_and_does_not_hold_it()
    {
        var issued = await IssueAsync(
            new KeyOrder(_user, "phone", KeyScopes.Ingest, LimitProfile: LimitProfile.Phone));
        var stored = Assert.Single(await _stores.Keys.ListAsync(null, default));
        Assert.Equal(issued.Stored with { LookupHash = stored.LookupHash }, stored);
        Assert.Equal(_user, stored.UserId);
        Assert.Equal("phone", stored.LimitProfile);
        Assert.Equal(issued.Key.LookupHash.ToArray(), stored.LookupHash);
        Assert.True(issued.Key.Matches(stored.Phc));
        Assert.StartsWith("$argon2id$", stored.Phc, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_that_prints_itself_prints_a_secret_or_a_hash_of_one()
    {
        var issued = await IssueAsync(new KeyOrder(_user, "phone", KeyScopes.Ingest));
        var printed = $"{issued} {issued.Stored} {issued.Key}";
        Assert.DoesNotContain(issued.Key.Reveal()[^43..], printed, StringComparison.Ordinal);
        Assert.DoesNotContain("argon2", printed, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_audit_trail_is_told_what_was_made_and_who_ordered_it()
    {
        var issued = await IssueAsync(new KeyOrder(_user, "phone", KeyScopes.Ingest | KeyScopes.Read));

        var entry = await FindEntryAsync(AuditAction.KeyCreated);
        Assert.Equal(
            (_user, "admin", "192.0.2.1", issued.Stored.Id), (entry.UserId, entry.KeyId, entry.Address, entry.Resource));
        Assert.Equal(
            """{"name":"phone","scopes":["ingest","read"],"limit_profile":"default","expires_at":null}""",
            entry.Metadata);
    }

    [Fact]
    public async Task The_audit_trail_is_told_what_was_put_in_the_place_of_what()
    {
        var old = (await IssueAsync(new KeyOrder(_user, "phone", KeyScopes.Ingest))).Stored;
        var (_, issued) = await _issuer.RotateAsync(old, TimeSpan.FromHours(1), s_origin, default);

        var entry = await FindEntryAsync(AuditAction.KeyRotated);
        Assert.Equal((_user, "admin", "192.0.2.1", old.Id), (entry.UserId, entry.KeyId, entry.Address, entry.Resource));
        Assert.Equal(
            $$"""{"replaced_by":"{{issued!.Stored.Id}}","ends_at":"2026-01-15T13:00:00Z","expires_at":null}""",
            entry.Metadata);
    }

    [Fact]
    public async Task Two_orders_make_two_keys()
    {
        var order = new KeyOrder(_user, "phone", KeyScopes.Ingest, KeyFormat.Uuid);
        Assert.NotEqual((await IssueAsync(order)).Key.Reveal(), (await IssueAsync(order)).Key.Reveal());
        Assert.Equal(2, (await _stores.Keys.ListAsync(null, default)).Select(key => key.Id).Distinct().Count());
    }

    [Fact]
    public async Task An_order_without_scope_or_name_or_future_is_refused()
    {
        await Assert.ThrowsAsync<ArgumentException>(async () => await IssueAsync(new(_user, "n", KeyScopes.None)));
        await Assert.ThrowsAsync<ArgumentException>(
            async () => await IssueAsync(new(_user, "n", KeyScopes.Read, ExpiresAt: Now)));
        Assert.Empty(await _stores.Keys.ListAsync(null, default));
    }

    [Theory]
    [InlineData("a", true)]
    [InlineData("Frühstück 🍳 in der Küche", true)]
    [InlineData("", false)]
    [InlineData("  ", false)]
    [InlineData("red \u001b[31m", false)]
    [InlineData("two\nlines", false)]
    [InlineData("nul\0", false)]
    public void A_name_is_printable_text(string name, bool isName) => Assert.Equal(isName, KeyOrder.IsName(name));

    [Fact]
    public void A_name_holds_no_half_of_a_character() => Assert.False(KeyOrder.IsName("half \ud83c"));

    [Fact]
    public void A_name_has_at_most_eighty_characters()
    {
        Assert.True(KeyOrder.IsName(new string('a', 80)));
        Assert.False(KeyOrder.IsName(new string('a', 81)));
    }

    [Fact]
    public async Task A_rotated_key_of_a_limited_life_gets_a_successor_of_the_same_kind_and_length_of_life()
    {
        var old = (await IssueAsync(new(
            _user, "client", KeyScopes.Ingest | KeyScopes.Read, KeyFormat.Uuid, LimitProfile.Bulk,
            Now + TimeSpan.FromDays(90)))).Stored;
        await _stores.Keys.LimitAsync(old.Id, "strict", new(IngestRequests: 7, ReadBytes: 9), Entries.KeyLimited, default);
        old = (await _stores.Keys.FindByIdAsync(old.Id, _user, default))!;
        _stores.Clock.Advance(TimeSpan.FromDays(80));

        var (outcome, issued) = await _issuer.RotateAsync(old, TimeSpan.FromHours(2), s_origin, default);

        Assert.Equal(KeyRotation.Done, outcome);
        var successor = (await _stores.Keys.FindByIdAsync(issued!.Stored.Id, _user, default))!;
        Assert.Equal(
            (old.Name, old.Scopes, old.Format, "strict", old.Limits, (Instant?)(Now + TimeSpan.FromDays(90))),
            (successor.Name, successor.Scopes, successor.Format, successor.LimitProfile, successor.Limits,
                successor.ExpiresAt));
        Assert.Equal(KeyFormat.Uuid, issued.Key.Format);
        Assert.True(issued.Key.Matches(successor.Phc));
        var left = (await _stores.Keys.FindByIdAsync(old.Id, _user, default))!;
        Assert.Equal(
            (successor.Id, (Instant?)(Now + TimeSpan.FromHours(2)), null),
            (left.ReplacedBy, left.ExpiresAt, left.RevokedAt));
        Assert.Equal(left.ExpiresAt, KeyIssuer.EndOf(old, successor, TimeSpan.FromHours(2)));
    }

    [Fact]
    public async Task What_cannot_be_rotated_costs_no_new_key()
    {
        var ending = (await IssueAsync(new(_user, "n", KeyScopes.Read, ExpiresAt: Now + TimeSpan.FromHours(1)))).Stored;
        var replaced = (await IssueAsync(new(_user, "n", KeyScopes.Read))).Stored;
        await _issuer.RotateAsync(replaced, TimeSpan.FromDays(1), s_origin, default);
        _stores.Clock.Advance(TimeSpan.FromHours(1));

        Assert.Equal((KeyRotation.Ended, null), await _issuer.RotateAsync(ending, TimeSpan.Zero, s_origin, default));
        // Also for who read it before it was replaced.
        Assert.Equal((KeyRotation.Replaced, null), await _issuer.RotateAsync(replaced, TimeSpan.Zero, s_origin, default));
        Assert.Equal(3, (await _stores.Keys.ListAsync(null, default)).Count);
    }
}
