using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using HealthExport.Keys;
using HealthExport.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace HealthExport.Benchmarks;

/// <summary>What telling a key costs: warm, cold, unknown, and amid a flood of wrong ones.</summary>
static class AuthBenchmark
{
    // Refused after the key has been told, so that little else is measured; and the same without a key to tell.
    const string WithKey = "/v1/metrics?x=1";
    const string WithoutKey = "/nothing";

    const int Requests = 5_000;
    const int ColdKeys = 50;
    static readonly TimeSpan s_flood = TimeSpan.FromSeconds(5);

    public static async Task<int> RunAsync(string engine, int clients, CancellationToken cancellationToken)
    {
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        await using var cluster = engine == "postgres" ? await PostgresCluster.StartAsync(cancellationToken) : null;
        await using var server = await ServerUnderTest.StartAsync(cluster?.Url, cancellationToken);
        await WarmAsync(server, cancellationToken);
        await ColdAsync(server, cancellationToken);
        await UnknownAsync(server, cancellationToken);
        await FloodAsync(server, clients, cancellationToken);
        return 0;
    }

    static async Task WarmAsync(ServerUnderTest server, CancellationToken cancellationToken)
    {
        var inside = await MeasureInsideAsync(server, cancellationToken);
        // In turns, so that what else the machine does falls on both; the first round compiles.
        var (with, without) = (new List<double>(), new List<double>());
        for (var i = 0; i < 2 * Requests; i++)
        {
            var withKey = await TimeAsync(server, WithKey, server.Key, HttpStatusCode.BadRequest, cancellationToken);
            var withoutKey = await TimeAsync(server, WithoutKey, null, HttpStatusCode.NotFound, cancellationToken);
            if (i < Requests) continue;
            with.Add(withKey);
            without.Add(withoutKey);
        }
        Console.WriteLine($"warm key, inside: {inside * 1000:0.0} µs");
        Console.WriteLine($"warm key, a whole request: {Median(with):0.000} ms; one without a key: {Median(without):0.000} ms; "
            + $"{Median(with) - Median(without):0.000} ms more, ratio {Median(with) / Median(without):0.00}");
    }

    /// <summary>What the server does for each request of a warm key, without the request. In milliseconds.</summary>
    static async Task<double> MeasureInsideAsync(ServerUnderTest server, CancellationToken cancellationToken)
    {
        const int times = 200_000;
        await using var services = new ServiceCollection().AddHealthExportStorage(server.Database)
            .BuildServiceProvider();
        var keys = services.GetRequiredService<IKeyStore>();
        var verified = new VerifiedKeys(TimeProvider.System, new());
        ApiKey.TryParse(server.Key, out var key);
        var version = await keys.GetVersionAsync(cancellationToken);
        var stored = await keys.FindAsync(key!.LookupHash, cancellationToken);
        if (!await verified.IsGenuineAsync(key, stored!, version, cancellationToken))
            throw new InvalidOperationException("The key is not genuine.");
        var clock = Stopwatch.StartNew();
        for (var i = 0; i < 2 * times; i++)
        {
            if (i == times) clock.Restart();
            ApiKey.TryParse(server.Key, out key);
            if (!verified.TryFind(key!, await keys.GetVersionAsync(cancellationToken), out _))
                throw new InvalidOperationException("The key is not warm.");
        }
        return clock.Elapsed.TotalMilliseconds / times;
    }

    static async Task ColdAsync(ServerUnderTest server, CancellationToken cancellationToken)
    {
        var reference = new List<double>();
        for (var i = 0; i < ColdKeys; i++) reference.Add(await TimeArgon2Async(cancellationToken));
        var keys = new List<string>();
        // The first rounds compile.
        for (var round = 0; round < 3; round++)
        {
            keys.Clear();
            var (made, madeCpu) = await EachAsync(server, ColdKeys, async _ => keys.Add(await MakeAsync()));
            var (first, firstCpu) = await EachAsync(server, ColdKeys, i => UseAsync(keys[i]));
            var (second, secondCpu) = await EachAsync(server, ColdKeys, i => UseAsync(keys[i]));
            if (round < 2) continue;
            var argon2 = Median(reference);
            Console.WriteLine(
                $"cold key, first request: {first:0.0} ms, {firstCpu:0.0} ms CPU; Debian's argon2 {argon2:0.0} ms CPU: ratio "
                + $"{firstCpu / argon2:0.00}");
            Console.WriteLine($"its second request: {second:0.00} ms, {secondCpu:0.0} ms CPU");
            Console.WriteLine($"a key made: {made:0.0} ms, {madeCpu:0.0} ms CPU: ratio {madeCpu / argon2:0.00}");
        }

        Task UseAsync(string key) => TimeAsync(server, WithKey, key, HttpStatusCode.BadRequest, cancellationToken);

        async Task<string> MakeAsync()
        {
            using var response = await server.Client.PostAsJsonAsync(
                "/v1/auth/keys", new { name = "bench", scopes = (string[])["read"], limit_profile = "bulk" },
                cancellationToken);
            var answer = await response.EnsureSuccessStatusCode().Content
                .ReadFromJsonAsync<JsonElement>(cancellationToken);
            return answer.GetProperty("key").GetString()!;
        }
    }

