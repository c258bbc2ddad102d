using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using HealthExport.Keys;
using HealthExport.Tests.CommandLine;

namespace HealthExport.Tests.Documents;

/// <summary>
/// Runs the <c>sh</c> blocks of a page, one after the other, as a reader would: with the executable instead of
/// <c>dotnet run</c>, another port, a database of their own, and the key that the first start printed. A block that
/// starts a server starts one; the blocks after it talk to that. A <c>json</c> or <c>csv</c> block that follows is the
/// answer.
/// </summary>
public sealed partial class SampleTests : IDisposable
{
    const string Address = "http://127.0.0.1:8080";
    const string Run = "dotnet run --project src/HealthExport.Server";
    const string KeyInPage = "hx_…";

    /// <summary>What differs from run to run; only its kind is compared.</summary>
    static readonly string[] s_changing =
    [
        "ingestion_id", "processing_time_ms", "next_cursor", "key", "created_at", "key_id", "resource", "user_agent",
        "request_id", "used", "remaining",
    ];

    /// <summary>Members of what has an id that differs from run to run.</summary>
    static readonly string[] s_drawnBeside = ["key", "request_id", "email"];

    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);
    static readonly string s_executable = Path.Combine(AppContext.BaseDirectory, "health-export");

    readonly CancellationTokenSource _patience = new(s_patience);
    readonly Terminal _terminal = new();
    Process? _server;
    string? _key;
    string _address = Address;

    public void Dispose()
    {
        if (_server is { HasExited: false }) _server.Kill(entireProcessTree: true);
        _server?.Dispose();
        _terminal.Dispose();
        _patience.Dispose();
    }

    [Fact]
    public async Task The_samples_of_the_README_work()
    {
        RequireCurl();
        // What the page takes for granted.
        _terminal.Write("HealthAutoExport-2020.json", """{"data":{"metrics":[]}}""");
        // Runs these tests.
        var ran = await RunAllAsync("README.md", block => block.Text == "./test");
        Assert.Equal(5, ran);
    }

    [Fact]
    public async Task The_samples_of_the_API_guide_work_and_answer_what_it_says()
    {
        RequireCurl();
        await StartAsync(Run);
        Assert.Equal(18, await RunAllAsync("docs/api.md", _ => false));
    }

    static void RequireCurl()
    {
        const string curl = "/usr/bin/curl";
        if (File.Exists(curl)) return;
        Assert.True(string.IsNullOrEmpty(Environment.GetEnvironmentVariable("CI")), $"A build server needs {curl}.");
        Assert.Skip($"{curl} is not installed.");
    }

    async Task<int> RunAllAsync(string page, Func<CodeBlock, bool> isLeftOut)
    {
        var blocks = CodeBlock.Of(page);
        var ran = 0;
        for (var i = 0; i < blocks.Count; i++)
        {
            var block = blocks[i];
            if (block.Language != "sh" || isLeftOut(block)) continue;
            ran++;
            if (IsServer(block.Text))
            {
                await StartAsync(block.Text);
                continue;
            }
            var output = await RunShellAsync(block.Text, $"{page}:{block.Line}");
            var answer = i + 1 < blocks.Count && blocks[i + 1].Language is "json" or "csv" ? blocks[i + 1] : null;
            if (answer is null) Assert.DoesNotContain("urn:health-export:problem:", output, StringComparison.Ordinal);
            else if (answer.Language == "json") AssertSame(answer, output, page);
            else Assert.Equal(answer.Text, output.ReplaceLineEndings("\n").TrimEnd('\n'));
        }
        await StopAsync();
        return ran;
    }

    static bool IsServer(string script) =>
        script == Run || script.StartsWith($"{Run} -- serve", StringComparison.Ordinal);

    async Task StartAsync(string command)
    {
        await StopAsync();
        var arguments = command[Run.Length..].Replace(":8080", ":0", StringComparison.Ordinal)
            .Split(' ', StringSplitOptions.RemoveEmptyEntries).SkipWhile(argument => argument == "--");
        _server = Process.Start(Describe(s_executable, arguments))!;
        const string listening = "Listening on ";
        var line = await FindLineAsync(
            _server.StandardError, line => line.StartsWith(listening, StringComparison.Ordinal));
        _address = $"http://127.0.0.1:{new Uri(line[listening.Length..]).Port}";
        // The first start prints the admin key before anything else of that form.
        _key ??= (await FindLineAsync(_server.StandardOutput, line => ApiKey.TryParse(line.Trim(), out _))).Trim();
        _ = _server.StandardError.ReadToEndAsync(_patience.Token);
        _ = _server.StandardOutput.ReadToEndAsync(_patience.Token);
    }

    async Task<string> FindLineAsync(StreamReader reader, Func<string, bool> isMeant)
    {
        while (await reader.ReadLineAsync(_patience.Token) is { } line)
            if (isMeant(line)) return line;
        throw new InvalidOperationException("The server ended before it said what was waited for.");
    }

    async Task StopAsync()
    {
        if (_server is null) return;
        const int sigTerm = 15;
        Assert.Equal(0, Signal(_server.Id, sigTerm));
        await _server.WaitForExitAsync(_patience.Token);
        Assert.Equal(0, _server.ExitCode);
        _server.Dispose();
        _server = null;
    }

    async Task<string> RunShellAsync(string script, string place)
    {
        using var process = Process.Start(Describe("/bin/sh", ["-e", "-c", Fill(script)]))!;
        var error = process.StandardError.ReadToEndAsync(_patience.Token);
        var output = await process.StandardOutput.ReadToEndAsync(_patience.Token);
        await process.WaitForExitAsync(_patience.Token);
        Assert.True(process.ExitCode == 0, $"{place} ended with {process.ExitCode}: {await error}");
        return output;
    }

    string Fill(string script) => script
        .Replace($"{Run} --", s_executable, StringComparison.Ordinal)
        .Replace(Address, _address, StringComparison.Ordinal)
        .Replace(KeyInPage, _key, StringComparison.Ordinal);

    ProcessStartInfo Describe(string path, IEnumerable<string> arguments) => new(path, arguments)
    {
        WorkingDirectory = _terminal.Folder,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
        Environment =
        {
            ["DATABASE_URL"] = $"sqlite:{_terminal.PathOf("data/health.db")}",
            ["HEALTHEXPORT__URLS"] = "http://127.0.0.1:0",
            ["KEY"] = _key,
            ["TZ"] = "Europe/Berlin",
            ["NO_PROXY"] = "127.0.0.1",
        },
    };

    static void AssertSame(CodeBlock expected, string output, string page) => Assert.True(
        JsonNode.DeepEquals(Blank(JsonNode.Parse(expected.Text)), Blank(JsonNode.Parse(output))),
        $"{page}:{expected.Line} is no longer the answer, which is {output}");

    /// <summary>Leaves of what changes no more than whether it is there.</summary>
    static JsonNode? Blank(JsonNode? node)
    {
        if (node is JsonArray array)
            foreach (var item in array) Blank(item);
        if (node is not JsonObject properties) return node;
        foreach (var (name, value) in properties.ToList())
        {
            // A workout's id is made from the workout; a person's and a key's is drawn, an entry's of the audit trail of its
            // moment.
            var isChanging = s_changing.Contains(name)
                || (name == "id" && s_drawnBeside.Any(properties.ContainsKey));
            if (!isChanging) Blank(value);
            else if (value is not null) properties[name] = value.GetValueKind().ToString();
        }
        return node;
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Signal(int processId, int signal);
}
