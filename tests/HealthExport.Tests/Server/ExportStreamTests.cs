using System.Net;
using System.Net.Http.Headers;
using HealthExport.Catalogue;
using HealthExport.Pushes;
using HealthExport.Samples;
using HealthExport.Server.Exports;
using HealthExport.Stores;
using HealthExport.Tests.Support;
using HealthExport.Time;
using Microsoft.Extensions.DependencyInjection;

namespace HealthExport.Tests.Server;

/// <summary>An export while it is sent: the client leaves, the store goes away, a push comes.</summary>
public sealed class ExportStreamTests
{
    const string Steps = """
        {"type":"Quantity","metric":"step_count","unit":"count","start_at":"2026-01-15T08:00:00Z","value":120}
        """;

    [Fact]
    public async Task What_has_no_end_is_sent_until_the_client_leaves()
    {
        var endless = default(Pages)!;
        await using var server = await RunningServer.StartAsync(
            overrides: services => services.Decorate<ISampleStore>(store => endless = new(store)));
        var key = await server.AddKeyAsync();
        endless.Next = _ => ValueTask.FromResult(true);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/export?types=quantities")
        {
            Headers = { Authorization = new AuthenticationHeaderValue("Bearer", key.Text) },
        };
        using (var response = await server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead))
        {
            await using var body = await response.Content.ReadAsStreamAsync();
            await body.ReadExactlyAsync(new byte[1 << 20]);
        }
        await endless.Left.WaitAsync(RunningServer.Deadline);
    }

    [Fact]
    public async Task Two_exports_of_a_person_are_sent_at_once_and_others_are_not_held_up()
    {
        var endless = default(Pages)!;
        var clock = new FakeClock();
        await using var server = await RunningServer.StartAsync(overrides: services =>
        {
            services.Decorate<ISampleStore>(store => endless = new(store));
            services.AddSingleton(_ => new RunningExports(clock));
        });
        var (greedy, other) = (await server.AddKeyAsync(), await server.AddKeyAsync());
        endless.Next = _ => ValueTask.FromResult(true);
        var running = server.Get<RunningExports>();
        var open = new[] { await BeginAsync(greedy), await BeginAsync(greedy) };

        var third = server.GetAsync(greedy, "/v1/export?types=workouts");
        await Eventually.TrueAsync(() => running.WaitingCount == 1);
        using (var others = await server.GetAsync(other, "/v1/export?types=workouts"))
            Assert.Equal(HttpStatusCode.OK, others.StatusCode);
        Assert.False(third.IsCompleted);
        clock.Advance(TimeSpan.FromSeconds(30));
        using (var refused = await third)
        {
            await refused.ReadProblemAsync(429, "rate_limited");
            Assert.NotNull(refused.Headers.RetryAfter);
            Assert.Null(refused.Content.Headers.ContentDisposition);
        }

        var fourth = server.GetAsync(greedy, "/v1/export?types=workouts");
        await Eventually.TrueAsync(() => running.WaitingCount == 1);
        open[0].Dispose();
        using (var after = await fourth) Assert.Equal(HttpStatusCode.OK, after.StatusCode);
        open[1].Dispose();
        await Eventually.TrueAsync(() => running.TakenCount == 0);

        async Task<HttpResponseMessage> BeginAsync(TestKey key)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/export?types=quantities")
            {
                Headers = { Authorization = new AuthenticationHeaderValue("Bearer", key.Text) },
            };
            return await server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        }
    }

    [Fact]
    public async Task Where_the_store_goes_away_the_answer_breaks_off()
    {
        var pages = default(Pages)!;
        await using var server = await RunningServer.StartAsync(
            overrides: services => services.Decorate<ISampleStore>(store => pages = new(store)));
        var key = await server.AddKeyAsync();
        pages.Next = page => page < 200 ? ValueTask.FromResult(true) : throw new StoreUnavailableException("A test.");

        await Assert.ThrowsAsync<HttpRequestException>(() => server.GetAsync(key, "/v1/export?types=quantities"));

        pages.Next = _ => throw new StoreUnavailableException("A test.");
        using var refused = await server.GetAsync(key, "/v1/export?types=quantities");
        await refused.ReadProblemAsync(503, "unavailable");
        Assert.Null(refused.Content.Headers.ContentDisposition);
    }

    [Fact]
    public async Task An_export_that_a_push_came_into_says_so()
    {
        var pages = default(Pages)!;
        await using var server = await RunningServer.StartAsync(
            overrides: services => services.Decorate<ISampleStore>(store => pages = new(store)));
        var key = await server.AddKeyAsync();
        pages.Next = async page =>
        {
            if (page > 0) return false;
            using var pushed = await server.PushAsync(
                key, System.Text.Encoding.UTF8.GetBytes(Steps), "application/x-ndjson");
            Assert.Equal(HttpStatusCode.OK, pushed.StatusCode);
            return false;
        };
        Assert.False((await ExportedZip.ReadAsync(server, key)).Manifest.GetProperty("consistent").GetBoolean());
        Assert.True((await ExportedZip.ReadAsync(server, key)).Manifest.GetProperty("consistent").GetBoolean());
    }

    /// <summary>One metric, whose pages have as many rows as are asked for, as long as there is a next one.</summary>
    sealed class Pages(ISampleStore store) : ISampleStore
    {
        readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int _page;

        /// <summary>Whether there are pages after this one.</summary>
        public Func<int, ValueTask<bool>> Next { get; set; } = _ => ValueTask.FromResult(false);

        /// <summary>Whoever read has been told to leave off.</summary>
        public Task Left => _left.Task;

        public ValueTask<IReadOnlyList<UserMetric>> ListMetricsAsync(
            long userId, CancellationToken cancellationToken) => ValueTask.FromResult<IReadOnlyList<UserMetric>>(
            [
                new(
                    1, MetricCatalogue.Find("step_count")!, 1, default, default, null, [Grain.Sample], []),
            ]);

        public async ValueTask<Page<SampleRow>> ListAsync(SampleQuery query, CancellationToken cancellationToken)
        {
            if (_page == 0) cancellationToken.Register(() => _left.TrySetResult());
            var page = _page++;
            var rows = new SampleRow[query.Limit];
            var random = new Random(page);
            for (var i = 0; i < rows.Length; i++)
                rows[i] = new(
                    Grain.Sample,
                    new()
                    {
                        StartAt = new((page * 10_000L + i) * Instant.PerSecond), EndAt = Instant.None,
                        Value = random.NextDouble(), Min = double.NaN, Max = double.NaN,
                    },
                    1);
            return new(rows, await Next(page) ? "more" : null);
        }

        public IAsyncEnumerable<SampleRow> ReadAsync(
            long userId, int metricId, Grain finest, TimeSpanBounds span, CancellationToken cancellationToken) =>
            store.ReadAsync(userId, metricId, finest, span, cancellationToken);
    }
}
