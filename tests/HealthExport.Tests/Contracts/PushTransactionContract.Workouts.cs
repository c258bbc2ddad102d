using HealthExport.Pushes;
using HealthExport.Time;
using HealthExport.Workouts;

namespace HealthExport.Tests.Contracts;

public abstract partial class PushTransactionContract
{
    [Fact]
    public async Task A_workout_comes_back_whole_by_its_id()
    {
        var (full, bare) = (FullWorkout(), BareWorkout(500));
        var first = await ApplyAsync(push => WriteAsync(push, RowChange.Insert, full, bare));

        await using var push = await BeginAsync();
        var found = await push.FindAsync(new[] { full, bare, BareWorkout(900) }, default);

        Assert.Equal(first.Number, found[0]!.Push);
        AssertSame(full, found[0]!.Row);
        AssertSame(bare, found[1]!.Row);
        Assert.Null(found[2]);
    }

    [Fact]
    public async Task A_write_without_series_or_route_leaves_those_stored()
    {
        var full = FullWorkout();
        await ApplyAsync(push => WriteAsync(push, RowChange.Insert, full));
        var shorter = full with { Series = [], Route = null, DistanceMetres = 1, Location = null };
        var second = await ApplyAsync(push => WriteAsync(push, RowChange.Update, shorter));

        await using var push = await BeginAsync();
        var found = Assert.Single(await push.FindAsync(new[] { full }, default))!;

        AssertSame(shorter with { Series = full.Series, Route = full.Route }, found.Row);
        Assert.Equal(second.Number, found.Push);
    }

    [Fact]
    public async Task Series_and_route_of_a_later_write_replace_those_stored()
    {
        var full = FullWorkout();
        await ApplyAsync(push => WriteAsync(push, RowChange.Insert, full));
        var changed = full with
        {
            Series = [full.Series[0] with { Values = [9, 9], Min = null }],
            Route = full.Route! with { Latitudes = [80, 81, 82], Speeds = null },
        };
        await ApplyAsync(push => WriteAsync(push, RowChange.Update, changed));

        await using var push = await BeginAsync();
        var found = Assert.Single(await push.FindAsync(new[] { full }, default))!;

        AssertSame(changed with { Series = [changed.Series[0], full.Series[1]] }, found.Row);
    }

    [Fact]
    public async Task A_touch_of_a_workout_changes_only_its_push()
    {
        var full = FullWorkout();
        await ApplyAsync(push => WriteAsync(push, RowChange.Insert, full));
        var second = await ApplyAsync(push => WriteAsync(push, RowChange.Touch, full with { NameAsSent = "x" }));

        await using var push = await BeginAsync();
        var found = Assert.Single(await push.FindAsync(new[] { full }, default))!;

        AssertSame(full, found.Row);
        Assert.Equal(second.Number, found.Push);
    }

    [Fact]
    public async Task A_workout_without_an_id_is_found_by_start_and_end_at_the_precision_sent()
    {
        var stored = BareWorkout(0) with { StartAt = Second(25), EndAt = Second(625) };
        await ApplyAsync(push => WriteAsync(push, RowChange.Insert, stored));
        var same = stored with { Id = null, IdIsMade = false };
        var byMinute = same with
        {
            StartAt = stored.StartAt.FloorTo(Instant.PerMinute), EndAt = stored.EndAt.FloorTo(Instant.PerMinute),
            StampPrecision = Instant.PerMinute,
        };

        await using var push = await BeginAsync();
        var found = await push.FindAsync(
            new[]
            {
                same, byMinute, same with { StartAt = Second(26) }, same with { EndAt = Second(626) },
                byMinute with { StartAt = new(byMinute.StartAt.Microseconds + Instant.PerMinute) },
            },
            default);

        Assert.Equal(
            [stored.Id, stored.Id, null, null, null], found.Select(one => one?.Row.Id));
    }

    [Fact]
    public async Task An_id_takes_over_a_made_one_with_series_and_route_but_never_another_sent_one()
    {
        var made = FullWorkout() with { IdIsMade = true };
        var sent = BareWorkout(600);
        await ApplyAsync(push => WriteAsync(push, RowChange.Insert, made, sent));
        var arrival = made with { Id = Guid.CreateVersion7(), IdIsMade = false, Series = [], Route = null };

        await ApplyAsync(async push =>
        {
            var found = await push.FindAsync(new[] { arrival, sent with { Id = Guid.CreateVersion7() } }, default);
            Assert.Equal(made.Id, found[0]!.Row.Id);
            Assert.Null(found[1]);
            await push.WriteAsync(new[] { arrival }, new Guid?[] { made.Id }, new[] { RowChange.Update }, default);
        });

        await using var push = await BeginAsync();
        var after = await push.FindAsync(new[] { arrival, made with { IdIsMade = false } }, default);
        AssertSame(arrival with { Series = made.Series, Route = made.Route }, after[0]!.Row);
        Assert.Null(after[1]);
        Assert.Equal(2, await _stores.ReadAsync("select count(*) from workouts"));
        Assert.Equal(2, await _stores.ReadAsync("select count(*) from workout_series"));
        Assert.Equal(1, await _stores.ReadAsync("select count(*) from workout_routes"));
    }

