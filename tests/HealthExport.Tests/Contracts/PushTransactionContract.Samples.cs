using HealthExport.Catalogue;
using HealthExport.Pushes;
using HealthExport.Samples;
using HealthExport.Tests.Support;
using HealthExport.Time;

namespace HealthExport.Tests.Contracts;

public abstract partial class PushTransactionContract
{
    public static TheoryData<double> AwkwardDoubles =>
    [
        0, 1, -1, 0.1 + 0.2, 1.0 / 3, double.Epsilon, 2.2250738585072009e-308, double.MaxValue, double.MinValue, 1e308,
        123456789012345680, 9007199254740993, -72.5, Math.PI * 1e-200, long.MaxValue, double.PositiveInfinity,
    ];

    [Theory]
    [MemberData(nameof(AwkwardDoubles))]
    public async Task A_double_comes_back_to_the_bit(double value)
    {
        var sent = At(0, value) with { Min = value, Max = value };
        await InsertAsync(HeartRate, Grain.Sample, sent);

        await using var push = await BeginAsync();
        var found = await FindAsync(push, HeartRate, Grain.Sample, sent);

        AssertSame(sent, found[0].Row);
    }

    [Theory]
    [InlineData(Grain.Sample)]
    [InlineData(Grain.Minute)]
    [InlineData(Grain.Day)]
    public async Task A_row_comes_back_whole_with_the_number_of_its_push(Grain grain)
    {
        Sample[] sent =
        [
            On(new(2024, 2, 29), 1.5) with
            {
                EndAt = new(1_800_000_000_000_001), Min = 1, Max = 2, SentUnit = "bpm", Extra = """{"a":"ü"}""",
            },
            On(new(2024, 3, 1), double.NaN, offset: -720, source: null) with { Min = -1, Max = 0 },
        ];
        var ingestion = await InsertAsync(HeartRate, grain, sent);

        await using var push = await BeginAsync();
        var found = await FindAsync(push, HeartRate, grain, sent);

        Assert.All(found, one => Assert.True(one.Exists));
        Assert.All(found, one => Assert.Equal(ingestion.Number, one.Push));
        AssertSame(sent[0], found[0].Row);
        AssertSame(sent[1], found[1].Row);
    }

    [Fact]
    public async Task A_key_that_was_never_there_is_told_so()
    {
        await InsertAsync(HeartRate, Grain.Sample, At(10, 60), At(20, 61));

        await using var push = await BeginAsync();
        var found = await FindAsync(push, HeartRate, Grain.Sample, At(5, 0), At(10, 0), At(15, 0), At(99, 0));

        Assert.Equal([false, true, false, false], found.Select(one => one.Exists));
        Assert.Equal(0, found[0].Push);
        Assert.Equal(0, found[3].Push);
        Assert.False((await FindAsync(push, HeartRate, Grain.Minute, At(10, 0)))[0].Exists);
        Assert.False((await FindAsync(push, Steps, Grain.Sample, At(10, 0)))[0].Exists);
        Assert.False((await FindAsync(push, HeartRate, Grain.Sample, At(10, 0, "another")))[0].Exists);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(20)]
    [InlineData(100)]
    public async Task Several_sources_at_one_start_are_rows_of_their_own(int sources)
    {
        // Numbered in another order than their texts have.
        var texts = Enumerable.Range(0, sources).Select(i => $"source {i * 37 % 101:000}").ToArray();
        foreach (var text in texts) await InsertAsync(HeartRate, Grain.Sample, At(10, 1, text), At(11, 2, text));
        var keys = texts.Append("missing").Append(null).Order(StringComparer.Ordinal)
            .Select(text => At(10, 0, text)).Append(At(11, 0, texts[0])).ToArray();

        await using var push = await BeginAsync();
        var found = await FindAsync(push, HeartRate, Grain.Sample, keys);

        for (var i = 0; i < keys.Length; i++)
        {
            var isThere = keys[i].Source is not (null or "missing");
            Assert.Equal(isThere, found[i].Exists);
            if (isThere) Assert.Equal(keys[i].Source, found[i].Row.Source);
        }
        Assert.Equal(2, found[^1].Row.Value);
    }

