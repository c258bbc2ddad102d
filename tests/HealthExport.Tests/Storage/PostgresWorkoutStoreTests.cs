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
    public async Task The_server_measures_as_we_do_to_the_millimetre()
    {
        await using var stores = await PostgresFixture.OpenAsync();
        var random = new Random(23);
        var places = Enumerable.Range(0, 5_000).Select(_ => Place(random)).ToList();
        await using var measure = stores.Database.Source.CreateCommand(
            """
            select st_distance(st_geogfromtext(line), st_geogfromtext(point), false)
            from unnest($1, $2) with ordinality s (line, point, at)
            order by at
            """);
        measure.Parameters
            .BindTexts(places.Select(place => $"LINESTRING({Wkt(place.Latitudes, place.Longitudes)})"))
            .BindTexts(places.Select(place => $"POINT({Wkt([place.Latitude], [place.Longitude])})"));
        await using var row = await measure.ExecuteReaderAsync();
        foreach (var place in places)
        {
            Assert.True(await row.ReadAsync());
            var ours = SphericalDistance.ToLine(place.Latitude, place.Longitude, place.Latitudes, place.Longitudes);
            Assert.True(Math.Abs(row.GetDouble(0) - ours) < 1e-3, $"{place} {row.GetDouble(0)} {ours}");
        }

        static string Wkt(double[] latitudes, double[] longitudes) => string.Join(
            ", ",
            latitudes.Zip(
                longitudes, (latitude, longitude) => FormattableString.Invariant($"{longitude} {latitude}")));
    }

    // Steps from a few metres to 1,000 km, points from a decimetre away to anywhere. Below a metre the server takes
    // what is a little beyond a step's end for beside it: reckoned with 50 digits it was up to 41 mm off.
    static (double Latitude, double Longitude, double[] Latitudes, double[] Longitudes) Place(Random random)
    {
        var (latitudes, longitudes) = (new double[random.Next(2, 20)], new double[20]);
        longitudes = longitudes[..latitudes.Length];
        var (latitude, longitude) = (random.NextDouble() * 170 - 85, random.NextDouble() * 360 - 180);
        var step = Math.Pow(10, random.NextDouble() * 5.5 - 4.5);
        for (var i = 0; i < latitudes.Length; i++)
        {
            (latitudes[i], longitudes[i]) = (latitude, longitude);
            Move(step);
        }
        Move(Math.Pow(10, random.NextDouble() * 8 - 6));
        return (latitude, longitude, latitudes, longitudes);

        void Move(double by)
        {
            latitude = Math.Clamp(latitude + (random.NextDouble() * 2 - 1) * by, -89, 89);
            longitude = Math.IEEERemainder(longitude + (random.NextDouble() * 2 - 1) * by, 360);
        }
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
                user_id, id, start_at, end_at, stamp_precision, ingestion, source_id, utc_offset, id_is_made,
                name_as_sent)
            select {user}, md5(x || ' ' || y)::uuid,
                timestamptz '2024-01-01' + x * interval '1 hour' + y * interval '1 day', timestamptz '2025-01-01',
                1, 1, 0, 0, false, 'Run'
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
