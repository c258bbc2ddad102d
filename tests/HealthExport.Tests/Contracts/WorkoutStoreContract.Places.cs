using HealthExport.Tests.Workouts;
using HealthExport.Workouts;

namespace HealthExport.Tests.Contracts;

/// <summary>
/// Here places. What is expected comes from <see cref="SphericalDistance"/>, whose own tests hold PostGIS's figures: so
/// both engines give one answer.
/// </summary>
public abstract partial class WorkoutStoreContract
{
    const double Millimetre = 1e-3;

    [Theory]
    // One degree at the equator: 111,195.0797 m.
    [InlineData("0 0", 1, 0, 111_195.07, 111_195.09)]
    [InlineData("0 0", 0, 1, 111_195.07, 111_195.09)]
    // Beside a segment far longer than the radius: 111,195.0797 m from no end of it.
    [InlineData("0 0, 10 0", 1, 5, 111_195.07, 111_195.09)]
    // The arc leaves its parallel, and the box of its ends: 193,965.537 m.
    [InlineData("0 50, 40 50", 50, 20, 193_965.53, 193_965.54)]
    [InlineData("0 50, 40 50", 51.8, 20, 6_185.60, 6_185.61)]
    // Across the antimeridian, from either side.
    [InlineData("179.9 10, -179.9 10", 10.05, 180, 5_558.09, 5_558.10)]
    [InlineData("179.9 10, -179.9 10", 10.05, -180, 5_558.09, 5_558.10)]
    [InlineData("179.9 10, 179.99 10", 10, -179.99, 2_190.11, 2_190.12)]
    [InlineData("180 10", 10, -180, 0, 0.001)]
    // Over and beside the poles.
    [InlineData("0 89, 180 89", 89.5, 90, 55_597.53, 55_597.55)]
    [InlineData("-30 89, 150 89", 90, 77, 0, 0.001)]
    [InlineData("0 -89.9, 120 -89.9", -89.95, -60, 8_339.63, 8_339.64)]
    [InlineData("13 52", 52.0005, 13.001, 88.190, 88.191)]
    [InlineData("13.4049540 52.5200080, 13.4049680 52.5200150", 52.52, 13.405, 2.733, 2.734)]
    public async Task A_route_is_near_from_a_radius_on(
        string line, double latitude, double longitude, double tooSmall, double enough)
    {
        await WriteAsync(Bare(0) with { Route = Route(line) }, Bare(60));

        Assert.Single(await ListAsync(Query() with { Near = new(latitude, longitude, enough) }));
        if (tooSmall > 0) Assert.Empty(await ListAsync(Query() with { Near = new(latitude, longitude, tooSmall) }));
    }

    [Theory]
    [InlineData("13 52, 13.1 52.1", 51.9, 12.9, 52.05, 13.05, true)]
    [InlineData("13 52, 13.1 52.1", 52, 13, 52, 13, true)]
    [InlineData("13 52, 13.1 52.1", 52.04, 13.04, 52.06, 13.06, false)]
    [InlineData("13 52, 13.1 52.1", 51.9, 13.1, 53, 12.9, true)]
    [InlineData("13 52, 13.1 52.1", 51.9, 13.2, 53, 12.9, false)]
    [InlineData("179.9 10, -179.9 10", 9, 179, 11, -179, true)]
    [InlineData("179.9 10, -179.9 10", 9, -180, 11, -179, true)]
    [InlineData("179.9 10, -179.9 10", 9, -170, 11, 170, false)]
    [InlineData("180 10", 9, -180, 11, -170, true)]
    [InlineData("-180 10", 9, 170, 11, 180, true)]
    [InlineData("100 90", 80, 0, 90, 10, true)]
    [InlineData("100 -90", -90, 0, -80, 10, true)]
    [InlineData("100 89.9", 80, 0, 90, 10, false)]
    // A parallel lies outside of the arc between its ends: a wide box holds more than a polygon of its corners.
    [InlineData("0 50.0001", 50, -80, 89, 80, true)]
    [InlineData("0 -50.0001", -89, -80, -50, 80, true)]
    [InlineData("0 0.0001, 0.1 0.1", 0, -180, 1, 180, true)]
    public async Task A_route_is_in_a_box_by_its_points(
        string line, double south, double west, double north, double east, bool isIn)
    {
        await WriteAsync(Bare(0) with { Route = Route(line) }, Bare(60));

        Assert.Equal(isIn ? 1 : 0, (await ListAsync(Query() with { Box = new(south, west, north, east) })).Count);
    }

