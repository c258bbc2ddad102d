using HealthExport.Catalogue;
using HealthExport.People;
using HealthExport.Pushes;
using HealthExport.Samples;
using HealthExport.Stores;
using HealthExport.Tests.Support;
using HealthExport.Time;

namespace HealthExport.Tests.Contracts;

/// <summary>What <see cref="ISampleStore"/> promises, for any engine. Here the reading.</summary>
public abstract partial class SampleStoreContract : IAsyncLifetime
{
    const string Watch = "Watch";
    const string Phone = "Phone";

    static readonly Metric HeartRate = MetricCatalogue.Find("heart_rate")!;
    static readonly Metric Steps = MetricCatalogue.Find("step_count")!;
    static readonly DateOnly LeapDay = new(2024, 2, 29);

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

    [Fact]
    public async Task Metrics_are_listed_by_name_with_what_their_rows_say()
    {
        Assert.Empty(await _stores.Samples.ListMetricsAsync(_user.Id, default));
        await WriteAsync(Steps, Grain.Hour, At(7_200, 5, "A|B"), At(10_800, double.NaN, Phone) with { Max = 1 });
        await WriteAsync(Steps, Grain.Sample, At(3_600, 9, Watch), At(3_601, 8, null));
        await WriteAsync(HeartRate, Grain.Sample, At(0, 60, null));
        await WriteAsync(Metric.Unknown("heart_rate", "odd", MetricKind.Discrete), Grain.Day, On(LeapDay, 1));

        var metrics = await _stores.Samples.ListMetricsAsync(_user.Id, default);

        Assert.Equal(
            [("heart_rate", "/min"), ("heart_rate", "odd"), ("step_count", Steps.Unit)],
            metrics.Select(one => (one.Metric.Name, one.Metric.Unit)));
        var steps = metrics[2];
        Assert.Equal(Steps, steps.Metric);
        Assert.Equal(4, steps.Count);
        Assert.Equal(At(3_600, 0).StartAt.At(60), steps.FirstAt);
        Assert.Equal(TimeSpan.FromHours(1), steps.FirstAt.Offset);
        Assert.Equal(At(10_800, 0).StartAt.At(60), steps.LastAt);
        Assert.Null(steps.LatestValue);
        Assert.Equal([Grain.Sample, Grain.Hour], steps.Grains);
        Assert.Equal(["A|B", Phone, Watch], steps.Sources);
        Assert.Equal(60, metrics[0].LatestValue);
        Assert.Empty(metrics[0].Sources);
        Assert.False(metrics[1].Metric.IsKnown);
    }

    [Fact]
    public async Task Days_begin_at_the_instant_their_own_offset_says()
    {
        // The later date begins the earlier.
        await WriteAsync(Steps, Grain.Day, On(LeapDay, 1, offset: -720), On(LeapDay.AddDays(1), 2, offset: 840));

        var metric = Assert.Single(await _stores.Samples.ListMetricsAsync(_user.Id, default));

        Assert.Equal(new DateTimeOffset(2024, 3, 1, 0, 0, 0, TimeSpan.FromHours(14)), metric.FirstAt);
        Assert.Equal(TimeSpan.FromHours(14), metric.FirstAt.Offset);
        Assert.Equal(new DateTimeOffset(2024, 2, 29, 0, 0, 0, TimeSpan.FromHours(-12)), metric.LastAt);
        Assert.Equal(1, metric.LatestValue);
    }

    [Fact]
    public async Task A_date_is_compared_with_the_local_day_and_an_instant_with_the_instant()
    {
        var noon = Instant.From(LeapDay) + TimeSpan.FromHours(12);
        await WriteAsync(
            Steps, Grain.Sample,
            // Local days: the 28th at 23:00, the 29th at 02:00, at 12:00, the 1st at 01:00, and the 29th at 23:30.
            Local(LeapDay, -1, 60, 1), Local(LeapDay, 2, 840, 2), Local(LeapDay, 12, 0, 3), Local(LeapDay, 25, 0, 5),
            Local(LeapDay, 23, -720, 4) with { StartAt = Instant.From(LeapDay) + TimeSpan.FromHours(35.5) });
        await WriteAsync(
            Steps, Grain.Day, On(LeapDay.AddDays(-1), 6), On(LeapDay, 7, offset: -720), On(LeapDay.AddDays(1), 8, 840));

        await IsAsync([2, 3, 4, 7], new(null, LeapDay, null, LeapDay.AddDays(1)));
        await IsAsync([1, 6], new(null, null, null, LeapDay));
        await IsAsync([5, 8], new(null, LeapDay.AddDays(1), null, null));
        // The 29th of the far west begins at noon, the 1st of the far east two hours before.
        await IsAsync([3, 4, 5, 7], new(noon, null, null, null));
        await IsAsync([1, 2, 6, 8], new(null, null, noon, null));
        await IsAsync([3, 7], new(noon, null, noon + TimeSpan.FromMicroseconds(1), null));
        await IsAsync([8], new(null, LeapDay.AddDays(1), noon, null));
        await IsAsync([], new(noon, null, noon, null));

        async Task IsAsync(double[] values, TimeSpanBounds span) =>
            Assert.Equal(values, (await ReadAsync(Steps, span)).Select(row => row.Row.Value).Order());
    }

