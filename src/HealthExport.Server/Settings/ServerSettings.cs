using System.Globalization;
using HealthExport.Caching;
using HealthExport.Limits;
using HealthExport.Pushes;
using HealthExport.Reading;
using HealthExport.Server.Ingest;
using HealthExport.Stores;

namespace HealthExport.Server.Settings;

/// <summary>The settings in force, checked. What each means stands in <see cref="SettingList"/>.</summary>
sealed record ServerSettings
{
    public string DatabaseUrl { get; init; } = SettingList.DatabaseUrl.Default;
    public LogLevel LogLevel { get; init; } = LogLevel.Information;
    public IReadOnlyList<string> Urls { get; init; } = [SettingList.Urls.Default];

    /// <summary>Where metrics are served, in the clear; empty for nowhere.</summary>
    public IReadOnlyList<string> MetricsUrls { get; init; } = [SettingList.MetricsUrls.Default];

    /// <summary>Whether somebody wants metrics there and nowhere else, so that a start without them has failed.</summary>
    public bool AreMetricsUrlsChosen { get; init; }

    /// <summary>Null when the address listened on is also the one phones use.</summary>
    public Uri? PublicUrl { get; init; }

    public IngestSettings Ingest { get; init; } = new();
    public TimeSpan Shutdown { get; init; } = TimeSpan.FromSeconds(25);
    public ConnectionPoolOptions Database { get; init; } = new();

    /// <summary>Null to count limits, and to keep answers, in this process alone.</summary>
    public SharedUsageOptions? Redis { get; init; }
    public HttpSettings Http { get; init; } = new();
    public TlsSettings Tls { get; init; } = new();
    public AuditSettings Audit { get; init; } = new();
    public CacheSettings Cache { get; init; } = new();

    /// <summary>Where answers are shared; null where they are not.</summary>
    public SharedAnswersOptions? SharedAnswers =>
        Redis is not null && Cache is { IsShared: true, MemoryBytes: > 0 } ? new(Redis, Cache.SharedPatience) : null;

    /// <exception cref="InvalidSettingException">A value is not among those allowed.</exception>
    public static ServerSettings From(IConfiguration configuration) => new()
    {
        DatabaseUrl = Text(configuration, SettingList.DatabaseUrl),
        LogLevel = ReadLogLevel(configuration),
        Urls = ReadUrls(configuration),
        MetricsUrls = ReadMetricsUrls(configuration),
        AreMetricsUrlsChosen = Text(configuration, SettingList.MetricsUrls) != SettingList.MetricsUrls.Default,
        PublicUrl = ReadPublicUrl(configuration),
        Shutdown = Seconds(configuration, SettingList.ShutdownSeconds),
        Ingest = new()
        {
            BodyLimitBytes = Number(configuration, SettingList.BodyLimitBytes),
            Wait = Seconds(configuration, SettingList.WaitSeconds),
            Stall = Seconds(configuration, SettingList.StallSeconds),
            Lease = Seconds(configuration, SettingList.LeaseSeconds),
            Workers = Number(configuration, SettingList.Workers) is var workers and > 0
                ? (int)workers
                : IngestSettings.DefaultWorkers,
            Attempts = (int)Number(configuration, SettingList.Attempts),
            Backoff = ReadBackoff(configuration),
            BatchRows = (int)Number(configuration, SettingList.BatchRows),
            LargeBodies = (int)Number(configuration, SettingList.LargeBodies),
            TempFolder = ReadTempFolder(configuration),
        },
        Database = ReadPool(configuration),
        Redis = ReadRedis(configuration),
        Http = HttpSettings.From(configuration),
        Tls = TlsSettings.From(configuration, ReadUrls(configuration)),
        Audit = AuditSettings.From(configuration),
        Cache = CacheSettings.From(configuration),
    };

    static Backoff ReadBackoff(IConfiguration configuration)
    {
        var first = Number(configuration, SettingList.BackoffMilliseconds);
        var last = Number(configuration, SettingList.BackoffLimitMilliseconds);
        return last >= first
            ? new(TimeSpan.FromMilliseconds(first), TimeSpan.FromMilliseconds(last))
            : throw new InvalidSettingException(
                SettingList.BackoffLimitMilliseconds.Name, $"must be at least {SettingList.BackoffMilliseconds.Name}.");
    }

    static ConnectionPoolOptions ReadPool(IConfiguration configuration)
    {
        var pool = new ConnectionPoolOptions
        {
            MinSize = (int)Number(configuration, SettingList.MinConnections),
            MaxSize = (int)Number(configuration, SettingList.MaxConnections),
            AcquireTimeout = Seconds(configuration, SettingList.ConnectSeconds),
            StatementTimeout = Seconds(configuration, SettingList.StatementSeconds),
            Lifetime = Seconds(configuration, SettingList.LifetimeSeconds),
            IdleTime = Seconds(configuration, SettingList.IdleSeconds),
            StatementCacheSize = (int)Number(configuration, SettingList.StatementCache),
            BehindTransactionPooler = Flag(configuration, SettingList.TransactionPooler),
        };
        return pool.MinSize <= pool.MaxSize
            ? pool
            : throw new InvalidSettingException(
                SettingList.MinConnections.Name, $"must be at most {SettingList.MaxConnections.Name}.");
    }

    static SharedUsageOptions? ReadRedis(IConfiguration configuration)
    {
        var options = new SharedUsageOptions(Text(configuration, SettingList.RedisUrl))
        {
            Prefix = Text(configuration, SettingList.RedisPrefix),
            ConnectTimeout = Milliseconds(configuration, SettingList.RedisConnectMilliseconds),
            AnswerTimeout = Milliseconds(configuration, SettingList.RedisAnswerMilliseconds),
        };
        return options.Url.Length > 0 ? options : null;
    }

