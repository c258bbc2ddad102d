using System.Globalization;
using System.Text.Json;
using HealthExport.Pushes;
using HealthExport.Storage;
using HealthExport.Tests.Contracts;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Storage;

public sealed class SqlitePushTransactionTests : PushTransactionContract
{
    protected override async ValueTask<StoreFixture> OpenAsync() => await SqliteFixture.OpenAsync();

    protected override string RefuseInserting(double value) =>
        $"""
        create trigger refuse_value
        before insert on samples
        when new.value = {value.ToString("R", CultureInfo.InvariantCulture)}
        begin
            select raise(abort, 'refused');
        end
        """;

    protected override string RefuseAdding(string metric) =>
        $"""
        create trigger refuse_metric
        before insert on metrics
        when new.name = '{metric}'
        begin
            select raise(abort, 'refused');
        end
        """;
}

/// <summary>What only the embedded engine's tables can show.</summary>
public sealed class SqlitePushTransactionTableTests
{
    [Fact]
    public async Task The_box_of_a_route_holds_it_and_follows_it()
    {
        await using var stores = await SqliteFixture.OpenAsync();
        var user = await stores.AddUserAsync();
        await stores.Ingestions.KeepAsync(ReceivedPushes.Create(stores, user.Id, "{}"));
        await using var push = await stores.Ingestions.BeginAsync(await stores.Ingestions.GetClaimAsync(), default);
        var workout = new HealthExport.Workouts.Workout
        {
            Id = Guid.CreateVersion7(), NameAsSent = "Run", StartAt = new(0), EndAt = new(1), OffsetMinutes = 0,
            Route = new()
            {
                Times = [new(0), new(1)], Latitudes = [52.123456789, -1], Longitudes = [13.987654321, 14],
                Altitudes = [0, 0],
            },
        };
        await push.WriteAsync([workout], [null], new[] { RowChange.Insert }, default);
        var moved = workout with { Route = workout.Route with { Latitudes = [10, 11] } };
        await push.WriteAsync([moved], [null], new[] { RowChange.Update }, default);
        await push.CommitAsync(new(), changedAnything: true, default);

        Assert.Equal(1, await stores.ReadAsync("select count(*) from workout_route_boxes"));
        Assert.Equal(1, await stores.ReadAsync("""
            select count(*)
            from workout_route_boxes b
            join workout_routes r on r.rowid = b.id
            where min_lat = 10 and max_lat = 11 and min_lon <= 13.987654321 and min_lon > 13.98765 and max_lon = 14
            """));
    }

    [Fact]
    public void A_removed_session_is_json_with_exact_minutes()
    {
        var json = RemovedSession.Write(new()
        {
            StartAt = new(1), EndAt = new(2), OffsetMinutes = -60, AsleepMinutes = 0.1 + 0.2, Extra = "{\"ü\":1}",
        });

        var root = JsonDocument.Parse(json).RootElement;
        Assert.Equal(0.1 + 0.2, root.GetProperty("asleep_minutes").GetDouble());
        Assert.Equal("{\"ü\":1}", root.GetProperty("extra").GetString());
        Assert.Equal(
            ["start_at", "end_at", "utc_offset", "asleep_minutes", "extra"],
            root.EnumerateObject().Select(property => property.Name));
    }
}