    [Fact]
    public async Task Rows_bear_those_of_a_pushs_numbers_that_they_are_written_with()
    {
        var before = await InsertAsync(Steps, Grain.Hour, At(0, 100), At(3_600, 50));
        var kept = await _stores.Ingestions.KeepAsync(
            ReceivedPushes.Create(_stores, _user.Id, "{} ") with { ContentType = NdjsonType.WithRevisions(5_000) });
        Assert.Equal(before.Number + 5_000, kept.Ingestion.Number);
        await using (var push = await BeginNextAsync())
        {
            Assert.Equal(kept.Ingestion.Number, push.RowNumber);
            await WriteAsync(push, HeartRate, Grain.Sample, RowChange.Insert, At(0, 60));
            push.RowNumber = before.Number + 7;
            await WriteAsync(push, HeartRate, Grain.Sample, RowChange.Insert, At(1, 61));
            await WriteAsync(
                push, Steps, Grain.Sample, RowChange.Insert, [.. Enumerable.Range(0, 300).Select(i => At(i, i))]);
            await WriteAsync(push, Steps, Grain.Hour, RowChange.Update, At(0, 200));
            push.RowNumber = before.Number + 9;
            await WriteAsync(push, Steps, Grain.Hour, RowChange.Touch, At(3_600, 50));
            await WriteAsync(push, Steps, Grain.Sample, RowChange.Insert, At(1_000, 1));
            await push.CommitAsync(new(), changedAnything: true, default);
        }
        Assert.Equal(
            [kept.Ingestion.Number, before.Number + 7], (await ReadAsync(HeartRate)).Select(row => row.Push));
        var steps = await ReadAsync(Steps);
        Assert.Equal(
            [(200, before.Number + 7), (50, before.Number + 9)],
            steps.Where(row => row.Grain == Grain.Hour).Select(row => (row.Row.Value, row.Push)));
        Assert.Equal(
            [.. Enumerable.Repeat(before.Number + 7, 300), before.Number + 9],
            steps.Where(row => row.Grain == Grain.Sample).Select(row => row.Push));
        // The next one comes after all of them.
        Assert.Equal(before.Number + 5_001, (await KeepAsync()).Number);
    }

    [Fact]
    public async Task Keys_wide_apart_are_found_among_many_rows()
    {
        await InsertAsync(HeartRate, Grain.Sample, [.. Enumerable.Range(0, 5_000).Select(i => At(2 * i, i))]);
        await using var push = await BeginAsync();
        foreach (var gap in (int[])[1, 2, 3, 15, 16, 17, 18, 19, 33, 500])
        {
            // Half of them are there; some leaps are short in between.
            var keys = Enumerable.Range(0, 10_200).Where(i => i % gap == 0 || i % 97 < 2).ToArray();
            var found = await FindAsync(push, HeartRate, Grain.Sample, Array.ConvertAll(keys, key => At(key, 0)));
            for (var i = 0; i < keys.Length; i++)
            {
                Assert.Equal(keys[i] < 10_000 && keys[i] % 2 == 0, found[i].Exists);
                if (found[i].Exists) Assert.Equal(keys[i] / 2, found[i].Row.Value);
            }
        }
    }

    [Fact]
    public async Task Very_many_sources_are_kept_apart_and_counted()
    {
        var sent = Enumerable.Range(0, 20_000).Select(i => At(i, i, $"source {i}")).ToArray();
        await ApplyAsync(async push =>
        {
            foreach (var batch in sent.Chunk(4_096))
            {
                await push.SetSavepointAsync(default);
                await WriteAsync(push, HeartRate, Grain.Sample, RowChange.Insert, batch);
            }
            await push.RollBackToSavepointAsync(default);
        });

        var metric = Assert.Single(await _stores.Samples.ListMetricsAsync(_user.Id, default));
        Assert.Equal(16_384, metric.Count);
        Assert.Equal(16_384, metric.Sources.Count);
        await using var push = await BeginAsync();
        var found = await FindAsync(push, HeartRate, Grain.Sample, sent);
        Assert.Equal(16_384, found.Count(one => one.Exists));
        Assert.All(found[..16_384].Zip(sent), pair => Assert.Equal(pair.Second.Source, pair.First.Row.Source));
    }

    [Fact]
    public async Task Buckets_have_one_row_a_start_whatever_the_source()
    {
        await InsertAsync(Steps, Grain.Hour, At(0, 100, Phone));

        await using var push = await BeginAsync();
        var found = await FindAsync(push, Steps, Grain.Hour, At(0, 0, "Phone|Watch"));

        Assert.True(found[0].Exists);
        Assert.Equal(Phone, found[0].Row.Source);
    }

