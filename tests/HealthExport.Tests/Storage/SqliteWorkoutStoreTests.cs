using HealthExport.Storage.Sqlite;
using HealthExport.Tests.Contracts;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Storage;

public sealed class SqliteWorkoutStoreTests : WorkoutStoreContract
{
    protected override async ValueTask<StoreFixture> OpenAsync() => await SqliteFixture.OpenAsync();
}

public sealed class SqliteWorkoutPlanTests
{
    [Fact]
    public async Task Places_come_from_the_tree_of_boxes_and_then_by_key()
    {
        var plan = await ExplainAsync(SqliteWorkoutStore.ListInBoxes);

        Assert.Equal(2, plan.Count(line => StartsWith(line, "SCAN TABLE workout_route_boxes VIRTUAL TABLE INDEX 2:")));
        Assert.Contains("SEARCH TABLE workout_routes AS r USING INTEGER PRIMARY KEY (rowid=?)", plan);
        Assert.Contains(plan, line => StartsWith(line, "SEARCH TABLE workouts AS w USING PRIMARY KEY"));
        Assert.DoesNotContain("SCAN TABLE workouts AS w", plan);
    }

    [Fact]
    public async Task The_list_goes_backwards_along_the_index_on_time_and_sorts_only_those_of_one_start()
    {
        var plan = await ExplainAsync(SqliteWorkoutStore.ListAll);

        Assert.Contains(plan, line => StartsWith(line, "SEARCH TABLE workouts AS w USING INDEX workouts_start_at ("));
        Assert.DoesNotContain("USE TEMP B-TREE FOR ORDER BY", plan);
        Assert.Contains("USE TEMP B-TREE FOR RIGHT PART OF ORDER BY", plan);
    }

    static bool StartsWith(string line, string text) => line.StartsWith(text, StringComparison.Ordinal);

    static async Task<List<string>> ExplainAsync(string sql)
    {
        await using var stores = await SqliteFixture.OpenAsync();
        using var reader = stores.Database.RentReader();
        using var explain = reader.Session.Prepare("explain query plan " + sql);
        List<string> plan = [];
        while (explain.Step()) plan.Add(explain.GetString(3));
        return plan;
    }
}
