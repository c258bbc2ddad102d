using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
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

    readonly Process? _process;

    PostgresServer(Uri url, Process? process) => (Url, _process) = (url, process);

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
        var port = FindFreePort();
        var password = Guid.NewGuid().ToString("n");
        var process = StartScript("postgres-server.sh", "postgres", Programs, $"{port}", password);
        var server = new PostgresServer(new($"postgresql://postgres:{password}@127.0.0.1:{port}/postgres"), process);
        await server.ExpectAsync("started");
        return server;
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

    public async ValueTask DisposeAsync()
    {
        if (_process is not { } process) return;
        process.StandardInput.Close();
        await process.WaitForExitAsync();
        process.Dispose();
    }

    async Task SendAsync(string command, string answer)
    {
        if (_process is not { } process) throw new InvalidOperationException("This server is somebody else's.");
        await process.StandardInput.WriteLineAsync(command);
        await process.StandardInput.FlushAsync();
        await ExpectAsync(answer);
    }

    async Task ExpectAsync(string answer)
    {
        var line = await _process!.StandardOutput.ReadLineAsync();
        if (line == answer) return;
        throw new InvalidOperationException(
            $"PostgreSQL did not come to be {answer}: {await _process.StandardError.ReadToEndAsync()}");
    }

    /// <summary>Runs one of the scripts beside this file, which ends when its standard input does.</summary>
    /// <param name="user">Who runs it where this process is root's, because many servers refuse to be; null for root.
    /// </param>
    public static Process StartScript(string name, string? user, params string[] arguments)
    {
        using var reader = new StreamReader(typeof(PostgresServer).Assembly.GetManifestResourceStream(name)!);
        string[] command = 
            user is not null && Environment.UserName == "root" ? ["runuser", "-u", user, "--", "sh"] : ["sh"];
        var start = new ProcessStartInfo
        {
            FileName = command[0],
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        foreach (var word in (string[])[.. command[1..], "-c", reader.ReadToEnd(), name, .. arguments])
            start.ArgumentList.Add(word);
        return Process.Start(start) ?? throw new InvalidOperationException("The shell did not start.");
    }

    public static int FindFreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
