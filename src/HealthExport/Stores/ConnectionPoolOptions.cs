namespace HealthExport.Stores;

/// <summary>
/// How connections to a database server are kept. The defaults fit one replica of a server that allows 50 connections
/// to it. An embedded database ignores them.
/// </summary>
public sealed record ConnectionPoolOptions
{
    /// <summary>Connections kept open when idle; 0 to <see cref="MaxSize"/>. Default 0.</summary>
    public int MinSize { get; init; }

    /// <summary>Most connections of one process, 2 to 1,000: a push being applied needs one, and now and then a second.
    /// Default 50.</summary>
    public int MaxSize { get; init; } = 50;

    /// <summary>How long to wait for a connection, a free one or a new one, before the store counts as away. Whole
    /// seconds, 1 s to 10 min. Default 10 s.</summary>
    public TimeSpan AcquireTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long one statement may take before the store counts as away. Whole seconds; zero for no limit.
    /// Default 5 min.</summary>
    public TimeSpan StatementTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>A connection older than this is closed when it comes back, so that load spreads over servers that were
    /// added. Whole seconds; zero for never. Default 1 h.</summary>
    public TimeSpan Lifetime { get; init; } = TimeSpan.FromHours(1);

    /// <summary>A connection unused for this long is closed. Whole seconds, at least 10 s. Default 1 min.</summary>
    public TimeSpan IdleTime { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Statements kept prepared on each connection; 0 for none. Default 100.</summary>
    public int StatementCacheSize { get; init; } = 100;

    /// <summary>
    /// A pooler that changes the server connection after each transaction stands between (PgBouncer in transaction
    /// mode): nothing is prepared or reset, whatever <see cref="StatementCacheSize"/> says. Default false.
    /// </summary>
    public bool BehindTransactionPooler { get; init; }
}
