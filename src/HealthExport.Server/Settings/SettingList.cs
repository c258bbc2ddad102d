namespace HealthExport.Server.Settings;

/// <summary>Every setting of the server. The operations page and the example file name exactly these.</summary>
static partial class SettingList
{
    public static readonly Setting DatabaseUrl = new(
        "DATABASE_URL", "sqlite:data/health.db",
        "Where everything is kept: sqlite: and a path, relative to the directory the server is started in.",
        IsSecret: true);

    public static readonly Setting LogLevel = new(
        "LOG_LEVEL", "Information",
        "Least severe log line that is written: Trace, Debug, Information, Warning, Error, Critical or None.");

    public static readonly Setting Urls = new(
        "HEALTHEXPORT__URLS", "http://127.0.0.1:8080", "Addresses to listen on, separated by semicolons.");

    public static readonly Setting MetricsUrls = new(
        "HEALTHEXPORT__METRICSURLS", "http://127.0.0.1:9090",
        "Addresses to serve metrics on, separated by semicolons; none for none.");

    public static readonly Setting PublicUrl = new(
        "HEALTHEXPORT__PUBLICURL", "",
        "The URL under which phones reach this server, when it is not the address listened on.");

    public static readonly Setting BodyLimitBytes = new(
        "HEALTHEXPORT__INGEST__BODYLIMITBYTES", "209715200",
        "Largest body of one push in bytes, counted after decompression.") { Range = (1, 1L << 40) };

    public static readonly Setting WaitSeconds = new(
        "HEALTHEXPORT__INGEST__WAITSECONDS", "20",
        "How long a push may wait for its receipt, in seconds from its first byte.") { Range = (0, 600) };

    public static readonly Setting StallSeconds = new(
        "HEALTHEXPORT__INGEST__STALLSECONDS", "60",
        "A body of which no byte came for so many seconds is broken off.") { Range = (1, 3600) };

    public static readonly Setting LeaseSeconds = new(
        "HEALTHEXPORT__INGEST__LEASESECONDS", "60",
        "How long a push stays with a process that does not renew its claim, in seconds.") { Range = (3, 3600) };

    public static readonly Setting Workers = new(
        "HEALTHEXPORT__INGEST__WORKERS", "0",
        "How many pushes are processed side by side; 0 for one per processor, at least 2.") { Range = (0, 256) };

    public static readonly Setting LargeBodies = new(
        "HEALTHEXPORT__INGEST__LARGEBODIES", "256",
        "How many bodies of more than 128 KiB are on their way in at once, of one key an eighth; more wait.")
        { Range = (4, 100_000) };

    public static readonly Setting TempFolder = new(
        "HEALTHEXPORT__INGEST__TEMPFOLDER", "",
        "Where large bodies wait until they are kept; the system's folder for temporary files if empty.");

    public static readonly Setting Attempts = new(
        "HEALTHEXPORT__INGEST__ATTEMPTS", "5",
        "How often a push is tried before it is given up; a store that is away does not count.") { Range = (1, 100) };

    public static readonly Setting BackoffMilliseconds = new(
        "HEALTHEXPORT__INGEST__BACKOFFMILLISECONDS", "100",
        "How long to wait before the second try, in milliseconds; twice as long before each after it.")
        { Range = (10, 60_000) };

    public static readonly Setting BackoffLimitMilliseconds = new(
        "HEALTHEXPORT__INGEST__BACKOFFLIMITMILLISECONDS", "5000",
        "Longest wait before another try, in milliseconds.") { Range = (10, 600_000) };

    public static readonly Setting BatchRows = new(
        "HEALTHEXPORT__INGEST__BATCHROWS", "4096",
        "How many rows of a push are compared and written at once.") { Range = (64, 65_536) };

    public static readonly Setting MinConnections = new(
        "HEALTHEXPORT__DATABASE__MINCONNECTIONS", "0",
        "Connections to a database server that stay open when nothing is to do.") { Range = (0, 1_000) };

    public static readonly Setting MaxConnections = new(
        "HEALTHEXPORT__DATABASE__MAXCONNECTIONS", "50",
        "Most connections of this process to a database server.") { Range = (2, 1_000) };

    public static readonly Setting ConnectSeconds = new(
        "HEALTHEXPORT__DATABASE__CONNECTSECONDS", "10",
        "How long to wait for a connection before the store counts as away, in seconds.") { Range = (1, 600) };

    public static readonly Setting StatementSeconds = new(
        "HEALTHEXPORT__DATABASE__STATEMENTSECONDS", "300",
        "How long one statement may take before the store counts as away, in seconds; 0 for no limit.")
        { Range = (0, 86_400) };

    public static readonly Setting LifetimeSeconds = new(
        "HEALTHEXPORT__DATABASE__LIFETIMESECONDS", "3600",
        "A connection older than so many seconds is replaced when it is free; 0 for never.") { Range = (0, 604_800) };

    public static readonly Setting IdleSeconds = new(
        "HEALTHEXPORT__DATABASE__IDLESECONDS", "60",
        "A connection unused for so many seconds is closed.") { Range = (10, 86_400) };

    public static readonly Setting StatementCache = new(
        "HEALTHEXPORT__DATABASE__STATEMENTCACHE", "100",
        "Statements kept prepared on each connection; 0 for none.") { Range = (0, 10_000) };

    public static readonly Setting TransactionPooler = new(
        "HEALTHEXPORT__DATABASE__TRANSACTIONPOOLER", "false",
        "true when a pooler in transaction mode, such as PgBouncer, stands before the database: nothing is prepared.");

    public static readonly Setting RedisUrl = new(
        "REDIS_URL", "",
        "Where several servers count their keys' limits together; each counts for itself if empty.", IsSecret: true);

    public static readonly Setting RedisPrefix = new(
        "HEALTHEXPORT__REDIS__PREFIX", "healthexport:", "What every name in Redis begins with.");

    public static readonly Setting RedisConnectMilliseconds = new(
        "HEALTHEXPORT__REDIS__CONNECTMILLISECONDS", "2000",
        "How long a connection to Redis may take, in milliseconds.") { Range = (10, 60_000) };

    public static readonly Setting RedisAnswerMilliseconds = new(
        "HEALTHEXPORT__REDIS__ANSWERMILLISECONDS", "500",
        "How long an answer of Redis may take before it counts as away, in milliseconds.") { Range = (10, 60_000) };

    public static readonly Setting ShutdownSeconds = new(
        "HEALTHEXPORT__SHUTDOWNSECONDS", "25",
        "How long requests in progress may take to end when the server is stopped, in seconds.")
        { Range = (0, 3600) };

    // Not before the first use: the fields of a class in several files are set file by file, in any order.
    public static IReadOnlyList<Setting> All => field ??=
    [
        DatabaseUrl, LogLevel, Urls, MetricsUrls, PublicUrl, ShutdownSeconds, BodyLimitBytes, WaitSeconds, StallSeconds,
        LeaseSeconds, Workers, Attempts, BackoffMilliseconds, BackoffLimitMilliseconds, BatchRows,
        LargeBodies, TempFolder,
        MinConnections, MaxConnections, ConnectSeconds, StatementSeconds, LifetimeSeconds, IdleSeconds, StatementCache,
        TransactionPooler, RedisUrl, RedisPrefix, RedisConnectMilliseconds, RedisAnswerMilliseconds,
        .. Http, .. Audit, .. Cache,
    ];
}