    [Fact]
    public async Task Random_places_find_just_the_routes_that_are_there()
    {
        var random = new Random(17);
        Workout[] workouts = [.. Enumerable.Range(0, 300).Select(i => Bare(i) with { Route = RandomRoute(random) })];
        await WriteAsync(workouts);
        var (near, within, skipped) = (0, 0, 0);
        for (var i = 0; i < 600; i++)
        {
            // Around a point of a route, so that something is there.
            var route = workouts[random.Next(workouts.Length)].Route!;
            var at = random.Next(route.Count);
            var reach = Math.Pow(10, random.NextDouble() * 5 - 4);
            var latitude = Math.Clamp(route.Latitudes[at] + Off(random, reach), -90, 90);
            var longitude = Math.IEEERemainder(route.Longitudes[at] + Off(random, reach), 360);
            if (i % 2 == 0)
            {
                var circle = new GeoCircle(latitude, longitude, reach * 111_000 * random.NextDouble());
                if (workouts.Any(
                    one => Math.Abs(Distance(circle, one.Route!) - circle.RadiusMetres) < Millimetre))
                {
                    skipped++;
                    continue;
                }
                near += await IsAsync(
                    Query() with { Near = circle }, one => Distance(circle, one.Route!) <= circle.RadiusMetres);
            }
            else
            {
                var (other, further) = (latitude + Off(random, reach), longitude + Off(random, reach));
                var box = new GeoBox(
                    Math.Max(-90, Math.Min(latitude, other)), longitude, Math.Min(90, Math.Max(latitude, other)),
                    Math.IEEERemainder(further, 360));
                within += await IsAsync(
                    Query() with { Box = box }, one => box.ContainsAny(one.Route!.Latitudes, one.Route.Longitudes));
            }
        }
        Assert.True(near > 100 && within > 100 && skipped < 10, $"{near} near, {within} within, {skipped} skipped");

        async Task<int> IsAsync(WorkoutQuery query, Func<Workout, bool> isThere)
        {
            var expected = workouts.Where(isThere).Select(one => one.Id).Reverse().ToList();
            Assert.Equal(expected, (await ListAsync(query)).Select(row => row.Workout.Id));
            return expected.Count;
        }
    }

    [Fact]
    public async Task Every_condition_has_to_hold()
    {
        var berlin = Bare(0) with { Activity = "running", Route = Route("13.4 52.5, 13.5 52.5") };
        await WriteAsync(
            berlin, berlin with { Id = Guid.NewGuid(), Activity = "cycling" },
            berlin with { Id = Guid.NewGuid(), StartAt = At(86_400), EndAt = At(86_460) },
            berlin with { Id = Guid.NewGuid(), Route = Route("13.4 52.5, 13.5 52.6") },
            berlin with { Id = Guid.NewGuid(), Route = null });

        var query = Query() with
        {
            Activity = "running", Span = new(null, null, At(1), null), Near = new(52.501, 13.45, 200),
            Box = new(52.4, 13.3, 52.55, 13.6),
        };

        Assert.Equal([berlin.Id], (await ListAsync(query)).Select(row => row.Workout.Id));
    }

    static double Distance(GeoCircle circle, WorkoutRoute route) =>
        SphericalDistance.ToLine(circle.Latitude, circle.Longitude, route.Latitudes, route.Longitudes);

    static double Off(Random random, double reach) => (random.NextDouble() * 2 - 1) * reach;

    // Walks of steps from a metre to 200 km, many of them across the antimeridian or close to a pole.
    static WorkoutRoute RandomRoute(Random random)
    {
        var latitude = random.Next(4) == 0 ? 84 * Math.Sign(random.NextDouble() - 0.5) : random.NextDouble() * 160 - 80;
        var longitude = random.Next(3) == 0 ? 179.99 : random.NextDouble() * 360 - 180;
        var step = Math.Pow(10, random.NextDouble() * 5.3 - 5);
        var count = random.Next(1, 60);
        var (latitudes, longitudes) = (new double[count], new double[count]);
        for (var i = 0; i < count; i++)
        {
            (latitudes[i], longitudes[i]) = (Math.Clamp(latitude, -89, 89), Math.IEEERemainder(longitude, 360));
            latitude += Off(random, step);
            longitude += Off(random, step);
        }
        return Route(latitudes, longitudes);
    }

    static WorkoutRoute Route(string line)
    {
        var (latitudes, longitudes) = Lines.Read(line);
        return Route(latitudes, longitudes);
    }

    static WorkoutRoute Route(double[] latitudes, double[] longitudes) => new()
    {
        Times = [.. latitudes.Select((_, i) => At(i))], Latitudes = latitudes, Longitudes = longitudes,
        Altitudes = [.. latitudes.Select((_, i) => i % 3 == 0 ? double.NaN : i)],
    };
}
