using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using HealthExport.Audit;
using HealthExport.Keys;
using HealthExport.People;
using HealthExport.Storage;
using HealthExport.Totals;
using Microsoft.Extensions.DependencyInjection;

namespace HealthExport.Benchmarks;

/// <summary>
/// What is read by one person with ten years of heart rate, many other metrics, nights, workouts and routes, among many
/// people with a month each.
/// </summary>
static class ReadBenchmark
{
    const int PointsOfAMonth = 3_000;
    const int Neighbours = 8;

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
        ("a month's summary", "/v1/summary?from=2023-01-01&to=2023-02-01"),
        ("freshness", "/v1/freshness"),
        ("blood pressure, 100", "/v1/blood-pressure"),
        ("nights, 30", "/v1/sleep"),
        ("workouts, 100", "/v1/workouts"),
        ("workouts near a place, 100", "/v1/workouts?near=-15,-30&radius_m=5000"),
        ("workouts in a box, 100", "/v1/workouts?box=-16,-31,-14,-29"),
        ("one workout with its series", "/v1/workouts/{workout}"),
        ("its route", "/v1/workouts/{workout}/route"),
        ("ingestions, 100", "/v1/ingestions"),
    ];

    // As somebody would write it who does not know of totals, grains and sources: the person is the one with most rows.
    static readonly (string What, string Sqlite, string Postgres)[] s_handWritten =
    [
        (
            "ten years by day",
            """
            select date(start_at / 1000000 + utc_offset * 60, 'unixepoch') as day, avg(value),
                min(coalesce(min, value)), max(coalesce(max, value)), count(*)
            from samples
            where (user_id, metric_id) = (select user_id, metric_id from user_metrics order by count desc limit 1)
            group by day
            order by day
            """,
            """
            select (start_at at time zone 'utc' + utc_offset * interval '1 minute')::date as day, avg(value),
                min(coalesce(min, value)), max(coalesce(max, value)), count(*)
            from samples
            where (user_id, metric_id) = (select user_id, metric_id from user_metrics order by count desc limit 1)
            group by day
            order by day
            """),
        (
            "a month's summary, metrics only",
            """
            select metric_id, start_at >= 1672531200000000 as present, count(*), sum(value), avg(value), min(value),
                max(value)
            from samples
            where user_id = (select user_id from user_metrics order by count desc limit 1)
                and metric_id in (select metric_id from user_metrics)
                and start_at >= 1669852800000000 and start_at < 1675209600000000
            group by metric_id, present
            """,
            """
            select metric_id, start_at >= '2023-01-01Z' as present, count(*), sum(value), avg(value), min(value),
                max(value)
            from samples
            where user_id = (select user_id from user_metrics order by count desc limit 1)
                and start_at >= '2022-12-01Z' and start_at < '2023-02-01Z'
            group by metric_id, present
            """),
    ];

    public static async Task<int> RunAsync(
        int samples, int people, string engine, int runs, int clients, CancellationToken cancellationToken)
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
        await WaitForTotalsAsync(server, cancellationToken);
        // What is kept would be asked for once.
        await server.RestartAsync([("HEALTHEXPORT__CACHE__MEMORYBYTES", "0")], cancellationToken);
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
        Console.WriteLine("hand-written SQL on the same rows, least of three:");
        foreach (var (what, sqlite, postgres) in s_handWritten)
        {
            var least = double.PositiveInfinity;
            for (var run = 0; run < 3; run++)
                least = Math.Min(
                    least,
                    cluster is null
                        ? References.TimeOnSqlite(server.Database["sqlite:".Length..], sqlite)
                        : await cluster.TimeAsync(postgres, cancellationToken));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what,-30} {"",10} {"",9} {least,8:0.0}"));
        }
        await server.RestartAsync([], cancellationToken);
        await CrowdBenchmark.RunAsync(
            server,
            [.. s_reads.Select(read => (read.What, read.Path.Replace("{workout}", workout, StringComparison.Ordinal)))],
            clients, cancellationToken);
        return 0;
    }

    public static async Task FillAsync(ServerUnderTest server, int samples, CancellationToken cancellationToken)
    {
        await TenYears.PushAsync(server, null, samples, cancellationToken);
        await server.PushAsync(
            Payloads.Mixed(100_000, 1_000, start: TenYears.Start.AddYears(9).ToUnixTimeSeconds()).Body, null,
            cancellationToken);
    }

    /// <summary>What is measured is how it is a minute after a push, not during one.</summary>
    static async Task WaitForTotalsAsync(ServerUnderTest server, CancellationToken cancellationToken)
    {
        await using var stores = new ServiceCollection().AddHealthExportStorage(server.Database).BuildServiceProvider();
        var totals = stores.GetRequiredService<IDailyTotalStore>();
        var waiting = Stopwatch.StartNew();
        while (await totals.FindStaleUserAsync(0, cancellationToken) is not null)
        {
            if (waiting.Elapsed > TimeSpan.FromMinutes(5)) throw new TimeoutException("The totals are not worked out.");
            await Task.Delay(TimeSpan.FromMilliseconds(100), cancellationToken);
        }
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"daily totals worked out {waiting.Elapsed.TotalSeconds:0.0} s later"));
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
                    PointsOfAMonth, number, TenYears.Start.AddYears(9).AddDays(number % 300).ToUnixTimeSeconds(),
                    864).Body;
                await server.PushAsync(month, key.Key.Reveal(), cancellationToken);
            });
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
