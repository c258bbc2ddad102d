using HealthExport.Storage.Postgres;
using Npgsql;

namespace HealthExport.Tests.Support;

/// <summary>
/// A PostgreSQL server with PostGIS: one of its own from Debian's packages, which is gone when this process is, or the
/// one that TEST_DATABASE_URL names.
/// </summary>
sealed class PostgresServer : IAsyncDisposable
{
    const string Programs = "/usr/lib/postgresql/15/bin";
    const string PostGis = "/usr/share/postgresql/15/extension/postgis.control";

    readonly ServerScript? _script;

    PostgresServer(Uri url, ServerScript? script) => (Url, _script) = (url, script);

    /// <summary>As somebody who may create databases and extensions; the path is a database that is there.</summary>
    public Uri Url { get; }

    /// <summary>Why there can be none, or null.</summary>
    public static string? Missing => Given is not null ? null
        : !IsInstalled
            ? "PostgreSQL 15 with PostGIS 3 is not installed (postgresql-15, postgresql-15-postgis-3), and "
                + "TEST_DATABASE_URL is not set."
            : null;

    /// <summary>Whether a server of its own can be started.</summary>
    public static bool IsInstalled => File.Exists($"{Programs}/postgres") && File.Exists(PostGis);

    public static string? Given =>
        Environment.GetEnvironmentVariable("TEST_DATABASE_URL") is { Length: > 0 } url ? url : null;

    /// <summary>Skips the running test where there is no server; under CI that is a failure.</summary>
    public static void Require()
    {
        if (Missing is { } reason) SkipFor(reason);
    }

    /// <summary>Skips the running test, whose server is not as it must be; under CI that is a failure.</summary>
    public static void SkipFor(string reason)
    {
        if (Environment.GetEnvironmentVariable("CI") is { Length: > 0 }) Assert.Fail(reason);
        Assert.Skip(reason);
    }

    /// <summary>Starts a server of its own, whatever TEST_DATABASE_URL says: one that may be stopped and
    /// killed.</summary>
    public static async Task<PostgresServer> StartAsync()
    {
        var port = ServerScript.FindFreePort();
        var password = Guid.NewGuid().ToString("n");
        return new(
            new($"postgresql://postgres:{password}@127.0.0.1:{port}/postgres"),
            await ServerScript.StartAsync("postgres-server.sh", "postgres", Programs, $"{port}", password));
    }

    /// <summary>A server that is there already.</summary>
    public static PostgresServer At(string url) => new(new(url), null);

    /// <summary>Stops it in order: sessions are told and ended.</summary>
    public Task StopAsync() => SendAsync("stop", "stopped");

    /// <summary>Ends it as a loss of power would.</summary>
    public Task KillAsync() => SendAsync("kill", "killed");

    /// <summary>Starts it again after a stop or kill, at the same place.</summary>
    public Task StartAgainAsync() => SendAsync("start", "started");

    /// <summary>Runs one statement in the database of <see cref="Url"/>, or another.</summary>
    public async Task RunAsync(string sql, string? database = null)
    {
        await using var source = Open(database);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>A data source without a pool, for the tests' own use.</summary>
    public NpgsqlDataSource Open(string? database = null)
    {
        var settings = PostgresUrl.Parse(UrlOf(database));
        settings.Pooling = false;
        return NpgsqlDataSource.Create(settings);
    }

    public string UrlOf(string? database) =>
        database is null ? Url.OriginalString : new UriBuilder(Url) { Path = database }.Uri.OriginalString;

    public ValueTask DisposeAsync() => _script?.DisposeAsync() ?? ValueTask.CompletedTask;

    Task SendAsync(string command, string answer) =>
        _script?.SendAsync(command, answer)
        ?? throw new InvalidOperationException("This server is somebody else's.");
}
