using HealthExport.Pushes;
using HealthExport.Time;

namespace HealthExport.Events;

/// <summary>Reads a user's events. Every method is scoped to one user; another user's rows are never seen.</summary>
public interface IEventStore
{
    /// <summary>
    /// Events without their voltages, newest first: by start, kind and identity, all descending; those without a start
    /// come last, and only where no span is asked for.
    /// </summary>
    /// <exception cref="StoreUnavailableException">The store is away.</exception>
    ValueTask<IReadOnlyList<HealthEvent>> ListAsync(EventQuery query, CancellationToken cancellationToken);

    /// <summary>One event with its voltages; null if the user has none of this kind and identity.</summary>
    /// <exception cref="StoreUnavailableException">The store is away.</exception>
    ValueTask<HealthEvent?> FindAsync(
        long userId, string kind, string identity, CancellationToken cancellationToken);
}

/// <summary>Which events to list; every condition given must hold.</summary>
/// <param name="Span">Compared with the start.</param>
/// <param name="Kind">Null for all.</param>
/// <param name="After">Only those after this one; null for all.</param>
/// <param name="Limit">At least 1.</param>
public sealed record EventQuery(long UserId, TimeSpanBounds Span, string? Kind, EventPlace? After, int Limit);

/// <summary>Where an event stands in a list.</summary>
/// <param name="StartAt"><see cref="Instant.None"/> for one without a start.</param>
public readonly record struct EventPlace(Instant StartAt, string Kind, string Identity)
{
    public static EventPlace Of(HealthEvent row) => new(row.StartAt, row.Kind, row.Identity);
}
