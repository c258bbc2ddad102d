using HealthExport.Pushes;
using HealthExport.Stores;
using HealthExport.Time;

namespace HealthExport.Audit;

/// <param name="UserId">Whose trail; null for everybody's and nobody's, which is the operator's view.</param>
/// <param name="From">Inclusive.</param>
/// <param name="To">Exclusive.</param>
/// <param name="KeyId">What was done with this key; what was done to it has its id as resource.</param>
public sealed record AuditFilter(
    long? UserId, AuditAction? Action = null, Instant? From = null, Instant? To = null, string? KeyId = null);

/// <summary>The audit trail. Every method may throw <see cref="StoreUnavailableException"/>.</summary>
public interface IAuditStore
{
    /// <summary>
    /// Adds entries, all or none; those that are there already, by id, stay as they are, so that a repeat is harmless.
    /// Entries of a person who is not there, or no longer, are left out. So is <see
    /// cref="AuditAction.KeyAtNewAddress"/> of a key and a network (<see cref="AuditNetwork"/>) that were seen
    /// together before.
    /// </summary>
    /// <exception cref="StoreRefusedException">One of them cannot be stored; none was.</exception>
    ValueTask AppendAsync(IReadOnlyList<AuditEntry> entries, CancellationToken cancellationToken);

    /// <summary>Entries, newest first.</summary>
    /// <param name="cursor">Of the last page of the same filter's list; null to begin.</param>
    /// <exception cref="InvalidCursorException">It is not of this list.</exception>
    ValueTask<Page<AuditEntry>> ListAsync(
        AuditFilter filter, string? cursor, int limit, CancellationToken cancellationToken);

    /// <summary>
    /// Removes entries that are older than <paramref name="before"/>, oldest first, and forgets where keys were used
    /// last before then. A repeat goes on.
    /// </summary>
    /// <param name="limit">How many entries to remove at most in one transaction; a partition of nothing else goes as a
    /// whole.</param>
    /// <returns>How many entries are gone; 0 when none is left to remove.</returns>
    ValueTask<int> RemoveBeforeAsync(Instant before, int limit, CancellationToken cancellationToken);
}