    [Fact]
    public async Task Random_finds_and_writes_agree_with_a_dictionary()
    {
        var random = new Random(17);
        string?[] sources = [null, Watch, Phone, "ä", "Z", "z|y"];
        var model = new Dictionary<(long, string?), (double Value, long Push)>();
        var finds = 0;
        for (var number = 1; finds < 10_000; number++)
        {
            await ApplyAsync(async push =>
            {
                var keys = Enumerable.Range(0, random.Next(1, 400))
                    .Select(_ => (Second: (long)random.Next(3_000), Source: sources[random.Next(sources.Length)]))
                    .Distinct()
                    .OrderBy(key => key.Second).ThenBy(key => key.Source, StringComparer.Ordinal)
                    .ToArray();
                var rows = Array.ConvertAll(keys, key => At(key.Second, random.NextDouble(), key.Source));
                var found = await FindAsync(push, HeartRate, Grain.Sample, rows);
                var changes = new RowChange[rows.Length];
                for (var i = 0; i < rows.Length; i++)
                {
                    var isKnown = model.TryGetValue(keys[i], out var known);
                    Assert.Equal(isKnown, found[i].Exists);
                    Assert.Equal(known.Push, found[i].Push);
                    if (isKnown) AssertSameBits(known.Value, found[i].Row.Value);
                    if (isKnown) Assert.Equal(rows[i].Source, found[i].Row.Source);
                    changes[i] = random.Next(3) == 0 ? RowChange.None : isKnown ? RowChange.Update : RowChange.Insert;
                    if (changes[i] != RowChange.None) model[keys[i]] = (rows[i].Value, number);
                }
                finds += rows.Length;
                await push.WriteAsync(await SeriesAsync(push, HeartRate, Grain.Sample), rows, changes, default);
            });
        }

        var stored = await ReadAsync(HeartRate);
        Assert.Equal(model.Count, stored.Count);
    }

    [Fact]
    public async Task Batches_may_come_in_any_order()
    {
        await ApplyAsync(async push =>
        {
            await WriteAsync(push, HeartRate, Grain.Sample, RowChange.Insert, At(100, 1), At(101, 2));
            await WriteAsync(push, HeartRate, Grain.Sample, RowChange.Insert, At(1, 3), At(50, 4));
            var found = await FindAsync(push, HeartRate, Grain.Sample, At(1, 0), At(50, 0), At(100, 0), At(102, 0));
            Assert.Equal([true, true, true, false], found.Select(one => one.Exists));
        });

        Assert.Equal([3, 4, 1, 2], (await ReadAsync(HeartRate)).Select(row => row.Row.Value));
    }

    [Fact]
    public async Task What_differs_from_row_to_row_is_written_with_each()
    {
        Sample[] sent =
        [
            At(0, 1),
            At(1, double.NaN, Phone) with { Min = 1, Max = 2, EndAt = new(5), SentUnit = "x", Extra = "{}" },
            At(2, 3, null) with { OffsetMinutes = -30 },
            At(3, 4) with { EndAt = new(9), Max = 7 },
            At(4, 5),
        ];
        await InsertAsync(HeartRate, Grain.Sample, sent);

        var stored = await ReadAsync(HeartRate);
        for (var i = 0; i < sent.Length; i++) AssertSame(sent[i], stored[i].Row);
    }

    [Fact]
    public async Task An_update_changes_all_but_key_and_first_offset()
    {
        await InsertAsync(Steps, Grain.Day, On(new(2024, 5, 1), 100));
        var later = On(new(2024, 5, 1), 250, offset: 540, source: Phone) with
        {
            EndAt = new(77), Min = 3, Max = 4, SentUnit = "steps", Extra = """{"b":1}""",
        };
        var ingestion = await ApplyAsync(push => WriteAsync(push, Steps, Grain.Day, RowChange.Update, later));

        var row = Assert.Single(await ReadAsync(Steps));
        AssertSame(later with { OffsetMinutes = 60 }, row.Row);
        Assert.Equal(ingestion.Number, row.Push);
    }

    [Fact]
    public async Task A_touch_changes_only_the_number_of_the_push()
    {
        var sent = At(0, 60);
        await InsertAsync(HeartRate, Grain.Sample, sent);
        var ingestion = await ApplyAsync(
            push => WriteAsync(push, HeartRate, Grain.Sample, RowChange.Touch, sent with { Value = 99 }));

        var row = Assert.Single(await ReadAsync(HeartRate));
        AssertSame(sent, row.Row);
        Assert.Equal(ingestion.Number, row.Push);
    }

    [Fact]
    public async Task Vanished_rows_are_moved_away_and_only_those()
    {
        await InsertAsync(Steps, Grain.Minute, At(0, 1), At(60, 2), At(120, 3), At(180, 4), At(240, 5));
        await InsertAsync(Steps, Grain.Hour, At(60, 9));

        await ApplyAsync(async push =>
        {
            var series = await SeriesAsync(push, Steps, Grain.Minute);
            Instant[] kept = [At(0, 0).StartAt, At(90, 0).StartAt, At(120, 0).StartAt, At(240, 0).StartAt];
            Assert.Equal(2, await push.RemoveVanishedAsync(series, kept[0], kept[^1], kept, default));
        });

        Assert.Equal([1, 3, 5, 9], (await ReadAsync(Steps)).Select(row => row.Row.Value));
        Assert.Equal(2, await _stores.ReadAsync("select count(*) from removed_samples where kind = 'samples'"));
        Assert.Equal(1, await _stores.ReadAsync("select min(written_by) from removed_samples"));
    }

