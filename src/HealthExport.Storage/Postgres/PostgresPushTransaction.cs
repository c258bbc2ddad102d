using HealthExport.Catalogue;
using HealthExport.Deletions;
using HealthExport.Pushes;
using HealthExport.Samples;
using Npgsql;

namespace HealthExport.Storage.Postgres;

/// <summary>
/// A push's transaction: one connection, read committed, under the user's lock from begin to end. What is asked for
/// often (the user's metrics, sources, deletions) comes with the first answer.
/// </summary>
sealed partial class PostgresPushTransaction : IPushTransaction
{
    const int MostUnknownMetrics = 1_000;

    readonly PostgresDatabase _database;
    readonly NpgsqlConnection _connection;
    readonly NpgsqlTransaction _transaction;
    readonly ClaimedPush _push;
    readonly PostgresSources _sources;
    readonly PostgresUserMetrics _userMetrics;
    readonly SampleCopy _copy;
    readonly Dictionary<Metric, int> _addedMetrics = [];

    // Numbers of the unknown metrics registered for the user; null until it is read.
    HashSet<int>? _registered;

    // Those of them registered since the savepoint.
    readonly List<int> _newlyRegistered = [];
    bool _hasSavepoint;
    bool _savepointIsDue;
    bool _hasEnded;

    PostgresPushTransaction(
        PostgresDatabase database, NpgsqlConnection connection, NpgsqlTransaction transaction, ClaimedPush push)
    {
        _database = database;
        _connection = connection;
        _transaction = transaction;
        _push = push;
        _sources = new(connection, push.UserId);
        _userMetrics = new(connection, push.UserId);
        _copy = new(push.UserId);
        RowNumber = push.Number;
    }

    public bool EarlierIsPending { get; private set; }
    public bool LaterIsApplied { get; private set; }
    public IReadOnlyList<Deletion> LaterDeletions { get; private set; } = [];

    public long RowNumber { get; set; }

    long User => _push.UserId;
    long Push => _push.Number;

    /// <summary>Starts the transaction and waits for the user's lock.</summary>
    /// <exception cref="StoreUnavailableException">The server is away, or somebody else holds the lock for long.
    /// </exception>
    public static async ValueTask<PostgresPushTransaction> BeginAsync(
        PostgresDatabase database, ClaimedPush push, CancellationToken cancellationToken)
    {
        await database.Metrics.LoadAsync(cancellationToken);
        await database.BeginLongUseAsync(cancellationToken);
        try
        {
            return await ConnectAsync(database, push, cancellationToken);
        }
        catch
        {
            database.EndLongUse();
            throw;
        }
    }

    static async ValueTask<PostgresPushTransaction> ConnectAsync(
        PostgresDatabase database, ClaimedPush push, CancellationToken cancellationToken)
    {
        for (var isSecond = false; ; isSecond = true)
        {
            var connection = await database.OpenAsync(cancellationToken);
            PostgresPushTransaction? begun = null;
            try
            {
                var transaction = await connection.BeginTransactionAsync(cancellationToken);
                begun = new PostgresPushTransaction(database, connection, transaction, push);
                await begun.BeginAsync(cancellationToken);
                return begun;
            }
            catch (Exception error)
            {
                if (begun is not null) await begun.CloseAsync();
                else await connection.DisposeAsync();
                if (!isSecond && PostgresErrors.IsBrokenConnection(error)) continue;
                if (PostgresErrors.Describe(error) is { } described) throw described;
                throw;
            }
        }
    }

    public ValueTask<int?> FindOrAddMetricAsync(Metric metric, CancellationToken cancellationToken)
    {
        var id = _database.Metrics.FindId(metric);
        if (id is null && _addedMetrics.TryGetValue(metric, out var added)) id = added;
        if (id is not null && (metric.IsKnown || _registered?.Contains(id.Value) is true)) return new(id);
        return RunAsync(() => AddMetricAsync(metric, id, cancellationToken));
    }

    /// <remarks>It is set with the next statement that writes, in one message.</remarks>
    public ValueTask SetSavepointAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _savepointIsDue = true;
        _newlyRegistered.Clear();
        return _userMetrics.MustSave ? RunAsync(SaveAsync) : SettleAsync();

        ValueTask SettleAsync()
        {
            _userMetrics.SetSavepoint();
            return ValueTask.CompletedTask;
        }

