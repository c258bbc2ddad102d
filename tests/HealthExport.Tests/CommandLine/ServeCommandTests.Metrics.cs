using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;
using HealthExport.Server.Settings;
using HealthExport.Server.Telemetry;
using HealthExport.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace HealthExport.Tests.CommandLine;

public sealed partial class ServeCommandTests
{
    const string Point = """{"date":"2026-01-15 08:00:00 +0100","qty":1}""";

    [Fact]
    public async Task Metrics_are_served_at_their_own_address_and_nowhere_else()
    {
        string? seen = null;
        await ServeAsync(
            async printed =>
            {
                var document = JsonDocument.Parse(printed).RootElement;
                using var api = ClientOf(document.GetProperty("urls")[0]);
                using var metrics = ClientOf(document.GetProperty("metrics_urls")[0]);
                api.DefaultRequestHeaders.Authorization = new("Bearer", document.GetProperty("admin_key").GetString());
                const string secretive = $$$"""
                    {"data":{"metrics":[{"name":"sock_colour","units":"hue","data":[{{{Point}}},{{{Point}}}]},
                    {"name":"step_count","units":"count","data":[{"date":"never","qty":1,"spoon":2}]}]}}
                    """;
                await PushAsync(api, secretive);
                await PushAsync(api, secretive);
                await PushAsync(api, """{"data":{"metrics":[]}}""");

                using var page = await metrics.GetAsync("/metrics");
                Assert.Equal(HttpStatusCode.OK, page.StatusCode);
                Assert.Equal(
                    "text/plain; version=0.0.4; charset=utf-8", page.Content.Headers.ContentType?.ToString());
                seen = await page.Content.ReadAsStringAsync();

                foreach (var path in (string[])["/", "/health", "/v1/metrics", "/metrics/", "/openapi/v1.json"])
                    Assert.Equal(HttpStatusCode.NotFound, (await metrics.GetAsync(path)).StatusCode);
                Assert.Equal(
                    HttpStatusCode.MethodNotAllowed, (await metrics.PostAsync("/metrics?x=1", null)).StatusCode);
                Assert.Equal(HttpStatusCode.NotFound, (await api.GetAsync("/metrics")).StatusCode);
            },
            "serve", "--json", "--urls", "http://127.0.0.1:0", "--metrics-urls", "http://127.0.0.1:0");

        var version = typeof(Instruments).Assembly.GetName().Version!.ToString(3);
        Assert.Equal(
            $$"""
            # HELP healthexport_build_info Always 1; the version that runs is a label
            # TYPE healthexport_build_info gauge
            healthexport_build_info{version="{{version}}"} 1
            # HELP healthexport_drift_items_total Items that bore a name that the reader did not know, by kind of name
            # TYPE healthexport_drift_items_total counter
            healthexport_drift_items_total{kind="field"} 1
            healthexport_drift_items_total{kind="metric"} 2
            healthexport_drift_items_total{kind="section"} 0
            healthexport_drift_items_total{kind="unit"} 0
            # HELP healthexport_ingestions_total Pushes that were settled here, by status; replays again
            # TYPE healthexport_ingestions_total counter
            healthexport_ingestions_total{status="completed"} 1
            healthexport_ingestions_total{status="duplicate"} 1
            healthexport_ingestions_total{status="failed"} 0
            healthexport_ingestions_total{status="partial"} 1
            # HELP healthexport_items_total Items of pushes that were applied here, by what became of them
            # TYPE healthexport_items_total counter
            healthexport_items_total{result="inserted"} 1
            healthexport_items_total{result="rejected"} 1
            healthexport_items_total{result="unchanged"} 1
            healthexport_items_total{result="updated"} 0

            """,
            seen);
        await AssertPromtoolTakesAsync(seen!);
    }

    [Fact]
    public async Task A_taken_address_of_metrics_ends_the_start_only_where_somebody_chose_it()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var url = $"http://127.0.0.1:{((IPEndPoint)taken.LocalEndpoint).Port}";
        var failed = await _terminal.RunAsync("serve", "--urls", "http://127.0.0.1:0", "--metrics-urls", url);
        Assert.Equal(1, failed.Code);
        Assert.Empty(failed.Out);
        Assert.StartsWith($"Metrics cannot be served at {url}: ", failed.Error, StringComparison.Ordinal);
        Assert.Contains("--metrics-urls", failed.Error, StringComparison.Ordinal);

        var log = new CapturedLog();
        await using var services = new ServiceCollection()
            .AddLogging(logging => logging.AddProvider(log)).AddSingleton<Instruments>().BuildServiceProvider();
        Assert.Null(await MetricsEndpoint.StartAsync(services, new ServerSettings { MetricsUrls = [url] }, default));
        Assert.Contains(url, Assert.Single(log.Of(1601)).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://127.0.0.1:9090", true, false)]
    [InlineData(null, true, false)]
    [InlineData("http://127.0.0.1:9091", true, true)]
    [InlineData("none", false, true)]
    public void The_setting_says_where_metrics_are_and_whether_somebody_chose_that(
        string? value, bool isServed, bool isChosen)
    {
        _terminal.Environment["HEALTHEXPORT__METRICSURLS"] = value;
        var settings = _terminal.OpenShell(TextWriter.Null, TextWriter.Null).LoadSettings();
        Assert.Equal(isServed ? [value ?? "http://127.0.0.1:9090"] : [], settings.MetricsUrls);
        Assert.Equal(isChosen, settings.AreMetricsUrlsChosen);
    }

    static HttpClient ClientOf(JsonElement url) => new()
    {
        BaseAddress = new(url.GetString()!), Timeout = TimeSpan.FromSeconds(30),
    };

    static async Task PushAsync(HttpClient client, string body)
    {
        using var content = new StringContent(body, new MediaTypeHeaderValue("application/json"));
        using var pushed = await client.PostAsync("/v1/ingest", content);
        Assert.Equal(HttpStatusCode.OK, pushed.StatusCode);
    }

    static async Task AssertPromtoolTakesAsync(string text)
    {
        const string promtool = "/usr/bin/promtool";
        if (!File.Exists(promtool))
        {
            Assert.True(
                string.IsNullOrEmpty(Environment.GetEnvironmentVariable("CI")), $"A build server needs {promtool}.");
            Assert.Skip($"{promtool} is not installed.");
        }
        using var check = Process.Start(new ProcessStartInfo(promtool, ["check", "metrics"])
        {
            RedirectStandardInput = true, RedirectStandardError = true, RedirectStandardOutput = true,
        })!;
        await check.StandardInput.WriteAsync(text);
        check.StandardInput.Close();
        var said = await check.StandardOutput.ReadToEndAsync() + await check.StandardError.ReadToEndAsync();
        await check.WaitForExitAsync();
        Assert.Equal((0, ""), (check.ExitCode, said));
    }
}
