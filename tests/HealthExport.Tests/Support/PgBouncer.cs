namespace HealthExport.Tests.Support;

/// <summary>Debian's PgBouncer in transaction mode, before a server of this run's own.</summary>
sealed class PgBouncer : IAsyncDisposable
{
    const string Program = "/usr/sbin/pgbouncer";

    readonly ServerScript _script;
    readonly int _port;

    PgBouncer(ServerScript script, int port) => (_script, _port) = (script, port);

    /// <summary>Skips the running test where there is none; under CI that is a failure.</summary>
    public static void Require()
    {
        PostgresServer.Require();
        var reason = !File.Exists(Program) ? "PgBouncer is not installed (pgbouncer)."
            : PostgresServer.Given is not null ? "TEST_DATABASE_URL is set: nothing is put before a given server."
            : null;
        if (reason is null) return;
        if (Environment.GetEnvironmentVariable("CI") is { Length: > 0 } && PostgresServer.Given is null)
            Assert.Fail(reason);
        Assert.Skip(reason);
    }

    /// <param name="url">Of the server, with its password.</param>
    public static async Task<PgBouncer> StartAsync(string url)
    {
        var server = new Uri(url);
        var port = ServerScript.FindFreePort();
        var script = await ServerScript.StartAsync(
            "pgbouncer.sh", "postgres", Program, $"{port}", $"{server.Port}", server.UserInfo.Split(':')[1]);
        return new(script, port);
    }

    /// <summary>The same database as <paramref name="url"/>, through the pooler.</summary>
    public string Through(string url) => new UriBuilder(url) { Port = _port }.Uri.OriginalString;

    public ValueTask DisposeAsync() => _script.DisposeAsync();
}
