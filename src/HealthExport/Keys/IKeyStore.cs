using HealthExport.Audit;
using HealthExport.Pushes;
using HealthExport.Stores;
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
    public KeyFormat Format { get; init; }

    /// <summary>Where its limits differ from the profile's.</summary>
    public LimitOverrides Limits { get; init; }

    /// <summary>The key that a rotation put in its place; null before. It is rotated once.</summary>
    public string? ReplacedBy { get; init; }

    /// <summary>Names it, and neither its hashes nor what its owner calls it.</summary>
    public override string ToString() => $"key {Id}";

    public bool IsGoodAt(Instant now) => RevokedAt is null && (ExpiresAt is not { } end || now < end);

    /// <summary>In one word: <c>good</c>, <c>expired</c> or <c>revoked</c>.</summary>
    public string StateAt(Instant now) => RevokedAt is not null ? "revoked" : IsGoodAt(now) ? "good" : "expired";
}

/// <summary>
/// Keys. Every method may throw <see cref="StoreUnavailableException"/>. Those that change one take what the audit trail
/// shall say of it, and write that in the same transaction, under the key's owner and with its id as resource; where
/// nothing is changed nothing is written.
/// </summary>
public interface IKeyStore
{
    /// <summary>Adds a key and raises the keys version, in one transaction.</summary>
    /// <exception cref="People.UserGoneException">Its owner is not there, or is being erased.</exception>
    ValueTask AddAsync(StoredKey key, AuditEntry entry, CancellationToken cancellationToken);

    /// <param name="lookupHash">SHA-256 of the whole key.</param>
    /// <returns>Null if no key has it. Revoked and expired ones are found: the caller decides.</returns>
    ValueTask<StoredKey?> FindAsync(ReadOnlyMemory<byte> lookupHash, CancellationToken cancellationToken);

    /// <param name="id">Public.</param>
    /// <param name="userId">Whose key it must be; null for the operator.</param>
    /// <returns>Null if there is none such.</returns>
    ValueTask<StoredKey?> FindByIdAsync(string id, long? userId, CancellationToken cancellationToken);

    /// <summary>A user's keys by age; everybody's when <paramref name="userId"/> is null.</summary>
    ValueTask<IReadOnlyList<StoredKey>> ListAsync(long? userId, CancellationToken cancellationToken);

    /// <summary>A user's keys by age, page by page.</summary>
    /// <param name="cursor">Where the page before ended; null to begin.</param>
    /// <exception cref="InvalidCursorException">The cursor was not given out for this user's keys.</exception>
    ValueTask<Page<StoredKey>> ListAsync(
        long userId, string? cursor, int limit, CancellationToken cancellationToken);

    /// <summary>
    /// What tells a key that was issued from any other, without asking for each: of every key that is not revoked, the
    /// first eight bytes of its look-up hash, as <see cref="ApiKey.LookupPrefix"/> has them, and when it ends.
    /// </summary>
    ValueTask<IReadOnlyList<(ulong LookupPrefix, Instant? ExpiresAt)>> ListLookupsAsync(
        CancellationToken cancellationToken);

    /// <summary>
    /// Ends a key at once and raises the keys version, in one transaction. Revoking a revoked key changes nothing.
    /// </summary>
    /// <param name="userId">Whose key it must be; null for the operator.</param>
    /// <returns>False if there is none such.</returns>
    ValueTask<bool> RevokeAsync(string id, long? userId, AuditEntry entry, CancellationToken cancellationToken);

    /// <summary>
    /// Puts a new key in the place of a good one and raises the keys version, in one transaction. Of several at once,
    /// one succeeds.
    /// </summary>
    /// <param name="id">Of the old key, which must be of the new one's user.</param>
    /// <param name="successor">Added as <see cref="AddAsync"/> does; its creation is the time of the rotation.</param>
    /// <param name="endsAt">When the old one ends, if not earlier anyhow; null revokes it at once.</param>
    /// <param name="entry">Of the old key.</param>
    ValueTask<KeyRotation> RotateAsync(
        string id, StoredKey successor, Instant? endsAt, AuditEntry entry, CancellationToken cancellationToken);

    /// <summary>Puts a key under other limits and raises the keys version, in one transaction.</summary>
    /// <returns>False if there is none such.</returns>
    ValueTask<bool> LimitAsync(
        string id, string profile, LimitOverrides overrides, AuditEntry entry, CancellationToken cancellationToken);

    /// <summary>A number that grows with every change to any key. Cheap enough for every request.</summary>
    ValueTask<long> GetVersionAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Notes that a key was used, unless a use within the minute before has been noted; does not raise the version.
    /// </summary>
    ValueTask TouchAsync(string id, Instant usedAt, CancellationToken cancellationToken);
}

/// <summary>What became of a rotation. Only <see cref="Done"/> changed anything.</summary>
public enum KeyRotation
{
    Done,

    /// <summary>The user has no such key.</summary>
    NotFound,

    /// <summary>It was rotated before: its successor is the one to rotate.</summary>
    Replaced,

    /// <summary>It was revoked, or its time is over.</summary>
    Ended,
}
