using HealthExport.Catalogue;
using HealthExport.Deletions;
using HealthExport.Events;
using HealthExport.Samples;
using HealthExport.Sleep;
using HealthExport.Time;
using HealthExport.Workouts;

namespace HealthExport.Pushes;

/// <summary>What to do with one row of a write.</summary>
public enum RowChange : byte
{
    None = 0,
    Insert = 1,
    Update = 2,

    /// <summary>Equal, but the row takes this push's number.</summary>
    Touch = 3,

    /// <summary>Of a workout: the row and its number stay, its series and route are written.</summary>
    Amend = 4,
}

/// <summary>What the store holds under a key.</summary>
/// <param name="Row">The row as stored.</param>
/// <param name="Push">The number of the push that wrote it.</param>
public sealed record Stored<T>(T Row, long Push);

/// <summary>
/// The one transaction in which a push takes effect whole, or not at all. Not for concurrent use. Finding comes first
/// and tells what is there; writing then changes what <c>PushApplication</c> decided. Disposing without a commit
/// rolls back.
/// </summary>
public interface IPushTransaction : IAsyncDisposable
{
    /// <summary>
    /// An earlier push of this user is still to be applied: equal rows must then take this push's number.
    /// </summary>
    bool EarlierIsPending { get; }

    /// <summary>A later push of this user has been applied: rows it wrote or removed must not be overwritten.</summary>
    bool LaterIsApplied { get; }

    /// <summary>Deletions the user asked for after this push was received: what they cover stays deleted.</summary>
    IReadOnlyList<Deletion> LaterDeletions { get; }

    /// <summary>The store's number for a metric; an unknown (name, unit) is registered.</summary>
    /// <returns>Null when this user has registered as many unknown names as allowed (1,000).</returns>
    ValueTask<int?> FindOrAddMetricAsync(Metric metric, CancellationToken cancellationToken);

    /// <summary>
    /// The highest number of a push that wrote rows of the same metric at a grain finer than <paramref name="series"/>;
    /// 0 if none did.
    /// </summary>
    ValueTask<long> FindLastFinerPushAsync(Series series, CancellationToken cancellationToken);

    /// <summary>Looks up rows of one series by key.</summary>
    /// <param name="rows">Ascending by start, then by <see cref="Sample.Source"/> (ordinal) where the key has a source;
    /// no key twice.</param>
    /// <param name="found">As long as <paramref name="rows"/>; filled position by position.</param>
    ValueTask FindAsync(
        Series series, ReadOnlyMemory<Sample> rows, Memory<StoredSample> found, CancellationToken cancellationToken);

    /// <summary>
    /// What is stored of a metric at grains finer than a day, hour by hour of each clock, between two instants: grains
    /// apart, in no order.
    /// </summary>
    /// <param name="but">An offset whose hours are left out.</param>
    ValueTask<IReadOnlyList<LocalHour>> ListLocalHoursAsync(
        int metricId, Instant first, Instant last, short but, CancellationToken cancellationToken);

    /// <summary>
    /// The number that samples written from now on bear: the push's own, until another is set, which must be one of
    /// those that the push took (<see cref="ReceivedPush.Revisions"/>).
    /// </summary>
    long RowNumber { get; set; }

    /// <summary>Writes rows of one series, in the same order as they were looked up.</summary>
    /// <exception cref="StoreRefusedException">A row was refused; roll back to the savepoint.</exception>
    ValueTask WriteAsync(
        Series series, ReadOnlyMemory<Sample> rows, ReadOnlyMemory<RowChange> changes,
        CancellationToken cancellationToken);

    /// <summary>
    /// Moves to the removed those rows of <paramref name="series"/> that start after <paramref name="after"/> and
    /// before <paramref name="before"/>, are not in <paramref name="kept"/> (ascending) and bear no higher push number.
    /// </summary>
    /// <returns>How many rows were moved.</returns>
    ValueTask<int> RemoveVanishedAsync(
        Series series, Instant after, Instant before, ReadOnlyMemory<Instant> kept,
        CancellationToken cancellationToken);

    /// <summary>
    /// Says that rows of local days have been written or removed, or been given this push's number: what the days add
    /// up to has to be worked out anew. Once, before the commit.
    /// </summary>
    ValueTask MarkDaysAsync(
        IReadOnlyCollection<(int MetricId, DateOnly Date)> days, CancellationToken cancellationToken);