    [Fact]
    public async Task A_replay_sees_what_a_later_push_removed_and_does_not_remove_what_it_wrote()
    {
        var first = await InsertAsync(Steps, Grain.Minute, At(0, 1), At(60, 2), At(120, 3));
        var second = await ApplyAsync(async push =>
        {
            var series = await SeriesAsync(push, Steps, Grain.Minute);
            await push.RemoveVanishedAsync(series, At(0, 0).StartAt, At(120, 0).StartAt, default, default);
            await push.WriteAsync(
                series, new[] { At(90, 7) }, new[] { RowChange.Insert }, default);
        });

        await using var replay = await BeginReplayAsync(first);
        Assert.True(replay.LaterIsApplied);
        var found = await FindAsync(replay, Steps, Grain.Minute, At(0, 0), At(60, 0), At(61, 0), At(90, 0));

        Assert.Equal([true, false, false, true], found.Select(one => one.Exists));
        Assert.Equal([first.Number, second.Number, 0, second.Number], found.Select(one => one.Push));
        var minutes = await SeriesAsync(replay, Steps, Grain.Minute);
        Assert.Equal(0, await replay.RemoveVanishedAsync(
            minutes, At(60, 0).StartAt, At(120, 0).StartAt, default, default));
    }

    [Fact]
    public async Task A_refused_row_is_undone_with_the_savepoint_and_the_rest_goes_on()
    {
        await _stores.ExecuteAsync(RefuseInserting(13));
        await ApplyAsync(async push =>
        {
            await WriteAsync(push, HeartRate, Grain.Sample, RowChange.Insert, At(0, 1, "before"));
            await push.SetSavepointAsync(default);
            await Assert.ThrowsAsync<StoreRefusedException>(() => WriteAsync(
                push, HeartRate, Grain.Sample, RowChange.Insert, At(1, 12, "new"), At(2, 13, "new"), At(3, 14, "new")));
            await push.RollBackToSavepointAsync(default);
            await WriteAsync(push, HeartRate, Grain.Sample, RowChange.Insert, At(1, 12, "new"), At(3, 14, "new"));
            await push.RollBackToSavepointAsync(default);
            await WriteAsync(push, HeartRate, Grain.Sample, RowChange.Insert, At(3, 14, "new"));
            await push.SetSavepointAsync(default);
            await WriteAsync(push, HeartRate, Grain.Sample, RowChange.Insert, At(4, 15, "gone"));
            await push.RollBackToSavepointAsync(default);
        });

        Assert.Equal([1, 14], (await ReadAsync(HeartRate)).Select(row => row.Row.Value));
        var metric = Assert.Single(await _stores.Samples.ListMetricsAsync(_user.Id, default));
        Assert.Equal(2, metric.Count);
        Assert.Equal(["before", "new"], metric.Sources);
    }

    [Fact]
    public async Task A_metric_found_since_the_savepoint_keeps_its_number()
    {
        var unknown = Metric.Unknown("mood_ring", "colour", MetricKind.Discrete);
        await ApplyAsync(async push =>
        {
            await push.SetSavepointAsync(default);
            var series = await SeriesAsync(push, unknown, Grain.Sample);
            await push.RollBackToSavepointAsync(default);
            await push.WriteAsync(series, new[] { At(0, 5) }, new[] { RowChange.Insert }, default);
            Assert.Equal(series, await SeriesAsync(push, unknown, Grain.Sample));
        });

        var metric = Assert.Single(await _stores.Samples.ListMetricsAsync(_user.Id, default));
        Assert.Equal(unknown, metric.Metric);
        Assert.False(metric.Metric.IsKnown);
    }

    [Fact]
    public async Task Two_people_never_see_each_others_rows()
    {
        var other = await _stores.AddUserAsync("two@example.org");
        await InsertAsync(HeartRate, Grain.Sample, At(0, 60), At(1, 61));
        await ApplyAsync(push => WriteAsync(push, HeartRate, Grain.Sample, RowChange.Insert, At(0, 90)), other);

        await using (var push = await BeginAsync(other))
        {
            var found = await FindAsync(push, HeartRate, Grain.Sample, At(0, 0), At(1, 0));
            Assert.Equal([true, false], found.Select(one => one.Exists));
            Assert.Equal(90, found[0].Row.Value);
        }
        Assert.Equal([60, 61], (await ReadAsync(HeartRate)).Select(row => row.Row.Value));
        Assert.Equal([90], (await ReadAsync(HeartRate, other)).Select(row => row.Row.Value));
    }
}
