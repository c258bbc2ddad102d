using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using HealthExport.Limits;
using HealthExport.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace HealthExport.Benchmarks;

/// <summary>Taking requests from limits: in this process, and in a Redis of its own, if that is installed.</summary>
static class LimitsBenchmark
{
    const int Clients = 64;

    static readonly Allowance s_plenty = new(1L << 40, 1L << 50);
    static readonly Cost s_push = new(1, 100_000);

    public static async Task<int> RunAsync(int keys, CancellationToken cancellationToken)
    {
        var ids = Enumerable.Range(0, keys)
            .Select(i => new UsageKey(string.Create(CultureInfo.InvariantCulture, $"k{i:00000000000}"), LimitClass.Ingest))
            .ToArray();
        MeasureLocal(ids);
        await MeasureRedisAsync(ids, cancellationToken);
        return 0;
    }

    static void MeasureLocal(UsageKey[] ids)
    {
        using var usage = new LocalUsage(TimeProvider.System);
        foreach (var key in ids.AsSpan(0, Math.Min(ids.Length, 100_000)).ToArray()) usage.Take(key, s_plenty, s_push);

        var before = GC.GetTotalMemory(forceFullCollection: true);
        using var fresh = new LocalUsage(TimeProvider.System);
        foreach (var key in ids) fresh.Take(key, s_plenty, s_push);
        var bytes = (GC.GetTotalMemory(forceFullCollection: true) - before) / (double)ids.Length;
        Print($"in process, {ids.Length} keys used once: {bytes:0} bytes each");

        const int times = 5_000_000;
        Print($"in process, keys in turn: {Time(times, i => fresh.Take(ids[i % ids.Length], s_plenty, s_push)):0.00} us");
        Print($"in process, one key: {Time(times, _ => fresh.Take(ids[0], s_plenty, s_push)):0.00} us");
        Allowance usedUp = new(1, 1);
        Print($"in process, refused: {Time(times, _ => fresh.Take(ids[0], usedUp, s_push)):0.00} us");

        var clock = Stopwatch.StartNew();
        Parallel.For(0, Clients, _ =>
        {
            for (var i = 0; i < times / Clients; i++) fresh.Take(ids[0], s_plenty, s_push);
        });
        Print($"in process, one key, {Clients} at once: {times / clock.Elapsed.TotalSeconds / 1e6:0.0} million a second");
    }

    static async Task MeasureRedisAsync(UsageKey[] ids, CancellationToken cancellationToken)
    {
        var port = FreePort();
        Process redis;
        try
        {
            redis = Process.Start(new ProcessStartInfo(
                "redis-server",
                ["--port", port.ToString(CultureInfo.InvariantCulture), "--bind", "127.0.0.1", "--save", ""])
                { RedirectStandardOutput = true })!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Print($"redis-server is not installed: not measured");
            return;
        }
        using var ending = redis;
        try
        {
            _ = redis.StandardOutput.ReadToEndAsync(cancellationToken);
            await using var services = new ServiceCollection()
                .AddHealthExportUsage(new($"redis://127.0.0.1:{port}") { AnswerTimeout = TimeSpan.FromSeconds(30) })
                .BuildServiceProvider();
            var usage = services.GetRequiredService<ISharedUsage>();
            await usage.StartAsync(cancellationToken);
            while (usage.IsShared != true) await Task.Delay(TimeSpan.FromMilliseconds(10), cancellationToken);
            for (var i = 0; i < 2_000; i++) await usage.TakeAsync(ids[i % 100], s_plenty, s_push);

            const int times = 20_000;
            var clock = Stopwatch.StartNew();
            for (var i = 0; i < times; i++) await usage.TakeAsync(ids[i % 100], s_plenty, s_push);
            Print($"in Redis, one after the other: {clock.Elapsed.TotalMicroseconds / times:0} us");

            await MeasureAtOnceAsync("taken", s_plenty);
            await MeasureAtOnceAsync("refused", new(1, 1));

            async Task MeasureAtOnceAsync(string what, Allowance allowance)
            {
                var next = 0;
                clock.Restart();
                await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => Task.Run(
                    async () =>
                    {
                        while (Interlocked.Increment(ref next) is var i && i <= 5 * times)
                            await usage.TakeAsync(ids[i % 100], allowance, s_push);
                    },
                    cancellationToken)));
                Print($"in Redis, {Clients} at once, {what}: {5 * times / clock.Elapsed.TotalSeconds:0} a second");
            }
        }
        finally
        {
            redis.Kill();
        }
    }

    static double Time(int times, Action<int> take)
    {
        for (var i = 0; i < times / 10; i++) take(i);
        var clock = Stopwatch.StartNew();
        for (var i = 0; i < times; i++) take(i);
        return clock.Elapsed.TotalMicroseconds / times;
    }

    static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    static void Print(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}