    /// <summary>Looks up sleep stages by (start, stage, source); null where there is none.</summary>
    ValueTask<Stored<SleepStage>?[]> FindAsync(IReadOnlyList<SleepStage> rows, CancellationToken cancellationToken);

    ValueTask WriteAsync(
        IReadOnlyList<SleepStage> rows, ReadOnlyMemory<RowChange> changes, CancellationToken cancellationToken);

    /// <summary>
    /// Stored sessions of the same source that overlap [start, end) of <paramref name="session"/>, by start.
    /// </summary>
    ValueTask<IReadOnlyList<Stored<SleepSession>>> FindOverlappingAsync(
        SleepSession session, CancellationToken cancellationToken);

    /// <summary>
    /// Writes <paramref name="session"/> over a stored one of the same start and source, and moves the other
    /// <paramref name="replaced"/> to the removed rows.
    /// </summary>
    ValueTask ReplaceAsync(
        SleepSession session, IReadOnlyList<SleepSession> replaced, CancellationToken cancellationToken);

    /// <summary>
    /// Looks up workouts: by id where one was sent, and where that finds none, or none was sent, by equal start and end
    /// at the row's precision — with an id only among rows whose id was made. Series and route come whole.
    /// </summary>
    ValueTask<Stored<Workout>?[]> FindAsync(IReadOnlyList<Workout> rows, CancellationToken cancellationToken);

    /// <summary>
    /// Workouts that begin between two instants, without their source, series and route; of more than 100, those that
    /// begin, then end, last.
    /// </summary>
    ValueTask<IReadOnlyList<Workout>> FindAroundAsync(
        Instant first, Instant last, CancellationToken cancellationToken);

    /// <summary>
    /// Writes merged workouts. <paramref name="replacedIds"/> holds, position by position, the id under which the row
    /// is stored until now when the new one takes it over, else null.
    /// </summary>
    ValueTask WriteAsync(
        IReadOnlyList<Workout> rows, IReadOnlyList<Guid?> replacedIds, ReadOnlyMemory<RowChange> changes,
        CancellationToken cancellationToken);

    /// <summary>Looks up events by (kind, identity), voltages included.</summary>
    ValueTask<Stored<HealthEvent>?[]> FindAsync(IReadOnlyList<HealthEvent> rows, CancellationToken cancellationToken);

    ValueTask WriteAsync(
        IReadOnlyList<HealthEvent> rows, ReadOnlyMemory<RowChange> changes, CancellationToken cancellationToken);

    /// <summary>
    /// The events that are of the same kind and start at the same time, for each of the rows: identity, value and payload
    /// of at most 100.
    /// </summary>
    ValueTask<IReadOnlyList<HealthEvent>[]> FindSimultaneousAsync(
        IReadOnlyList<HealthEvent> rows, CancellationToken cancellationToken);

    /// <summary>Gives a stored event that has no voltages another identity, which no event of its kind has.</summary>
    ValueTask RenameAsync(HealthEvent stored, string identity, CancellationToken cancellationToken);

    /// <summary>Keeps rejected items with their reasons, numbered in order.</summary>
    ValueTask AddRejectsAsync(IReadOnlyList<Reject> rejects, CancellationToken cancellationToken);

    /// <summary>Marks a place to go back to. One at a time: setting another forgets the former.</summary>
    ValueTask SetSavepointAsync(CancellationToken cancellationToken);

    /// <summary>Undoes everything since the savepoint, which stays set.</summary>
    ValueTask RollBackToSavepointAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Settles the push with its receipt, adds <see cref="Receipt.Drift"/> to the user's drift report, and commits,
    /// synced to disk. What depends on the rows (the user's metrics, data version) is brought up to date in the same
    /// commit.
    /// </summary>
    /// <param name="changedAnything">Whether any row was inserted, updated, removed, or took this push's number, by
    /// which reading may tell a day's row from finer ones.</param>
    /// <exception cref="LeaseLostException">Another process has taken the push over; nothing was committed.</exception>
    ValueTask CommitAsync(Receipt receipt, bool changedAnything, CancellationToken cancellationToken);
}
