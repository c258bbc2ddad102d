using HealthExport.Pushes;
using HealthExport.Time;

namespace HealthExport.Tests.Reading;

public sealed class WorkoutTests
{
    static Outcome Read(string fields) => Outcome.Of($$$"""
        {"data":{"workouts":[{"name":"Walking","start":"2026-01-15 08:00:00 +0100","end":"2026-01-15 09:00:00 +0100",{{{fields}}}}]}}
        """);

    [Fact]
    public void Version_2_with_every_field_is_read()
    {
        var outcome = Outcome.OfFixture("workouts-v2-all-fields.json");
        Assert.Empty(outcome.Rejects);
        Assert.Empty(outcome.Warnings);
        var run = outcome.Workouts[0];
        Assert.Equal(new Guid("0A7C2F52-1111-4E2B-9B7E-000000000001"), run.Id);
        Assert.Equal(
            ("running", "Outdoor Run", "Outdoor", false, false),
                (run.Activity, run.NameAsSent, run.Location, run.IsIndoor!.Value, run.IdIsMade));
        Assert.Equal(Instant.From(new DateTimeOffset(2026, 1, 15, 7, 30, 12, TimeSpan.FromHours(1))), run.EndAt);
        Assert.Equal(
            (1812.044116973877, 694.66 / 4.184, 780.1 / 4.184, 5020.0),
                (run.DurationSeconds, run.ActiveEnergyKcal, run.TotalEnergyKcal, run.DistanceMetres));
        Assert.Equal((95.0, 150.27, 174.0), (run.HeartRateMin, run.HeartRateAvg, run.HeartRateMax));
        Assert.Equal((42.1, 40.9, 164.2), (run.ElevationUpMetres, run.ElevationDownMetres, run.StepCadencePerMinute));
        Assert.Equal(9.97 / 3.6, run.SpeedAvgMetresPerSecond!.Value, 12);
        Assert.Equal(14.2 / 3.6, run.SpeedMaxMetresPerSecond!.Value, 12);
        Assert.Equal(
            """{"intensity":{"qty":9.1,"units":"kcal/hr·kg"},"speed":{"qty":9.97,"units":"km/hr"},"temperature":{"qty":8.5,"units":"degC"},"humidity":{"qty":81,"units":"%"},"flightsClimbed":{"qty":0,"units":"count"},"metadata":{}}""",
            run.Details);
        Assert.Equal(
            [("heart_rate", "/min", 30), ("heart_rate_recovery", "/min", 3), ("active_energy", "kcal", 30),
                ("basal_energy", "kcal", 30), ("step_count", "{steps}", 30), ("walking_running_distance", "m", 30)],
            run.Series.Select(s => (s.Name, s.Unit, s.Times.Length)));
        Assert.Equal((140.0, 143.5, 148.0), (run.Series[0].Min![0], run.Series[0].Values[0], run.Series[0].Max![0]));
        Assert.Equal(23 / 4.184, run.Series[2].Values[0]);
        Assert.Null(run.Series[2].Min);
        Assert.Equal(166, run.Series[5].Values[0]);

        var route = run.Route!;
        Assert.Equal(300, route.Count);
        Assert.Equal((-15.0, -30.0, 12.3), (route.Latitudes[0], route.Longitudes[0], route.Altitudes[0]));
        Assert.Equal(
            (double.NaN, double.NaN, double.NaN), (route.Speeds![0], route.Courses![0], route.CourseAccuracies![0]));
        Assert.Equal(
            (2.8, 45.0, 5.0, 4.7, 3.1, 0.4),
                (route.Speeds[1], route.Courses[1], route.CourseAccuracies[1], route.HorizontalAccuracies![1],
                    route.VerticalAccuracies![1], route.SpeedAccuracies![1]));

        var (pool, open, indoor) = (outcome.Workouts[1], outcome.Workouts[2], outcome.Workouts[3]);
        Assert.Equal(("swimming", 1500.0, true), (pool.Activity, pool.DistanceMetres, pool.IsIndoor!.Value));
        Assert.Equal(["swim_distance", "swim_stroke"], pool.Series.Select(s => s.Name));
        Assert.Null(pool.Route);
        Assert.Contains("\"swolfScore\":38.5", pool.Details);
        Assert.Equal(
            (0.75 * 1609.344, 88.0, 128.0, 161.0),
                (open.DistanceMetres, open.HeartRateMin, open.HeartRateAvg, open.HeartRateMax));
        Assert.Equal(
            ("cycling", 90.0, 140.0, 170.0),
                (indoor.Activity, indoor.HeartRateMin, indoor.HeartRateAvg, indoor.HeartRateMax));
        Assert.Equal(
            ["cycling_cadence", "cycling_distance", "cycling_power", "cycling_speed"],
                indoor.Series.Select(s => s.Name).Order());
    }