    [Theory]
    [InlineData(null, null, false)]
    [InlineData(null, null, true)]
    [InlineData(Grain.Sample, null, false)]
    [InlineData(Grain.Sample, Phone, true)]
    [InlineData(Grain.Day, null, true)]
    [InlineData(null, Watch, false)]
    public async Task Pages_of_any_size_make_the_whole_list_in_order(Grain? grain, string? source, bool descending)
    {
        var model = await WriteManyAsync();
        var order = Comparer<SampleRow>.Create((a, b) =>
        {
            var by = a.StartInstant.CompareTo(b.StartInstant);
            if (by == 0) by = a.Grain.CompareTo(b.Grain);
            return by != 0 ? by : string.CompareOrdinal(a.Row.Source, b.Row.Source);
        });
        var expected = model
            .Where(row => grain is null || row.Grain == grain)
            .Where(row => source is null || row.Row.Source == source)
            .Order(order).ToList();
        if (descending) expected.Reverse();
        Assert.NotEmpty(expected);

        foreach (var limit in (int[])[1, 7, 10_000])
        {
            var query = await QueryAsync(Steps, grain, source, descending, limit);
            List<SampleRow> listed = [];
            do
            {
                var page = await _stores.Samples.ListAsync(query, default);
                Assert.True(page.Items.Count <= limit);
                listed.AddRange(page.Items);
                query = query with { Cursor = page.NextCursor };
            }
            while (query.Cursor is not null);

            Assert.Equal(expected.Select(row => row.Row.Value), listed.Select(row => row.Row.Value));
            Assert.Equal(expected.Select(row => row.Grain), listed.Select(row => row.Grain));
        }
    }

    [Fact]
    public async Task A_cursor_goes_on_with_its_own_query_only()
    {
        await WriteAsync(Steps, Grain.Sample, At(0, 1), At(1, 2), At(2, 3));
        var query = await QueryAsync(Steps, null, null, descending: false, limit: 1);
        var cursor = (await _stores.Samples.ListAsync(query, default)).NextCursor;
        Assert.NotNull(cursor);
        var next = query with { Cursor = cursor };

        Assert.Equal(2, (await _stores.Samples.ListAsync(next with { Limit = 2 }, default)).Items[0].Row.Value);
        foreach (var other in (SampleQuery[])
        [
            next with { Descending = true }, next with { Grain = Grain.Sample }, next with { Source = Watch },
            next with { MetricId = query.MetricId + 1 }, next with { UserId = query.UserId + 1 },
            next with { Span = new(new(0), null, null, null) }, next with { Span = new(null, LeapDay, null, null) },
            query with { Cursor = "" }, query with { Cursor = "AAAA" }, query with { Cursor = cursor + "A" },
            query with { Cursor = "é" + cursor[1..] }, query with { Cursor = new string('A', cursor.Length) },
        ])
            await Assert.ThrowsAsync<InvalidCursorException>(() => _stores.Samples.ListAsync(other, default).AsTask());
    }

    [Fact]
    public async Task Reading_goes_grain_by_grain_from_the_finest()
    {
        var model = await WriteManyAsync();

        var read = await ReadAsync(Steps, default);

        Assert.Equal(model.Count, read.Count);
        Assert.Equal(read.Select(row => row.Grain).Order(), read.Select(row => row.Grain));
        foreach (var grain in read.GroupBy(row => row.Grain))
        {
            var keys = grain.Select(row => (row.StartInstant, row.Row.Source)).ToList();
            Assert.Equal(keys.OrderBy(key => key.StartInstant).ThenBy(key => key.Source, StringComparer.Ordinal), keys);
        }
        var byValue = read.ToDictionary(row => row.Row.Value);
        foreach (var row in model)
        {
            var stored = byValue[row.Row.Value];
            Assert.Equal((row.Grain, row.LocalDate), (stored.Grain, stored.LocalDate));
            Assert.Equal(row.StartInstant, stored.StartInstant);
            Assert.Equal(row.Row.Source, stored.Row.Source);
            Assert.Equal(row.Push, stored.Push);
        }
    }

    [Fact]
    public async Task A_read_sees_one_moment_while_pushes_go_on()
    {
        await WriteAsync(Steps, Grain.Sample, [.. Enumerable.Range(0, 5_000).Select(i => At(i, i))]);
        var metric = await MetricIdAsync(Steps);
        var values = new List<double>();
        await foreach (var row in _stores.Samples.ReadAsync(_user.Id, metric, Grain.Sample, default, default))
        {
            if (values.Count == 10) await WriteAsync(Steps, Grain.Hour, At(0, -1), At(6_000, -2));
            values.Add(row.Row.Value);
        }

        Assert.Equal(Enumerable.Range(0, 5_000).Select(i => (double)i), values);
    }

