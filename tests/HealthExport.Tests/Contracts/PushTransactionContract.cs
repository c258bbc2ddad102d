using HealthExport.Catalogue;
using HealthExport.People;
using HealthExport.Pushes;
using HealthExport.Samples;
using HealthExport.Tests.Support;
using HealthExport.Time;

namespace HealthExport.Tests.Contracts;

/// <summary>What <see cref="IPushTransaction"/> promises, for any engine. Here what all tests share.</summary>
public abstract partial class PushTransactionContract : IAsyncLifetime
{
    const string Watch = "Zoë’s Watch";
    const string Phone = "An iPhone";

    static readonly Metric HeartRate = MetricCatalogue.Find("heart_rate")!;
    static readonly Metric Steps = MetricCatalogue.Find("step_count")!;

    StoreFixture _stores = null!;
    User _user = null!;
    int _pushes;

    public async ValueTask InitializeAsync()
    {
        _stores = await OpenAsync();
        _user = await _stores.AddUserAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _stores.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected abstract ValueTask<StoreFixture> OpenAsync();

    /// <summary>SQL that makes the engine refuse to insert samples of one value.</summary>
    protected abstract string RefuseInserting(double value);

    /// <summary>SQL that makes the engine refuse to add a metric of this name.</summary>
    protected abstract string RefuseAdding(string metric);

    /// <summary>Keeps a push unlike any before; it waits in the queue.</summary>
    async Task<Ingestion> KeepAsync(User? user = null)
    {
        var body = $$"""{"push":{{_pushes++}}}""";
        var kept = await _stores.Ingestions.KeepAsync(ReceivedPushes.Create(_stores, (user ?? _user).Id, body));
        Assert.Equal(KeptAs.New, kept.As);
        return kept.Ingestion;
    }

    async Task<IPushTransaction> BeginNextAsync() =>
        await _stores.Ingestions.BeginAsync(await _stores.Ingestions.GetClaimAsync(), default);

    async Task<IPushTransaction> BeginAsync(User? user = null)
    {
        await KeepAsync(user);
        return await BeginNextAsync();
    }

    async Task<IPushTransaction> BeginReplayAsync(Ingestion ingestion)
    {
        Assert.NotNull(await _stores.Ingestions.ReplayAsync(ingestion.UserId, ingestion.Id, default));
        return await BeginNextAsync();
    }

    /// <summary>Applies one push that does what it is told.</summary>
    async Task<Ingestion> ApplyAsync(Func<IPushTransaction, Task> work, User? user = null)
    {
        var ingestion = await KeepAsync(user);
        await using var push = await BeginNextAsync();
        await work(push);
        await push.CommitAsync(new(), changedAnything: true, default);
        return ingestion;
    }

    Task<Ingestion> InsertAsync(Metric metric, Grain grain, params Sample[] rows) =>
        ApplyAsync(push => WriteAsync(push, metric, grain, RowChange.Insert, rows));

    static async Task<Series> SeriesAsync(IPushTransaction push, Metric metric, Grain grain) =>
        new(Assert.NotNull(await push.FindOrAddMetricAsync(metric, default)), grain);

    static async Task WriteAsync(
        IPushTransaction push, Metric metric, Grain grain, RowChange change, params Sample[] rows)
    {
        var series = await SeriesAsync(push, metric, grain);
        await push.WriteAsync(series, rows, Enumerable.Repeat(change, rows.Length).ToArray(), default);
    }

    static async Task<StoredSample[]> FindAsync(
        IPushTransaction push, Metric metric, Grain grain, params Sample[] keys)
    {
        var found = new StoredSample[keys.Length];
        // What was there before is no matter: arrays are pooled.
        Array.Fill(found, new() { Exists = true, Push = 77 });
        await push.FindAsync(await SeriesAsync(push, metric, grain), keys, found, default);
        return found;
    }

    async Task<List<SampleRow>> ReadAsync(Metric metric, User? user = null)
    {
        var listed = await _stores.Samples.ListMetricsAsync((user ?? _user).Id, default);
        if (listed.SingleOrDefault(one => one.Metric.Equals(metric)) is not { } found) return [];
        return await _stores.Samples
            .ReadAsync((user ?? _user).Id, found.MetricId, Grain.Sample, default, default).ToListAsync();
    }

    /// <summary>A sample so many seconds after some moment.</summary>
    static Sample At(long second, double value, string? source = Watch) => new()
    {
        StartAt = new((1_700_000_000 + second) * Instant.PerSecond),
        EndAt = Instant.None,
        Value = value,
        Min = double.NaN,
        Max = double.NaN,
        OffsetMinutes = 60,
        Source = source,
    };

    static Sample On(DateOnly date, double value, short offset = 60, string? source = Watch) =>
        At(0, value, source) with { StartAt = Instant.From(date), OffsetMinutes = offset };

    static void AssertSame(Sample expected, Sample actual)
    {
        Assert.Equal(expected.StartAt, actual.StartAt);
        Assert.Equal(expected.EndAt, actual.EndAt);
        AssertSameBits(expected.Value, actual.Value);
        AssertSameBits(expected.Min, actual.Min);
        AssertSameBits(expected.Max, actual.Max);
        Assert.Equal(expected.OffsetMinutes, actual.OffsetMinutes);
        Assert.Equal(expected.Source, actual.Source);
        Assert.Equal(expected.SentUnit, actual.SentUnit);
        Assert.Equal(expected.Extra, actual.Extra);
    }

    static void AssertSameBits(double expected, double actual) =>
        Assert.Equal(BitConverter.DoubleToInt64Bits(expected), BitConverter.DoubleToInt64Bits(actual));
}
