using HealthExport.People;
using HealthExport.Pushes;
using HealthExport.Stores;
using HealthExport.Tests.Support;
using HealthExport.Time;
using HealthExport.Workouts;

namespace HealthExport.Tests.Contracts;

/// <summary>What <see cref="IWorkoutStore"/> promises, for any engine. Here time, order and owners.</summary>
public abstract partial class WorkoutStoreContract : IAsyncLifetime
{
    static readonly DateOnly Day = new(2024, 2, 29);

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
    public async Task A_workout_comes_back_with_every_field_its_series_and_its_route()
    {
        var full = Full();
        var bare = Bare(7_200);
        await WriteAsync(full, bare);

        var found = await _stores.Workouts.FindAsync(_user.Id, full.Id!.Value, default);
        Assert.NotNull(found);
        Assert.True(found.HasRoute);
        Assert.Null(found.Workout.Route);
        Assert.Equal(full with { Series = [], Route = null }, found.Workout with { Series = [] });
        Assert.Equal(["heart_rate", "step_count"], found.Workout.Series.Select(series => series.Name));
        Assert.Equivalent(full.Series.OrderBy(s => s.Name, StringComparer.Ordinal), found.Workout.Series, strict: true);

        var route = await _stores.Workouts.FindRouteAsync(_user.Id, full.Id.Value, default);
        Assert.NotNull(route);
        Assert.Equivalent(full.Route, route.Route, strict: true);
        Assert.Equal(full with { Series = [], Route = null }, route with { Route = null });

        var other = await _stores.Workouts.FindAsync(_user.Id, bare.Id!.Value, default);
        Assert.NotNull(other);
        Assert.False(other.HasRoute);
        Assert.Equal(bare, other.Workout with { Series = [] });
        Assert.Null(await _stores.Workouts.FindRouteAsync(_user.Id, bare.Id.Value, default));
        var listed = await ListAsync(Query());
        Assert.Equal([bare, full with { Series = [], Route = null }], listed.Select(row => row.Workout));
        Assert.Equal([false, true], listed.Select(row => row.HasRoute));
    }

    [Fact]
    public async Task What_is_not_there_is_not_found()
    {
        Assert.Null(await _stores.Workouts.FindAsync(_user.Id, Guid.NewGuid(), default));
        Assert.Null(await _stores.Workouts.FindRouteAsync(_user.Id, Guid.NewGuid(), default));
        Assert.Empty(await ListAsync(Query()));
        Assert.Empty(await ListAsync(Query() with { Near = new(0, 0, 1e6) }));
        Assert.Empty(await ListAsync(Query() with { Box = new(-90, -180, 90, 180) }));
    }

