using System.Text.Json.Nodes;
using HealthExport.Server.OpenApi;
using static HealthExport.Server.OpenApi.Field;

namespace HealthExport.Server.Vendor;

/// <summary>What the API's description says of the read routes of the app vendor's own server.</summary>
static class VendorApi
{
    static readonly Component s_row = Component.Answer(
        "VendorRow", "A row of a metric: which members it has depends on the metric.",
        Moment("date", "When it starts, in UTC."),
        Text("units", "The unit, as the app spells it.").Like("count/min"),
        Text("source", "Who measured it; not of totals.").Optional().Like("Watch"),
        Number("qty", "The value, in `units`.").Optional(),
        Number("Min", "Of heart rates: the lowest, in `units`.").Optional(),
        Number("Avg", "Of heart rates: the average, in `units`.").Optional(),
        Number("Max", "Of heart rates: the highest, in `units`.").Optional(),
        Number("systolic", "Of blood pressure, in mmHg.").Optional(),
        Number("diastolic", "Of blood pressure, in mmHg.").Optional(),
        Moment("inBedStart", "Of sleep: going to bed.").Optional(),
        Moment("inBedEnd", "Of sleep: getting up.").Optional(),
        Moment("sleepStart", "Of sleep: falling asleep.").Optional(),
        Moment("sleepEnd", "Of sleep: waking.").Optional(),
        Number("core", "Of sleep: hours of core sleep.").Optional(),
        Number("rem", "Of sleep: hours of REM sleep.").Optional(),
        Number("deep", "Of sleep: hours of deep sleep.").Optional(),
        Number("awake", "Of sleep: hours awake.").Optional(),
        Number("inBed", "Of sleep: hours in bed.").Optional(),
        Number("asleep", "Of sleep: hours asleep without a stage.").Optional(),
        Number("totalSleep", "Of sleep: hours asleep.").Optional(),
        Any("metadata", "As sent; absent if nothing was.").Optional());

    static readonly Component s_workout = Component.Answer(
        "VendorWorkout", "A workout in the list.",
        Text("id", "Its UUID in capitals.").Like("9F0C477C-51B9-4F14-8FC6-109DBE455F7D"),
        Text("workout_type", "The activity's name as sent.").Like("Outdoor Run"),
        Moment("start_time", "When it started, in UTC."),
        Moment("end_time", "When it ended, in UTC."),
        Number("duration_minutes", "Minutes."),
        Number("calories_burned", "Active energy, in kcal; of the whole where only that is known; null for neither.")
            .OrNull());

    static readonly Component s_heartRate = Component.Answer(
        "VendorHeartRate", "A heart rate of a workout.",
        OneOf("type", "Which list it is of.", ["Heart Rate", "Heart Rate Recovery"]),
        Moment("timestamp", "When, in UTC."),
        Number("value", "Beats a minute.").OrNull());

    static readonly Component s_place = Component.Answer(
        "VendorPlace", "A point of a route.",
        Number("latitude", "Degrees, WGS 84."),
        Number("longitude", "Degrees, WGS 84."),
        Moment("time", "When, in UTC."));

    static readonly Component s_details = Component.Answer(
        "VendorWorkoutDetails", "What was recorded along a workout.",
        ListOf("heartRateData", "During it.", s_heartRate),
        ListOf("heartRateRecovery", "After it.", s_heartRate),
        ListOf("route", "Where it went; empty without a route.", s_place));

    static readonly Field s_include =
        Text("include", "Names of the only members to answer, separated by commas.").Like("date,qty");

    static readonly Field s_exclude =
        Text("exclude", "Names of members to leave out, separated by commas.").Like("source");

    public static readonly Feature Feature = new(
        "Vendor", "What the app vendor's own server answers, for dashboards made for that one. Parameters that these paths "
        + "do not know do no harm.",
        [s_row, s_workout, s_heartRate, s_place, s_details],
        [
            new("GET", "/api/metrics/{name}", "listVendorMetric", "A metric, as the vendor's server answers it",
                "By time, oldest first; of each local day the rows of the finest grain. Empty for a metric that there is "
                + "nothing of.")
            {
                Parameters =
                [
                    Time("from", "The start of the span, inclusive"), Time("to", "The end of the span, inclusive"),
                    s_include, s_exclude,
                    OneOf(
                        "granularity", "Adds up by local day or hour; the rows as they are if absent.",
                        ["daily", "hourly"]),
                ],
                Answers =
                [
                    new(200, "The rows.", [Array(s_row, """
                        [ { "qty": 120.5, "units": "count", "date": "2026-01-15T06:30:12.000Z",
                            "source": "Phone|Watch" } ]
                        """)]),
                ],
            },
            new("GET", "/api/workouts", "listVendorWorkouts", "The workouts, as the vendor's server answers them",
                "Newest first.")
            {
                Parameters =
                [
                    Time("startDate", "The start of the span, inclusive"), Time("endDate", "Its end, inclusive"),
                    Time("from", "Instead of `startDate`, where neither it nor `endDate` is given"),
                    Time("to", "Instead of `endDate`, likewise"),
                    s_include, s_exclude,
                ],
                Answers =
                [
                    new(200, "The workouts.", [Array(s_workout, """
                        [ { "id": "9F0C477C-51B9-4F14-8FC6-109DBE455F7D", "workout_type": "Outdoor Run",
                            "start_time": "2026-01-15T07:00:00.000Z", "end_time": "2026-01-15T07:30:00.000Z",
                            "duration_minutes": 30, "calories_burned": 310.5 } ]
                        """)]),
                ],
            },
            new("GET", "/api/workouts/{id}", "getVendorWorkout", "One workout, as the vendor's server answers it",
                "Its heart rates and its route.")
            {
                Parameters = [s_include, s_exclude],
                Answers =
                [
                    new(200, "What was recorded.", [Content.Json(s_details, """
                        { "heartRateData": [ { "type": "Heart Rate", "timestamp": "2026-01-15T07:00:00.000Z",
                            "value": 90 } ], "heartRateRecovery": [],
                          "route": [ { "latitude": 52.5, "longitude": 13.4, "time": "2026-01-15T07:00:00.000Z" } ] }
                        """)]),
                ],
            },
        ]);

    static Field Time(string name, string about) =>
        Text(name, $"{about}: milliseconds since 1970, a date, or an RFC 3339 timestamp.").Like("1768345200000");

    static Content Array(Component item, string example) => new(
        "application/json", new() { ["type"] = "array", ["items"] = item.Reference }, JsonNode.Parse(example)!);
}
