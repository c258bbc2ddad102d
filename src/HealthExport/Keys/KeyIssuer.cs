using System.Globalization;
using System.Text.Json.Nodes;
using HealthExport.Audit;
using HealthExport.People;
using HealthExport.Time;

namespace HealthExport.Keys;

/// <summary>Makes keys: mints, hashes and stores them. The whole key exists only in what is returned.</summary>
public sealed class KeyIssuer(IKeyStore keys, Argon2Slots slots, TimeProvider clock)
{
    /// <summary>How long a rotated key goes on working unless somebody says otherwise.</summary>
    /// <remarks>Not zero: an answer that is lost on its way must not lock out who rotates the key in hand.</remarks>
    public static readonly TimeSpan DefaultOverlap = TimeSpan.FromHours(1);

    /// <summary>The longest overlap of a rotated key and its successor.</summary>
    public static readonly TimeSpan MaxOverlap = TimeSpan.FromDays(90);

    /// <summary>Issues a key that is good as soon as this returns.</summary>
    /// <param name="origin">Who orders it: the key's owner finds it in the audit trail.</param>
    /// <remarks>One Argon2id hash, on a thread of the pool. Asked twice, it makes two keys.</remarks>
    /// <exception cref="ArgumentException">No scope, no usable name, or an end that has passed.</exception>
    /// <exception cref="Pushes.StoreUnavailableException">Nothing was stored, or nobody knows whether it was.
    /// </exception>
    public async ValueTask<IssuedKey> IssueAsync(
        KeyOrder order, AuditOrigin origin, CancellationToken cancellationToken)
    {
        var now = Instant.From(clock.GetUtcNow());
        if (order.Scopes == KeyScopes.None) throw new ArgumentException("A key needs a scope.", nameof(order));
        if (!KeyOrder.IsName(order.Name)) throw new ArgumentException("A key needs a name.", nameof(order));
        if (order.ExpiresAt <= now) throw new ArgumentException("The key would have expired already.", nameof(order));

        var issued = await MintAsync(order, now, cancellationToken);
        await keys.AddAsync(issued.Stored, DescribeCreation(issued.Stored, origin), cancellationToken);
        return issued;
    }

    /// <summary>
    /// Issues a key of the same name, scopes, format and limits in the place of another. If that one ends, the new one
    /// gets a life of the same length.
    /// </summary>
    /// <param name="old">As the store has it.</param>
    /// <param name="overlap">
    /// How long the old one goes on working, unless it ends earlier anyhow; zero revokes it at once.
    /// </param>
    /// <param name="origin">Who orders it: the key's owner finds it in the audit trail.</param>
    /// <returns>The new key only if the rotation is done.</returns>
    /// <exception cref="Pushes.StoreUnavailableException">As <see cref="IssueAsync"/>.</exception>
    public async ValueTask<(KeyRotation Outcome, IssuedKey? Issued)> RotateAsync(
        StoredKey old, TimeSpan overlap, AuditOrigin origin, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(overlap, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(overlap, MaxOverlap);
        var now = Instant.From(clock.GetUtcNow());
        // What is known to fail costs no hash; the store has the last word.
        if (old.ReplacedBy is not null) return (KeyRotation.Replaced, null);
        if (!old.IsGoodAt(now)) return (KeyRotation.Ended, null);

        var order = new KeyOrder(
            old.UserId, old.Name, old.Scopes, old.Format, ExpiresAt: now + (old.ExpiresAt - old.CreatedAt));
        var issued = await MintAsync(order, now, cancellationToken);
        issued = issued with
        {
            Stored = issued.Stored with { LimitProfile = old.LimitProfile, Limits = old.Limits },
        };
        var outcome = await keys.RotateAsync(
            old.Id, issued.Stored, overlap > TimeSpan.Zero ? now + overlap : null,
            DescribeRotation(old, issued.Stored, overlap, origin), cancellationToken);
        return (outcome, outcome == KeyRotation.Done ? issued : null);
    }

    /// <summary>When a key that was rotated ends.</summary>
    public static Instant EndOf(StoredKey old, StoredKey successor, TimeSpan overlap) =>
        old.ExpiresAt is { } end && end < successor.CreatedAt + overlap ? end : successor.CreatedAt + overlap;

    static AuditEntry DescribeCreation(StoredKey key, AuditOrigin origin) => AuditEntry.Create(
        AuditAction.KeyCreated, origin, key.CreatedAt.At(0), key.UserId, key.Id,
        new()
        {
            ["name"] = key.Name,
            ["scopes"] = new JsonArray([.. key.Scopes.ToNames().Select(scope => JsonValue.Create(scope))]),
            ["limit_profile"] = key.LimitProfile,
            ["expires_at"] = Format(key.ExpiresAt),
        });

    static AuditEntry DescribeRotation(StoredKey old, StoredKey successor, TimeSpan overlap, AuditOrigin origin) =>
        AuditEntry.Create(
            AuditAction.KeyRotated, origin, successor.CreatedAt.At(0), old.UserId, old.Id,
            new()
            {
                ["replaced_by"] = successor.Id,
                ["ends_at"] = Format(EndOf(old, successor, overlap)),
                ["expires_at"] = Format(successor.ExpiresAt),
            });

    static string? Format(Instant? at) =>
        at?.At(0).ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'", CultureInfo.InvariantCulture);

    async ValueTask<IssuedKey> MintAsync(KeyOrder order, Instant now, CancellationToken cancellationToken)
    {
        var minted = ApiKey.Mint(order.Format);
        var phc = await slots.RunAsync(minted.Key.ComputeHash, cancellationToken);
        return new(
            new StoredKey(
                minted.PublicId, order.UserId, order.Name, order.Scopes, LimitProfiles.GetName(order.LimitProfile),
                minted.Key.LookupHash.ToArray(), phc, now, order.ExpiresAt, RevokedAt: null, LastUsedAt: null)
            {
                Format = order.Format,
            },
            minted.Key);
    }
}

/// <summary>What a new key is to be.</summary>
/// <param name="Name">What it is for; shown in listings. <see cref="IsName"/> says what is taken.</param>
/// <param name="Scopes">At least one.</param>
/// <param name="ExpiresAt">When it stops working; null for never.</param>
public sealed record KeyOrder(
    long UserId, string Name, KeyScopes Scopes, KeyFormat Format = KeyFormat.Hx,
    LimitProfile LimitProfile = LimitProfile.Default, Instant? ExpiresAt = null)
{
    public const int MaxNameLength = 80;

    /// <summary>The longest life of a key that ends at all.</summary>
    public static readonly TimeSpan MaxLife = TimeSpan.FromDays(36_525);

    /// <summary>
    /// Whether a key may be called so: 1 to 80 characters, not blank, plain (<see cref="ShownText.IsPlain"/>; a listing
    /// is printed to terminals), and no key, which would be kept in clear.
    /// </summary>
    public static bool IsName(string? name) =>
        !string.IsNullOrWhiteSpace(name) && name.Length <= MaxNameLength && ShownText.IsPlain(name)
        && !ShownText.MayHoldKey(name);
}

/// <param name="Stored">As the store has it.</param>
/// <param name="Key">To be shown to its owner, once; its own text never prints the secret.</param>
public sealed record IssuedKey(StoredKey Stored, ApiKey Key);
