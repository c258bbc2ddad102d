using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;

namespace HealthExport.Benchmarks;

/// <summary>The real executable on an empty store of its own, in a process of its own.</summary>
sealed class ServerUnderTest : IAsyncDisposable
{
    readonly string _folder;
    readonly string _database;
    Process _process;

    public HttpClient Client { get; }
    public string Key { get; }

    /// <summary>As DATABASE_URL names it.</summary>
    public string Database => _database;

    /// <summary>From the start of the process to the first 200.</summary>
    public TimeSpan StartedIn { get; }

    ServerUnderTest(
        Process process, string folder, string database, HttpClient client, string key, TimeSpan startedIn)
    {
        (_process, _folder, _database, Client, Key, StartedIn) = (process, folder, database, client, key, startedIn);
        Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
    }

    /// <param name="database">Null for an SQLite file of its own.</param>
    public static async Task<ServerUnderTest> StartAsync(string? database, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("bench-").FullName;
        database ??= $"sqlite:{folder}/health.db";
        var person = $"bench-{Guid.NewGuid():n}@localhost";
        // The store is there and has a user, as on every start but the first.
        await CliAsync(folder, database, cancellationToken, "migrate", "--json");
        await CliAsync(folder, database, cancellationToken, "user", "add", person, "--json");
        var key = await NewKeyAsync(folder, database, person, cancellationToken);
        var client =
            new HttpClient { BaseAddress = new($"http://127.0.0.1:{FreePort()}"), Timeout = TimeSpan.FromMinutes(10) };
        var clock = Stopwatch.StartNew();
        var process = await ServeAsync(folder, database, client, [], cancellationToken);
        return new(process, folder, database, client, key, clock.Elapsed);
    }

    /// <summary>Stops the server and starts it again on the same store, with these settings.</summary>
    public async Task RestartAsync((string Name, string Value)[] settings, CancellationToken cancellationToken)
    {
        await TerminateAsync();
        _process = await ServeAsync(_folder, _database, Client, settings, cancellationToken);
    }

    static async Task<Process> ServeAsync(
        string folder, string database, HttpClient client, (string Name, string Value)[] settings,
        CancellationToken cancellationToken)
    {
        var url = client.BaseAddress!.GetLeftPart(UriPartial.Authority);
        var clock = Stopwatch.StartNew();
        var process = Launch(folder, database, settings, "serve", "--urls", url, "--metrics-urls", "none");
        while (!await AnswersAsync(client, cancellationToken))
        {
            if (process.HasExited) throw new InvalidOperationException("The server ended before it answered.");
            if (clock.Elapsed > TimeSpan.FromSeconds(30)) throw new TimeoutException("The server did not answer.");
            await Task.Delay(TimeSpan.FromMilliseconds(5), cancellationToken);
        }
        return process;
    }

    /// <summary>A key of another person, for phones that are not one household's.</summary>
    public async Task<string> NewPersonAsync(string email, CancellationToken cancellationToken)
    {
        await CliAsync(_folder, _database, cancellationToken, "user", "add", email, "--json");
        return await NewKeyAsync(_folder, _database, email, cancellationToken);
    }

    /// <summary>Everybody there is, as <c>user list</c> prints it.</summary>
    public Task<string> ListPeopleAsync(CancellationToken cancellationToken) =>
        CliAsync(_folder, _database, cancellationToken, "user", "list", "--json");

    /// <summary>Pushes a body and waits for its receipt.</summary>
    public async Task<JsonElement> PushAsync(HttpContent body, string? key, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/ingest") { Content = body };
        if (key is not null) request.Headers.Authorization = new("Bearer", key);
        using var response = await Client.SendAsync(request, cancellationToken);
        var receipt = await ReadAsync(response, cancellationToken);
        while (receipt.GetProperty("status").GetString() is "queued" or "processing")
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), cancellationToken);
            var id = receipt.GetProperty("ingestion_id").GetString();
            using var ask = new HttpRequestMessage(HttpMethod.Get, $"/v1/ingestions/{id}");
            if (key is not null) ask.Headers.Authorization = new("Bearer", key);
            using var again = await Client.SendAsync(ask, cancellationToken);
            receipt = await ReadAsync(again, cancellationToken);
        }
        return receipt;
    }

    /// <summary>Pushes JSON of which everything must be taken.</summary>
    public async Task PushAsync(byte[] body, string? key, CancellationToken cancellationToken)
    {
        using var content = new ByteArrayContent(body) { Headers = { ContentType = new("application/json") } };
        var receipt = await PushAsync(content, key, cancellationToken);
        if (receipt.GetProperty("status").GetString() is not ("completed" or "duplicate"))
            throw new InvalidOperationException($"A push was not completed: {receipt}");
    }

    /// <summary>What the server has used so far, on all cores.</summary>
    public TimeSpan Cpu
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>Resident memory in MB: the present one, or the highest ever.</summary>
    public double MemoryMb(bool peak)
    {
        var label = peak ? "VmHWM:" : "VmRSS:";
        foreach (var line in File.ReadLines($"/proc/{_process.Id}/status"))
        {
            if (line.StartsWith(label, StringComparison.Ordinal))
                return double.Parse(line[label.Length..].Replace("kB", "").Trim(), CultureInfo.InvariantCulture) / 1024;
        }
        return double.NaN;
    }

    /// <summary>Has the peak of memory counted from now on.</summary>
    public void ForgetPeak() => File.WriteAllText($"/proc/{_process.Id}/clear_refs", "5");

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await TerminateAsync();
        Directory.Delete(_folder, recursive: true);
    }

    async Task TerminateAsync()
    {
        using (var terminate = Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]))
            await terminate.WaitForExitAsync();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    static async Task<JsonElement> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var body = await response.Content.ReadAsStringAsync(cancellationToken);
        if (!response.IsSuccessStatusCode)
            throw new InvalidOperationException($"The server answered {(int)response.StatusCode}: {body}");
        return JsonDocument.Parse(body).RootElement;
    }

    static async Task<bool> AnswersAsync(HttpClient client, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await client.GetAsync("/health", cancellationToken);
            return response.StatusCode == HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    static async Task<string> NewKeyAsync(
        string folder, string database, string email, CancellationToken cancellationToken)
    {
        var json = await CliAsync(
            folder, database, cancellationToken, "key", "create", "--user", email, "--name", "bench", "--scopes",
            "ingest,read,admin", "--limit-profile", "bulk", "--json");
        return JsonDocument.Parse(json).RootElement.GetProperty("key").GetString()!;
    }

    static async Task<string> CliAsync(
        string folder, string database, CancellationToken cancellationToken, params string[] arguments)
    {
        using var process = Launch(folder, database, [], arguments);
        var output = await process.StandardOutput.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        return process.ExitCode == 0
            ? output
            : throw new InvalidOperationException($"health-export {arguments[0]} ended with {process.ExitCode}.");
    }

    static Process Launch(
        string folder, string database, (string Name, string Value)[] settings, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "health-export.dll"));
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        start.Environment["DATABASE_URL"] = database;
        foreach (var (name, value) in settings) start.Environment[name] = value;
        var process = Process.Start(start)!;
        process.ErrorDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        if (arguments[0] == "serve") process.BeginOutputReadLine();
        return process;
    }

    static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
