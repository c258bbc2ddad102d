using HealthExport.Limits;
using StackExchange.Redis;

namespace HealthExport.Tests.Support;

/// <summary>
/// A Redis server: one of its own from Debian's package, which is gone when this process is, or the one that
/// TEST_REDIS_URL names.
/// </summary>
sealed class RedisServer : IAsyncDisposable
{
    const string Program = "/usr/bin/redis-server";

    readonly ServerScript? _script;

    RedisServer(string url, ServerScript? script) => (Url, _script) = (url, script);

    public string Url { get; }

    public static string? Given =>
        Environment.GetEnvironmentVariable("TEST_REDIS_URL") is { Length: > 0 } url ? url : null;

    /// <summary>Skips the running test where there is no server; under CI that is a failure.</summary>
    /// <param name="own">Whether it has to be one that may be killed.</param>
    public static void Require(bool own = false)
    {
        if (File.Exists(Program) || (Given is not null && !own)) return;
        const string reason = "Redis is not installed (redis-server).";
        if (Environment.GetEnvironmentVariable("CI") is { Length: > 0 }) Assert.Fail(reason);
        Assert.Skip(reason);
    }

    /// <summary>Starts a server of its own, whatever TEST_REDIS_URL says: one that may be killed.</summary>
    /// <param name="tls">The files of its certificate, chain included, and of its key, to speak TLS alone.</param>
    public static async Task<RedisServer> StartAsync((string Certificate, string Key)? tls = null)
    {
        var port = ServerScript.FindFreePort();
        var password = Guid.NewGuid().ToString("n");
        string[] files = tls is { } with ? [with.Certificate, with.Key] : [];
        return new(
            $"redis{(tls is null ? "" : "s")}://:{password}@127.0.0.1:{port}",
            await ServerScript.StartAsync(
                "redis-server.sh", user: null, [Program, $"{port}", password, .. files]));
    }

    /// <summary>A server that is there already.</summary>
    public static RedisServer At(string url) => new(url, null);

    /// <summary>How a server under test is told of this one: with names of its own, and patience on a busy machine.
    /// </summary>
    public SharedUsageOptions Options(string prefix) => new(Url)
    {
        Prefix = prefix, ConnectTimeout = TimeSpan.FromSeconds(10), AnswerTimeout = TimeSpan.FromSeconds(10),
    };

    /// <summary>Ends it as a loss of power would: nothing is left of what it held.</summary>
    public Task KillAsync() => SendAsync("kill", "killed");

    /// <summary>Starts it again after a kill, at the same place.</summary>
    public Task StartAgainAsync() => SendAsync("start", "started");

    /// <summary>Holds it still, its connections open, until <see cref="ResumeAsync"/>.</summary>
    public Task SuspendAsync() => SendAsync("hold", "held");

    public Task ResumeAsync() => SendAsync("go", "going");

    /// <summary>A connection of the tests' own.</summary>
    public async Task<ConnectionMultiplexer> ConnectAsync()
    {
        var url = new Uri(Url);
        var connection = await ConnectionMultiplexer.ConnectAsync(new ConfigurationOptions
        {
            EndPoints = { { url.Host, url.Port > 0 ? url.Port : 6379 } },
            Password = url.UserInfo.Length > 0 ? Uri.UnescapeDataString(url.UserInfo.Split(':')[1]) : null,
            DefaultDatabase = url.AbsolutePath.Trim('/') is { Length: > 0 } number
                ? int.Parse(number, System.Globalization.CultureInfo.InvariantCulture)
                : 0,
            AllowAdmin = true,
            SyncTimeout = 10_000,
        });
        connection.PreserveAsyncOrder = false;
        return connection;
    }

    public ValueTask DisposeAsync() => _script?.DisposeAsync() ?? ValueTask.CompletedTask;

    Task SendAsync(string command, string answer) =>
        _script?.SendAsync(command, answer)
        ?? throw new InvalidOperationException("This server is somebody else's.");
}
