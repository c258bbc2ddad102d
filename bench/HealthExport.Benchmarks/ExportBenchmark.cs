using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Text.Json;

namespace HealthExport.Benchmarks;

/// <summary>Everything of a person with ten years of data as a zip: how long it takes, and what it takes of memory.
/// </summary>
static class ExportBenchmark
{
    public static async Task<int> RunAsync(int samples, string engine, int runs, CancellationToken cancellationToken)
    {
        await using var cluster = engine == "postgres" ? await PostgresCluster.StartAsync(cancellationToken) : null;
        await using var server = await ServerUnderTest.StartAsync(cluster?.Url, cancellationToken);
        await ReadBenchmark.FillAsync(server, samples, cancellationToken);
        if (cluster is not null) await cluster.AnalyzeAsync(cancellationToken);
        var path = Path.GetTempFileName();
        Console.WriteLine($"{engine}: {samples:N0} samples");
        Console.WriteLine($"{"first byte s",12} {"all s",8} {"zip MB",8} {"unpacked MB",12} {"MB/s",8} {"peak MB",8} {"CPU s",8}");
        try
        {
            for (var run = 0; run < runs; run++)
            {
                server.ForgetPeak();
                var cpu = server.Cpu;
                var clock = Stopwatch.StartNew();
                var first = TimeSpan.Zero;
                await using (var file = File.Create(path))
                {
                    using var response = await server.Client.GetAsync(
                        "/v1/export", HttpCompletionOption.ResponseHeadersRead, cancellationToken);
                    response.EnsureSuccessStatusCode();
                    first = clock.Elapsed;
                    await response.Content.CopyToAsync(file, cancellationToken);
                }
                var all = clock.Elapsed;
                var unpacked = Unpacked(path) / 1e6;
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{first.TotalSeconds,12:0.00} {all.TotalSeconds,8:0.0} {new FileInfo(path).Length / 1e6,8:0} {unpacked,12:0} {unpacked / all.TotalSeconds,8:0} {server.MemoryMb(peak: true),8:0} {(server.Cpu - cpu).TotalSeconds,8:0.0}"));
            }
            return 0;
        }
        finally
        {
            File.Delete(path);
        }
    }

    static long Unpacked(string path)
    {
        using var zip = ZipFile.OpenRead(path);
        using var manifest = zip.GetEntry("manifest.json")!.Open();
        return JsonDocument.Parse(manifest).RootElement.GetProperty("files").EnumerateArray()
            .Sum(file => file.GetProperty("bytes").GetInt64());
    }
}
