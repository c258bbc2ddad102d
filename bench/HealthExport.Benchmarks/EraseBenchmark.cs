using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace HealthExport.Benchmarks;

/// <summary>
/// Deleting a year of one metric, and then erasing the person whose it is, beside somebody who pushes all the while.
/// </summary>
static class EraseBenchmark
{
    const int PointsOfAName = 10;

    public static async Task<int> RunAsync(int samples, int names, string engine, CancellationToken cancellationToken)
    {
        await using var cluster = engine == "postgres" ? await PostgresCluster.StartAsync(cancellationToken) : null;
        await using var server = await ServerUnderTest.StartAsync(cluster?.Url, cancellationToken);
        var neighbour = await server.NewPersonAsync("neighbour@localhost", cancellationToken);
        const string person = "gone@localhost";
        var key = await server.NewPersonAsync(person, cancellationToken);
        await TenYears.PushAsync(server, key, samples, cancellationToken);
        await server.PushAsync(Unknown(names), key, cancellationToken);
        if (cluster is not null) await cluster.AnalyzeAsync(cancellationToken);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{engine}: {samples:N0} samples of one person, {names:N0} unknown names"));

        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var waits = PushAlongAsync(server, neighbour, over.Token);
        await MeasureAsync("a year of them deleted", "/v1/data?metric=heart_rate&from=2019-01-01&to=2020-01-01");
        await MeasureAsync("all of them deleted", "/v1/data?metric=heart_rate");
        await TenYears.PushAsync(server, key, samples, cancellationToken);
        await MeasureAsync("the person erased", $"/v1/users/me?confirm={person}");
        await over.CancelAsync();
        var sorted = (await waits).Order().ToArray();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"pushes of somebody else meanwhile: {sorted.Length:N0}, p50 {sorted[sorted.Length / 2]:0} ms, p99 {sorted[sorted.Length * 99 / 100]:0} ms, longest {sorted[^1]:0} ms"));
        return 0;

        async Task MeasureAsync(string what, string path)
        {
            var clock = Stopwatch.StartNew();
            using var request = new HttpRequestMessage(HttpMethod.Delete, path);
            request.Headers.Authorization = new("Bearer", key);
            using var response = await server.Client.SendAsync(request, cancellationToken);
            var answer = await response.Content.ReadAsStringAsync(cancellationToken);
            // What takes longer than a request waits: until the next push is let through, or the key is nobody's.
            if (response.StatusCode == System.Net.HttpStatusCode.Accepted && path.StartsWith("/v1/data", StringComparison.Ordinal))
                await server.PushAsync("""{"data":{"metrics":[]}}"""u8.ToArray(), key, cancellationToken);
            else if (response.StatusCode == System.Net.HttpStatusCode.Accepted)
                await WaitUntilGoneAsync(server, person, cancellationToken);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{what,-24} {clock.Elapsed.TotalSeconds,8:0.00} s   {answer}"));
        }
    }

    static async Task<List<double>> PushAlongAsync(ServerUnderTest server, string key, CancellationToken cancellationToken)
    {
        List<double> waits = [];
        try
        {
            for (var number = 0; ; number++)
            {
                var body = Payloads.HeartRate(
                    100, number, TenYears.Start.AddMinutes(number * 50).ToUnixTimeSeconds(), 30).Body;
                var clock = Stopwatch.StartNew();
                await server.PushAsync(body, key, cancellationToken);
                waits.Add(clock.Elapsed.TotalMilliseconds);
                await Task.Delay(TimeSpan.FromMilliseconds(100), cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            return waits;
        }
    }

    static async Task WaitUntilGoneAsync(ServerUnderTest server, string person, CancellationToken cancellationToken)
    {
        while ((await server.ListPeopleAsync(cancellationToken)).Contains(person, StringComparison.Ordinal)
            || (await server.ListPeopleAsync(cancellationToken)).Contains("erasing", StringComparison.Ordinal))
            await Task.Delay(TimeSpan.FromMilliseconds(100), cancellationToken);
    }

    static byte[] Unknown(int names)
    {
        var body = new StringBuilder("""{"data":{"metrics":[""");
        for (var name = 0; name < names; name++)
        {
            body.Append(name > 0 ? "," : "").Append(
                CultureInfo.InvariantCulture, $$"""{"name":"odd {{name}}","units":"x","data":[""");
            for (var i = 0; i < PointsOfAName; i++)
                body.Append(i > 0 ? "," : "").Append(
                    CultureInfo.InvariantCulture,
                    $$"""{"date":"{{TenYears.Start.AddDays(name).AddHours(i):yyyy-MM-dd HH:mm:ss}} +0000","qty":{{i}}}""");
            body.Append("]}");
        }
        return Encoding.UTF8.GetBytes(body.Append("]}}").ToString());
    }
}
