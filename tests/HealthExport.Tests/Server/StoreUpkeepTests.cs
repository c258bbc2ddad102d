using HealthExport.Audit;
using HealthExport.Pushes;
using HealthExport.Server.Settings;
using HealthExport.Stores;
using HealthExport.Tests.Support;
using HealthExport.Texts;
using HealthExport.Time;
using Microsoft.Extensions.DependencyInjection;

namespace HealthExport.Tests.Server;

public sealed class StoreUpkeepTests
{
    static readonly TimeSpan s_day = TimeSpan.FromDays(1);

    [Fact]
    public async Task Partitions_are_made_twelve_months_ahead_at_the_start_and_every_day()
    {
        await using var place = await StorePlace.MakeSpoiltAsync();
        await using var database = PostgresFaults.In(place.Url);
        var clock = new FakeClock();
        await using var server = await RunningServer.StartAsync(
            overrides: services => services.AddClock(clock), shared: place);
        await Eventually.TrueAsync(() => server.Log.Of(1301).Any());
        foreach (var table in (string[])["samples", "raw_ingestions", "audit_log"])
            foreach (var month in (string[])["2026_01", "2026_12", "2027_01"])
                Assert.Equal(1, await CountAsync($"{table}_{month}"));
        Assert.Equal(0, await CountAsync("samples_2027_02"));
        // A row that came first may have made one of them.
        Assert.Equal(39, await database.ReadAsync("""
            select count(*)
            from pg_inherits i
            join pg_class c on c.oid = i.inhrelid and c.relkind = 'r'
            where i.inhparent in ('samples'::regclass, 'raw_ingestions'::regclass, 'audit_log'::regclass)
            """));

        // Each advance waits for the timer to be there.
        await Eventually.TrueAsync(async () =>
        {
            clock.Advance(s_day);
            return await CountAsync("samples_2027_02") == 1;
        });


        Task<long> CountAsync(string name) => database.ReadAsync(
            $"select count(*) from pg_class where relname = '{name}' and relispartition and relkind = 'r'");
    }

    [Fact]
    public async Task A_store_that_is_away_is_kept_up_a_minute_later()
    {
        var clock = new FakeClock();
        var store = new StubbornStore();
        await using var server = await RunningServer.StartAsync(overrides: services =>
        {
            services.AddClock(clock);
            services.AddSingleton<IStoreUpkeep>(store);
        });
        await Eventually.TrueAsync(() => server.Log.Of(1302).Any());

        await Eventually.TrueAsync(() =>
        {
            clock.Advance(TimeSpan.FromMinutes(1));
            return server.Log.Of(1301).Any();
        });

        Assert.InRange(store.Calls, 3, int.MaxValue);
    }

    [Theory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.Postgres)]
    public async Task Entries_of_the_audit_trail_go_when_they_are_older_than_is_kept(Engine engine)
    {
        await using var place = await StorePlace.MakeAsync(engine);
        var clock = new FakeClock();
        await using (var early = await RunningServer.StartAsync(Forever, With(clock), shared: place))
        {
            await early.Get<IAuditStore>().AppendAsync(
                [
                    .. Enumerable.Range(0, 5_000).Select(i => Create(-100, $"old {i}")), Create(-31, "a month ago"),
                    Create(-29, "less"), Create(0, "now"),
                ],
                default);
            clock.Advance(s_day);
            Assert.Equal(5_003, (await ListAsync(early)).Count);
        }

        await using var server = await RunningServer.StartAsync(
            settings => settings with { Audit = new() { Retention = 31 * s_day } }, With(clock), shared: place);
        await Eventually.TrueAsync(() => server.Log.Of(1405).Any());
        Assert.Equal(["now", "less"], await ListAsync(server));
        Assert.Equal(5_001L, server.Log.Of(1405).Single().Values["Removed"]);

        await Eventually.TrueAsync(async () =>
        {
            clock.Advance(s_day);
            return (await ListAsync(server)).Count == 1;
        });
        Assert.Equal(["now"], await ListAsync(server));

        static ServerSettings Forever(ServerSettings settings) =>
            settings with { Audit = new() { Retention = null } };

        static Action<IServiceCollection> With(FakeClock clock) => services => services.AddClock(clock);

        AuditEntry Create(int day, string resource) => AuditEntry.Create(
            AuditAction.DataIngested, AuditOrigin.Nobody, Entries.Noon.AddDays(day), resource: resource);

        static async Task<List<string?>> ListAsync(RunningServer server)
        {
            var page = await server.Get<IAuditStore>().ListAsync(
                new(null, AuditAction.DataIngested), null, 10_000, default);
            return [.. page.Items.Select(entry => entry.Resource)];
        }
    }

    [Fact]
    public async Task One_person_whose_texts_cannot_be_mapped_does_not_hold_up_the_others()
    {
        var texts = new SpoiltTexts();
        await using var server = await RunningServer.StartAsync(
            overrides: services => services.AddSingleton<ITextStore>(texts));
        await Eventually.TrueAsync(() => texts.Mapped.Count == 2);

        Assert.Equal([2, 3], texts.Mapped);
        Assert.Equal("InvalidDataException", server.Log.Of(1332).Single().Values["Exception"]);
        Assert.Empty(server.Log.Of(1302));
    }

    /// <summary>Of three people; what is stored of the first cannot be read.</summary>
    sealed class SpoiltTexts : ITextStore
    {
        public List<long> Mapped { get; } = [];

        public ValueTask<IReadOnlyList<UnmappedText>> ListAsync(
            long userId, TextPlace? after, int limit, CancellationToken cancellationToken) =>
            userId == 1 ? throw new InvalidDataException("spoilt") : new([]);

        public ValueTask<long> MapAsync(
            long userId, TextKind kind, string text, string code, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public ValueTask<IReadOnlyList<EventWithoutValue>> ListWithoutValueAsync(
            long userId, string eventKind, string afterIdentity, int limit, CancellationToken cancellationToken) =>
            new([]);

        public ValueTask<int> SetValuesAsync(
            long userId, IReadOnlyList<(EventWithoutValue Event, EventValue Value)> values,
            CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask<long?> FindUserToMapAsync(
            long afterUserId, long table, CancellationToken cancellationToken) =>
            new(afterUserId < 3 ? afterUserId + 1 : null);

        public ValueTask MarkMappedAsync(long userId, long table, CancellationToken cancellationToken)
        {
            Mapped.Add(userId);
            return ValueTask.CompletedTask;
        }
    }

    /// <summary>Away the first two times.</summary>
    sealed class StubbornStore : IStoreUpkeep
    {
        public int Calls { get; private set; }

        public ValueTask<int> KeepUpAsync(Instant now, CancellationToken cancellationToken) =>
            ++Calls > 2 ? new(1) : throw new StoreUnavailableException("away");
    }
}