    [Fact]
    public async Task An_amended_workout_keeps_its_row_and_its_push()
    {
        var full = FullWorkout();
        var first = await ApplyAsync(push => WriteAsync(push, RowChange.Insert, full));
        var route = full.Route! with { Latitudes = [80, 81, 82], Speeds = null };
        await ApplyAsync(push => WriteAsync(
            push, RowChange.Amend, full with { NameAsSent = "x", Series = [], Route = route }));
        await ApplyAsync(push => WriteAsync(
            push, RowChange.Amend, full with { Series = [full.Series[1] with { Values = [7] }], Route = null }));

        await using var push = await BeginAsync();
        var found = Assert.Single(await push.FindAsync(new[] { full }, default))!;

        AssertSame(
            full with { Series = [full.Series[0], full.Series[1] with { Values = [7] }], Route = route }, found.Row);
        Assert.Equal(first.Number, found.Push);
    }

    [Fact]
    public async Task Workouts_around_a_part_are_those_that_may_have_begun_before_it_ended()
    {
        var full = FullWorkout();
        var (early, late) = (BareWorkout(-3 * 86_400), BareWorkout(7_300));
        var near = BareWorkout(7_255);
        await ApplyAsync(push => WriteAsync(push, RowChange.Insert, full, early, late, near));

        await using var push = await BeginAsync();
        var part = new WorkoutPart { Series = new("x", "", [Second(10), Second(7_200)], [1, 2], null, null) };
        var found = await push.FindAroundAsync(part.Starts.First, part.Starts.Last, default);

        Assert.Equal([near.Id, full.Id], found.Select(workout => workout.Id));
        AssertSame(full with { Source = null, Series = [], Route = null }, found[1]);
    }

    [Fact]
    public async Task Two_people_may_have_a_workout_of_one_id()
    {
        var other = await _stores.AddUserAsync("two@example.org");
        var full = FullWorkout();
        await ApplyAsync(push => WriteAsync(push, RowChange.Insert, full));
        await using var push = await BeginAsync(other);

        Assert.Null(Assert.Single(await push.FindAsync(new[] { full }, default)));
        Assert.Null(Assert.Single(await push.FindAsync(new[] { full with { Id = null } }, default)));
        await WriteAsync(push, RowChange.Insert, full);
        AssertSame(full, Assert.Single(await push.FindAsync(new[] { full }, default))!.Row);
    }

    static async Task WriteAsync(IPushTransaction push, RowChange change, params Workout[] rows) =>
        await push.WriteAsync(
            rows, new Guid?[rows.Length], Enumerable.Repeat(change, rows.Length).ToArray(), default);

    static void AssertSame(Workout expected, Workout actual)
    {
        Assert.Equal(expected with { Series = [], Route = null }, actual with { Series = [], Route = null });
        Assert.Equal(expected.Series.Count, actual.Series.Count);
        foreach (var (one, other) in expected.Series.OrderBy(s => s.Name, StringComparer.Ordinal).Zip(actual.Series))
        {
            Assert.Equal((one.Name, one.Unit), (other.Name, other.Unit));
            Assert.Equal(one.Times, other.Times);
            Assert.Equal(one.Values, other.Values);
            Assert.Equal(one.Min, other.Min);
            Assert.Equal(one.Max, other.Max);
        }
        Assert.Equivalent(expected.Route, actual.Route, strict: true);
    }

    static Instant Second(long second) => At(second, 0).StartAt;

    static Workout BareWorkout(long second) => new()
    {
        Id = Guid.CreateVersion7(),
        NameAsSent = "Gehen",
        StartAt = Second(second),
        EndAt = Second(second + 60),
        OffsetMinutes = -300,
    };

    static Workout FullWorkout() => new()
    {
        Id = Guid.CreateVersion7(),
        Activity = "running",
        NameAsSent = "Outdoor Run",
        StartAt = Second(0),
        EndAt = Second(3_600),
        OffsetMinutes = 120,
        DurationSeconds = 3_599.5,
        ActiveEnergyKcal = 1,
        TotalEnergyKcal = 2,
        DistanceMetres = 0.1 + 0.2,
        HeartRateMin = 3,
        HeartRateAvg = 4,
        HeartRateMax = 5,
        ElevationUpMetres = 6,
        ElevationDownMetres = 7,
        SpeedAvgMetresPerSecond = 8,
        SpeedMaxMetresPerSecond = 9,
        StepCadencePerMinute = 10,
        IsIndoor = false,
        Location = "Outdoor",
        Source = Watch,
        Details = """{"humidity":70}""",
        Series =
        [
            new("step_count", "{count}", [Second(1), Second(2)], [1, double.NaN], [0.5, 0.25], null),
            new("heart_rate", "/min", [Second(3)], [1.0 / 3], [1], [2]),
        ],
        Route = new()
        {
            Times = [Second(1), Second(2), Second(1)],
            Latitudes = [52.1234567890123, -52, 0],
            Longitudes = [13.1, -179.999999, 180],
            Altitudes = [1, double.NaN, -3.3],
            Speeds = [1, 2, double.NaN],
            VerticalAccuracies = [4, 5, 6],
        },
    };
}
