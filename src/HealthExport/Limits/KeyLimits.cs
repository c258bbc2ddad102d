using HealthExport.Keys;

namespace HealthExport.Limits;

/// <summary>What may be used within an hour.</summary>
/// <param name="Requests">1 or more, below 2^53.</param>
/// <param name="Bytes">Of request bodies, decoded; as many.</param>
public readonly record struct Allowance(long Requests, long Bytes);

/// <summary>What a key may use within an hour, by class.</summary>
public sealed record KeyLimits(Allowance Ingest, Allowance Read)
{
    const long Mebibyte = 1L << 20;
    const long Gibibyte = 1L << 30;

    static readonly KeyLimits s_default = Make(ingests: 100, Gibibyte, reads: 6_000);
    static readonly KeyLimits s_phone = Make(ingests: 1_000, Gibibyte, reads: 6_000);
    static readonly KeyLimits s_strict = Make(ingests: 100, 10 * Mebibyte, reads: 6_000);
    static readonly KeyLimits s_bulk = Make(ingests: 100_000, 100 * Gibibyte, reads: 1_000_000);

    /// <summary>The profile's, but for what the key has of its own.</summary>
    public static KeyLimits Of(StoredKey key)
    {
        // A name that only a newer build knows must not be without limits.
        var profile = Of(LimitProfiles.TryParse(key.LimitProfile, out var known) ? known : LimitProfile.Default);
        return key.Limits.IsNone ? profile : new(
            new(key.Limits.IngestRequests ?? profile.Ingest.Requests, key.Limits.IngestBytes ?? profile.Ingest.Bytes),
            new(key.Limits.ReadRequests ?? profile.Read.Requests, key.Limits.ReadBytes ?? profile.Read.Bytes));
    }

    /// <exception cref="ArgumentOutOfRangeException">The value is not a profile.</exception>
    public static KeyLimits Of(LimitProfile profile) => profile switch
    {
        LimitProfile.Default => s_default,
        LimitProfile.Phone => s_phone,
        LimitProfile.Strict => s_strict,
        LimitProfile.Bulk => s_bulk,
        _ => throw new ArgumentOutOfRangeException(nameof(profile), profile, "Not a limit profile."),
    };

    public KeyLimits With(LimitOverrides overrides) => overrides.IsNone ? this : new(
        new(overrides.IngestRequests ?? Ingest.Requests, overrides.IngestBytes ?? Ingest.Bytes),
        new(overrides.ReadRequests ?? Read.Requests, overrides.ReadBytes ?? Read.Bytes));

    public Allowance Of(LimitClass limitClass) => limitClass == LimitClass.Ingest ? Ingest : Read;

    // Bodies of the class "read" are small: the same bytes are more than enough for them.
    static KeyLimits Make(long ingests, long bytes, long reads) => new(new(ingests, bytes), new(reads, bytes));
}
