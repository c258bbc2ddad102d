using System.Text.Json.Nodes;
using HealthExport.Server.Http;
using HealthExport.Server.OpenApi;
using static HealthExport.Server.OpenApi.Field;

namespace HealthExport.Server.Workouts;

/// <summary>What the API's description says of workouts.</summary>
static class WorkoutsApi
{
    static readonly Field[] s_fields =
    [
        Uuid("id", "The one that was sent; else made from start, end and activity."),
        Text("activity", "Its code; null for a name that has none yet.").OrNull().Like("walking"),
        Text("name", "The activity's name as sent, in whatever language.").Like("Walking"),
        Moment("start_at", "When it started, in its own offset."),
        Moment("end_at", "When it ended, in its own offset."),
        Number("duration_s", "How long it lasted, pauses left out, in seconds; null if not sent.").OrNull(),
        Number("active_energy_kcal", "Active energy, in kcal.").OrNull(),
        Number("total_energy_kcal", "Active and resting energy, in kcal.").OrNull(),
        Number("distance_m", "Distance, in metres.").OrNull(),
        Group(
            "heart_rate", "Heart rate during it, in beats a minute.",
            Number("min", "The lowest, /min.").OrNull(),
            Number("avg", "The average, /min.").OrNull(),
            Number("max", "The highest, /min.").OrNull()),
        Number("elevation_up_m", "Metres climbed.").OrNull(),
        Number("elevation_down_m", "Metres descended.").OrNull(),
        Number("speed_avg_mps", "Average speed, in m/s.").OrNull(),
        Number("speed_max_mps", "Greatest speed, in m/s.").OrNull(),
        Number("step_cadence", "Steps a minute.").OrNull(),
        Flag("is_indoor", "Whether it was indoors; null if not sent.").OrNull(),
        Text("location", "Where, as sent.").OrNull().Like("Outdoor"),
        Text("source", "Who recorded it, as sent.").OrNull().Like("Watch"),
        Flag("has_route", "Whether `/v1/workouts/{id}/route` has something."),
        Any("details", "What else was sent, as sent; null if nothing."),
    ];

    static readonly Component s_workout = Component.Answer("Workout", "A workout.", s_fields);

    static readonly Component s_series = Component.Answer(
        "WorkoutSeries", "What was measured along a workout: arrays of one length.",
        Text("name", "What it is, as sent.").Like("heartRateData"),
        Text("unit", "The unit of the values.").OrNull().Like("/min"),
        Moment("times", "When each was measured, in the workout's offset.").AsList(),
        Number("values", "In `unit`; null where only `min` and `max` were sent.").OrNull().AsList().OrNull(),
        Number("min", "The least at each time, in `unit`; null if none were sent.").OrNull().AsList().OrNull(),
        Number("max", "The greatest at each time, in `unit`; null if none were sent.").OrNull().AsList().OrNull());

    static readonly Component s_whole = Component.Answer(
        "WorkoutWithSeries", "A workout, with what was recorded along it.",
        [.. s_fields, ListOf("series", "What was measured along it.", s_series)]);

    static readonly Component s_route = Component.Answer(
        "RouteFeature", "A route as a GeoJSON Feature (RFC 7946), in degrees, WGS 84.",
        OneOf("type", "Always this.", ["Feature"]),
        Uuid("id", "The workout's."),
        Group(
            "geometry", "A LineString; a Point, if there is but one; a MultiLineString, if it crosses the antimeridian.",
            OneOf("type", "Of the geometry.", ["LineString", "Point", "MultiLineString"]),
            Of(
                "coordinates", "Longitude, latitude and, where known, altitude in metres; of a LineString a list of "
                + "them, of a MultiLineString a list of such lists.",
                new()
                {
                    ["type"] = "array",
                    ["items"] = new JsonObject
                    {
                        ["type"] = new JsonArray("number", "array"),
                        ["items"] = new JsonObject { ["type"] = "number" },
                    },
                })),
        Group(
            "properties", "Of the workout, and of the points: one a point, null where it was not recorded; of a "
            + "MultiLineString a list a line, as `coordinates`.",
            Text("activity", "Its code; null for a name that has none yet.").OrNull().Like("walking"),
            Text("name", "The activity's name as sent.").Like("Walking"),
            Moment("start_at", "When the workout started, in its own offset."),
            Moment("end_at", "When it ended."),
            Moment("times", "When each point was passed.").AsList(),
            OfPoints("speeds", "Speeds, in m/s."),
            OfPoints("courses", "Directions, in degrees from north."),
            OfPoints("horizontal_accuracies", "Accuracies of the positions, in metres."),
            OfPoints("vertical_accuracies", "Accuracies of the altitudes, in metres."),
            OfPoints("speed_accuracies", "Accuracies of the speeds, in m/s."),
            OfPoints("course_accuracies", "Accuracies of the directions, in degrees.")));

