using HealthExport.Audit;
using HealthExport.Time;

namespace HealthExport.Keys;

/// <summary>A key as the store keeps it: everything but the secret.</summary>
/// <param name="Id">Public; no part of the secret of a UUID key.</param>
/// <param name="LookupHash">SHA-256 of the whole key: finds it without an Argon2 check.</param>
/// <param name="Phc">Argon2id hash of the whole key as a PHC string.</param>
/// <param name="LimitProfile">default, phone, strict or bulk.</param>
/// <param name="ExpiresAt">Null for never.</param>
/// <param name="RevokedAt">Null while it is good.</param>
/// <param name="LastUsedAt">Exact to a minute; null before the first use.</param>
public sealed record StoredKey(
    string Id, long UserId, string Name, KeyScopes Scopes, string LimitProfile, byte[] LookupHash, string Phc,
    Instant CreatedAt, Instant? ExpiresAt, Instant? RevokedAt, Instant? LastUsedAt)
{
    public bool IsGoodAt(Instant now) => RevokedAt is null && (ExpiresAt is not { } end || now < end);
}

/// <summary>
/// Keys. Every method may throw <see cref="Pushes.StoreUnavailableException"/>. Those that change one take what the audit
/// trail shall say of it, and write that in the same transaction, under the key's owner and with its id as resource;
/// where nothing is changed nothing is written.
/// </summary>
public interface IKeyStore
{
    /// <summary>Adds a key and raises the keys version, in one transaction.</summary>
    ValueTask AddAsync(StoredKey key, AuditEntry entry, CancellationToken cancellationToken);

    /// <param name="lookupHash">SHA-256 of the whole key.</param>
    /// <returns>Null if no key has it. Revoked and expired ones are found: the caller decides.</returns>
    ValueTask<StoredKey?> FindAsync(ReadOnlyMemory<byte> lookupHash, CancellationToken cancellationToken);

    /// <summary>A user's keys by age; everybody's when <paramref name="userId"/> is null.</summary>
    ValueTask<IReadOnlyList<StoredKey>> ListAsync(long? userId, CancellationToken cancellationToken);

    /// <summary>
    /// Ends a key at once and raises the keys version, in one transaction. Revoking a revoked key changes nothing.
    /// </summary>
    /// <param name="userId">Whose key it must be; null for the operator.</param>
    /// <returns>False if there is none such.</returns>
    ValueTask<bool> RevokeAsync(string id, long? userId, AuditEntry entry, CancellationToken cancellationToken);

    /// <summary>A number that grows with every change to any key. Cheap enough for every request.</summary>
    ValueTask<long> GetVersionAsync(CancellationToken cancellationToken);

    /// <summary>Notes that a key was used; does not raise the version.</summary>
    ValueTask TouchAsync(string id, Instant usedAt, CancellationToken cancellationToken);
}
