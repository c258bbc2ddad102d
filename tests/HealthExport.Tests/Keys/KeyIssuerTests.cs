using HealthExport.Audit;
using HealthExport.Keys;
using HealthExport.Time;

namespace HealthExport.Tests.Keys;

public sealed class KeyIssuerTests
{
    sealed class KeptKeys : IKeyStore
    {
        public List<StoredKey> Keys { get; } = [];

        public List<AuditEntry> Entries { get; } = [];

        public ValueTask AddAsync(StoredKey key, AuditEntry entry, CancellationToken cancellationToken)
        {
            Keys.Add(key);
            Entries.Add(entry);
            return ValueTask.CompletedTask;
        }

        public ValueTask<StoredKey?> FindAsync(ReadOnlyMemory<byte> lookupHash, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public ValueTask<IReadOnlyList<StoredKey>> ListAsync(long? userId, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public ValueTask<bool> RevokeAsync(
            string id, long? userId, AuditEntry entry, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public ValueTask<long> GetVersionAsync(CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public ValueTask TouchAsync(string id, Instant usedAt, CancellationToken cancellationToken) =>
            throw new NotSupportedException();
    }

    readonly KeptKeys _store = new();

    ValueTask<IssuedKey> IssueAsync(KeyOrder order) =>
        new KeyIssuer(_store, TimeProvider.System).IssueAsync(
            order, new AuditOrigin("admin", "192.0.2.1", "tests", null), CancellationToken.None);

    [Fact]
    public async Task What_is_stored_proves_the_key_and_does_not_hold_it()
    {
        var issued = await IssueAsync(new KeyOrder(7, "phone", KeyScopes.Ingest, LimitProfile: LimitProfile.Phone));
        var stored = Assert.Single(_store.Keys);
        Assert.Equal(issued.Stored, stored);
        Assert.Equal(7, stored.UserId);
        Assert.Equal("phone", stored.LimitProfile);
        Assert.Equal(issued.Key.LookupHash.ToArray(), stored.LookupHash);
        Assert.True(issued.Key.Matches(stored.Phc));
        Assert.StartsWith("$argon2id$", stored.Phc, StringComparison.Ordinal);
        Assert.DoesNotContain(issued.Key.Reveal()[^43..], issued.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_audit_trail_is_told_what_was_made_and_who_ordered_it()
    {
        var issued = await IssueAsync(new KeyOrder(7, "phone", KeyScopes.Ingest | KeyScopes.Read));

        var entry = Assert.Single(_store.Entries);
        Assert.Equal(
            (AuditAction.KeyCreated, 7L, "admin", "192.0.2.1", issued.Stored.Id),
            (entry.Action, entry.UserId, entry.KeyId, entry.Address, entry.Resource));
        Assert.Equal(
            """{"name":"phone","scopes":["ingest","read"],"limit_profile":"default","expires_at":null}""",
            entry.Metadata);
    }

    [Fact]
    public async Task Two_orders_make_two_keys()
    {
        var order = new KeyOrder(1, "phone", KeyScopes.Ingest, KeyFormat.Uuid);
        Assert.NotEqual((await IssueAsync(order)).Key.Reveal(), (await IssueAsync(order)).Key.Reveal());
        Assert.Equal(2, _store.Keys.Select(key => key.Id).Distinct().Count());
    }

    [Fact]
    public async Task An_order_without_scope_or_name_or_future_is_refused()
    {
        await Assert.ThrowsAsync<ArgumentException>(async () => await IssueAsync(new(1, "n", KeyScopes.None)));
        await Assert.ThrowsAsync<ArgumentException>(async () => await IssueAsync(new(1, " ", KeyScopes.Read)));
        await Assert.ThrowsAsync<ArgumentException>(
            async () => await IssueAsync(new(1, "n", KeyScopes.Read, ExpiresAt: new Instant(0))));
        Assert.Empty(_store.Keys);
    }
}
