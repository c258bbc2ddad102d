using HealthExport.Keys;
using HealthExport.Server.Http;
using HealthExport.Server.Ingest;
using HealthExport.Time;

namespace HealthExport.Server.Auth;

/// <summary>A key in a list: everything but the secret.</summary>
/// <param name="State"><c>good</c>, <c>expired</c> or <c>revoked</c>.</param>
/// <param name="Limits">Where its limits differ from the profile's; null if nowhere.</param>
/// <param name="ReplacedBy">The key that a rotation put in its place.</param>
sealed record KeyAnswer(
    string Id, string Name, IReadOnlyList<string> Scopes, string Format, string LimitProfile, LimitsAnswer? Limits,
    string State, DateTimeOffset? CreatedAt, DateTimeOffset? ExpiresAt, DateTimeOffset? RevokedAt,
    DateTimeOffset? LastUsedAt, string? ReplacedBy)
{
    public static KeyAnswer Of(StoredKey key, Instant now) => new(
        key.Id, key.Name, key.Scopes.ToNames(), KeyFormats.GetName(key.Format), key.LimitProfile,
        LimitsAnswer.Of(key.Limits), key.StateAt(now), key.CreatedAt.AsTime(), key.ExpiresAt?.AsTime(),
        key.RevokedAt?.AsTime(), key.LastUsedAt?.AsTime(), key.ReplacedBy);
}

/// <summary>Each over an hour; null where the profile's holds.</summary>
sealed record LimitsAnswer(long? IngestRequests, long? IngestBytes, long? ReadRequests, long? ReadBytes)
{
    public static LimitsAnswer? Of(LimitOverrides limits) => limits.IsNone
        ? null : new(limits.IngestRequests, limits.IngestBytes, limits.ReadRequests, limits.ReadBytes);
}

/// <summary>A new key, with its secret: the only answer that ever has it.</summary>
/// <param name="Replaces">The key in whose place it was put; null if in nobody's.</param>
sealed record IssuedKeyAnswer(
    string Id, string Key, string Name, IReadOnlyList<string> Scopes, string Format, string LimitProfile,
    DateTimeOffset? CreatedAt, DateTimeOffset? ExpiresAt, ReplacedKeyAnswer? Replaces)
{
    /// <summary>201, and never to be kept by anything on the way.</summary>
    public static IResult Respond(HttpContext context, IssuedKey issued, ReplacedKeyAnswer? replaces = null)
    {
        var key = issued.Stored;
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers.Location = $"/v1/auth/keys/{key.Id}";
        return TypedResults.Json(
            new IssuedKeyAnswer(
                key.Id, issued.Key.Reveal(), key.Name, key.Scopes.ToNames(), KeyFormats.GetName(key.Format),
                key.LimitProfile, key.CreatedAt.AsTime(), key.ExpiresAt?.AsTime(), replaces),
            ServerJson.Default.IssuedKeyAnswer, statusCode: StatusCodes.Status201Created);
    }
}

/// <param name="EndsAt">Until when it goes on working.</param>
sealed record ReplacedKeyAnswer(string Id, DateTimeOffset? EndsAt);
