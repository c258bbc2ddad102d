using HealthExport.Time;

namespace HealthExport.Drift;

/// <summary>What a person's pushes held that the reader did not know, counted by name as they are settled
/// (<see cref="Pushes.IPushTransaction.CommitAsync"/>). Safe for concurrent use; may throw
/// <see cref="Pushes.StoreUnavailableException"/>.</summary>
public interface IDriftStore
{
    /// <summary>Names that one person's report tells apart; those beyond count as one, of each kind.</summary>
    const int MostNames = 1_000;

    /// <summary>A person's report: those met in the newest push first, then by kind, item type and name, each ordinal.
    /// </summary>
    ValueTask<IReadOnlyList<DriftCount>> ListAsync(DriftQuery query, CancellationToken cancellationToken);
}

/// <param name="Kind">Null for all.</param>
/// <param name="After">The last row that was given already; null for the beginning.</param>
/// <param name="Limit">Rows at most, 1 or more.</param>
public sealed record DriftQuery(long UserId, DriftKind? Kind, DriftPlace? After, int Limit);

/// <summary>Where a row stands in the report.</summary>
/// <param name="LastNumber">As <see cref="DriftCount.LastNumber"/>.</param>
public sealed record DriftPlace(long LastNumber, DriftKind Kind, string ItemType, string Name);

/// <summary>A name and how often it was met.</summary>
/// <param name="ItemType">As in <see cref="DriftNote"/>.</param>
/// <param name="Name">As in <see cref="DriftNote"/>.</param>
/// <param name="Items">That bore it, of all pushes.</param>
/// <param name="Pushes">That held it, each once, however often it was processed.</param>
/// <param name="FirstSeenAt">When the earliest of them was received.</param>
/// <param name="LastSeenAt">When the latest of them was received.</param>
/// <param name="LastNumber">The highest number of one of them.</param>
/// <param name="LastIngestion">The public id of that push.</param>
public sealed record DriftCount(
    DriftKind Kind, string ItemType, string Name, long Items, long Pushes, Instant FirstSeenAt, Instant LastSeenAt,
    long LastNumber, Guid LastIngestion)
{
    public DriftPlace Place => new(LastNumber, Kind, ItemType, Name);
}