        // Before the savepoint.
        async ValueTask SaveAsync()
        {
            _userMetrics.SetSavepoint();
            await _userMetrics.SaveSourcesAsync(cancellationToken);
        }
    }

    public ValueTask RollBackToSavepointAsync(CancellationToken cancellationToken) => RunAsync(async () =>
    {
        if (!_hasSavepoint && !_savepointIsDue) throw new InvalidOperationException("No savepoint is set.");
        // Nothing was written since one that is still due.
        if (!_savepointIsDue) await ExecuteAsync("rollback to savepoint push", cancellationToken);
        _userMetrics.RollBackToSavepoint();
        _sources.Forget();
        _nextReject = _nextRemoved = null;
        // The caller goes on using the numbers it was given.
        foreach (var (metric, id) in _addedMetrics)
            await PostgresMetrics.AddAgainAsync(_connection, id, metric, cancellationToken);
        if (_newlyRegistered.Count > 0) await RegisterAsync(_newlyRegistered, cancellationToken);
    });

    public async ValueTask DisposeAsync()
    {
        if (_hasEnded) return;
        _hasEnded = true;
        await CloseAsync();
        _database.EndLongUse();
    }

    async ValueTask CloseAsync()
    {
        _copy.Dispose();
        try
        {
            // Rolls back what was not committed.
            await _transaction.DisposeAsync();
            await _connection.DisposeAsync();
        }
        catch (Exception error) when (PostgresErrors.Describe(error) is not null)
        {
            // The connection is gone, and what it did with it.
        }
    }

    async ValueTask BeginAsync(CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(_connection);
        batch.AddPlannerSettings();
        batch.AddLongIdleLimit();
        batch.AddTakeOver(_push, _database.ServerNow);
        batch.AddUserLock(User);
        // A later push that is being replayed, or failed to be, has a data version from before. One may have been
        // received a little earlier than its number says, but not by days.
        batch.Add(
            $"""
            select
                exists (
                    select 1
                    from queue
                    where user_id = $1 and number < $2),
                exists (
                    select 1
                    from raw_ingestions
                    where user_id = $1 and number > $2 and received_at > $3 - interval '7 days'
                        and status <> {(int)IngestionStatus.Duplicate}
                        and (data_version is not null
                            or status in ({(int)IngestionStatus.Completed}, {(int)IngestionStatus.Partial})))
            """).Bind(User).Bind(Push).Bind(_push.Ingestion.ReceivedAt);
        PostgresDeletionStore.AddListLater(batch, User, Push);
        batch.Add(
            """
            select metric_id, grain, ingestion
            from series_pushes
            where user_id = $1
            """).Bind(User);
        _userMetrics.AddLoad(batch);
        _sources.AddLoad(batch);
        // Those of the run that this one replaces.
        batch.Add(
            """
            delete from rejected_items
            where user_id = $1 and number = $2
            """).Bind(User).Bind(Push);

        await using var row = await batch.ExecuteReaderAsync(cancellationToken);
        for (var before = 0; before < 5; before++) await row.NextResultAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        (EarlierIsPending, LaterIsApplied) = (row.GetBoolean(0), row.GetBoolean(1));
        await row.NextResultAsync(cancellationToken);
        LaterDeletions = await PostgresDeletionStore.ReadLaterAsync(row, cancellationToken);
        await row.NextResultAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
            _lastPushes.Add(new(row.GetInt32(0), (Grain)row.GetInt16(1)), row.GetInt64(2));
        await row.NextResultAsync(cancellationToken);
        await _userMetrics.ReadLoadAsync(row, cancellationToken);
        await row.NextResultAsync(cancellationToken);
        await _sources.ReadLoadAsync(row, cancellationToken);
    }

    async ValueTask<int?> AddMetricAsync(Metric metric, int? id, CancellationToken cancellationToken)
    {
        if (!metric.IsKnown)
        {
            _registered ??= await ReadRegisteredAsync(cancellationToken);
            if (id is { } found && _registered.Contains(found)) return found;
            if (_registered.Count >= MostUnknownMetrics) return null;
            // Not the number remembered: an unknown name goes with the last who sent it when that person is erased.
            id = null;
        }
        await SetDueSavepointAsync(cancellationToken);
        if (id is null)
        {
            id = await PostgresMetrics.FindOrAddAsync(_connection, metric, cancellationToken);
            _addedMetrics[metric] = id.Value;
        }
        if (!metric.IsKnown && _registered!.Add(id.Value))
        {
            await RegisterAsync([id.Value], cancellationToken);
            _newlyRegistered.Add(id.Value);
        }
        return id;
    }

    async ValueTask<HashSet<int>> ReadRegisteredAsync(CancellationToken cancellationToken)
    {
        await using var list = new NpgsqlCommand(
            """
            select metric_id
            from user_metric_names
            where user_id = $1
            """,
            _connection);
        list.Parameters.Bind(User);
        await using var row = await list.ExecuteReaderAsync(cancellationToken);
        HashSet<int> registered = [];
        while (await row.ReadAsync(cancellationToken)) registered.Add(row.GetInt32(0));
        return registered;
    }

    async ValueTask RegisterAsync(IEnumerable<int> metrics, CancellationToken cancellationToken)
    {
        await using var register = new NpgsqlCommand(
            """
            insert into user_metric_names (user_id, metric_id)
            select $1, m
            from unnest($2) m
            on conflict do nothing
            """,
            _connection);
        register.Parameters.Bind(User).BindNumbers(metrics);
        await register.ExecuteNonQueryAsync(cancellationToken);
    }

    // Sets the savepoint that is due ahead of what else is in the batch.
    void AddSavepoint(NpgsqlBatch batch)
    {
        if (!_savepointIsDue) return;
        if (_hasSavepoint) batch.Add("release savepoint push");
        batch.Add("savepoint push");
        (_hasSavepoint, _savepointIsDue) = (true, false);
    }

    async ValueTask SetDueSavepointAsync(CancellationToken cancellationToken)
    {
        if (!_savepointIsDue) return;
        await using var batch = new NpgsqlBatch(_connection);
        AddSavepoint(batch);
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    // For what writes: sets the savepoint first.
    ValueTask WriteAsync(Func<ValueTask> work, CancellationToken cancellationToken) => RunAsync(async () =>
    {
        await SetDueSavepointAsync(cancellationToken);
        await work();
    });

    async ValueTask ExecuteAsync(string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, _connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    static async ValueTask RunAsync(Func<ValueTask> work)
    {
        try
        {
            await work();
        }
        catch (Exception error) when (PostgresErrors.Describe(error) is { } described)
        {
            throw described;
        }
    }

    static async ValueTask<T> RunAsync<T>(Func<ValueTask<T>> work)
    {
        try
        {
            return await work();
        }
        catch (Exception error) when (PostgresErrors.Describe(error) is { } described)
        {
            throw described;
        }
    }

    static void MustChange(long expected, long rows)
    {
        if (rows != expected)
            throw new InvalidOperationException($"{rows} rows were changed where {expected} were to be.");
    }
}
