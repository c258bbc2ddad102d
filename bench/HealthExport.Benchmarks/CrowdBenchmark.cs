using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;

namespace HealthExport.Benchmarks;

/// <summary>
/// Many clients that ask for the same at once, over connections that stand: right after a push, when nothing is kept of
/// it; then again and again; and again with what they remember.
/// </summary>
static class CrowdBenchmark
{
    const int Rounds = 20;
    const int Pushes = 5;

    public static async Task RunAsync(
        ServerUnderTest server, (string What, string Path)[] reads, int clients, CancellationToken cancellationToken)
    {
        Console.WriteLine();
        Console.WriteLine($"{clients} clients at once, p95 ms");
        Console.WriteLine($"{"read",-30} {"bytes",10} {"cold",8} {"warm",8} {"304",8}");
        await AtOnceAsync(server, "/v1/metrics", null, clients, 1, cancellationToken);
        var minute = 0;
        foreach (var (what, path) in reads)
        {
            List<double> cold = [];
            for (var push = 0; push < Pushes; push++)
            {
                await PushAsync(server, minute++, cancellationToken);
                cold.AddRange(await AtOnceAsync(server, path, null, clients, 1, cancellationToken));
            }
            var warm = await AtOnceAsync(server, path, null, clients, Rounds, cancellationToken);
            using var one = await AskAsync(server, path, null, cancellationToken);
            var bytes = (await one.Content.ReadAsByteArrayAsync(cancellationToken)).Length;
            var held = one.Headers.ETag is { } etag
                ? await AtOnceAsync(server, path, etag.ToString(), clients, Rounds, cancellationToken)
                : [];
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{what,-30} {bytes,10} {P95(cold),8:0.0} {P95(warm),8:0.0} {P95(held),8:0.0}"));
        }
    }

    static async Task<IReadOnlyCollection<double>> AtOnceAsync(
        ServerUnderTest server, string path, string? held, int clients, int rounds, CancellationToken cancellationToken)
    {
        ConcurrentBag<double> times = [];
        await Task.WhenAll(Enumerable.Range(0, clients).Select(_ => Task.Run(
            async () =>
            {
                for (var round = 0; round < rounds; round++)
                {
                    var clock = Stopwatch.StartNew();
                    using var response = await AskAsync(server, path, held, cancellationToken);
                    await response.Content.CopyToAsync(Stream.Null, cancellationToken);
                    times.Add(clock.Elapsed.TotalMilliseconds);
                    if (response.StatusCode != (held is null ? HttpStatusCode.OK : HttpStatusCode.NotModified))
                        throw new InvalidOperationException($"{path} answered {(int)response.StatusCode}.");
                }
            },
            cancellationToken)));
        return times;
    }

    static async Task<HttpResponseMessage> AskAsync(
        ServerUnderTest server, string path, string? held, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.AcceptEncoding.ParseAdd("gzip, br");
        if (held is not null) request.Headers.TryAddWithoutValidation("If-None-Match", held);
        return await server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
    }

    static async Task PushAsync(ServerUnderTest server, int minute, CancellationToken cancellationToken)
    {
        var at = new DateTimeOffset(2024, 6, 1, 0, 0, 0, TimeSpan.Zero).AddMinutes(minute)
            .ToString("yyyy-MM-dd HH:mm:ss +0000", CultureInfo.InvariantCulture);
        using var content = new StringContent(
            $$$"""{"data":{"metrics":[{"name":"heart_rate","units":"bpm","data":[{"date":"{{{at}}}","Avg":60}]}]}}""",
            Encoding.UTF8, "application/json");
        await server.PushAsync(content, null, cancellationToken);
    }

    static double P95(IReadOnlyCollection<double> times) =>
        times.Count == 0 ? double.NaN : times.Order().ElementAt(times.Count * 95 / 100);
}
