using HealthExport.Audit;
using HealthExport.Keys;
using HealthExport.Stores;
using HealthExport.Time;

namespace HealthExport.Tests.Support;

/// <summary>The real keys; a test looks on, or steps in, where it overrides.</summary>
abstract class WrappedKeys(IKeyStore keys) : IKeyStore
{
    public virtual ValueTask AddAsync(StoredKey key, AuditEntry entry, CancellationToken cancellationToken) =>
        keys.AddAsync(key, entry, cancellationToken);

    public virtual ValueTask<StoredKey?> FindAsync(
        ReadOnlyMemory<byte> lookupHash, CancellationToken cancellationToken) =>
        keys.FindAsync(lookupHash, cancellationToken);

    public virtual ValueTask<StoredKey?> FindByIdAsync(
        string id, long? userId, CancellationToken cancellationToken) =>
        keys.FindByIdAsync(id, userId, cancellationToken);

    public virtual ValueTask<IReadOnlyList<StoredKey>> ListAsync(long? userId, CancellationToken cancellationToken) =>
        keys.ListAsync(userId, cancellationToken);

    public virtual ValueTask<Page<StoredKey>> ListAsync(
        long userId, string? cursor, int limit, CancellationToken cancellationToken) =>
        keys.ListAsync(userId, cursor, limit, cancellationToken);

    public virtual ValueTask<IReadOnlyList<(ulong LookupPrefix, Instant? ExpiresAt)>> ListLookupsAsync(
        CancellationToken cancellationToken) =>
        keys.ListLookupsAsync(cancellationToken);

    public virtual ValueTask<bool> RevokeAsync(
        string id, long? userId, AuditEntry entry, CancellationToken cancellationToken) =>
        keys.RevokeAsync(id, userId, entry, cancellationToken);

    public virtual ValueTask<KeyRotation> RotateAsync(
        string id, StoredKey successor, Instant? endsAt, AuditEntry entry, CancellationToken cancellationToken) =>
        keys.RotateAsync(id, successor, endsAt, entry, cancellationToken);

    public virtual ValueTask<bool> LimitAsync(
        string id, string profile, LimitOverrides overrides, AuditEntry entry, CancellationToken cancellationToken) =>
        keys.LimitAsync(id, profile, overrides, entry, cancellationToken);

    public virtual ValueTask<long> GetVersionAsync(CancellationToken cancellationToken) =>
        keys.GetVersionAsync(cancellationToken);

    public virtual ValueTask TouchAsync(string id, Instant usedAt, CancellationToken cancellationToken) =>
        keys.TouchAsync(id, usedAt, cancellationToken);
}
