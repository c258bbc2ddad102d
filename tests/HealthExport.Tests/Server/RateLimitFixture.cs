using HealthExport.Limits;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Server;

/// <summary>A server for the tests of a class.</summary>
public abstract class RateLimitFixture(Engine engine, bool withRedis) : IAsyncLifetime
{
    internal RunningServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        var shared = withRedis ? await FindRedisAsync() : null;
        Server = await RunningServer.StartAsync(settings => settings with { Redis = shared }, engine: engine);
    }

    public ValueTask DisposeAsync() => Server?.DisposeAsync() ?? ValueTask.CompletedTask;

    static async Task<SharedUsageOptions> FindRedisAsync()
    {
        var (redis, prefix) = await RedisServers.FindAsync();
        return redis.Options(prefix);
    }
}

public sealed class SqliteRateLimitFixture() : RateLimitFixture(Engine.Sqlite, withRedis: false);

public sealed class PostgresRateLimitFixture() : RateLimitFixture(Engine.Postgres, withRedis: false);

public sealed class SqliteRedisRateLimitFixture() : RateLimitFixture(Engine.Sqlite, withRedis: true);

public sealed class PostgresRedisRateLimitFixture() : RateLimitFixture(Engine.Postgres, withRedis: true);

public sealed class SqliteRateLimitTests(SqliteRateLimitFixture fixture)
    : RateLimitTests(fixture), IClassFixture<SqliteRateLimitFixture>;

public sealed class PostgresRateLimitTests(PostgresRateLimitFixture fixture)
    : RateLimitTests(fixture), IClassFixture<PostgresRateLimitFixture>;

public sealed class SqliteRedisRateLimitTests(SqliteRedisRateLimitFixture fixture)
    : RateLimitTests(fixture), IClassFixture<SqliteRedisRateLimitFixture>;

public sealed class PostgresRedisRateLimitTests(PostgresRedisRateLimitFixture fixture)
    : RateLimitTests(fixture), IClassFixture<PostgresRedisRateLimitFixture>;
