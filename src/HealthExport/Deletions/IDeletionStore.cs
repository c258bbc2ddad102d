using HealthExport.Audit;
using HealthExport.Pushes;

namespace HealthExport.Deletions;

/// <summary>
/// Deletes what a user asks to delete. It takes its place in the order of the user's pushes: those received before it
/// bring nothing back that it covers, however late they are applied or replayed; those received after it are not
/// applied before its rows are gone. Every method may throw <see cref="StoreUnavailableException"/>.
/// </summary>
public interface IDeletionStore
{
    /// <summary>Whether the user has sent anything under a name: a metric's, or a kind of event.</summary>
    ValueTask<bool> KnowsAsync(long userId, string name, CancellationToken cancellationToken);

    /// <summary>
    /// How many rows a deletion would delete, by what they are of: names of metrics, <see cref="ItemTypes.Sleep"/>,
    /// <see cref="ItemTypes.Workouts"/>, kinds of events. What has none is left out.
    /// </summary>
    ValueTask<IReadOnlyDictionary<string, long>> CountAsync(
        long userId, Deletion deletion, CancellationToken cancellationToken);

    /// <summary>
    /// Remembers a deletion, in one short transaction: from then on there is no way back. Waits while a push of the
    /// user is being applied.
    /// </summary>
    /// <param name="withPayloads">Whether the kept bytes of pushes that hold what is covered go too.</param>
    /// <param name="entry">What the audit trail says of it, once it is done; spans and counts are added.</param>
    /// <exception cref="People.UserGoneException">Its user is not there, or is being erased.</exception>
    ValueTask<DeletionState> BeginAsync(
        long userId, Deletion deletion, bool withPayloads, AuditEntry entry, CancellationToken cancellationToken);

    /// <summary>
    /// Deletes the rows, in short transactions, each of which leaves everything that depends on the rows true: a user's
    /// metrics, their daily totals, the data version. Broken off, it can be called again; two at once do no harm.
    /// </summary>
    /// <returns>As it stands then; null if there is no such deletion any more.</returns>
    ValueTask<DeletionState?> DeleteRowsAsync(long userId, long number, CancellationToken cancellationToken);

    /// <summary>
    /// Deletes the kept bytes of a push, unless another push that has its own still shares them, its rejected items of
    /// some types, and puts another receipt in the place of its own.
    /// </summary>
    /// <param name="push">Received before the deletion.</param>
    /// <param name="receipt">Null to leave it as it is.</param>
    /// <param name="itemTypes">Whose rejected items go.</param>
    /// <returns>False if the push is yet to be applied, so that nothing was done.</returns>
    ValueTask<bool> ForgetPushAsync(
        DeletionState state, Ingestion push, Receipt? receipt, IReadOnlyCollection<string> itemTypes,
        CancellationToken cancellationToken);

    /// <summary>Says that the payloads are gone: the deletion is done.</summary>
    ValueTask EndPayloadsAsync(long userId, long number, CancellationToken cancellationToken);

    /// <returns>Null if this user has no such deletion.</returns>
    ValueTask<DeletionState?> FindAsync(long userId, long number, CancellationToken cancellationToken);

    /// <summary>Every user's deletions that are not done.</summary>
    ValueTask<IReadOnlyList<DeletionState>> ListUnfinishedAsync(CancellationToken cancellationToken);
}

/// <summary>How far a deletion is. The numbers are stored; never renumber.</summary>
public enum DeletionStage
{
    Rows = 0,
    Payloads = 1,
    Done = 2,
}

/// <summary>A deletion and how far it is.</summary>
/// <param name="Number">From 1, in the order of the user's deletions.</param>
/// <param name="Id">What the world calls it.</param>
/// <param name="UpTo">The number of the last push that was received before it.</param>
/// <param name="Counts">Rows deleted so far, as <see cref="IDeletionStore.CountAsync"/> names them.</param>
/// <param name="Payloads">Pushes whose bytes have been deleted so far.</param>
public sealed record DeletionState(
    long UserId, long Number, Guid Id, Deletion Deletion, long UpTo, DeletionStage Stage,
    IReadOnlyDictionary<string, long> Counts, int Payloads);
