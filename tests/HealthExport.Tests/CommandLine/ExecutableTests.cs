using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Runtime.InteropServices;
using HealthExport.Keys;

namespace HealthExport.Tests.CommandLine;

/// <summary>The real executable as a process of its own.</summary>
public sealed partial class ExecutableTests : IDisposable
{
    const int SigTerm = 15;
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    readonly Terminal _terminal = new();

    public void Dispose() => _terminal.Dispose();

    /// <summary>Starts a server, waits until it listens, looks at it, stops it by SIGTERM.</summary>
    async Task<(string Out, int Code)> ServeAsync(Func<Uri, Task>? look = null, params string[] more)
    {
        using var patience = new CancellationTokenSource(s_patience);
        using var process = Process.Start(Describe(["serve", "--urls", "http://127.0.0.1:0", .. more]))!;
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(patience.Token);
            const string listening = "Listening on ";
            string? line;
            do
                line = await process.StandardError.ReadLineAsync(patience.Token);
            while (line?.StartsWith(listening, StringComparison.Ordinal) == false);
            Assert.NotNull(line);
            if (look is not null) await look(new Uri(line[listening.Length..]));
            Assert.Equal(0, Signal(process.Id, SigTerm));
            var rest = process.StandardError.ReadToEndAsync(patience.Token);
            await process.WaitForExitAsync(patience.Token);
            await rest;
            return (await output, process.ExitCode);
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }

    static readonly string s_executable = Path.Combine(AppContext.BaseDirectory, "health-export");

    ProcessStartInfo Describe(params string[] args) => new(s_executable, args)
    {
        WorkingDirectory = _terminal.Folder,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
        Environment =
        {
            ["DATABASE_URL"] = "sqlite:data/health.db", ["HEALTHEXPORT__METRICSURLS"] = "none", ["TZ"] = "Europe/Berlin",
        },
    };

    static string[] KeysIn(string text) =>
        [.. text.Split((char[])[' ', '\n', '\r', ',', '&'], StringSplitOptions.RemoveEmptyEntries)
            .Where(word => ApiKey.TryParse(word, out _)).Distinct()];

    [Fact]
    public async Task The_first_start_prints_two_keys_that_work_and_ends_well_on_SIGTERM()
    {
        var (text, code) = await ServeAsync(async url =>
        {
            using var client = new HttpClient { BaseAddress = url, Timeout = s_patience };
            Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/health")).StatusCode);
        });
        Assert.Equal(0, code);
        Assert.Equal(2, KeysIn(text).Length);
        // A line of a QR code: blocks and half blocks alone, as wide as the code.
        Assert.True(text.Split('\n').Count(line => line.Length > 40 && line.All("█▀▄ ".Contains)) > 20);
        Assert.True(File.Exists(_terminal.PathOf("data/health.db")));

        _terminal.Environment["DATABASE_URL"] = $"sqlite:{_terminal.PathOf("data/health.db")}";
        var owner = (await _terminal.RunAsync("user", "list", "--json")).Json.GetProperty("items")[0];
        Assert.Equal("Europe/Berlin", owner.GetProperty("time_zone").GetString());
    }

    [Fact]
    public async Task The_second_start_prints_nothing_and_takes_the_keys_of_the_first()
    {
        var keys = KeysIn((await ServeAsync()).Out);
        var (text, code) = await ServeAsync(async url =>
        {
            using var client = new HttpClient { BaseAddress = url, Timeout = s_patience };
            client.DefaultRequestHeaders.Authorization = new("Bearer", keys[0]);
            Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/v1/ingestions")).StatusCode);

            using var push = new StringContent(
                """{"data":{"metrics":[]}}""", new MediaTypeHeaderValue("application/json"));
            client.DefaultRequestHeaders.Authorization = null;
            client.DefaultRequestHeaders.Add("api-key", keys[1]);
            Assert.Equal(HttpStatusCode.OK, (await client.PostAsync("/v1/ingest", push)).StatusCode);
        });
        Assert.Equal(0, code);
        Assert.Empty(text);
    }

    // A colon between is not read by hand: the long way through the command line must end as well.
    [Fact]
    public async Task However_its_options_are_written_a_server_ends_well_on_SIGTERM() =>
        Assert.Equal(0, (await ServeAsync(look: null, "--metrics-urls:none")).Code);

    [Fact]
    public async Task A_verb_works_beside_a_running_server()
    {
        _terminal.Environment["DATABASE_URL"] = $"sqlite:{_terminal.PathOf("data/health.db")}";
        _terminal.Write("a.json", """
            {"data":{"metrics":[{"name":"step_count","units":"count","data":[
            {"date":"2026-03-01 10:15:30 +0100","qty":12,"source":"Watch"}]}]}}
            """);
        await ServeAsync(async _ =>
        {
            var imported = await _terminal.RunAsync("import", "a.json", "--json");
            Assert.True(imported.Code == 0, imported.Error);
            Assert.Equal(1, imported.Json.GetProperty("counts").GetProperty("inserted").GetInt64());
        });
    }

    [Fact]
    public async Task A_wrong_verb_ends_with_2()
    {
        using var patience = new CancellationTokenSource(s_patience);
        using var process = Process.Start(Describe("srve"))!;
        var error = await process.StandardError.ReadToEndAsync(patience.Token);
        await process.WaitForExitAsync(patience.Token);
        Assert.Equal(2, process.ExitCode);
        Assert.Contains("Did you mean serve?", error, StringComparison.Ordinal);
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Signal(int processId, int signal);
}
