using HealthExport.Catalogue;
using HealthExport.Deletions;
using HealthExport.Pushes;

namespace HealthExport.Storage.Sqlite;

/// <summary>A push's transaction: holds the only writer from begin to end.</summary>
sealed partial class SqlitePushTransaction : IPushTransaction
{
    const int MostUnknownMetrics = 1_000;

    readonly SqliteDatabase _database;
    readonly WriterLease _writer;
    readonly SqliteSession _session;
    readonly ClaimedPush _push;
    readonly TimeProvider _clock;
    readonly SqliteSources _sources;
    readonly SqliteUserMetrics _userMetrics;
    readonly Dictionary<Metric, int> _addedMetrics = [];
    // Whether the user has as many unknown metrics as may be. In a transaction no name goes that has come.
    bool _isFull;
    bool _hasSavepoint;
    bool _hasEnded;

    SqlitePushTransaction(SqliteDatabase database, WriterLease writer, ClaimedPush push, TimeProvider clock)
    {
        _database = database;
        _writer = writer;
        _session = writer.Session;
        _push = push;
        RowNumber = push.Number;
        _clock = clock;
        _sources = new(_session, push.UserId);
        _userMetrics = new(_session, push.UserId);
    }

    public bool EarlierIsPending { get; private set; }
    public bool LaterIsApplied { get; private set; }
    public IReadOnlyList<Deletion> LaterDeletions { get; private set; } = [];

    public long RowNumber { get; set; }

    long User => _push.UserId;
    long Push => _push.Number;

    /// <summary>Waits for the writer and starts the transaction.</summary>
    public static async ValueTask<SqlitePushTransaction> BeginAsync(
        SqliteDatabase database, ClaimedPush push, TimeProvider clock, CancellationToken cancellationToken)
    {
        var writer = await database.RentWriterAsync(cancellationToken);
        try
        {
            database.Metrics.Load(writer.Session);
            var transaction = new SqlitePushTransaction(database, writer, push, clock);
            transaction.Begin();
            return transaction;
        }
        catch
        {
            writer.Dispose();
            throw;
        }
    }

    public ValueTask<int?> FindOrAddMetricAsync(Metric metric, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var id = _database.Metrics.FindId(metric);
        if (id is null && _addedMetrics.TryGetValue(metric, out var added)) id = added;
        if (metric.IsKnown || (id is { } found && HasRegistered(found)))
            return new(id ?? (_addedMetrics[metric] = SqliteMetrics.FindOrAdd(_session, metric)));
        if (_isFull || (_isFull = CountRegistered() >= MostUnknownMetrics)) return new((int?)null);
        // Not the number remembered: an unknown name goes with the last who sent it when that person is erased.
        var registered = _addedMetrics[metric] = SqliteMetrics.FindOrAdd(_session, metric);
        Register(registered);
        _registered.Add(registered);
        return new(registered);
    }

    public ValueTask SetSavepointAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _userMetrics.SetSavepoint();
        if (_hasSavepoint) _session.Run("release push");
        _session.Run("savepoint push");
        _hasSavepoint = true;
        _registered.Clear();
        return ValueTask.CompletedTask;
    }

    public ValueTask RollBackToSavepointAsync(CancellationToken cancellationToken)
    {
        if (!_hasSavepoint) throw new InvalidOperationException("No savepoint is set.");
        CloseSampleStatements();
        _session.Run("rollback to push");
        _userMetrics.RollBackToSavepoint();
        _sources.Forget();
        _nextReject = _nextRemoved = null;
        // The caller goes on using the numbers it was given.
        foreach (var (metric, id) in _addedMetrics) SqliteMetrics.AddAgain(_session, id, metric);
        foreach (var metric in _registered) Register(metric);
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        End();
        return ValueTask.CompletedTask;
    }

    // Numbers of unknown metrics registered for the user since the savepoint.
    readonly List<int> _registered = [];

    void Begin()
    {
        _session.Begin();
        using (var find = _session.Prepare(
            """
            select
                exists (
                    select 1
                    from queue
                    where user_id = ?1 and number < ?2),
                exists (
                    select 1
                    from raw_ingestions
                    where user_id = ?1 and number > ?2
                        and (status in (?3, ?4) or (data_version is not null and status <> ?5)))
            """))
        {
            // A later push that is being replayed, or failed to be, has a data version from before.
            find.Bind(1, User).Bind(2, Push)
                .Bind(3, (long)IngestionStatus.Completed).Bind(4, (long)IngestionStatus.Partial)
                .Bind(5, (long)IngestionStatus.Duplicate).Step();
            EarlierIsPending = find.GetBoolean(0);
            LaterIsApplied = find.GetBoolean(1);
        }
        LaterDeletions = SqliteDeletionStore.ListLater(_session, User, Push);
        // Those of the run that this one replaces.
        using var forget = _session.Prepare(
            """
            delete from rejected_items
            where user_id = ?1 and number = ?2
            """);
        forget.Bind(1, User).Bind(2, Push).Run();
    }

    bool HasRegistered(int metric)
    {
        using var find = _session.Prepare(
            """
            select 1
            from user_metric_names
            where user_id = ?1 and metric_id = ?2
            """);
        return find.Bind(1, User).Bind(2, metric).Step();
    }

    long CountRegistered()
    {
        using var count = _session.Prepare(
            """
            select count(*)
            from user_metric_names
            where user_id = ?1
            """);
        count.Bind(1, User).Step();
        return count.GetInt64(0);
    }

    void Register(int metric)
    {
        using var register = _session.Prepare(
            """
            insert into user_metric_names (user_id, metric_id)
            values (?1, ?2)
            on conflict do nothing
            """);
        register.Bind(1, User).Bind(2, metric).Run();
    }

    void End()
    {
        if (_hasEnded) return;
        _hasEnded = true;
        CloseSampleStatements();
        // Rolls back what was not committed.
        _writer.Dispose();
    }
}