    [Fact]
    public async Task A_person_reads_only_their_own_workouts()
    {
        var other = await _stores.AddUserAsync("two@example.org");
        var full = Full();
        await WriteAsync(full);

        Assert.Null(await _stores.Workouts.FindAsync(other.Id, full.Id!.Value, default));
        Assert.Null(await _stores.Workouts.FindRouteAsync(other.Id, full.Id.Value, default));
        foreach (var query in (WorkoutQuery[])
        [
            Query(), Query() with { Near = new(0, 0, 1e7) }, Query() with { Box = new(-90, -180, 90, 180) },
        ])
        {
            Assert.Single(await ListAsync(query));
            Assert.Empty(await ListAsync(query with { UserId = other.Id }));
        }

        // An id of both is of each.
        await WriteAsync(other, full with { NameAsSent = "Theirs", Route = null, Series = [] });
        var theirs = await _stores.Workouts.FindAsync(other.Id, full.Id.Value, default);
        Assert.Equal("Theirs", theirs!.Workout.NameAsSent);
        Assert.Null(await _stores.Workouts.FindRouteAsync(other.Id, full.Id.Value, default));
        Assert.Equal(full.NameAsSent, Assert.Single(await ListAsync(Query())).Workout.NameAsSent);
        Assert.Empty(await ListAsync(Query() with { UserId = other.Id, Near = new(0, 0, 1e7) }));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Pages_of_any_size_make_the_whole_list_newest_first(bool byPlace)
    {
        var random = new Random(3);
        // Many of one start, whose ids decide.
        Workout[] workouts =
        [
            .. Enumerable.Range(0, 60).Select(i => Bare(random.Next(20) * 600) with
            {
                Id = NewId(random), Route = byPlace ? Route("13 52, 13.01 52") : null,
            }),
        ];
        await WriteAsync(workouts);
        var expected = workouts
            .OrderByDescending(one => one.StartAt)
            .ThenByDescending(one => one.Id!.Value.ToString(), StringComparer.Ordinal)
            .Select(one => one.Id);

        foreach (var limit in (int[])[1, 7, 60, 10_000])
        {
            var query = Query() with { Limit = limit, Near = byPlace ? new(52, 13, 100) : null };
            List<Guid?> listed = [];
            do
            {
                var page = await _stores.Workouts.ListAsync(query, default);
                Assert.True(page.Items.Count <= limit);
                listed.AddRange(page.Items.Select(row => row.Workout.Id));
                query = query with { Cursor = page.NextCursor };
            }
            while (query.Cursor is not null);
            Assert.Equal(expected, listed);
        }
    }

    [Fact]
    public async Task A_cursor_goes_on_with_its_own_query_only()
    {
        await WriteAsync(Bare(0), Bare(60), Bare(120));
        var query = Query() with { Limit = 1 };
        var cursor = (await _stores.Workouts.ListAsync(query, default)).NextCursor;
        Assert.NotNull(cursor);
        var next = query with { Cursor = cursor };

        // What arrives meanwhile at the top moves nothing.
        await WriteAsync(Bare(180));
        var rest = await _stores.Workouts.ListAsync(next with { Limit = 5 }, default);
        Assert.Equal([At(60), At(0)], rest.Items.Select(row => row.Workout.StartAt));
        foreach (var other in (WorkoutQuery[])
        [
            next with { UserId = query.UserId + 1 }, next with { Activity = "running" },
            next with { NameAsSent = "Run" }, next with { Near = new(0, 0, 1) },
            next with { Near = new(0, 0, 1.0000000000000002) }, next with { Box = new(0, 0, 1, 1) },
            next with { Span = new(At(0), null, null, null) }, next with { Span = new(null, Day, null, null) },
            query with { Cursor = "" }, query with { Cursor = "AAAA" }, query with { Cursor = cursor + "A" },
            query with { Cursor = "é" + cursor[1..] }, query with { Cursor = new string('A', cursor.Length) },
        ])
            await Assert.ThrowsAsync<InvalidCursorException>(() => _stores.Workouts.ListAsync(other, default).AsTask());
    }

    [Theory]
    [InlineData(0x80)]
    [InlineData(0x7f)]
    public async Task A_forged_cursor_is_refused_like_any_other(byte first)
    {
        byte[] place = [first, .. new byte[23]];
        var cursor = OpaqueCursor.Write((Query() with { Limit = 0 }).ToString(), place);
        await Assert.ThrowsAsync<InvalidCursorException>(
            () => _stores.Workouts.ListAsync(Query() with { Cursor = cursor }, default).AsTask());
    }

    [Fact]
    public async Task A_date_is_compared_with_the_local_day_and_an_instant_with_the_instant()
    {
        var noon = Instant.From(Day) + TimeSpan.FromHours(12);
        await WriteAsync(
            // Local days: the 28th at 23:00, the 29th at 02:00, at 12:00, at 23:59, the 1st at 00:00.
            Local(-1, 60, "a"), Local(2, 840, "b"), Local(12, 0, "c"), Local(23.99, -720, "d"), Local(24, 0, "e"));

        await IsAsync("bcd", new(null, Day, null, Day.AddDays(1)));
        await IsAsync("a", new(null, null, null, Day));
        await IsAsync("e", new(null, Day.AddDays(1), null, null));
        await IsAsync("cde", new(noon, null, null, null));
        await IsAsync("ab", new(null, null, noon, null));
        await IsAsync("c", new(noon, null, noon + TimeSpan.FromMicroseconds(1), null));
        await IsAsync("", new(noon, null, noon, null));
        await IsAsync("cd", new(noon, null, null, Day.AddDays(1)));
        await IsAsync("b", new(null, Day, noon, null));
        await IsAsync("abcde", new(null, DateOnly.MinValue, null, DateOnly.MaxValue));

        async Task IsAsync(string names, TimeSpanBounds span) => Assert.Equal(
            names,
            string.Concat(
                (await ListAsync(Query() with { Span = span })).Select(row => row.Workout.NameAsSent).Order()));
    }

    [Fact]
    public async Task Activity_and_name_each_match_exactly()
    {
        await WriteAsync(
            Bare(0) with { Activity = "running", NameAsSent = "Outdoor Run" },
            Bare(60) with { Activity = "running", NameAsSent = "Laufen" },
            Bare(120) with { NameAsSent = "Unihockey" });

        Assert.Equal(2, (await ListAsync(Query() with { Activity = "running" })).Count);
        Assert.Single(await ListAsync(Query() with { Activity = "running", NameAsSent = "Laufen" }));
        Assert.Single(await ListAsync(Query() with { NameAsSent = "Unihockey" }));
        Assert.Empty(await ListAsync(Query() with { NameAsSent = "unihockey" }));
        Assert.Empty(await ListAsync(Query() with { Activity = "Running" }));
        // What no column can hold is nobody's.
        Assert.Empty(await ListAsync(Query() with { NameAsSent = "a\0" }));
        Assert.Empty(await ListAsync(Query() with { Activity = "\ud800" }));
    }

    async Task<IReadOnlyList<WorkoutRow>> ListAsync(WorkoutQuery query)
    {
        var page = await _stores.Workouts.ListAsync(query, default);
        Assert.Null(page.NextCursor);
        return page.Items;
    }

    WorkoutQuery Query() => new(_user.Id, default, null, null, null, null, null, 10_000);

    Task WriteAsync(params Workout[] workouts) => WriteAsync(_user, workouts);

    async Task WriteAsync(User user, params Workout[] workouts)
    {
        await _stores.Ingestions.KeepAsync(ReceivedPushes.Create(_stores, user.Id, $$"""{"push":{{_pushes++}}}"""));
        await using var push = await _stores.Ingestions.BeginAsync(await _stores.Ingestions.GetClaimAsync(), default);
        await push.WriteAsync(
            workouts, new Guid?[workouts.Length],
            Enumerable.Repeat(RowChange.Insert, workouts.Length).ToArray(), default);
        await push.CommitAsync(new(), changedAnything: true, default);
    }

    static Instant At(double second) => Instant.From(Day) + TimeSpan.FromSeconds(second);

    static Guid NewId(Random random)
    {
        var bytes = new byte[16];
        random.NextBytes(bytes);
        return new(bytes);
    }

    static Workout Bare(double second) => new()
    {
        Id = Guid.NewGuid(), NameAsSent = "Gehen", StartAt = At(second), EndAt = At(second + 60), OffsetMinutes = -300,
    };

    static Workout Local(double hour, short offset, string name) => Bare(0) with
    {
        NameAsSent = name, OffsetMinutes = offset, StartAt = At(hour * 3_600 - offset * 60),
        EndAt = At(hour * 3_600 - offset * 60 + 60),
    };

    static Workout Full() => new()
    {
        Id = Guid.NewGuid(),
        Activity = "running",
        NameAsSent = "Outdoor Run",
        StartAt = At(0),
        EndAt = At(3_600),
        OffsetMinutes = 345,
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
        Source = "Watch",
        Details = """{"humidity":70}""",
        Series =
        [
            new("step_count", "{count}", [At(1), At(2)], [1, double.NaN], [0.5, 0.25], null),
            new("heart_rate", "/min", [At(3)], [1.0 / 3], [1], [2]),
        ],
        Route = Route("13.1 52.1234567890123, -179.999999 -52, 180 0") with { Speeds = [1, 2, double.NaN] },
    };
}
