using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using HealthExport.Audit;
using HealthExport.Keys;
using HealthExport.People;
using HealthExport.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace HealthExport.Benchmarks;

/// <summary>
/// What is read by one person with ten years of heart rate, many other metrics, nights, workouts and routes, among many
/// people with a month each.
/// </summary>
static class ReadBenchmark
{
    const int Years = 10;
    const int PointsOfAPush = 500_000;
    const int PointsOfAMonth = 3_000;
    const int Neighbours = 8;
    static readonly DateTimeOffset s_start = new(2014, 1, 1, 0, 0, 0, TimeSpan.Zero);

    // A year before the end.
    static readonly (string What, string Path)[] s_reads =
    [
        ("the metrics", "/v1/metrics"),
        ("the latest value of each", "/v1/metrics/latest"),
        ("the newest 100 samples", "/v1/metrics/heart_rate/samples?order=desc"),
        ("a week's samples, 100", "/v1/metrics/heart_rate/samples?from=2023-01-09&to=2023-01-16"),
        ("10,000 samples", "/v1/metrics/heart_rate/samples?from=2023-01-09&limit=10000"),
        ("a week by hour", "/v1/metrics/heart_rate/series?bucket=hour&from=2023-01-09&to=2023-01-16"),
        ("a month by day", "/v1/metrics/heart_rate/series?bucket=day&from=2023-01-01&to=2023-02-01"),
        ("a year by week", "/v1/metrics/heart_rate/series?bucket=week&from=2022-01-01&to=2023-01-01"),
        ("ten years by day", "/v1/metrics/heart_rate/series?bucket=day"),
        ("ten years by month", "/v1/metrics/heart_rate/series?bucket=month"),
        ("blood pressure, 100", "/v1/blood-pressure"),
        ("nights, 30", "/v1/sleep"),
        ("workouts, 100", "/v1/workouts"),
        ("workouts near a place, 100", "/v1/workouts?near=-15,-30&radius_m=5000"),
        ("workouts in a box, 100", "/v1/workouts?box=-16,-31,-14,-29"),
        ("one workout with its series", "/v1/workouts/{workout}"),
        ("its route", "/v1/workouts/{workout}/route"),
        ("ingestions, 100", "/v1/ingestions"),
    ];

    public static async Task<int> RunAsync(
        int samples, int people, string engine, int runs, CancellationToken cancellationToken)
    {
        await using var cluster = engine == "postgres" ? await PostgresCluster.StartAsync(cancellationToken) : null;
        await using var server = await ServerUnderTest.StartAsync(cluster?.Url, cancellationToken);
        var filling = Stopwatch.StartNew();
        await FillAsync(server, samples, cancellationToken);
        await AddPeopleAsync(server, people, cancellationToken);
        if (cluster is not null) await cluster.AnalyzeAsync(cancellationToken);
        var workouts = await ReadAsync(server, "/v1/workouts?limit=1", cancellationToken);
        var workout = JsonDocument.Parse(workouts).RootElement.GetProperty("items")[0].GetProperty("id").GetString();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{engine}: {samples:N0} samples of one person, {people:N0} people with {PointsOfAMonth:N0} each; filled in {filling.Elapsed.TotalSeconds:0} s"));
        Console.WriteLine($"{"read",-30} {"bytes",10} {"first ms",9} {"p50 ms",8} {"p95 ms",8}");
        foreach (var (what, path) in s_reads)
        {
            var times = new List<double>();
            var bytes = 0;
            for (var run = 0; run <= runs; run++)
            {
                var clock = Stopwatch.StartNew();
                bytes = (await ReadAsync(
                    server, path.Replace("{workout}", workout, StringComparison.Ordinal), cancellationToken)).Length;
                times.Add(clock.Elapsed.TotalMilliseconds);
            }
            var sorted = times.Skip(1).Order().ToArray();
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{what,-30} {bytes,10} {times[0],9:0.0} {sorted[sorted.Length / 2],8:0.0} {sorted[sorted.Length * 95 / 100],8:0.0}"));
        }
        return 0;
    }

    public static async Task FillAsync(ServerUnderTest server, int samples, CancellationToken cancellationToken)
    {
        var stride = (int)(Years * TimeSpan.FromDays(365.25).TotalSeconds / samples);
        for (var done = 0; done < samples; done += PointsOfAPush)
            await PushAsync(
                server, null,
                Payloads.HeartRate(
                    Math.Min(PointsOfAPush, samples - done), done,
                    s_start.ToUnixTimeSeconds() + (long)done * stride, stride).Body,
                cancellationToken);
        await PushAsync(
            server, null, Payloads.Mixed(100_000, 1_000, start: s_start.AddYears(9).ToUnixTimeSeconds()).Body,
            cancellationToken);
    }

    static async Task AddPeopleAsync(ServerUnderTest server, int people, CancellationToken cancellationToken)
    {
        await using var stores = new ServiceCollection().AddHealthExportStorage(server.Database).BuildServiceProvider();
        var users = stores.GetRequiredService<IUserStore>();
        var slots = new Argon2Slots(1);
        var issuer = new KeyIssuer(stores.GetRequiredService<IKeyStore>(), slots, TimeProvider.System);
        await Parallel.ForEachAsync(
            Enumerable.Range(0, people),
            new ParallelOptions { MaxDegreeOfParallelism = Neighbours, CancellationToken = cancellationToken },
            async (number, cancellationToken) =>
            {
                var entry = AuditEntry.Create(
                    AuditAction.UserCreated, AuditOrigin.Nobody, TimeProvider.System.GetUtcNow());
                var user = await users.AddAsync($"month{number}@localhost", null, null, entry, cancellationToken);
                var key = await issuer.IssueAsync(
                    new(user!.Id, "bench", KeyScopes.Ingest, LimitProfile: LimitProfile.Bulk), AuditOrigin.Nobody,
                    cancellationToken);
                var month = Payloads.HeartRate(
                    PointsOfAMonth, number, s_start.AddYears(9).AddDays(number % 300).ToUnixTimeSeconds(), 864).Body;
                await PushAsync(server, key.Key.Reveal(), month, cancellationToken);
            });
    }

    static async Task PushAsync(ServerUnderTest server, string? key, byte[] body, CancellationToken cancellationToken)
    {
        using var content = new ByteArrayContent(body) { Headers = { ContentType = new("application/json") } };
        var receipt = await server.PushAsync(content, key, cancellationToken);
        if (receipt.GetProperty("status").GetString() != "completed")
            throw new InvalidOperationException($"A push was not completed: {receipt}");
    }

    static async Task<byte[]> ReadAsync(ServerUnderTest server, string path, CancellationToken cancellationToken)
    {
        using var response = await server.Client.GetAsync(path, cancellationToken);
        var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        return response.IsSuccessStatusCode
            ? body
            : throw new InvalidOperationException($"{path} answered {(int)response.StatusCode}.");
    }
}
