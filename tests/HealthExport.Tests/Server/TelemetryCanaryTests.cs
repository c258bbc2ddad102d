using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using HealthExport.Keys;
using HealthExport.Tests.Support;
using HealthExport.Time;

namespace HealthExport.Tests.Server;

/// <summary>
/// What traces and metrics would carry away, were anybody to listen; and the texts of exceptions, which may repeat what
/// was sent.
/// </summary>
public sealed class TelemetryCanaryTests
{
    const string HeartRate = "61.72839451";

    readonly Canaries _canaries = new();
    readonly ConcurrentQueue<string> _seen = [];

    [Theory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.Postgres)]
    public async Task Neither_traces_nor_metrics_hold_a_secret_or_a_value(Engine engine)
    {
        _canaries.Add("a heart rate", HeartRate);
        using var traces = new ActivityListener
        {
            // The tests' own client is another program.
            ShouldListenTo = source => source.Name != "System.Net.Http",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity => _seen.Enqueue(Describe(activity)),
        };
        ActivitySource.AddActivityListener(traces);
        using var metrics = new MeterListener();
        metrics.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name != "System.Net.Http") listener.EnableMeasurementEvents(instrument);
        };
        metrics.SetMeasurementEventCallback<long>((instrument, _, tags, _) => Note(instrument, tags));
        metrics.SetMeasurementEventCallback<int>((instrument, _, tags, _) => Note(instrument, tags));
        metrics.SetMeasurementEventCallback<double>((instrument, _, tags, _) => Note(instrument, tags));
        metrics.Start();

        await using var server = await RunningServer.StartAsync(engine: engine);
        var key = await server.AddKeyAsync();
        var uuid = await server.AddKeyAsync(key.User, format: KeyFormat.Uuid);
        var unknown = ApiKey.Mint(KeyFormat.Hx).Key.Reveal();
        foreach (var text in (string[])[key.Text, uuid.Text, unknown]) _canaries.AddKey("a key", text);
        foreach (var good in (TestKey[])[key, uuid])
        {
            (await server.PushAsync(good, $$$"""
                {"data":{"metrics":[{"name":"heart_rate","units":"count/min","data":[
                {"date":"2026-01-15 07:30:00 +0100","Avg":{{{HeartRate}}}}]}]}}
                """)).Dispose();
            (await server.GetAsync(good, "/v1/metrics/heart_rate/samples")).Dispose();
            (await server.SendAsync(HttpMethod.Delete, $"/v1/auth/keys/{unknown}", good)).Dispose();
            (await server.GetAsync(good, $"/v1/metrics?api-key={good.Text}")).Dispose();
        }
        var query = $"?key={unknown}";
        (await server.SendAsync(HttpMethod.Get, $"/v1/metrics{query}", null, null, ("api-key", unknown))).Dispose();
        metrics.RecordObservableInstruments();

        Assert.Contains(_seen, seen => seen.Contains("http.server.request.duration", StringComparison.Ordinal));
        foreach (var seen in _seen) _canaries.AssertNotIn("telemetry", seen);
    }

    [Fact]
    public async Task An_exception_that_repeats_what_was_sent_tells_it_nobody()
    {
        await using var server = await RunningServer.StartAsync(
            overrides: services => services.Decorate<IKeyStore>(keys => new TalkativeKeys(keys)));
        var key = await server.AddKeyAsync();
        _canaries.AddKey("a key", TalkativeKeys.Secret);

        using var failed = await server.SendAsync(HttpMethod.Delete, $"/v1/auth/keys/{key.Id}", key);
        await failed.ReadProblemAsync(500, "internal_error");
        _canaries.AssertNotIn("an answer", await failed.Content.ReadAsStringAsync());
        await Eventually.TrueAsync(() => server.Log.Of(1201).Any());
        Assert.Single(server.Log.Of(1002));
        foreach (var line in server.Log.Lines) _canaries.AssertNotIn("the log", line.Text);
    }

    void Note(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
        _seen.Enqueue($"{instrument.Name} {string.Join(' ', tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}"))}");

    static string Describe(Activity activity) => string.Join(
        ' ',
        [
            activity.DisplayName, activity.StatusDescription,
            .. activity.TagObjects.Select(tag => $"{tag.Key}={tag.Value}"),
            .. activity.Baggage.Select(item => $"{item.Key}={item.Value}"),
            .. activity.Events.SelectMany(happened => happened.Tags).Select(tag => $"{tag.Key}={tag.Value}"),
        ]);

    /// <summary>Keys that say too much when they fail.</summary>
    sealed class TalkativeKeys(IKeyStore keys) : WrappedKeys(keys)
    {
        public static readonly string Secret = ApiKey.Mint(KeyFormat.Hx).Key.Reveal();

        public override ValueTask<bool> RevokeAsync(
            string id, long? userId, Audit.AuditEntry entry, CancellationToken cancellationToken) =>
            throw new InvalidOperationException($"Could not revoke {Secret}.");

        public override ValueTask TouchAsync(string id, Instant usedAt, CancellationToken cancellationToken) =>
            throw new InvalidOperationException($"Could not touch {Secret}.");
    }
}
