using HealthExport.Time;

namespace HealthExport.Pushes;

/// <summary>Where a push stands.</summary>
public enum IngestionStatus : byte
{
    Queued = 0,
    Processing = 1,
    Completed = 2,

    /// <summary>Done, but something was rejected or cut off.</summary>
    Partial = 3,

    /// <summary>The same bytes as an earlier one; nothing was to do.</summary>
    Duplicate = 4,

    /// <summary>Given up after too many attempts; the bytes are kept and can be replayed.</summary>
    Failed = 5,
}

/// <summary>One push as the store keeps it, without its bytes.</summary>
public sealed record Ingestion
{
    public required long UserId { get; init; }

    /// <summary>Consecutive per user, from 1: the order of receipt.</summary>
    public required long Number { get; init; }

    /// <summary>The public id, a UUID version 7 of <see cref="ReceivedAt"/>.</summary>
    public required Guid Id { get; init; }

    public required string KeyId { get; init; }
    public required IngestionStatus Status { get; init; }

    /// <summary>Whether its work is over. A replay undoes that until it is settled again.</summary>
    public bool IsSettled => Status is not (IngestionStatus.Queued or IngestionStatus.Processing);

    /// <summary>Whether what it holds has taken effect, in full or but for rejects; of a duplicate, earlier.</summary>
    public bool HasTakenEffect =>
        Status is IngestionStatus.Completed or IngestionStatus.Partial or IngestionStatus.Duplicate;

    public required Instant ReceivedAt { get; init; }

    /// <summary>When it was last claimed; none before.</summary>
    public Instant StartedAt { get; init; } = Instant.None;

    /// <summary>When it was settled; none before.</summary>
    public Instant FinishedAt { get; init; } = Instant.None;

    public int Attempts { get; init; }

    /// <summary>Decoded bytes.</summary>
    public required long SizeBytes { get; init; }

    public required byte[] Sha256 { get; init; }
    public string? ContentType { get; init; }

    /// <summary>Headers <c>automation-*</c> and <c>session-id</c>, lower-case names.</summary>
    public required IReadOnlyDictionary<string, string> Headers { get; init; }

    /// <summary>The user's zone id when it was received; if there was none, when it was replayed.</summary>
    public string? TimeZone { get; init; }

    /// <summary>The earlier ingestion of the same bytes, when <see cref="Status"/> is duplicate.</summary>
    public Guid? DuplicateOf { get; init; }

    /// <summary>Null until settled.</summary>
    public Receipt? Receipt { get; init; }

    /// <summary>False when the payload has been thinned away.</summary>
    public bool HasPayload { get; init; } = true;
}

/// <summary>A push that this process may work on, until its lease ends.</summary>
public sealed record ClaimedPush
{
    /// <summary>
    /// After so many counted attempts, unless a setting says otherwise, a push is settled as failed: by the process
    /// that made the last of them, or, where that killed it, by the store at the next claim.
    /// </summary>
    public const int MaxAttempts = 5;

    public required Ingestion Ingestion { get; init; }

    /// <summary>
    /// Names the lease: <see cref="IIngestionStore.RenewAsync"/> and commit fail once another took it over.
    /// </summary>
    public required Guid Lease { get; init; }

    /// <summary>It was settled before and is processed again.</summary>
    public required bool IsReplay { get; init; }

    public long UserId => Ingestion.UserId;
    public long Number => Ingestion.Number;
}
