using HealthExport.Pushes;
using HealthExport.Sleep;
using HealthExport.Time;

namespace HealthExport.Tests.Contracts;

public abstract partial class PushTransactionContract
{
    [Fact]
    public async Task Sleep_stages_are_found_by_start_stage_and_source()
    {
        var stage = Stage(0, "core");
        var bare = Stage(0, "deep") with { Source = null, StageAsSent = null, Extra = null };
        var first = await ApplyAsync(push => WriteAsync(push, RowChange.Insert, stage, bare));

        await using var push = await BeginAsync();
        var found = await push.FindAsync(
            new[] { stage, bare, stage with { Stage = "rem" }, stage with { Source = Phone }, Stage(1, "core") },
            default);

        Assert.Equal(new Stored<SleepStage>(stage, first.Number), found[0]);
        Assert.Equal(new Stored<SleepStage>(bare, first.Number), found[1]);
        Assert.All(found[2..], Assert.Null);
    }

    [Fact]
    public async Task A_sleep_stage_is_updated_but_for_its_first_offset_or_only_touched()
    {
        var (one, two) = (Stage(0, "core"), Stage(9, "rem"));
        await ApplyAsync(push => WriteAsync(push, RowChange.Insert, one, two));
        var longer = one with
        {
            EndAt = new(one.EndAt.Microseconds + 7), OffsetMinutes = 0, StageAsSent = "x", Extra = null,
        };
        SleepStage[] rows = [longer, two with { Extra = "{}" }];
        var second = await ApplyAsync(
            push => push.WriteAsync(rows, new[] { RowChange.Update, RowChange.Touch }, default).AsTask());

        await using var push = await BeginAsync();
        var found = await push.FindAsync(new[] { one, two }, default);

        Assert.Equal(new(longer with { OffsetMinutes = one.OffsetMinutes }, second.Number), found[0]);
        Assert.Equal(new(two, second.Number), found[1]);
    }

    [Fact]
    public async Task Overlapping_sessions_of_the_same_source_are_found_by_start()
    {
        var sessions = new[] { Session(0, 100), Session(100, 200), Session(250, 300), Session(400, 400) };
        var first = await ApplyAsync(async push =>
        {
            foreach (var session in sessions) await push.ReplaceAsync(session, [], default);
            await push.ReplaceAsync(Session(0, 300) with { Source = Phone }, [], default);
            await push.ReplaceAsync(Session(0, 300) with { Source = null }, [], default);
        });

        await using var push = await BeginAsync();
        var found = await push.FindOverlappingAsync(Session(100, 251), default);

        Assert.Equal([new(sessions[1], first.Number), new(sessions[2], first.Number)], found);
        Assert.Empty(await push.FindOverlappingAsync(Session(200, 250), default));
        Assert.Empty(await push.FindOverlappingAsync(Session(0, 300) with { Source = "unknown" }, default));
        // The same key, although nothing can overlap what is empty.
        Assert.Equal([new(sessions[3], first.Number)], await push.FindOverlappingAsync(Session(400, 500), default));
    }

    [Fact]
    public async Task A_session_replaces_others_which_are_kept_as_removed()
    {
        var full = Session(0, 100) with
        {
            InBedStartAt = new(1), InBedEndAt = new(2), InBedMinutes = 0.1 + 0.2, AsleepMinutes = 1, CoreMinutes = 2,
            DeepMinutes = 3, RemMinutes = 4, AwakeMinutes = 5, Extra = """{"q":"ü"}""",
        };
        await ApplyAsync(async push =>
        {
            await push.ReplaceAsync(full, [], default);
            await push.ReplaceAsync(Session(150, 200), [], default);
        });
        var merged = Session(0, 210);
        var second = await ApplyAsync(async push =>
        {
            var found = await push.FindOverlappingAsync(merged, default);
            Assert.Equal(full, found[0].Row);
            await push.ReplaceAsync(merged, [.. found.Select(stored => stored.Row)], default);
        });

        await using var push = await BeginAsync();
        Assert.Equal([new(merged, second.Number)], await push.FindOverlappingAsync(Session(0, 500), default));
        Assert.Equal(2, await _stores.ReadAsync(
            "select count(*) from removed_samples where kind = 'sleep_sessions' and extra is not null"));
    }

    static async Task WriteAsync(IPushTransaction push, RowChange change, params SleepStage[] rows) =>
        await push.WriteAsync(rows, Enumerable.Repeat(change, rows.Length).ToArray(), default);

    static SleepStage Stage(long minute, string stage) => new()
    {
        StartAt = Minute(minute),
        EndAt = Minute(minute + 10),
        OffsetMinutes = 120,
        Stage = stage,
        StageAsSent = "Kernschlaf",
        Source = Watch,
        Extra = """{"a":1}""",
    };

    static SleepSession Session(long fromMinute, long toMinute) => new()
    {
        StartAt = Minute(fromMinute),
        EndAt = Minute(toMinute),
        OffsetMinutes = 120,
        Source = Watch,
    };

    static Instant Minute(long minute) => new(1_700_000_000 * Instant.PerSecond + minute * Instant.PerMinute);
}