    [Fact]
    public async Task A_read_stops_when_it_is_cancelled()
    {
        await WriteAsync(Steps, Grain.Sample, [.. Enumerable.Range(0, 5_000).Select(i => At(i, i))]);
        using var stop = new CancellationTokenSource();
        var rows = _stores.Samples.ReadAsync(_user.Id, await MetricIdAsync(Steps), Grain.Sample, default, stop.Token);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var _ in rows) await stop.CancelAsync();
        });
    }

    [Fact]
    public async Task A_person_reads_only_their_own_rows()
    {
        var other = await _stores.AddUserAsync("two@example.org");
        await WriteAsync(Steps, Grain.Sample, At(0, 1));
        var query = await QueryAsync(Steps, null, null, descending: false, limit: 10);

        Assert.Empty(await _stores.Samples.ListMetricsAsync(other.Id, default));
        Assert.Empty((await _stores.Samples.ListAsync(query with { UserId = other.Id }, default)).Items);
        Assert.Empty(await _stores.Samples.ReadAsync(other.Id, query.MetricId, Grain.Sample, default, default).ToListAsync());
        Assert.Equal(0, await _stores.Deletions.DeleteAsync(other.Id, Deleting.Of(null)));
        Assert.Single((await _stores.Samples.ListAsync(query, default)).Items);
    }

    /// <summary>Rows of several grains, sources and offsets, many of which start at the same instant.</summary>
    async Task<List<SampleRow>> WriteManyAsync()
    {
        var random = new Random(5);
        var value = 0;
        var model = new List<SampleRow>();
        foreach (var grain in (Grain[])[Grain.Sample, Grain.Minute, Grain.Hour, Grain.Day, Grain.Week])
        {
            var rows = new Dictionary<(long, string?), Sample>();
            string?[] sources = ["z first", null, Watch, Phone, "ä"];
            for (var i = 0; i < 60; i++)
            {
                var source = sources[random.Next(sources.Length)];
                var row = grain >= Grain.Day
                    ? On(LeapDay.AddDays(random.Next(40)), ++value, (short)(random.Next(-12, 15) * 60), source)
                    : At(random.Next(40) * 3_600, ++value, source);
                rows[(row.StartAt.Microseconds, grain == Grain.Sample ? source : null)] = row;
            }
            // Sources get their numbers as they come: not in the order of their texts.
            var sent = rows.OrderBy(row => row.Key.Item1).ThenBy(row => row.Key.Item2, StringComparer.Ordinal)
                .Select(row => row.Value).ToArray();
            var ingestion = await WriteAsync(Steps, grain, sent);
            model.AddRange(sent.Select(row => new SampleRow(grain, row, ingestion.Number)));
        }
        return model;
    }

    async Task<Ingestion> WriteAsync(Metric metric, Grain grain, params Sample[] rows) =>
        await ApplyAsync(async push =>
        {
            var id = Assert.NotNull(await push.FindOrAddMetricAsync(metric, default));
            await push.WriteAsync(
                new(id, grain), rows, Enumerable.Repeat(RowChange.Insert, rows.Length).ToArray(), default);
        });

    async Task<Ingestion> ApplyAsync(Func<IPushTransaction, Task> work, User? user = null)
    {
        var body = $$"""{"push":{{_pushes++}}}""";
        var kept = await _stores.Ingestions.KeepAsync(ReceivedPushes.Create(_stores, (user ?? _user).Id, body));
        await using var push = await _stores.Ingestions.BeginAsync(await _stores.Ingestions.GetClaimAsync(), default);
        await work(push);
        await push.CommitAsync(new(), changedAnything: true, default);
        return kept.Ingestion;
    }

    async Task<int> MetricIdAsync(Metric metric) =>
        (await _stores.Samples.ListMetricsAsync(_user.Id, default)).Single(one => one.Metric.Equals(metric)).MetricId;

    async Task<SampleQuery> QueryAsync(Metric metric, Grain? grain, string? source, bool descending, int limit) =>
        new(_user.Id, await MetricIdAsync(metric), default, grain, source, descending, null, limit);

    async Task<List<SampleRow>> ReadAsync(Metric metric, TimeSpanBounds span) =>
        await _stores.Samples.ReadAsync(_user.Id, await MetricIdAsync(metric), Grain.Sample, span, default).ToListAsync();

    static Sample At(long second, double value, string? source = Watch) => new()
    {
        StartAt = new(Instant.From(LeapDay).Microseconds + second * Instant.PerSecond),
        EndAt = Instant.None,
        Value = value,
        Min = double.NaN,
        Max = double.NaN,
        OffsetMinutes = 60,
        Source = source,
    };

    static Sample On(DateOnly date, double value, short offset = 60, string? source = Watch) =>
        At(0, value, source) with { StartAt = Instant.From(date), OffsetMinutes = offset };

    /// <summary>A sample at an hour of a local day.</summary>
    static Sample Local(DateOnly date, double hour, short offset, double value) => At(0, value) with
    {
        StartAt = Instant.From(date) + TimeSpan.FromHours(hour - offset / 60.0),
        OffsetMinutes = offset,
    };
}
