using HealthExport.Deletions;
using HealthExport.Keys;
using HealthExport.Migrations;
using HealthExport.Moving;
using HealthExport.People;
using HealthExport.Pushes;
using HealthExport.Storage;
using HealthExport.Tests.Support;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;

namespace HealthExport.Tests.Moving;

/// <summary>Moving house, engine to engine.</summary>
public sealed class StoreMoveTests(FilledHouse house) : IClassFixture<FilledHouse>, IDisposable
{
    readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("health-export-move-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void The_house_to_be_moved_has_something_in_every_table() =>
        Assert.Empty(FilledHouse.Dump(house.File).Where(table => table.Value.Count == 0).Select(table => table.Key));

    [Fact]
    public async Task There_and_back_again_every_row_is_what_it_was()
    {
        await using var postgres = await PostgresFixture.OpenAsync();
        var back = PathOf("back.db");

        await MoveAsync(house.Url, postgres.Url);
        await MoveAsync(postgres.Url, $"sqlite:{back}");

        AssertSame(house.File, back);
    }

    [Fact]
    public async Task From_one_engine_to_the_same_every_row_is_what_it_was()
    {
        await using var first = await PostgresFixture.OpenAsync();
        await using var second = await PostgresFixture.OpenAsync();
        var (copy, back) = (PathOf("copy.db"), PathOf("back.db"));

        await MoveAsync(house.Url, $"sqlite:{copy}");
        AssertSame(house.File, copy);
        await MoveAsync($"sqlite:{copy}", first.Url);
        await MoveAsync(first.Url, second.Url);
        await MoveAsync(second.Url, $"sqlite:{back}");
        AssertSame(house.File, back);
    }

    [Theory]
    [InlineData(false, 0)]
    [InlineData(false, 5)]
    [InlineData(false, 12)]
    [InlineData(true, 0)]
    [InlineData(true, 5)]
    [InlineData(true, 12)]
    public async Task An_interrupted_move_goes_on_where_it_stopped(bool toPostgres, int writes)
    {
        await using var target = await OpenTargetAsync(toPostgres);
        await using var source = Open(house.Url);

        var broken = new WatchedCopy(target.Copy) { WritesLeft = writes };
        await Assert.ThrowsAsync<StoreUnavailableException>(() => RunAsync(source.Copy, broken));
        var again = new WatchedCopy(target.Copy);
        AssertVerified(await RunAsync(source.Copy, again));

        var whole = new WatchedCopy(target.Copy);
        AssertVerified(await RunAsync(source.Copy, whole));
        Assert.Equal(0, whole.Written);
        Assert.True(again.Written > 0);
    }

    [Fact]
    public async Task Many_batches_interrupted_anywhere_come_together_whatever_engine_they_come_from()
    {
        var many = house.CopyTo(PathOf("many.db"));
        Execute(PathOf("many.db"), """
            insert into samples (user_id, metric_id, grain, start_at, source_id, value, utc_offset, ingestion, extra)
            with recursive n (i) as (select 0 union all select i + 1 from n where i < 119999)
            select 1 + i % 2, 1, 0, 1200000000000000 + i * 2200000000, 1, i / 7.0, 60, 1, iif(i % 9, null, 'x' || i)
            from n
            """);
        await using var postgres = await OpenTargetAsync(isPostgres: true);
        await using var back = new Store($"sqlite:{PathOf("target.db")}", null);
        await MigrateAsync(back);
        await using var source = Open(many);
        foreach (var (from, to) in ((Store, Store)[])[(source, postgres), (postgres, back)])
        {
            var broken = new WatchedCopy(to.Copy) { SampleWritesLeft = 1 };
            await Assert.ThrowsAsync<StoreUnavailableException>(() => RunAsync(from.Copy, broken));
            AssertVerified(await RunAsync(from.Copy, to.Copy));
        }

        AssertSame(PathOf("many.db"), PathOf("target.db"));
        // Surplus in the midst of them, and a snapshot that outlives what was read of it.
        Execute(PathOf("target.db"), "update samples set start_at = start_at + 1 where value between 1000 and 2000");
        AssertVerified(await RunAsync(postgres.Copy, back.Copy));
        AssertSame(PathOf("many.db"), PathOf("target.db"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_happened_at_the_source_since_is_moved_by_the_next_run(bool toPostgres)
    {
        var moving = house.CopyTo(PathOf("moving.db"));
        await using var target = await OpenTargetAsync(toPostgres);
        await using var source = Open(moving);
        AssertVerified(await RunAsync(source.Copy, target.Copy));

        var users = source.Services.GetRequiredService<IUserStore>();
        Assert.NotNull(await users.AddAsync("late@example.org", "Late", null, Entries.UserCreated, default));
        await using (var server = await RunningServer.StartAsync(settings => settings with { DatabaseUrl = moving }))
        {
            using var pushed = await server.PushAsync(house.Keys[0], """
                {"data":{"metrics":[{"name":"never heard of","units":"x","data":[
                    {"date":"2031-05-05 10:00:00 +0100","qty":1},{"date":"1985-05-05 10:00:00 +0100","qty":2}]}]}}
                """);
            Assert.True(pushed.IsSuccessStatusCode);
            using var deleted = await server.GetAsync(house.Keys[0], "/v1/metrics");
            await server.Get<IDeletionStore>().DeleteAsync(
                house.Keys[1].User.Id, Deleting.Of("step_count"));
        }

        AssertVerified(await RunAsync(source.Copy, target.Copy));
        if (toPostgres) await MoveAsync(target.Url, $"sqlite:{PathOf("back.db")}");
        AssertSame(PathOf("moving.db"), PathOf(toPostgres ? "back.db" : "target.db"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_person_erased_at_the_source_is_gone_from_the_target_once_that_is_said_twice(bool toPostgres)
    {
        var moving = house.CopyTo(PathOf("moving.db"));
        await using var target = await OpenTargetAsync(toPostgres);
        await using var source = Open(moving);
        AssertVerified(await RunAsync(source.Copy, target.Copy));
        await source.Services.GetRequiredService<IUserStore>().EraseAsync(
            house.Keys[0].User.Id, Entries.UserErased, default);

        await Assert.ThrowsAsync<MoveRefusedException>(() => RunAsync(source.Copy, target.Copy));
        AssertVerified(await RunAsync(source.Copy, target.Copy, new(Force: true)));
        Assert.Single(await target.Services.GetRequiredService<IUserStore>().ListAsync(default));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_target_with_people_of_its_own_is_left_alone(bool toPostgres)
    {
        await using var target = await OpenTargetAsync(toPostgres);
        var users = target.Services.GetRequiredService<IUserStore>();
        var other = await users.AddAsync("other@example.org", null, null, Entries.UserCreated, default);
        await using var source = Open(house.Url);

        await Assert.ThrowsAsync<MoveRefusedException>(() => RunAsync(source.Copy, target.Copy));
        Assert.Equal(other, Assert.Single(await users.ListAsync(default)));

        AssertVerified(await RunAsync(source.Copy, target.Copy, new(Force: true)));
        Assert.Equal(
            await source.Services.GetRequiredService<IUserStore>().ListAsync(default), await users.ListAsync(default));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_target_that_has_taken_in_something_since_is_left_alone(bool toPostgres)
    {
        await using var target = await OpenTargetAsync(toPostgres);
        await using var source = Open(house.Url);
        AssertVerified(await RunAsync(source.Copy, target.Copy));
        await target.Services.GetRequiredService<IIngestionStore>()
            .KeepAsync(ReceivedPushes.Create(TimeProvider.System, house.Keys[0].User.Id, "[3]"));

        await Assert.ThrowsAsync<MoveRefusedException>(() => RunAsync(source.Copy, target.Copy));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_source_that_a_server_works_on_is_not_moved(bool toPostgres)
    {
        var moving = house.CopyTo(PathOf("moving.db"));
        await using var source = Open(moving);
        await using var target = await OpenTargetAsync(toPostgres);
        Assert.NotNull(await source.Services.GetRequiredService<IIngestionStore>()
            .ClaimAsync(TimeSpan.FromHours(1), default));

        await Assert.ThrowsAsync<MoveRefusedException>(() => RunAsync(source.Copy, target.Copy));
        AssertVerified(await RunAsync(source.Copy, target.Copy, new(Force: true)));
        if (!toPostgres) return;
        await using var third = Open($"sqlite:{PathOf("third.db")}");
        await MigrateAsync(third);
        Assert.NotNull(await target.Services.GetRequiredService<IIngestionStore>()
            .ClaimAsync(TimeSpan.FromHours(1), default));
        await Assert.ThrowsAsync<MoveRefusedException>(() => RunAsync(target.Copy, third.Copy));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_waited_in_the_queue_is_claimed_in_the_new_house(bool toPostgres)
    {
        await using var target = await OpenTargetAsync(toPostgres);
        await using var source = Open(house.Url);
        AssertVerified(await RunAsync(source.Copy, target.Copy));

        var claim = await target.Services.GetRequiredService<IIngestionStore>().GetClaimAsync();

        Assert.Equal(house.Keys[1].User.Id, claim.UserId);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task No_number_is_given_out_again_and_every_key_is_looked_up_anew(bool toPostgres)
    {
        await using var target = await OpenTargetAsync(toPostgres);
        await using var source = Open(house.Url);
        var before = await source.Services.GetRequiredService<IKeyStore>().GetVersionAsync(default);
        AssertVerified(await RunAsync(source.Copy, target.Copy));

        Assert.Equal(before + 1, await target.Services.GetRequiredService<IKeyStore>().GetVersionAsync(default));
        var next = await target.Services.GetRequiredService<IUserStore>()
            .AddAsync("next@example.org", null, null, Entries.UserCreated, default);
        // 3 was the person who was erased.
        Assert.Equal(4, next!.Id);
    }

    static void AssertVerified(MoveOutcome outcome)
    {
        Assert.Empty(outcome.Faults);
        Assert.Empty(outcome.Tables.Where(table => !table.IsVerified).Select(table => table.Name));
        Assert.True(outcome.Tables.Count > 20);
    }

    static void AssertSame(string expected, string actual)
    {
        var (left, right) = (FilledHouse.Dump(expected), FilledHouse.Dump(actual));
        Assert.Equal(left.Keys, right.Keys);
        Assert.All(left, table => Assert.Equal(table.Value, right[table.Key]));
    }

    static Task<MoveOutcome> RunAsync(IStoreCopy from, IStoreCopy to, MoveOptions? options = null) =>
        new StoreMove(from, to, options ?? new()).RunAsync(default).AsTask();

    static async Task MoveAsync(string from, string to)
    {
        await using Store source = Open(from), target = Open(to);
        await MigrateAsync(target);
        AssertVerified(await RunAsync(source.Copy, target.Copy));
    }

    static Store Open(string url) => new(url, null);

    static void Execute(string file, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        Assert.True(command.ExecuteNonQuery() > 0);
    }

    static async Task MigrateAsync(Store store) =>
        await store.Services.GetRequiredService<IMigrationStore>().MigrateAsync(null, false, default);

    async Task<Store> OpenTargetAsync(bool isPostgres)
    {
        var fixture = isPostgres ? await PostgresFixture.OpenAsync() : null;
        var store = new Store(fixture?.Url ?? $"sqlite:{PathOf("target.db")}", fixture);
        await MigrateAsync(store);
        return store;
    }

    string PathOf(string name) => Path.Combine(_folder.FullName, name);

    sealed class Store(string url, PostgresFixture? fixture) : IAsyncDisposable
    {
        public string Url => url;

        public ServiceProvider Services { get; } =
            new ServiceCollection().AddHealthExportStorage(url).BuildServiceProvider();

        public IStoreCopy Copy => Services.GetRequiredService<IStoreCopy>();

        public async ValueTask DisposeAsync()
        {
            await Services.DisposeAsync();
            if (fixture is not null) await fixture.DisposeAsync();
        }
    }
}
