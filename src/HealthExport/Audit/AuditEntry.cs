using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using HealthExport.Time;

namespace HealthExport.Audit;

/// <summary>Who did something, and from where.</summary>
/// <param name="KeyId">Public id of the key; null for nobody's, and for the operator at the command line.</param>
/// <param name="Address">IP address; null where there is no connection.</param>
/// <param name="UserAgent">What the client calls itself: up to 256 characters are kept.</param>
public sealed record AuditOrigin(string? KeyId, string? Address, string? UserAgent, string? RequestId)
{
    /// <summary>The program itself.</summary>
    public static readonly AuditOrigin Nobody = new(null, null, null, null);
}

/// <summary>
/// One line of the audit trail. It holds neither secrets nor health values. Texts that come from a client are cut to a
/// length and freed of what no store takes, and of keys that somebody put into the wrong place.
/// </summary>
public sealed partial record AuditEntry
{
    public const int MaxUserAgent = 256;
    public const int MaxResource = 200;
    public const int MaxOther = 64;
    public const int MaxMetadata = 2_048;

    /// <summary>UUIDv7 of <see cref="At"/>. Two entries of one id are one.</summary>
    public required Guid Id { get; init; }

    /// <summary>When it was done, by the clock of the process that saw it; of a fold, its first.</summary>
    public required Instant At { get; init; }

    public required AuditAction Action { get; init; }

    /// <summary>Whose trail it belongs to; 0 is nobody's, which only the operator sees.</summary>
    public long UserId { get; init; }

    public string? KeyId { get; init => field = Bound(value, MaxOther); }
    public string? Address { get; init => field = Bound(value, MaxOther); }
    public string? UserAgent { get; init => field = Bound(value, MaxUserAgent); }
    public string? RequestId { get; init => field = Bound(value, MaxOther); }

    /// <summary>What it was done to: a key's or an ingestion's id, a route.</summary>
    public string? Resource { get; init => field = Bound(value, MaxResource); }

    /// <summary>A JSON object as text, at most 2 KiB; null for none.</summary>
    public string? Metadata
    {
        get;
        init => field = value is null ? null
            : value.Length <= MaxMetadata ? HideKeys(value)
            : throw new ArgumentException("The metadata are too long.", nameof(value));
    }

    /// <param name="metadata">Details, at most 2 KiB of JSON.</param>
    public static AuditEntry Create(
        AuditAction action, AuditOrigin origin, DateTimeOffset at, long userId = 0, string? resource = null,
        JsonObject? metadata = null) => new()
    {
        Id = Guid.CreateVersion7(at),
        At = Instant.From(at),
        Action = action,
        UserId = userId,
        KeyId = origin.KeyId,
        Address = origin.Address,
        UserAgent = origin.UserAgent,
        RequestId = origin.RequestId,
        Resource = resource,
        Metadata = metadata is { Count: > 0 } ? metadata.ToJsonString() : null,
    };

    static string? Bound(string? text, int most)
    {
        if (text is null) return null;
        text = HideKeys(text);
        var kept = text.Length > most ? text[..most] : text;
        // A pair may have been cut in two; and what is not printed has no place in a line.
        var isClean = true;
        foreach (var c in kept) isClean &= !char.IsControl(c) && !char.IsSurrogate(c);
        if (isClean) return kept;
        var clean = new StringBuilder(kept.Length);
        foreach (var rune in kept.EnumerateRunes())
            clean.Append(Rune.IsControl(rune) ? Rune.ReplacementChar.ToString() : rune.ToString());
        return clean.ToString();
    }

    static string HideKeys(string text) =>
        text.Contains("hx_", StringComparison.Ordinal) ? Key().Replace(text, "hx_…") : text;

    [GeneratedRegex("hx_[A-Za-z0-9]+_[A-Za-z0-9_-]{8,}")]
    private static partial Regex Key();
}