    [Fact]
    public void Version_1_zeros_are_absent()
    {
        var outcome = Outcome.OfFixture("workouts-v1-all-fields.json");
        var walk = Assert.Single(outcome.Workouts);
        Assert.Empty(outcome.Warnings);
        Assert.Null(walk.Id);
        Assert.True(walk.IdIsMade);
        Assert.Equal(
            ("walking", 57.45, 86.05, 1285.0),
                (walk.Activity, walk.ActiveEnergyKcal, walk.TotalEnergyKcal, walk.DistanceMetres));
        Assert.Equal((null, 99.21, 118.0), (walk.HeartRateMin, walk.HeartRateAvg, walk.HeartRateMax));
        Assert.Equal(
            (null, null, 62.36), (walk.ElevationUpMetres, walk.ElevationDownMetres, walk.StepCadencePerMinute));
        Assert.DoesNotContain("swimCadence", walk.Details);
        Assert.Contains("""{"qty":1184,"units":"steps"}""", walk.Details);
        Assert.Equal(
            [("heart_rate", 105.0), ("heart_rate_recovery", 92.00000000000001)],
                walk.Series.Select(s => (s.Name, s.Values[0])));
        Assert.Equal(
            (-15.0, -30.0, 8.02), (walk.Route!.Latitudes[0], walk.Route.Longitudes[0], walk.Route.Altitudes[0]));
        Assert.Null(walk.Route.Speeds);
    }

    [Fact]
    public void Translated_names_map_to_one_activity_and_stay_as_sent()
    {
        var outcome = Outcome.OfFixture("workouts-v2-localised-names.json");
        Assert.Equal(
            ["running", "functional_strength_training", "walking", "running", "running", "running", "walking",
                "walking", "running", "other"],
            outcome.Workouts.Select(w => w.Activity));
        Assert.Equal("Outdoor Ausführen", outcome.Workouts[0].NameAsSent);
        Assert.Empty(outcome.Warnings);
    }

    [Fact]
    public void A_name_without_a_mapping_is_stored_and_said()
    {
        var outcome =
            Outcome.Of(
                """{"data":{"workouts":[{"name":"Schuhplattler","start":"2026-01-15 08:00:00 +0100","end":"2026-01-15 09:00:00 +0100"}]}}""");
        Assert.Null(Assert.Single(outcome.Workouts).Activity);
        Assert.Equal([WarningCodes.UnmappedText], outcome.WarningCodes);
    }

    [Theory]
    [InlineData(
        """{"name":"Walking","start":"2026-01-15 08:00:00 +0100","end":"2026-01-15 08:00:00 +0100"}""",
            "end_before_start", "end")]
    [InlineData(
        """{"name":"Walking","start":"2026-01-15 08:00:00 +0100","end":"2026-01-15 07:00:00 +0100"}""",
            "end_before_start", "end")]
    [InlineData(
        """{"name":"Walking","start":"2026-01-12 08:00:00 +0100","end":"2026-01-15 08:00:00 +0100"}""",
            "out_of_range", "end")]
    [InlineData("""{"name":"Walking","end":"2026-01-15 08:00:00 +0100"}""", "unreadable_date", "start")]
    [InlineData(
        """{"name":"Walking","start":"2026-01-15 08:00:00 +0100","end":"2026-01-15 09:00:00 +0100","totalEnergy":{"qty":1e6,"units":"kcal"}}""", "out_of_range", "totalEnergy")]
    [InlineData(
        """{"name":"Walking","start":"2026-01-15 08:00:00 +0100","end":"2026-01-15 09:00:00 +0100","maxHeartRate":{"qty":400,"units":"bpm"}}""", "out_of_range", "maxHeartRate")]
    [InlineData("7", "unreadable_item", null)]
    public void An_impossible_workout_is_rejected(string workout, string code, string? field)
    {
        var outcome = Outcome.Of($$$"""{"data":{"workouts":[{{{workout}}}]}}""");
        var reject = Assert.Single(outcome.Rejects);
        Assert.Equal(("workouts", code, field), (reject.ItemType, reject.Code, reject.Field));
        Assert.Empty(outcome.Workouts);
    }