    /// <summary>Median of the times, and what each took of the server's processors on average, in milliseconds.</summary>
    static async Task<(double Time, double Cpu)> EachAsync(ServerUnderTest server, int count, Func<int, Task> use)
    {
        var times = new List<double>();
        var cpu = server.Cpu;
        for (var i = 0; i < count; i++)
        {
            var clock = Stopwatch.StartNew();
            await use(i);
            times.Add(clock.Elapsed.TotalMilliseconds);
        }
        return (Median(times), (server.Cpu - cpu).TotalMilliseconds / count);
    }

    static async Task UnknownAsync(ServerUnderTest server, CancellationToken cancellationToken)
    {
        var times = new List<double>();
        for (var i = 0; i < 50; i++)
            times.Add(await TimeAsync(server, WithKey, Unknown(), HttpStatusCode.Unauthorized, cancellationToken));
        Console.WriteLine($"unknown key, looked up: {Median(times):0.000} ms");
    }

    static async Task FloodAsync(ServerUnderTest server, int clients, CancellationToken cancellationToken)
    {
        // Both compiled, and the address has no wrong key left to try.
        await BesideAsync(server, clients, TimeSpan.FromSeconds(2), WithoutKey, isKeyed: false, cancellationToken);
        await BesideAsync(server, clients, TimeSpan.FromSeconds(2), WithKey, isKeyed: true, cancellationToken);
        var alone = await BesideAsync(server, 0, s_flood, WithKey, isKeyed: true, cancellationToken);
        var beside = await BesideAsync(server, clients, s_flood, WithoutKey, isKeyed: false, cancellationToken);
        var memory = server.MemoryMb(peak: false);
        var amid = await BesideAsync(server, clients, s_flood, WithKey, isKeyed: true, cancellationToken);
        Console.WriteLine($"{clients} clients without a key: {beside.PerSecond:0} requests/s, {beside.CpuMicroseconds:0} µs CPU each");
        Console.WriteLine($"{clients} clients with wrong keys: {amid.PerSecond:0} requests/s, {amid.CpuMicroseconds:0} µs CPU each; "
            + $"memory {memory:0} to {server.MemoryMb(peak: false):0} MB");
        Console.WriteLine($"a good key alone: p50 {alone.P50:0.00} ms, p99 {alone.P99:0.00} ms; beside clients without a key: p50 "
            + $"{beside.P50:0.00} ms, p99 {beside.P99:0.00} ms; beside wrong keys: p50 {amid.P50:0.00} ms, p99 "
            + $"{amid.P99:0.00} ms: ratio {amid.P50 / beside.P50:0.00}, {amid.P99 / beside.P99:0.00}");
    }

    sealed record Beside(double PerSecond, double CpuMicroseconds, double P50, double P99);

    /// <summary>Has clients ask without a pause, and one with a good key beside them.</summary>
    static async Task<Beside> BesideAsync(
        ServerUnderTest server, int clients, TimeSpan time, string path, bool isKeyed,
        CancellationToken cancellationToken)
    {
        var asked = 0L;
        var good = new List<double>();
        var (cpu, clock) = (server.Cpu, Stopwatch.StartNew());
        var flood = Enumerable.Range(0, clients).Select(_ => Task.Run(
            async () =>
            {
                while (clock.Elapsed < time)
                {
                    await AskAsync(server, path, isKeyed ? Unknown() : null, cancellationToken);
                    Interlocked.Increment(ref asked);
                }
            },
            cancellationToken)).ToList();
        while (clock.Elapsed < time)
            good.Add(await TimeAsync(server, WithKey, server.Key, HttpStatusCode.BadRequest, cancellationToken));
        await Task.WhenAll(flood);
        var seconds = clock.Elapsed.TotalSeconds;
        var used = (server.Cpu - cpu).TotalMicroseconds / (asked + good.Count);
        good.Sort();
        return new(asked / seconds, used, good[good.Count / 2], good[good.Count * 99 / 100]);
    }

    static async Task<double> TimeAsync(
        ServerUnderTest server, string path, string? key, HttpStatusCode expected, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        var status = await AskAsync(server, path, key, cancellationToken);
        var time = clock.Elapsed.TotalMilliseconds;
        return status == expected ? time : throw new InvalidOperationException($"{path} was answered {(int)status}.");
    }

    static async Task<HttpStatusCode> AskAsync(
        ServerUnderTest server, string path, string? key, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        // Another scheme is no key; without any, the client's own would go.
        request.Headers.Authorization = key is null ? new("Basic", "none") : new("Bearer", key);
        using var response = await server.Client.SendAsync(request, cancellationToken);
        return response.StatusCode;
    }

    /// <summary>
    /// The same derivation by the reference implementation, as that measures itself: milliseconds of processor time.
    /// </summary>
    static async Task<double> TimeArgon2Async(CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo("argon2", ["saltsaltsaltsalt", "-id", "-t", "2", "-k", "19456", "-p", "1"])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true,
        };
        using var process = Process.Start(start)!;
        await process.StandardInput.WriteAsync(Unknown());
        process.StandardInput.Close();
        var output = await process.StandardOutput.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        // "0.021 seconds"
        var line = output.Split('\n').First(line => line.EndsWith(" seconds", StringComparison.Ordinal));
        return 1000 * double.Parse(line.Split(' ')[0], CultureInfo.InvariantCulture);
    }

    static string Unknown() => ApiKey.Mint(KeyFormat.Hx).Key.Reveal();

    static double Median(List<double> all) => all.Order().ElementAt(all.Count / 2);
}
