using HealthExport.Stores;
using HealthExport.Time;

namespace HealthExport.Pushes;

/// <summary>
/// Pushes, their bytes and their queue. A user's pushes have consecutive numbers and are claimed one at a time in that
/// order; different users' may be claimed side by side. Every method may throw <see cref="StoreUnavailableException"/>:
/// nothing was changed then, and the same call can be made again.
/// </summary>
public interface IIngestionStore
{
    /// <summary>
    /// Commits the bytes of a push, its number and its place in the queue, synced to disk, in one short transaction.
    /// A push equal to an earlier one in bytes, content type, aggregation header and zone is not queued again
    /// (<see cref="KeptAs"/>); equal bytes share their chunks.
    /// </summary>
    /// <exception cref="People.UserGoneException">Its user is not there, or is being erased; nothing was kept.</exception>
    ValueTask<KeptPush> KeepAsync(ReceivedPush push, CancellationToken cancellationToken);

    /// <summary>
    /// Takes the next push that is due and whose user has none in work, counting and committing the attempt.
    /// </summary>
    /// <returns>Null when there is nothing to do now.</returns>
    ValueTask<ClaimedPush?> ClaimAsync(TimeSpan lease, CancellationToken cancellationToken);

    /// <summary>Extends a lease.</summary>
    /// <returns>False when it has been taken over; the holder must stop.</returns>
    ValueTask<bool> RenewAsync(ClaimedPush push, TimeSpan lease, CancellationToken cancellationToken);

    /// <summary>
    /// Puts a claimed push back to be claimed again after <paramref name="delay"/>. The attempt is taken back unless
    /// <paramref name="countAttempt"/>. A lease already lost is no error: whoever took the push over goes on, and the
    /// attempt is taken back all the same, so that an outage longer than a lease costs none.
    /// </summary>
    ValueTask GiveBackAsync(
        ClaimedPush push, TimeSpan delay, bool countAttempt, CancellationToken cancellationToken);

    /// <summary>Settles a claimed push as failed; its bytes stay and it can be replayed.</summary>
    ValueTask FailAsync(ClaimedPush push, CancellationToken cancellationToken);

    /// <summary>
    /// Starts the one transaction of a claimed push. On the embedded engine it holds the only writer until it ends.
    /// </summary>
    ValueTask<IPushTransaction> BeginAsync(ClaimedPush push, CancellationToken cancellationToken);

    /// <summary>
    /// The decoded bytes of a push, seekable; chunks are fetched as they are read, one held at a time.
    /// </summary>
    /// <exception cref="KeyNotFoundException">There is no such push, or its payload was thinned away.</exception>
    Stream OpenPayload(long userId, long number);

    /// <summary>
    /// The newest push of the same user that says the same (<see cref="ReceivedPush.Sameness"/>) in the same bytes and has
    /// taken effect, whatever has been received since; what was asked to be deleted after it undoes that.
    /// </summary>
    /// <returns>Null if there is none.</returns>
    ValueTask<Ingestion?> FindAppliedAsync(ReceivedPush push, CancellationToken cancellationToken);

    /// <returns>Null if this user has no such ingestion.</returns>
    ValueTask<Ingestion?> FindAsync(long userId, Guid id, CancellationToken cancellationToken);

    /// <summary>A user's ingestions, newest first.</summary>
    ValueTask<Page<Ingestion>> ListAsync(
        long userId, IngestionFilter filter, string? cursor, int limit, CancellationToken cancellationToken);

    /// <summary>When a user's pushes came, whatever became of them, and which automations sent them; newest first.
    /// </summary>
    ValueTask<IReadOnlyList<Arrival>> ListArrivalsAsync(
        long userId, Instant since, int limit, CancellationToken cancellationToken);

    /// <summary>Of each metric that there are rows of, when the last push that wrote some was received.</summary>
    ValueTask<IReadOnlyList<(int MetricId, Instant ReceivedAt)>> ListLastPushesAsync(
        long userId, CancellationToken cancellationToken);

    /// <summary>Every rejected item of an ingestion, in the order found.</summary>
    ValueTask<Page<Reject>> ListRejectsAsync(
        long userId, Guid id, string? cursor, int limit, CancellationToken cancellationToken);

    /// <summary>
    /// Queues a settled push to be processed again, under its own number, attempts back at 0; what came without a time
    /// zone is then read under the one that the user has by now. One still queued or in work is left as it is.
    /// </summary>
    /// <returns>The ingestion as it now stands; null if this user has none such or its payload is gone.</returns>
    ValueTask<Ingestion?> ReplayAsync(long userId, Guid id, CancellationToken cancellationToken);

    /// <summary>Ids of every user's ingestions of one status, oldest first, for the operator.</summary>
    ValueTask<IReadOnlyList<(long UserId, Guid Id)>> ListByStatusAsync(
        IngestionStatus status, int limit, CancellationToken cancellationToken);

    /// <summary>How many of every user's ingestions have each status, for the operator; none is left out.</summary>
    ValueTask<IReadOnlyDictionary<IngestionStatus, long>> CountByStatusAsync(CancellationToken cancellationToken);
}

/// <param name="Status">Null for all.</param>
/// <param name="From">Received at or after; null for no bound.</param>
/// <param name="To">Received before; null for no bound.</param>
/// <param name="KeyId">Only those of this key; null for all.</param>
public sealed record IngestionFilter(
    IngestionStatus? Status = null, Instant? From = null, Instant? To = null, string? KeyId = null);

/// <summary>The store is away or busy beyond its patience; nothing was changed. The message speaks of the store only,
/// never of what it holds, and may be logged.</summary>
public sealed class StoreUnavailableException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The store refused rows for what they hold, not for its own state.</summary>
public sealed class StoreRefusedException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Whether an empty store would refuse them as well: a text or a size that the engine has no place for,
    /// not what another row has already.</summary>
    public bool IsOfRowsAlone { get; init; }
}

/// <summary>The lease of a push was taken over; whatever its transaction did is rolled back.</summary>
public sealed class LeaseLostException(string message) : Exception(message);
