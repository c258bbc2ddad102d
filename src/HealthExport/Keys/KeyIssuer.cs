using System.Globalization;
using System.Text.Json.Nodes;
using HealthExport.Audit;
using HealthExport.Time;

namespace HealthExport.Keys;

/// <summary>Makes keys: mints, hashes and stores them. The whole key exists only in what is returned.</summary>
public sealed class KeyIssuer(IKeyStore keys, TimeProvider clock)
{
    /// <summary>Issues a key that is good as soon as this returns.</summary>
    /// <param name="origin">Who orders it: the key's owner finds it in the audit trail.</param>
    /// <remarks>One Argon2id hash, on a thread of the pool. Asked twice, it makes two keys.</remarks>
    /// <exception cref="ArgumentException">No scope, no name, or an end that has passed.</exception>
    /// <exception cref="Pushes.StoreUnavailableException">Nothing was stored.</exception>
    public async ValueTask<IssuedKey> IssueAsync(
        KeyOrder order, AuditOrigin origin, CancellationToken cancellationToken)
    {
        var now = Instant.From(clock.GetUtcNow());
        if (order.Scopes == KeyScopes.None) throw new ArgumentException("A key needs a scope.", nameof(order));
        if (string.IsNullOrWhiteSpace(order.Name)) throw new ArgumentException("A key needs a name.", nameof(order));
        if (order.ExpiresAt <= now) throw new ArgumentException("The key would have expired already.", nameof(order));

        var minted = ApiKey.Mint(order.Format);
        var phc = await Task.Run(minted.Key.ComputeHash, cancellationToken);
        var stored = new StoredKey(
            minted.PublicId, order.UserId, order.Name, order.Scopes, LimitProfiles.GetName(order.LimitProfile),
            minted.Key.LookupHash.ToArray(), phc, now, order.ExpiresAt, RevokedAt: null, LastUsedAt: null);
        await keys.AddAsync(stored, Describe(stored, origin), cancellationToken);
        return new IssuedKey(stored, minted.Key);
    }

    AuditEntry Describe(StoredKey key, AuditOrigin origin) => AuditEntry.Create(
        AuditAction.KeyCreated, origin, clock.GetUtcNow(), key.UserId, key.Id,
        new()
        {
            ["name"] = key.Name,
            ["scopes"] = new JsonArray([.. key.Scopes.ToNames().Select(scope => JsonValue.Create(scope))]),
            ["limit_profile"] = key.LimitProfile,
            ["expires_at"] = key.ExpiresAt?.At(0).ToString("O", CultureInfo.InvariantCulture),
        });
}

/// <summary>What a new key is to be.</summary>
/// <param name="Name">What it is for; shown in listings. Not empty.</param>
/// <param name="Scopes">At least one.</param>
/// <param name="ExpiresAt">When it stops working; null for never.</param>
public sealed record KeyOrder(
    long UserId, string Name, KeyScopes Scopes, KeyFormat Format = KeyFormat.Hx,
    LimitProfile LimitProfile = LimitProfile.Default, Instant? ExpiresAt = null);

/// <param name="Stored">As the store has it.</param>
/// <param name="Key">To be shown to its owner, once; its own text never prints the secret.</param>
public sealed record IssuedKey(StoredKey Stored, ApiKey Key);
