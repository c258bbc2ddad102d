using HealthExport.Pushes;
using HealthExport.Stores;
using HealthExport.Tests.Support;
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

        // Each advance waits for the timer to be there.
        await Eventually.TrueAsync(async () =>
        {
            clock.Advance(s_day);
            return await CountAsync("samples_2027_02") == 1;
        });

        Assert.Equal(39, server.Log.Of(1301).First().Values["Made"]);

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

    /// <summary>Away the first two times.</summary>
    sealed class StubbornStore : IStoreUpkeep
    {
        public int Calls { get; private set; }

        public ValueTask<int> KeepUpAsync(Instant now, CancellationToken cancellationToken) =>
            ++Calls > 2 ? new(1) : throw new StoreUnavailableException("away");
    }
}
