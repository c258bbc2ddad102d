using HealthExport.Audit;
using HealthExport.Caching;
using HealthExport.Deletions;
using HealthExport.Drift;
using HealthExport.Events;
using HealthExport.Keys;
using HealthExport.Limits;
using HealthExport.Migrations;
using HealthExport.Moving;
using HealthExport.People;
using HealthExport.Pushes;
using HealthExport.Samples;
using HealthExport.Sleep;
using HealthExport.Storage.Postgres;
using HealthExport.Storage.Redis;
using HealthExport.Storage.Sqlite;
using HealthExport.Stores;
using HealthExport.Texts;
using HealthExport.Totals;
using HealthExport.Workouts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace HealthExport.Storage;

/// <summary>Puts the stores of one database into a container.</summary>
public static class StorageRegistration
{
    /// <summary>Registers every store contract over the database named. Nothing is opened before the first use.
    /// </summary>
    /// <param name="databaseUrl">
    /// <c>sqlite:PATH</c>, relative to the working directory, or <c>postgresql://…</c> (also <c>postgres://…</c>).
    /// </param>
    /// <exception cref="ArgumentException">It is neither. The text never shows the URL, which may hold a password.
    /// </exception>
    /// <param name="pool">Of connections to a server; null for the defaults. An embedded database has none.</param>
    /// <param name="attempts">How often a push is handed out before it is settled as failed, 1 or more.</param>
    public static IServiceCollection AddHealthExportStorage(
        this IServiceCollection services, string databaseUrl, ConnectionPoolOptions? pool = null,
        int attempts = ClaimedPush.MaxAttempts)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(new QueueOptions { MaxAttempts = attempts });
        var scheme = databaseUrl.Split(':', 2)[0].ToLowerInvariant();
        return databaseUrl.Contains(':') ? scheme switch
        {
            "sqlite" => services.AddSqlite(ReadPath(databaseUrl)),
            "postgresql" or "postgres" => services.AddPostgres(databaseUrl, pool),
            _ => throw Unknown(),
        } : throw Unknown();
    }

    static IServiceCollection AddSqlite(this IServiceCollection services, string path)
    {
        services.AddSingleton(_ => new SqliteDatabase(path));
        services.AddSingleton(LeaseHolder.Current);
        services.AddSingleton<IMigrationStore, SqliteMigrations>();
        services.AddSingleton<IStoreUpkeep, SqliteUpkeep>();
        services.AddSingleton<IUserStore, SqliteUserStore>();
        services.AddSingleton<IKeyStore, SqliteKeyStore>();
        services.AddSingleton<IAuditStore, SqliteAuditStore>();
        services.AddSingleton<IIngestionStore, SqliteIngestionStore>();
        services.AddSingleton<ISampleStore, SqliteSampleStore>();
        services.AddSingleton<IDeletionStore, SqliteDeletionStore>();
        services.AddSingleton<IDailyTotalStore, SqliteDailyTotalStore>();
        services.AddSingleton<ISleepStore, SqliteSleepStore>();
        services.AddSingleton<IEventStore, SqliteEventStore>();
        services.AddSingleton<IDriftStore, SqliteDriftStore>();
        services.AddSingleton<IWorkoutStore, SqliteWorkoutStore>();
        services.AddSingleton<ITextStore, SqliteTextStore>();
        services.AddSingleton<IStoreCopy, SqliteStoreCopy>();
        return services;
    }

    static IServiceCollection AddPostgres(
        this IServiceCollection services, string databaseUrl, ConnectionPoolOptions? pool)
    {
        // A wrong URL is told at once, not at the first use.
        PostgresUrl.Parse(databaseUrl);
        services.AddSingleton(provider =>
            new PostgresDatabase(databaseUrl, pool, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<IMigrationStore, PostgresMigrations>();
        services.AddSingleton<IStoreUpkeep, PostgresUpkeep>();
        services.AddSingleton<IUserStore, PostgresUserStore>();
        services.AddSingleton<IKeyStore, PostgresKeyStore>();
        services.AddSingleton<IAuditStore, PostgresAuditStore>();
        services.AddSingleton<IIngestionStore, PostgresIngestionStore>();
        services.AddSingleton<ISampleStore, PostgresSampleStore>();
        services.AddSingleton<IDeletionStore, PostgresDeletionStore>();
        services.AddSingleton<IDailyTotalStore, PostgresDailyTotalStore>();
        services.AddSingleton<ISleepStore, PostgresSleepStore>();
        services.AddSingleton<IEventStore, PostgresEventStore>();
        services.AddSingleton<IDriftStore, PostgresDriftStore>();
        services.AddSingleton<IWorkoutStore, PostgresWorkoutStore>();
        services.AddSingleton<ITextStore, PostgresTextStore>();
        services.AddSingleton<IStoreCopy, PostgresStoreCopy>();
        return services;
    }

    /// <summary>Registers <see cref="IUsage"/>: in this process, or shared where there is a place to share it.</summary>
    /// <param name="shared">Null to count in this process alone. Else <see cref="ISharedUsage"/> is there as well.
    /// </param>
    /// <exception cref="ArgumentException">The URL cannot be read. The text never shows it.</exception>
    public static IServiceCollection AddHealthExportUsage(
        this IServiceCollection services, SharedUsageOptions? shared)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<LocalUsage>();
        if (shared is null) return services.AddSingleton<IUsage>(provider => provider.GetRequiredService<LocalUsage>());
        // A wrong URL is told at once, not at the first use.
        RedisUrl.Parse(shared);
        services.AddSingleton(shared);
        services.AddSingleton<ISharedUsage, RedisUsage>();
        return services.AddSingleton<IUsage>(provider => provider.GetRequiredService<ISharedUsage>());
    }

    /// <summary>Registers <see cref="ISharedAnswers"/>, where there is a place to share answers.</summary>
    /// <param name="options">Null to share none: then nothing is registered.</param>
    /// <exception cref="ArgumentException">The URL cannot be read. The text never shows it.</exception>
    public static IServiceCollection AddHealthExportSharedAnswers(
        this IServiceCollection services, SharedAnswersOptions? options)
    {
        if (options is null) return services;
        services.TryAddSingleton(TimeProvider.System);
        // A wrong URL is told at once, not at the first use.
        RedisUrl.Parse(options.Redis);
        services.AddSingleton(options);
        return services.AddSingleton<ISharedAnswers, RedisAnswers>();
    }

    static string ReadPath(string databaseUrl)
    {
        var path = databaseUrl["sqlite:".Length..];
        // Three slashes name an absolute path, as in a file URL.
        if (path.StartsWith("//", StringComparison.Ordinal)) path = path[2..];
        return path is not ("" or ":memory:") ? path : throw new ArgumentException(
            "DATABASE_URL names no file: it must be sqlite:PATH, such as sqlite:data/health.db.", nameof(databaseUrl));
    }

    /// <summary>
    /// Whether the database is a file of this host's, which nobody but the program that opens it can bring up to date.
    /// </summary>
    /// <param name="databaseUrl">As <see cref="AddHealthExportStorage"/> takes it.</param>
    public static bool IsEmbedded(string databaseUrl) =>
        databaseUrl.StartsWith("sqlite:", StringComparison.OrdinalIgnoreCase);

    static ArgumentException Unknown() => new(
        "DATABASE_URL must start with sqlite: or postgresql://, such as sqlite:data/health.db.", "databaseUrl");
}
