using HealthExport.Pushes;
using HealthExport.Stores;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace HealthExport.Storage.Postgres;

/// <summary>
/// One database of a server: its connections, and the ways to use one. Nothing in a session outlives a transaction (no
/// temporary tables beyond a commit, no session locks, no settings), so that a transaction pooler may stand between.
/// Safe for concurrent use. Connects at the first use.
/// </summary>
sealed class PostgresDatabase : IAsyncDisposable, IDisposable
{
    readonly Func<string>? _serverNow;

    // One connection is always left to what is short: a push that holds one until it is applied needs another now and
    // then, for its payload or a partition, and must not wait for one that waits for the same.
    readonly SemaphoreSlim _longUses;

    /// <param name="serverNow">For tests: an SQL expression instead of the server's clock.</param>
    /// <param name="driverLog">For tests: gets what the driver logs; by default nobody does.</param>
    public PostgresDatabase(
        string url, ConnectionPoolOptions? options = null, TimeProvider? clock = null, Func<string>? serverNow = null,
        ILoggerFactory? driverLog = null)
    {
        _serverNow = serverNow;
        options ??= new();
        _longUses = new(Math.Max(1, options.MaxSize - 1));
        var settings = Configure(PostgresUrl.Parse(url), options);
        Place = $"{settings.Host}:{settings.Port}/{settings.Database}";
        Source = new NpgsqlDataSourceBuilder(settings.ConnectionString) { Name = "healthexport" }
            .UseLoggerFactory(driverLog).Build();
        Clock = clock ?? TimeProvider.System;
        Partitions = new(this);
        KeysVersion = new(this);
        Metrics = new(this);
    }

    /// <summary>Server, port and database, without secrets.</summary>
    public string Place { get; }

    public NpgsqlDataSource Source { get; }

    /// <summary>For stamps that people read. What replicas agree on (leases, what is due) goes by the
    /// server's.</summary>
    public TimeProvider Clock { get; }

    /// <summary>SQL for the present by the server's clock, not by when the transaction began.</summary>
    public string ServerNow => _serverNow?.Invoke() ?? "clock_timestamp()";

    public PostgresPartitions Partitions { get; }

    public PostgresKeysVersion KeysVersion { get; }

    public PostgresMetrics Metrics { get; }

    /// <summary>Waits until a connection may be held for long; <see cref="EndLongUse"/> must follow.</summary>
    public Task BeginLongUseAsync(CancellationToken cancellationToken) => _longUses.WaitAsync(cancellationToken);

    public void EndLongUse() => _longUses.Release();

    /// <exception cref="StoreUnavailableException">None is to be had.</exception>
    public async ValueTask<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await Source.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (PostgresErrors.Describe(error) is { } described)
        {
            throw described;
        }
    }

    /// <summary>Reads, or changes something by one statement that may run twice. A connection found dead is replaced
    /// and <paramref name="use"/> called once more.</summary>
    /// <exception cref="StoreUnavailableException">The server is away or busy.</exception>
    /// <exception cref="StoreRefusedException">A row was refused.</exception>
    public async ValueTask<T> ReadAsync<T>(
        Func<NpgsqlConnection, CancellationToken, ValueTask<T>> use, CancellationToken cancellationToken)
    {
        for (var isSecond = false; ; isSecond = true)
        {
            try
            {
                await using var connection = await Source.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
                return await use(connection, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception error) when (!isSecond && PostgresErrors.IsBrokenConnection(error))
            {
                // The pool is cleared by now: the next one is new.
            }
            catch (Exception error) when (PostgresErrors.Describe(error) is { } described)
            {
                throw described;
            }
        }
    }

    /// <summary>As <see cref="ReadAsync"/>, for a reader that has a thread of its own.</summary>
    public T Read<T>(Func<NpgsqlConnection, T> use)
    {
        for (var isSecond = false; ; isSecond = true)
        {
            try
            {
                using var connection = Source.OpenConnection();
                return use(connection);
            }
            catch (Exception error) when (!isSecond && PostgresErrors.IsBrokenConnection(error))
            {
                // As above.
            }
            catch (Exception error) when (PostgresErrors.Describe(error) is { } described)
            {
                throw described;
            }
        }
    }

    /// <summary>
    /// One transaction, read committed, committed when <paramref name="use"/> returns. A connection found dead before
    /// the commit is replaced and <paramref name="use"/> called once more. One that breaks during the commit leaves
    /// open whether it took place: that is a <see cref="StoreUnavailableException"/> too, and the caller's repeat must
    /// be harmless.
    /// </summary>
    public async ValueTask<T> WriteAsync<T>(
        Func<NpgsqlConnection, CancellationToken, ValueTask<T>> use, CancellationToken cancellationToken)
    {
        for (var isSecond = false; ; isSecond = true)
        {
            var isCommitting = false;
            try
            {
                await using var connection = await Source.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
                await using var transaction =
                    await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
                var result = await use(connection, cancellationToken).ConfigureAwait(false);
                isCommitting = true;
                // Not to be given up half way: the answer says whether it took place.
                await transaction.CommitAsync(CancellationToken.None).ConfigureAwait(false);
                return result;
            }
            catch (Exception error) when (!isSecond && !isCommitting && PostgresErrors.IsBrokenConnection(error))
            {
                // As above.
            }
            catch (Exception error) when (PostgresErrors.Describe(error) is { } described)
            {
                throw described;
            }
        }
    }

    public ValueTask DisposeAsync() => Source.DisposeAsync();

    public void Dispose() => Source.Dispose();

    static NpgsqlConnectionStringBuilder Configure(
        NpgsqlConnectionStringBuilder settings, ConnectionPoolOptions options)
    {
        settings.MinPoolSize = options.MinSize;
        settings.MaxPoolSize = options.MaxSize;
        // An explicit connect_timeout of the URL wins.
        if (!settings.ContainsKey("Timeout")) settings.Timeout = Seconds(options.AcquireTimeout);
        settings.CommandTimeout = Seconds(options.StatementTimeout);
        settings.ConnectionLifetime = Seconds(options.Lifetime);
        settings.ConnectionIdleLifetime = Seconds(options.IdleTime);
        settings.ConnectionPruningInterval = Math.Min(10, Seconds(options.IdleTime));
        settings.MaxAutoPrepare = options.BehindTransactionPooler ? 0 : options.StatementCacheSize;
        settings.AutoPrepareMinUsages = 2;
        settings.NoResetOnClose = options.BehindTransactionPooler;
        settings.Enlist = false;
        if (string.IsNullOrEmpty(settings.ApplicationName)) settings.ApplicationName = "health-export";
        return settings;
    }

    static int Seconds(TimeSpan span) => (int)Math.Ceiling(span.TotalSeconds);
}