    [Fact]
    public void What_cannot_be_converted_stays_in_the_details()
    {
        var outcome = Read("""
            "id":"x","distance":{"qty":5,"units":"parsec"},"totalEnergy":{"qty":"much","units":"kcal"},"avgHeartRate":{"qty":0,"units":"bpm"}
            """);
        var workout = Assert.Single(outcome.Workouts);
        Assert.Null(workout.DistanceMetres);
        Assert.Null(workout.HeartRateAvg);
        Assert.Equal(
            """{"distance":{"qty":5,"units":"parsec"},"totalEnergy":{"qty":"much","units":"kcal"}}""", workout.Details);
        Assert.Equal([WarningCodes.UnknownUnit], outcome.WarningCodes);
    }

    [Fact]
    public void An_id_that_is_no_UUID_becomes_one_and_always_the_same()
    {
        var id = Assert.Single(Read("""
            "id":"workout-17"
            """).Workouts).Id;
        Assert.Equal(id, Assert.Single(Read("""
            "duration":5,"id":"workout-17"
            """).Workouts).Id);
        Assert.NotEqual(id, Assert.Single(Read("""
            "id":"workout-18"
            """).Workouts).Id);
        Assert.Equal('8', id!.Value.ToString()[14]);
    }

    [Fact]
    public void Points_of_a_route_or_series_that_cannot_be_are_dropped_and_counted()
    {
        var outcome = Read("""
            "route":[{"lat":1,"lon":2,"timestamp":"2026-01-15 08:00:02 +0100"},{"lat":91,"lon":2,"timestamp":"2026-01-15 08:00:00 +0100"},
              {"lat":1,"lon":3,"altitude":9001,"timestamp":"2026-01-15 08:00:00 +0100"},{"lon":1,"timestamp":"2026-01-15 08:00:00 +0100"},
              {"lat":1,"lon":4,"timestamp":"?"},null,{"latitude":"1.5","longitude":5,"timestamp":"2026-01-15 08:00:01 +0100"}],
            "heartRateData":[{"date":"2026-01-15 08:00:00 +0100","qty":100,"units":"bpm"},{"date":"?","qty":100},{"date":1768460460.5,"Avg":"101"},7]
            """);
        var workout = Assert.Single(outcome.Workouts);
        Assert.Equal([1.5, 1], workout.Route!.Latitudes);
        Assert.True(double.IsNaN(workout.Route.Altitudes[0]));
        Assert.Equal([100, 101], workout.Series[0].Values);
        Assert.Equal(1768460460500000, workout.Series[0].Times[1].Microseconds);
        Assert.Equal([WarningCodes.SeriesPointsDropped, WarningCodes.RoutePointsDropped], outcome.WarningCodes);
        Assert.StartsWith("2 ", outcome.Warnings[0].Warning);
        Assert.StartsWith("5 ", outcome.Warnings[1].Warning);
    }

    [Fact]
    public void A_heart_rate_may_be_plain_numbers_or_an_average_alone()
    {
        var workout = Assert.Single(Read("""
            "heartRate":{"avg":{"qty":120,"units":"bpm"}},"duration":"3600.5"
            """).Workouts);
        Assert.Equal(
            (null, 120.0, null, 3600.5),
                (workout.HeartRateMin, workout.HeartRateAvg, workout.HeartRateMax, workout.DurationSeconds));
    }
}
