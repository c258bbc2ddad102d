using System.Net;
using HealthExport.Keys;
using HealthExport.Time;

namespace HealthExport.Server.Security;

/// <summary>
/// Finds out whether a text that somebody sent is a key in force. One that was checked within five minutes costs a look
/// into memory; another one a look-up by its hash, and, if there is such a key, one Argon2id check. Safe from any
/// thread; one per process.
/// </summary>
/// <remarks>
/// Where too many keys were no good, those that were never issued are not even looked up. One that was issued passes
/// all the same, wherever it comes from: a stale phone must not lock out the household behind the same address.
/// </remarks>
sealed class KeyCheck(
    IKeyStore keys, VerifiedKeys verified, KnownKeys known, FailedAuthentications failures, TimeProvider clock)
{
    /// <param name="text">What the header holds; null without one, which is no attempt.</param>
    /// <param name="address">Where it comes from.</param>
    /// <exception cref="Pushes.StoreUnavailableException">Nobody can tell now.</exception>
    public async ValueTask<CheckedKey> CheckAsync(string? text, IPAddress? address, CancellationToken cancellationToken)
    {
        if (string.IsNullOrEmpty(text)) return new(null, KeyLack.Missing);
        if (!ApiKey.TryParse(text, out var key))
            return Refuse(KeyLack.Malformed, address, failures.FindWait(address));

        // The version before the record: a revocation in between then has the record read again at the next request.
        var version = await keys.GetVersionAsync(cancellationToken);
        if (!verified.TryFind(key, version, out var stored))
        {
            var wait = failures.FindWait(address);
            if (wait > TimeSpan.Zero && !await known.ContainAsync(key, version, cancellationToken))
                return Refuse(KeyLack.Unknown, address, wait);
            stored = await keys.FindAsync(key.LookupHash, cancellationToken);
            if (stored is null) return Refuse(KeyLack.Unknown, address);
            if (stored.IsGoodAt(Now())
                && !await verified.IsGenuineAsync(key, stored, version, cancellationToken))
                return Refuse(KeyLack.Unknown, address);
        }
        if (stored.IsGoodAt(Now())) return new(stored, KeyLack.Nothing);
        return Refuse(stored.RevokedAt is not null ? KeyLack.Revoked : KeyLack.Expired, address) with { Key = stored };
    }

    CheckedKey Refuse(KeyLack lack, IPAddress? address, TimeSpan wait = default)
    {
        // What is turned away unseen prolongs nothing: it would be for ever.
        if (wait == TimeSpan.Zero) failures.Note(address);
        return new(null, lack, wait);
    }

    Instant Now() => Instant.From(clock.GetUtcNow());
}

/// <summary>What keeps a text from being a key in force.</summary>
enum KeyLack
{
    Nothing,
    Missing,
    Malformed,

    /// <summary>Nobody issued it; or, where too many were no good, nobody looked.</summary>
    Unknown,
    Revoked,
    Expired,
}

/// <param name="Key">The key, if it was issued, whether or not it is in force.</param>
/// <param name="Lack">Why it is not.</param>
/// <param name="Wait">Longer than zero if nobody looked: when to try again.</param>
readonly record struct CheckedKey(StoredKey? Key, KeyLack Lack, TimeSpan Wait = default);