    internal static bool Flag(IConfiguration configuration, Setting setting) =>
        bool.TryParse(Text(configuration, setting), out var value)
            ? value
            : throw new InvalidSettingException(setting.Name, "must be true or false.");

    internal static string Text(IConfiguration configuration, Setting setting) =>
        configuration[setting.Key] is { } value && !string.IsNullOrWhiteSpace(value) ? value.Trim() : setting.Default;

    internal static long Number(IConfiguration configuration, Setting setting)
    {
        var (min, max) = setting.Range ?? (long.MinValue, long.MaxValue);
        return long.TryParse(
            Text(configuration, setting), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
            && value >= min && value <= max
                ? value
                : throw new InvalidSettingException(setting.Name, $"must be a whole number from {min} to {max}.");
    }

    internal static TimeSpan Seconds(IConfiguration configuration, Setting setting) =>
        TimeSpan.FromSeconds(Number(configuration, setting));

    internal static TimeSpan Milliseconds(IConfiguration configuration, Setting setting) =>
        TimeSpan.FromMilliseconds(Number(configuration, setting));

    static LogLevel ReadLogLevel(IConfiguration configuration)
    {
        var text = Text(configuration, SettingList.LogLevel);
        return !int.TryParse(text, out _) && Enum.TryParse<LogLevel>(text, ignoreCase: true, out var level)
            ? level
            : throw new InvalidSettingException(
                SettingList.LogLevel.Name, $"must be one of {string.Join(", ", Enum.GetNames<LogLevel>())}.");
    }

    static string[] ReadUrls(IConfiguration configuration)
    {
        var urls = SplitUrls(Text(configuration, SettingList.Urls));
        return urls.Length > 0 && urls.All(IsListeningAddress) ? urls : throw NotUrls();

        static InvalidSettingException NotUrls() => new(
            SettingList.Urls.Name, "must be addresses such as http://127.0.0.1:8080, separated by semicolons.");
    }

    static string[] ReadMetricsUrls(IConfiguration configuration) =>
        FindMetricsUrls(Text(configuration, SettingList.MetricsUrls)) ?? throw new InvalidSettingException(
            SettingList.MetricsUrls.Name,
            "must be addresses such as http://127.0.0.1:9090, separated by semicolons, or none.");

    /// <summary>Addresses without TLS, empty for <c>none</c>; null if the text is neither.</summary>
    public static string[]? FindMetricsUrls(string text)
    {
        if (text == "none") return [];
        var urls = SplitUrls(text);
        return urls.Length > 0 && urls.All(
            url => IsListeningAddress(url) && url.StartsWith("http:", StringComparison.OrdinalIgnoreCase)) ? urls : null;
    }

    static string[] SplitUrls(string text) =>
        text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>Whether the server can listen there: a scheme, a host or what stands for all, a port.</summary>
    public static bool IsListeningAddress(string url)
    {
        try
        {
            // Takes what Kestrel does, http://*:8080 among it, which is no URI.
            return (url.StartsWith("http://", StringComparison.OrdinalIgnoreCase)
                    || url.StartsWith("https://", StringComparison.OrdinalIgnoreCase))
                && BindingAddress.Parse(url).PathBase.Length == 0;
        }
        catch (FormatException)
        {
            return false;
        }
    }

    static Uri? ReadPublicUrl(IConfiguration configuration)
    {
        var text = Text(configuration, SettingList.PublicUrl);
        if (text.Length == 0) return null;
        return FindPublicUrl(text) ?? throw new InvalidSettingException(
            SettingList.PublicUrl.Name, "must be a URL such as https://health.example.org.");
    }

    /// <summary>A URL that a phone can be told, with or without a path; null if the text is none.</summary>
    public static Uri? FindPublicUrl(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
        && url is { UserInfo: "", Query: "", Fragment: "" }
            ? url
            : null;

    static string ReadTempFolder(IConfiguration configuration)
    {
        var text = Text(configuration, SettingList.TempFolder);
        if (text.Length == 0) return Path.GetTempPath();
        return Directory.Exists(text)
            ? text
            : throw new InvalidSettingException(SettingList.TempFolder.Name, "must be a folder that is there.");
    }
}

/// <summary>How pushes are received and worked on.</summary>
sealed record IngestSettings
{
    /// <summary>One per processor, at least 2.</summary>
    public static int DefaultWorkers => Math.Max(2, Environment.ProcessorCount);

    /// <summary>After decompression.</summary>
    public long BodyLimitBytes { get; init; } = 209_715_200;

    /// <summary>From a request's start to the 202 that says "later".</summary>
    public TimeSpan Wait { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How long a body may bring no byte.</summary>
    public TimeSpan Stall { get; init; } = TimeSpan.FromSeconds(60);

    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(60);
    public int Workers { get; init; } = DefaultWorkers;

    /// <summary>After so many counted attempts a push is settled as failed.</summary>
    public int Attempts { get; init; } = ClaimedPush.MaxAttempts;

    public Backoff Backoff { get; init; } = Backoff.Default;

    /// <summary>Rows handed from reading to writing at once.</summary>
    public int BatchRows { get; init; } = PayloadReader.UsualBatchRows;

    /// <summary>How many large bodies may be on their way in at once.</summary>
    public int LargeBodies { get; init; } = 256;

    public string TempFolder { get; init; } = Path.GetTempPath();
}
