using HealthExport.Deletions;
using HealthExport.Storage;
using HealthExport.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace HealthExport.Tests.EndToEnd;

public sealed class SqliteDeletionCrashTests() : DeletionCrashTests(Engine.Sqlite);

public sealed class PostgresDeletionCrashTests() : DeletionCrashTests(Engine.Postgres);

/// <summary>The executable killed while it deletes.</summary>
public abstract class DeletionCrashTests(Engine engine)
{
    const int Points = 200_000;

    [Fact]
    public async Task A_deletion_that_was_killed_half_way_goes_on_with_the_next_start()
    {
        await using var place = await StorePlace.MakeAsync(engine);
        await ServerProcess.RunAsync(place, "user", "add", "anna@example.org");
        var key = await ServerProcess.AddKeyAsync(place, "anna@example.org");
        await using var stores = new ServiceCollection().AddHealthExportStorage(place.Url).BuildServiceProvider();
        var deletions = stores.GetRequiredService<IDeletionStore>();
        DeletionState half;
        using (var server = await ServerProcess.StartAsync(place))
        {
            var phone = PhoneClient.Connect(server.Address, key);
            DeletionState? found = null;
            Task<HttpResponseMessage> asked;
            do
            {
                // Over years, so that both engines delete it in many steps; again, if it was done between two looks.
                var pushed = await phone.PushAsync(HeartRates.Write(
                    Points, start: HeartRates.Start.AddYears(-8), stride: TimeSpan.FromMinutes(15)));
                await phone.WaitUntilSettledAsync(pushed.Id);
                asked = phone.Http.DeleteAsync("/v1/data?metric=heart_rate&to=2100-01-01");
                await Eventually.TrueAsync(async () =>
                    (found = (await deletions.ListUnfinishedAsync(default)).SingleOrDefault()) is { Counts.Count: > 0 }
                    || asked.IsCompleted);
            }
            while (found is null);
            await server.KillAsync();
            half = (await deletions.FindAsync(found!.UserId, found.Number, default))!;
            await Assert.ThrowsAnyAsync<HttpRequestException>(async () => await asked);
        }
        Assert.Equal(DeletionStage.Rows, half.Stage);
        Assert.InRange(half.Counts["heart_rate"], 1, Points - 1);

        using var next = await ServerProcess.StartAsync(place);
        var client = PhoneClient.Connect(next.Address, key);
        // Received while it goes on, or after: it survives.
        await client.WaitUntilSettledAsync((await client.PushAsync(HeartRates.Write(5))).Id);
        var done = (await deletions.FindAsync(half.UserId, half.Number, default))!;
        Assert.Equal((DeletionStage.Done, Points), (done.Stage, done.Counts["heart_rate"]));
        Assert.Equal(5, (await client.ReadRowsAsync("heart_rate")).Count);
        var metric = Assert.Single(await client.ListAsync("/v1/metrics", 100));
        Assert.Equal(5, metric.GetProperty("count").GetInt32());
        Assert.Single(await client.ListAsync("/v1/metrics/heart_rate/series?bucket=day", 100));
    }
}
