using System.Diagnostics;
using System.Globalization;

namespace HealthExport.Benchmarks;

/// <summary>One push of many points, and the same again with one byte more, beside a reference.</summary>
static class IngestBenchmark
{
    sealed record Figures(double First, double Again, double Reference, double PeakMb);

    public static async Task<int> RunAsync(
        int[] sizes, bool mixed, string engine, string? reference, int runs, CancellationToken cancellationToken)
    {
        reference ??= engine == "postgres" ? "psql" : "sqlite";
        await using var cluster =
            engine == "postgres" || reference == "psql" ? await PostgresCluster.StartAsync(cancellationToken) : null;
        var database = engine == "postgres" ? cluster!.Url : null;
        Console.WriteLine(
            $"{"points",10} {"seconds",8} {"points/s",10} {reference,8} {"ratio",6} {"again/first",11} {"peak MB",8}");
        foreach (var size in sizes)
        {
            var (body, points) = mixed ? Payloads.Mixed(size, workouts: 1_000) : Payloads.HeartRate(size);
            byte[] onceMore = [.. body, (byte)' '];
            var all = new List<Figures>();
            for (var run = 0; run < runs; run++)
            {
                var beside = reference switch
                {
                    "influx" => await References.InfluxAsync(points, cancellationToken),
                    "psql" => await cluster!.StagedCopyAsync(points, cancellationToken),
                    _ => References.BareSqlite(points),
                };
                await using var server = await ServerUnderTest.StartAsync(database, cancellationToken);
                var first = await TimeAsync(server, body, "inserted", cancellationToken);
                var again = await TimeAsync(server, onceMore, "unchanged", cancellationToken);
                all.Add(new(first, again, beside.TotalSeconds, server.MemoryMb(peak: true)));
            }
            var (seconds, peak) = (Median(all, f => f.First), Median(all, f => f.PeakMb));
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{size,10} {seconds,8:0.000} {size / seconds,10:0} {Median(all, f => f.Reference),8:0.000} {Median(all, f => f.First / f.Reference),6:0.00} {Median(all, f => f.Again / f.First),11:0.00} {peak,8:0}"));
        }
        return 0;
    }

    static async Task<double> TimeAsync(
        ServerUnderTest server, byte[] body, string all, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        using var content = new ByteArrayContent(body) { Headers = { ContentType = new("application/json") } };
        var counts = (await server.PushAsync(content, null, cancellationToken)).GetProperty("counts");
        var seconds = clock.Elapsed.TotalSeconds;
        if (counts.GetProperty(all).GetInt64() != counts.GetProperty("received").GetInt64())
            throw new InvalidOperationException($"Not all points were {all}: {counts}");
        return seconds;
    }

    static double Median(List<Figures> all, Func<Figures, double> figure) =>
        all.Select(figure).Order().ElementAt(all.Count / 2);
}

/// <summary>Many phones, each with a day's 3,000 points again and again, each its own person.</summary>
static class PhonesBenchmark
{
    public static async Task<int> RunAsync(
        int phones, int pushes, string engine, CancellationToken cancellationToken)
    {
        await using var cluster = engine == "postgres" ? await PostgresCluster.StartAsync(cancellationToken) : null;
        await using var server = await ServerUnderTest.StartAsync(cluster?.Url, cancellationToken);
        var keys = new List<string>();
        for (var phone = 0; phone < phones; phone++)
            keys.Add(await server.NewPersonAsync($"phone{phone}@localhost", cancellationToken));
        // A first push each: the keys are checked, the code is compiled.
        await Task.WhenAll(keys
            .Select((key, phone) => PushAllAsync(server, key, Days(phone, 0, 1), cancellationToken)));

        var bodies = keys.Select((_, phone) => Days(phone, 1, pushes)).ToArray();
        // All at once, and again when the last has its answer.
        var bursts = new List<double>();
        for (var push = 0; push < pushes; push++)
        {
            var round = push;
            bursts.AddRange((await Task.WhenAll(keys.Select((key, phone) =>
                PushAllAsync(server, key, [bodies[phone][round]], cancellationToken)))).SelectMany(all => all));
        }
        Print($"{phones} phones at once", bursts, server);

        // Without a pause: each as soon as it has its answer.
        bodies = [.. keys.Select((_, phone) => Days(phone, 1 + pushes, pushes))];
        var cpuBefore = server.Cpu;
        var clock = Stopwatch.StartNew();
        var times = (await Task.WhenAll(keys.Select(
            (key, phone) => PushAllAsync(server, key, bodies[phone], cancellationToken)))).SelectMany(all => all).ToList();
        var seconds = clock.Elapsed.TotalSeconds;
        var cpu = (server.Cpu - cpuBefore).TotalMilliseconds / times.Count;
        Print(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{phones} phones without a pause: {times.Count / seconds:0} pushes/s, {cpu:0.0} ms CPU each"),
            times, server);
        return 0;
    }

    static void Print(string what, List<double> times, ServerUnderTest server)
    {
        var sorted = times.Order().ToArray();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{what}; {sorted.Length} pushes of 3,000 points: p50 {sorted[sorted.Length / 2]:0} ms, p99 {sorted[sorted.Length * 99 / 100]:0} ms, peak {server.MemoryMb(peak: true):0} MB"));
    }

    static List<byte[]> Days(int phone, int first, int count) =>
        [.. Enumerable.Range(first, count)
            .Select(day => Payloads.HeartRate(3_000, phone, 1_600_000_000 + day * 90_000L).Body)];

    static async Task<List<double>> PushAllAsync(
        ServerUnderTest server, string key, List<byte[]> bodies, CancellationToken cancellationToken)
    {
        var times = new List<double>();
        foreach (var body in bodies)
        {
            using var content = new ByteArrayContent(body) { Headers = { ContentType = new("application/json") } };
            var clock = Stopwatch.StartNew();
            await server.PushAsync(content, key, cancellationToken);
            times.Add(clock.Elapsed.TotalMilliseconds);
        }
        return times;
    }
}

static class StartBenchmark
{
    public static async Task<int> RunAsync(int runs, CancellationToken cancellationToken)
    {
        var (started, idle) = (new List<double>(), new List<double>());
        for (var run = 0; run < runs; run++)
        {
            await using var server = await ServerUnderTest.StartAsync(null, cancellationToken);
            started.Add(server.StartedIn.TotalSeconds);
            idle.Add(server.MemoryMb(peak: false));
        }
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"start to first 200: {started.Order().ElementAt(runs / 2):0.00} s; idle {idle.Order().ElementAt(runs / 2):0} MB (medians of {runs})"));
        return 0;
    }
}
