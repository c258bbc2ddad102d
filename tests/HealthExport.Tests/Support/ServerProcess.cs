using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace HealthExport.Tests.Support;

/// <summary>
/// The executable as a person runs it: a process of its own, on a store, killed at will and started again.
/// </summary>
sealed partial class ServerProcess : IDisposable
{
    const int SigStop = 19;
    const int SigCont = 18;

    static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    readonly Process _process;
    readonly StringBuilder _log = new();

    ServerProcess(Process process) => _process = process;

    public Uri Address { get; private set; } = null!;

    /// <summary>Of the process.</summary>
    public int Id => _process.Id;

    /// <summary>The key that a first start shows; null later.</summary>
    public string? AdminKey { get; private set; }

    /// <summary>What it wrote to standard error.</summary>
    public string Log
    {
        get
        {
            lock (_log) return _log.ToString();
        }
    }

    /// <summary>The most physical memory it ever held, in bytes. Linux only.</summary>
    public long PeakMemoryBytes => 1024 * long.Parse(
        File.ReadLines($"/proc/{_process.Id}/status").First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
        System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Starts it, and returns once it says where it listens.</summary>
    public static Task<ServerProcess> StartAsync(
        string databasePath, params (string Name, string Value)[] settings) =>
        StartAsync(StorePlace.AtFile(databasePath), settings);

    /// <summary>Starts it on a store that others may use too.</summary>
    public static async Task<ServerProcess> StartAsync(
        StorePlace place, params (string Name, string Value)[] settings)
    {
        var start = CreateStart(place, settings);
        foreach (var argument in (string[])
            ["serve", "--json", "--urls", "http://127.0.0.1:0", "--metrics-urls", "none"])
            start.ArgumentList.Add(argument);
        var server = new ServerProcess(Process.Start(start)!);
        server._process.ErrorDataReceived += (_, line) =>
        {
            lock (server._log) server._log.AppendLine(line.Data);
        };
        server._process.BeginErrorReadLine();
        try
        {
            using var patience = new CancellationTokenSource(Patience);
            await server.ReadAnnouncementAsync(patience.Token);
            return server;
        }
        catch (Exception e)
        {
            server.Dispose();
            throw new InvalidOperationException($"The server did not start: {server.Log}", e);
        }
    }

    /// <summary>Starts another verb, to be ended by the caller; what it prints is not read.</summary>
    public static Process StartVerb(
        StorePlace place, (string Name, string Value)[] settings, params string[] arguments)
    {
        var start = CreateStart(place, settings);
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        return Process.Start(start)!;
    }

    /// <summary>Runs another verb on the same file.</summary>
    /// <returns>What it printed, as JSON.</returns>
    public static Task<JsonElement> RunAsync(string databasePath, params string[] arguments) =>
        RunAsync(StorePlace.AtFile(databasePath), arguments);

    /// <inheritdoc cref="RunAsync(string, string[])"/>
    public static async Task<JsonElement> RunAsync(StorePlace place, params string[] arguments)
    {
        var start = CreateStart(place, []);
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        start.ArgumentList.Add("--json");
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, await errors);
        using var document = JsonDocument.Parse(output);
        return document.RootElement.Clone();
    }

    /// <summary>Runs another verb as it is given, however it ends.</summary>
    /// <returns>All that it wrote, the errors last.</returns>
    public static async Task<(int ExitCode, string Out, string Error)> RunVerbAsync(
        StorePlace place, (string Name, string Value)[] settings, params string[] arguments)
    {
        var start = CreateStart(place, settings);
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output, await errors);
    }

    /// <summary>Makes a key for everything, under limits that no test comes near.</summary>
    /// <param name="email">Of somebody who is there; the owner that a first start makes, if absent.</param>
    public static async Task<string> AddKeyAsync(StorePlace place, string email = "owner@localhost")
    {
        var key = await RunAsync(
            place, "key", "create", "--user", email, "--name", "all", "--scopes", "ingest,read,admin",
            "--limit-profile", "bulk");
        return key.GetProperty("key").GetString()!;
    }

    /// <summary>Ends it without a warning, as a power cut would.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>Holds it still, its connections open, until <see cref="Resume"/>.</summary>
    public async Task SuspendAsync()
    {
        Assert.Equal(0, Kill(_process.Id, SigStop));
        // Until one thread has got its turn to tell the others, they run on.
        await Eventually.TrueAsync(() => Directory.EnumerateDirectories($"/proc/{_process.Id}/task").All(IsStopped));

        static bool IsStopped(string thread)
        {
            // The name in parentheses may hold blanks.
            var stat = File.ReadAllText($"{thread}/stat");
            return stat[stat.LastIndexOf(')') + 2] == 'T';
        }
    }

    public void Resume() => Assert.Equal(0, Kill(_process.Id, SigCont));

    /// <summary>Asks it to end.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> TerminateAsync(TimeSpan patience)
    {
        const int sigterm = 15;
        Assert.Equal(0, Kill(_process.Id, sigterm));
        using var limit = new CancellationTokenSource(patience);
        await _process.WaitForExitAsync(limit.Token);
        return _process.ExitCode;
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill();
        _process.Dispose();
    }

    async Task ReadAnnouncementAsync(CancellationToken cancellationToken)
    {
        var text = new StringBuilder();
        while (await _process.StandardOutput.ReadLineAsync(cancellationToken) is { } line)
        {
            text.AppendLine(line);
            if (TryParse(text.ToString()) is not { } announcement) continue;
            Address = new(announcement.GetProperty("urls")[0].GetString()!);
            AdminKey = announcement.TryGetProperty("admin_key", out var key) ? key.GetString() : null;
            return;
        }
        throw new InvalidOperationException("It ended before it said where it listens.");
    }

    static JsonElement? TryParse(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return null;
        }
    }

    static ProcessStartInfo CreateStart(StorePlace place, (string Name, string Value)[] settings)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            // A directory of its own, so that no .env of somebody's is read.
            WorkingDirectory = place.Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "health-export.dll"));
        foreach (var name in start.Environment.Keys.Where(IsSetting).ToList()) start.Environment.Remove(name);
        start.Environment["DATABASE_URL"] = place.Url;
        start.Environment["TZ"] = "UTC";
        foreach (var (name, value) in settings) start.Environment[name] = value;
        return start;
    }

    static bool IsSetting(string name) =>
        name.StartsWith("HEALTHEXPORT__", StringComparison.Ordinal) || name is "LOG_LEVEL" or "REDIS_URL";

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int process, int signal);
}
