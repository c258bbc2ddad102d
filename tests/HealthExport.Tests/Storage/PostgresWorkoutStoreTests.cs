using HealthExport.Storage.Postgres;
using HealthExport.Tests.Contracts;
using HealthExport.Tests.Support;
using HealthExport.Workouts;
using Npgsql;

namespace HealthExport.Tests.Storage;

public sealed class PostgresWorkoutStoreTests : WorkoutStoreContract
{
    protected override async ValueTask<StoreFixture> OpenAsync() => await PostgresFixture.OpenAsync();
}

public sealed class PostgresWorkoutPlanTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Places_come_from_the_gist_index_and_workouts_by_key(bool isCircle)
    {
        await using var stores = await PostgresFixture.OpenAsync();
        var user = await FillAsync(stores);
        var query = new WorkoutQuery(
            user, default, null, null, isCircle ? new(10.0001, 20, 500) : null,
            isCircle ? null : new(10, 19.99, 10.01, 20.01), null, 100);

        var plan = await ExplainAsync(stores, query);

        Assert.Contains(plan, line => line.Contains("workout_routes_points", StringComparison.Ordinal));
        Assert.Contains(plan, line => line.Contains("Index Scan using workouts_pkey", StringComparison.Ordinal));
        Assert.DoesNotContain(plan, line => line.Contains("Seq Scan", StringComparison.Ordinal));
        Assert.Single((await stores.Workouts.ListAsync(query, default)).Items);
    }

    [Fact]
    public async Task The_list_goes_backwards_along_the_index_on_time()
    {
        await using var stores = await PostgresFixture.OpenAsync();
        var user = await FillAsync(stores);

        var plan = await ExplainAsync(stores, new(user, default, null, null, null, null, null, 100));

        Assert.Contains(
            plan, line => line.Contains("Index Scan Backward using workouts_start_at", StringComparison.Ordinal));
    }

    // A route at every second degree, all of one person.
    static async Task<long> FillAsync(PostgresFixture stores)
    {
        var user = (await stores.AddUserAsync()).Id;
        await stores.ExecuteAsync($"""
            insert into workouts (
                user_id, id, start_at, end_at, stamp_precision, ingestion, source_id, utc_offset, id_is_made, name_as_sent)
            select {user}, md5(x || ' ' || y)::uuid, timestamptz '2024-01-01' + x * interval '1 hour' + y * interval '1 day',
                timestamptz '2025-01-01', 1, 1, 0, 0, false, 'Run'
            from generate_series(-178, 178, 2) x
            cross join generate_series(-80, 80, 2) y
            """);
        await stores.ExecuteAsync($"""
            insert into workout_routes (user_id, workout_id, count, points)
            select {user}, md5(x || ' ' || y)::uuid, 2,
                st_geogfromtext(format('LINESTRING ZM (%s %s 0 1, %s %s 0 2)', x, y, x + 0.001, y))
            from generate_series(-178, 178, 2) x
            cross join generate_series(-80, 80, 2) y
            """);
        await stores.ExecuteAsync("analyze workouts");
        await stores.ExecuteAsync("analyze workout_routes");
        return user;
    }

    static async Task<List<string>> ExplainAsync(PostgresFixture stores, WorkoutQuery query)
    {
        await using var connection = await stores.Database.OpenAsync(default);
        await using var transaction = await connection.BeginTransactionAsync();
        await using var batch = new NpgsqlBatch(connection);
        batch.AddPlannerSettings();
        var list = PostgresWorkoutList.Write(query, null);
        list.CommandText = "explain " + list.CommandText;
        batch.BatchCommands.Add(list);
        await using var row = await batch.ExecuteReaderAsync();
        await row.NextResultAsync();
        List<string> plan = [];
        while (await row.ReadAsync()) plan.Add(row.GetString(0));
        return plan;
    }
}
