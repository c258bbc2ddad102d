using HealthExport.Time;

namespace HealthExport.Pushes;

/// <summary>A push whose last byte has come, before it is kept.</summary>
public sealed record ReceivedPush
{
    public required long UserId { get; init; }
    public required string KeyId { get; init; }
    public required Instant ReceivedAt { get; init; }

    /// <summary>The decoded body, hashed and compressed. The caller disposes it after the push is kept.</summary>
    public required PayloadSpool Payload { get; init; }

    public string? ContentType { get; init; }

    /// <summary>How many of the person's numbers it takes, the last of which is its own.</summary>
    public int Revisions => NdjsonType.RevisionsOf(ContentType);

    public required IReadOnlyDictionary<string, string> Headers { get; init; }
    public string? TimeZone { get; init; }
    public string? IdempotencyKey { get; init; }

    /// <summary>
    /// What beside the bytes decides whether a push says the same as another: media type, file name, aggregation,
    /// period, zone.
    /// </summary>
    public string Sameness
    {
        get
        {
            var mediaType = ContentType is null ? null : HeaderValue.Of(ContentType).ToString().ToLowerInvariant();
            if (PayloadName.Find(ContentType) is { } name) mediaType = $"{mediaType} {name}";
            return $"{mediaType}\n{Header("automation-aggregation")}\n{Header("automation-period")}\n{TimeZone}";

            string? Header(string name) =>
                Headers.GetValueOrDefault(name)?.Replace(" ", "", StringComparison.Ordinal).ToLowerInvariant();
        }
    }

    /// <summary>How long a lease to take in the same commit, so that this process starts at once; null to only queue
    /// it.</summary>
    public TimeSpan? Lease { get; init; }
}

/// <summary>What <see cref="IIngestionStore.KeepAsync"/> made of a push.</summary>
public enum KeptAs : byte
{
    /// <summary>New: committed and queued.</summary>
    New,

    /// <summary>
    /// Equal to a settled one with nothing changed since: its own ingestion, already settled as duplicate.
    /// </summary>
    Duplicate,

    /// <summary>Equal to one still in work: that one's ingestion is the answer.</summary>
    Joined,

    /// <summary>The same idempotency key and bytes: that one's ingestion is the answer.</summary>
    Repeated,

    /// <summary>The same idempotency key with other bytes: nothing was kept.</summary>
    Conflict,
}

/// <param name="Ingestion">
/// The ingestion to answer with; for <see cref="KeptAs.Conflict"/> the one that holds the key.
/// </param>
/// <param name="Claim">Set when the push was claimed in the same commit: it is this process's to work on.</param>
public sealed record KeptPush(KeptAs As, Ingestion Ingestion, ClaimedPush? Claim);