    static readonly Component s_workouts = Component.PageOf(s_workout);

    const string Example = """
        "id": "3a6266ee-fc75-8931-9490-8e83c79b4780", "activity": "walking", "name": "Walking",
        "start_at": "2026-01-16T17:00:00+00:00", "end_at": "2026-01-16T17:30:00+00:00", "duration_s": null,
        "active_energy_kcal": null, "total_energy_kcal": null, "distance_m": 2000,
        "heart_rate": { "min": null, "avg": null, "max": null }, "elevation_up_m": null, "elevation_down_m": null,
        "speed_avg_mps": null, "speed_max_mps": null, "step_cadence": null, "is_indoor": null, "location": null,
        "source": null, "has_route": true, "details": null
        """;

    public static readonly Feature Feature = new(
        "Workouts", "Workouts, what was recorded along them, and where they went.",
        [s_workout, s_workouts, s_series, s_whole, s_route],
        [
            new("GET", "/v1/workouts", "listWorkouts", "The workouts", "By time, activity and place, newest first.")
            {
                Parameters =
                [
                    Text(
                        "activity",
                        "A code, or any name of it that is known (`Outdoor Run`); else the name exactly as sent.")
                        .Like("walking"),
                    Text(
                        "near",
                        "`latitude,longitude` in degrees: only those whose route, also between its points, comes as "
                        + "close as `radius_m`.").Like("52.5005,13.401"),
                    Number("radius_m", "Metres, along great circles; goes with `near`. Above 0.")
                        .Within(0, PlaceParameters.MaxRadiusMetres).Absent(PlaceParameters.DefaultRadiusMetres),
                    Text(
                        "box",
                        "`south,west,north,east` in degrees: only those with a point inside or on the edge. A west "
                        + "greater than the east crosses the antimeridian.").Like("52.3,13.1,52.7,13.8"),
                ],
                Answers =
                [
                    new(200, "The workouts.",
                        [
                            Content.Json(s_workouts, $$"""
                                { "items": [ { {{Example}} } ], "next_cursor": null }
                                """),
                            Content.Text(
                                CsvRows.MediaType,
                                "A heading and a line each, with `heart_rate_min`, `heart_rate_avg`, `heart_rate_max`; "
                                + "the next page is in the `Link` header.",
                                string.Join(',', WorkoutColumns.OfCsv)),
                        ],
                        CommonHeaders.Link),
                ],
            },
            new("GET", "/v1/workouts/{id}", "getWorkout", "One workout", "With what was recorded along it.")
            {
                Answers =
                [
                    new(200, "The workout.", [Content.Json(s_whole, $$"""
                        { {{Example}}, "series": [ { "name": "heartRateData", "unit": "/min",
                          "times": ["2026-01-16T17:00:00+00:00"], "values": [96], "min": [94], "max": [99] } ] }
                        """)]),
                ],
            },
            new("GET", "/v1/workouts/{id}/route", "getRoute", "Where a workout went",
                "In the form that `format` asks for, else in the one that `Accept` prefers. 404 for a workout without "
                + "a route.")
            {
                Parameters = [OneOf("format", "Which form, whatever `Accept` says.", ["geojson", "gpx"])],
                Answers =
                [
                    new(200, "The route.",
                        [
                            Content.Json(s_route, """
                                { "type": "Feature", "id": "3a6266ee-fc75-8931-9490-8e83c79b4780",
                                  "geometry": { "type": "LineString", "coordinates": [[13.4, 52.5], [13.4, 52.501]] },
                                  "properties": { "activity": "walking", "name": "Walking",
                                    "start_at": "2026-01-16T17:00:00+00:00", "end_at": "2026-01-16T17:30:00+00:00",
                                    "times": ["2026-01-16T17:00:00+00:00", "2026-01-16T17:01:00+00:00"] } }
                                """, GeoJsonRoute.MediaType),
                            Content.Text(
                                GpxRoute.MediaType, "GPX 1.1: one track of one segment; elevations in metres where "
                                + "known, times in UTC.",
                                """
                                <gpx version="1.1" creator="HealthExport" xmlns="http://www.topografix.com/GPX/1/1"><trk>
                                <name>Walking</name><trkseg><trkpt lat="52.5" lon="13.4"><time>2026-01-16T17:00:00Z</time>
                                </trkpt></trkseg></trk></gpx>
                                """),
                        ]),
                ],
            },
        ]);

    static Field OfPoints(string name, string about) =>
        Number(name, $"{about} Absent if none were sent.").OrNull().AsList().Optional();
}
