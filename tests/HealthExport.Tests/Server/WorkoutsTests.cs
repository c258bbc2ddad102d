using System.Text.Json;
using HealthExport.Tests.Support;
using static HealthExport.Tests.Server.WorkoutPushes;

namespace HealthExport.Tests.Server;

public sealed class WorkoutsTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    const string Full =
        """
        "total_energy_kcal":300.1,"active_energy_kcal":250,"distance_meters":5020.5,"duration_seconds":1799.5,
        "min_heart_rate":90,"avg_heart_rate":150.25,"max_heart_rate":174,"elevation_up_meters":42,
        "elevation_down_meters":40,"avg_speed_mps":2.5,"max_speed_mps":4,"step_cadence":164.2,"is_indoor":false,
        "location":"Outdoor","source":"Watch","details":{"humidity":81},
        "series":[{"name":"heart_rate","unit":"/min","times":["2026-01-15T07:00:01Z","2026-01-15T07:00:02.5Z"],"values":[150,null],"min":[140,141],"max":[160,161]},
                  {"name":"step_count","unit":"{steps}","times":["2026-01-15T07:00:00Z"],"values":[23.1]}]
        """;

    readonly RunningServer _server = fixture.Server;

    [Fact]
    public async Task A_workout_has_the_contracts_members_in_its_order()
    {
        var key = await _server.AddKeyAsync();
        var id = Guid.NewGuid();
        await _server.PushWorkoutsAsync(
            key, Run(id, "2026-01-15T08:00:00+01:00", more: $"{Full},{Route((52.5, 13.4, 34))}"));

        const string fields =
            """
            "activity":"running","name":"Outdoor Run","start_at":"2026-01-15T08:00:00+01:00","end_at":"2026-01-15T08:30:00+01:00","duration_s":1799.5,"active_energy_kcal":250,"total_energy_kcal":300.1,"distance_m":5020.5,"heart_rate":{"min":90,"avg":150.25,"max":174},"elevation_up_m":42,"elevation_down_m":40,"speed_avg_mps":2.5,"speed_max_mps":4,"step_cadence":164.2,"is_indoor":false,"location":"Outdoor","source":"Watch","has_route":true,"details":{"humidity":81}
            """;
        var row = Assert.Single(await _server.ReadItemsAsync(key, "/v1/workouts"));
        Assert.Equal($$"""{"id":"{{id}}",{{fields}}}""", row.GetRawText());
        var one = await _server.ReadAsync(key, $"/v1/workouts/{id}");
        Assert.Equal(
            $$"""
            {"id":"{{id}}",{{fields}},"series":[{"name":"heart_rate","unit":"/min","times":["2026-01-15T08:00:01+01:00","2026-01-15T08:00:02.500000+01:00"],"values":[150,null],"min":[140,141],"max":[160,161]},{"name":"step_count","unit":"{steps}","times":["2026-01-15T08:00:00+01:00"],"values":[23.1],"min":null,"max":null}]}
            """,
            one.GetRawText());
        var alias = await _server.ReadAsync(key, $"/api/v1/workouts/{id}");
        Assert.Equal(one.GetRawText(), alias.GetRawText());
    }

    [Fact]
    public async Task What_was_not_sent_is_null()
    {
        var key = await _server.AddKeyAsync();
        var id = Guid.NewGuid();
        await _server.PushWorkoutsAsync(key, Run(id, "2026-01-15T08:00:00-03:30", "Walking"));

        var one = await _server.ReadAsync(key, $"/v1/workouts/{id}");

        Assert.Equal("2026-01-15T08:00:00-03:30", one.Text("start_at"));
        foreach (var name in (string[])
        [
            "duration_s", "active_energy_kcal", "total_energy_kcal", "distance_m", "elevation_up_m", "elevation_down_m",
            "speed_avg_mps", "speed_max_mps", "step_cadence", "is_indoor", "location", "source", "details",
        ])
            Assert.Equal(JsonValueKind.Null, one.GetProperty(name).ValueKind);
        Assert.Equal("""{"min":null,"avg":null,"max":null}""", one.GetProperty("heart_rate").GetRawText());
        Assert.False(one.GetProperty("has_route").GetBoolean());
        Assert.Empty(one.GetProperty("series").EnumerateArray());
    }

    [Fact]
    public async Task Filters_by_time_and_activity_newest_first()
    {
        var key = await _server.AddKeyAsync();
        await _server.PushWorkoutsAsync(
            key,
            Run(Guid.NewGuid(), "2026-01-15T08:00:00+01:00"),
            // At 10:00 UTC the day before.
            Run(Guid.NewGuid(), "2026-01-16T00:00:00+14:00", "Laufen"),
            Run(Guid.NewGuid(), "2026-01-17T08:00:00+01:00", "Walking"),
            Run(Guid.NewGuid(), "2026-01-18T08:00:00+01:00", "Unihockey"));

        Assert.Equal("Unihockey, Walking, Laufen, Outdoor Run", await NamesAsync("limit=100"));
        Assert.Equal("Laufen", await NamesAsync("from=2026-01-16&to=2026-01-17"));
        Assert.Equal("Laufen", await NamesAsync("from=2026-01-15T10:00:00Z&to=2026-01-15T10:00:01Z"));
        Assert.Equal("Laufen, Outdoor Run", await NamesAsync("activity=running"));
        Assert.Equal("Laufen, Outdoor Run", await NamesAsync("activity=Outdoor%20Run"));
        Assert.Equal("Unihockey", await NamesAsync("activity=Unihockey"));
        Assert.Equal("", await NamesAsync("activity=unihockey"));
        Assert.Equal("", await NamesAsync("activity=a%00b"));

        async Task<string> NamesAsync(string query) => string.Join(
            ", ", (await _server.ReadItemsAsync(key, $"/v1/workouts?{query}")).Select(row => row.Text("name")));
    }

    [Fact]
    public async Task Finds_by_place()
    {
        var key = await _server.AddKeyAsync();
        var (berlin, fiji) = (Guid.NewGuid(), Guid.NewGuid());
        await _server.PushWorkoutsAsync(
            key,
            Run(berlin, "2026-01-15T08:00:00+01:00", more: Route((52.5, 13.4, 1), (52.5, 13.5, 1))),
            Run(fiji, "2026-01-16T08:00:00+12:00", more: Route((-17, 179.9, 1), (-17, -179.9, 1))),
            Run(Guid.NewGuid(), "2026-01-17T08:00:00+01:00"));

        Assert.Equal([berlin], await IdsAsync("near=52.501,13.45"));
        Assert.Equal([berlin], await IdsAsync("near=52.501,13.45&radius_m=120"));
        Assert.Empty(await IdsAsync("near=52.501,13.45&radius_m=100"));
        Assert.Equal([fiji], await IdsAsync("near=-17.001,180&radius_m=120.5"));
        Assert.Equal([fiji], await IdsAsync("near=-17.001,-180&radius_m=120.5"));
        Assert.Equal([berlin], await IdsAsync("box=52,13,53,13.45"));
        Assert.Equal([fiji], await IdsAsync("box=-18,179,-16,-179"));
        Assert.Equal([fiji, berlin], await IdsAsync("box=-90,-180,90,180"));
        Assert.Empty(await IdsAsync("box=-90,-180,90,180&near=0,0"));
        Assert.Empty(await IdsAsync("near=52.5,13.45&activity=cycling"));

        async Task<IEnumerable<Guid>> IdsAsync(string query) =>
            (await _server.ReadItemsAsync(key, $"/v1/workouts?{query}")).Select(row => row.GetProperty("id").GetGuid());
    }

    [Fact]
    public async Task Pages_hold_every_workout_once()
    {
        var key = await _server.AddKeyAsync();
        await _server.PushWorkoutsAsync(
            key, [.. Enumerable.Range(1, 20).Select(day => Run(
                Guid.NewGuid(), $"2026-01-{day:00}T08:00:00+01:00", more: Route((52.5, 13.4, 1))))]);
        foreach (var path in (string[])["/v1/workouts", "/v1/workouts?near=52.5,13.4"])
            Assert.Equal(
                Enumerable.Range(1, 20).Reverse().Select(day => $"2026-01-{day:00}T08:00:00+01:00"),
                (await _server.ReadPagesAsync(key, path, 7)).Select(row => row.Text("start_at")));
    }

    [Fact]
    public async Task As_csv_each_figure_has_its_column()
    {
        var key = await _server.AddKeyAsync();
        var (full, bare) = (Guid.NewGuid(), Guid.NewGuid());
        await _server.PushWorkoutsAsync(
            key,
            Run(full, "2026-01-15T08:00:00+01:00", more: Full),
            Run(bare, "2026-01-14T08:00:00+01:00", "=Walking"));
        Assert.Equal(
            $$"""
            id,activity,name,start_at,end_at,duration_s,active_energy_kcal,total_energy_kcal,distance_m,heart_rate_min,heart_rate_avg,heart_rate_max,elevation_up_m,elevation_down_m,speed_avg_mps,speed_max_mps,step_cadence,is_indoor,location,source,has_route,details
            {{full}},running,Outdoor Run,2026-01-15T08:00:00+01:00,2026-01-15T08:30:00+01:00,1799.5,250,300.1,5020.5,90,150.25,174,42,40,2.5,4,164.2,false,Outdoor,Watch,false,"{""humidity"":81}"
            {{bare}},walking,'=Walking,2026-01-14T08:00:00+01:00,2026-01-14T08:30:00+01:00,,,,,,,,,,,,,,,,false,

            """.ReplaceLineEndings("\r\n"),
            await _server.ReadCsvAsync(key, "/v1/workouts"));
        using var page = await _server.SendAsync(
            HttpMethod.Get, "/v1/workouts?limit=1", key, null, ("Accept", "text/csv"));
        var link = Assert.Single(page.Headers.GetValues("Link"));
        Assert.Contains(bare.ToString(), await _server.ReadCsvAsync(key, link[1..link.IndexOf('>')]));
    }

    [Theory]
    [InlineData("colour=red", "colour: is not a parameter of this path")]
    [InlineData("from=yesterday", "from: must be a date")]
    [InlineData("limit=0", "limit: must be a whole number from 1 to 10000")]
    [InlineData("cursor=nonsense", "cursor: ")]
    [InlineData("activity=", "activity: must be given once")]
    [InlineData("near=52", "near: must be latitude,longitude in degrees, -90 to 90 and -180 to 180")]
    [InlineData("near=91,13", "near: must be latitude,longitude")]
    [InlineData("near=52,181", "near: must be latitude,longitude")]
    [InlineData("near=52,NaN", "near: must be latitude,longitude")]
    [InlineData("near=52,1e1", "near: must be latitude,longitude")]
    [InlineData(
        "near=52,13&radius_m=0", "radius_m: must be a number of metres above 0, at most 1000000; 1000 if absent")]
    [InlineData("near=52,13&radius_m=1000001", "radius_m: must be a number of metres")]
    [InlineData("near=52,13&radius_m=far", "radius_m: must be a number of metres")]
    [InlineData("radius_m=100", "radius_m: goes with near")]
    [InlineData("box=1,2,3", "box: must be south,west,north,east in degrees, south not above north")]
    [InlineData("box=2,2,1,3", "box: must be south,west,north,east")]
    [InlineData("box=-91,2,1,3", "box: must be south,west,north,east")]
    [InlineData("box=1,2,3,NaN", "box: must be south,west,north,east")]
    public async Task Says_which_parameter_it_does_not_take_and_what_it_does(string query, string says) =>
        Assert.StartsWith(says, await _server.RefusedParameterAsync(
            await _server.AddKeyAsync(), $"/v1/workouts?{query}"));

    [Fact]
    public async Task A_cursor_goes_on_only_with_its_own_query()
    {
        var key = await _server.AddKeyAsync();
        await _server.PushWorkoutsAsync(
            key, Run(Guid.NewGuid(), "2026-01-15T08:00:00+01:00"), Run(Guid.NewGuid(), "2026-01-16T08:00:00+01:00"));
        var page = await _server.ReadAsync(key, "/v1/workouts?limit=1");
        Assert.StartsWith("cursor: ", await _server.RefusedParameterAsync(
            key, $"/v1/workouts?activity=running&cursor={page.Text("next_cursor")}"));
    }

    [Fact]
    public async Task Another_persons_workout_is_not_found()
    {
        var owner = await _server.AddKeyAsync();
        var id = Guid.NewGuid();
        await _server.PushWorkoutsAsync(owner, Run(id, "2026-01-15T08:00:00+01:00", more: Route((52.5, 13.4, 1))));
        var other = await _server.AddKeyAsync();

        Assert.Empty(await _server.ReadItemsAsync(other, "/v1/workouts?near=52.5,13.4"));
        foreach (var path in (string[])[$"{id}", $"{id}/route", $"{Guid.NewGuid()}"])
        {
            using var response = await _server.GetAsync(other, $"/v1/workouts/{path}");
            await response.ReadProblemAsync(404, "not_found");
        }
    }
}
