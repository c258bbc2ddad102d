using System.Text.Json.Nodes;
using HealthExport.Pushes;
using HealthExport.Server.OpenApi;
using static HealthExport.Server.OpenApi.Field;

namespace HealthExport.Server.Ingest;

/// <summary>What the API's description says of pushing.</summary>
static class IngestApi
{
    static readonly Component s_haeMetric = Component.Request(
        "HaeMetric", "One metric as the app sends it.",
        Text("name", "Any name or alias, in any spelling.").Needed().Like("heart_rate"),
        Text("units", "Converted to the metric's canonical unit.").Like("count/min"),
        Any("data", "The points: `date` and `qty`, or `Min`, `Avg`, `Max`, or what else the metric has; `source`."));

    static readonly Component s_hae = Component.Request(
        "HaePayload",
        "What the app sends; v1 and v2 of its format, with or without the `data` around it. Every section is optional, "
        + "unknown ones are kept. Numbers may come as strings, times in every form that the app writes.",
        Group(
            "data", "The sections.",
            ListOf("metrics", "Each metric with its values.", s_haeMetric).Optional(),
            Any("workouts", "Workouts with routes and series.").Optional(),
            Any("stateOfMind", "States of mind.").Optional(),
            Any("medications", "Medications.").Optional(),
            Any("symptoms", "Symptoms.").Optional(),
            Any("cycleTracking", "The cycle.").Optional(),
            Any("ecg", "ECGs with voltages.").Optional(),
            Any("heartRateNotifications", "Notifications of the heart rate.").Optional()));

    static readonly Field s_source = Text("source", "Who recorded it.").Like("Meter");

    static readonly Component s_routePoint = Component.Request(
        "StandardRoutePoint", "One position of a route, WGS 84.",
        Number("lat", "Latitude in degrees.").Within(-90, 90).Needed(),
        Number("lon", "Longitude in degrees.").Within(-180, 180).Needed(),
        Number("altitude", "In metres.").Within(-500, 9000),
        Moment("time", "When it was passed.").Needed());

    static readonly Component s_workout = Component.Request(
        "StandardWorkout", "A workout. Fields beyond these are kept.",
        OneOf("type", "Only outside of `workouts`.", ["Workout"]),
        Uuid("id", "Its identity; made from start, end and activity if absent."),
        Text("workout_type", "The activity, in any name that is known; another is kept as sent.").Needed().Like("Walking"),
        Moment("start_time", "When it started.").Needed(),
        Moment("end_time", "When it ended.").Needed(),
        Number("total_energy_kcal", "Active and resting energy, in kcal."),
        Number("active_energy_kcal", "Active energy, in kcal."),
        Number("distance_meters", "In metres."),
        Number("avg_heart_rate", "In /min."),
        Number("max_heart_rate", "In /min."),
        ListOf("route", "Where it went.", s_routePoint),
        Any("series", "What was measured along it, in the form of the answer of a workout."),
        Any("details", "Kept as sent."));

    static readonly Component[] s_items =
    [
        Item("HeartRate", "Heart rate, in /min.",
            Moment("recorded_at", "When.").Needed(),
            Number("min_bpm", "The lowest, /min."), Number("avg_bpm", "The average, /min."),
            Number("max_bpm", "The highest, /min."), s_source, Text("context", "Kept as sent.")),
        Item("BloodPressure", "A reading, in mmHg.",
            Moment("recorded_at", "When.").Needed(),
            Number("systolic", "The upper value, mmHg.").Needed(), Number("diastolic", "The lower value, mmHg.").Needed(),
            Number("pulse", "In /min."), s_source),
        Item("Sleep", "A night that was added up.",
            Moment("sleep_start", "Falling asleep.").Needed(), Moment("sleep_end", "Waking.").Needed(),
            Moment("in_bed_start", "Going to bed."), Moment("in_bed_end", "Getting up."),
            Number("duration_minutes", "Minutes asleep."), Number("deep_sleep_minutes", "Minutes of deep sleep."),
            Number("rem_sleep_minutes", "Minutes of REM sleep."),
            Number("light_sleep_minutes", "Minutes of core (light) sleep."), Number("awake_minutes", "Minutes awake."),
            s_source),
        Item("SleepStage", "A segment of a night.",
            Moment("start_at", "When it starts.").Needed(), Moment("end_at", "When it ends.").Needed(),
            Text("stage", "A code, or a text in any known language.").Needed().Like("deep"), s_source),
        Item("Activity", "Amounts, each stored under its own metric.",
            Moment("recorded_at", "When.").Needed(),
            Number("step_count", "Steps."), Number("distance_meters", "Walked and run, in metres."),
            Number("active_energy_burned_kcal", "In kcal."), Number("basal_energy_burned_kcal", "In kcal."),
            Number("flights_climbed", "Flights of stairs."), s_source),
        Item("Quantity", "Any metric. It needs `value`, or `min` and `max`, or all three.",
            Text("metric", "Its name; an unknown one is stored under that name.").Needed().Like("blood_glucose"),
            Text("unit", "Converted to the metric's canonical unit.").Needed().Like("mmol/L"),
            Moment("start_at", "When it starts.").Needed(), Moment("end_at", "When it ends."),
            Number("value", "In `unit`."), Number("min", "The least, in `unit`."),
            Number("max", "The greatest, in `unit`."),
            OneOf("grain", "How much time it stands for.", Metrics.GrainNames.All).Absent("sample"),
            s_source, Any("extra", "Kept as sent.")),
        Item("Event", "What is none of these: a symptom, a dose, a mood.",
            Text("kind", "As in the list of events.").Needed().Like("symptoms"),
            Moment("start_at", "When it starts.").Needed(), Moment("end_at", "When it ends."),
            Text("code", "What it is.").Like("headache"), Any("payload", "Kept as sent.").Needed()),
    ];

    static readonly Component s_item = new("StandardItem", new()
    {
        ["description"] = "One item, of the kind that `type` names; names ignore case and underscores.",
        ["anyOf"] = new JsonArray([.. s_items.Append(s_workout).Select(item => (JsonNode)item.Reference)]),
    });

    static readonly Component s_standard = Component.Request(
        "StandardPayload", "Items that say what they are. They can hold everything that the server holds.",
        Group(
            "data", "The items.",
            ListOf("metrics", "All but workouts.", s_item).Optional(),
            ListOf("workouts", "Workouts.", s_workout).Optional()).Needed());

    static readonly Component s_push = new("Push", new()
    {
        ["description"] = "What the app sends, or standard JSON; which it is, is found out from the content.",
        ["anyOf"] = new JsonArray(s_hae.Reference, s_standard.Reference),
    });

    const string HaeExample = """
        { "data": { "metrics": [ { "name": "heart_rate", "units": "count/min", "data": [
          { "date": "2026-01-15 07:30:00 +0100", "Min": 58, "Avg": 61.5, "Max": 66, "source": "Watch" },
          { "date": "2026-01-15 07:31:00 +0100", "Min": 60, "Avg": 412, "Max": 412, "source": "Watch" } ] } ] } }
        """;

    static Operation Push(string path, string id, string about) => new("POST", path, id, "Takes a push", about)
    {
        Headers =
        [
            Text(
                "Idempotency-Key",
                "Printable ASCII; holds for 24 hours. The same key and bytes answer with the same ingestion, other "
                + "bytes with 409.").Long(1, 255).Like("2026-01-15-0730"),
            OneOf("Prefer", "`respond-async` asks for 202 at once (RFC 7240).", ["respond-async"]),
            OneOf("Content-Encoding", "How the body is compressed.", ["gzip", "br", "deflate", "identity"]),
            OneOf(
                "automation-aggregation", "The grain of what is sent, as the app says it; case and spaces are ignored.",
                ["Default", "Seconds", "Minutes", "Hours", "Days", "Weeks", "Months", "Years"]),
            Text("automation-period", "The span that is sent, as the app says it.").Like("Since Last Sync"),
            Text("automation-name", "The automation that pushes; comes back with the ingestion.").Like("Every hour"),
            Text("automation-id", "The same, as the app numbers it."),
            Text("session-id", "What the pushes of one run share."),
        ],
        Body =
        [
            Content.Json(s_push, HaeExample),
            Content.Text(
                NdjsonType.Name,
                "Standard items, one a line. A line that cannot be read is one reject. `revisions=n` beside the type "
                + "lets items of an export say in which order they were received.",
                """
                {"type":"HeartRate","recorded_at":"2026-01-15T07:30:00+01:00","avg_bpm":61.5}
                {"type":"Quantity","metric":"step_count","unit":"count","start_at":"2026-01-15T07:30:00Z","value":120}
                """),
            Content.Text(
                CsvType.File,
                "One of the app's CSV files, known by its heading: wide metrics, workouts, medications, states of "
                + "mind, a series or the route of one workout. Times without an offset are in the person's time zone. "
                + "`name` beside the type is the file's, which for parts of a workout says the activity.",
                """
                Date/Time,Step Count (count),Heart Rate [Min] (count/min),Heart Rate [Max] (count/min)
                2026-01-15 07:30:00,841,58,66
                """),
            Content.Text(
                CsvType.Form,
                "Several of them, each as a part (RFC 7578). A part that is not known is told of in a warning.",
                """
                --B
                Content-Disposition: form-data; name="HealthData"; filename="HealthMetrics.csv"

                Date/Time,Step Count (count)
                2026-01-15 07:30:00,841

                --B--
                """),
            Content.Text(
                GpxType.Name,
                "Routes (GPX 1.0 or 1.1): every track joins the workout during which it was recorded.",
                """
                <gpx version="1.1" creator="x" xmlns="http://www.topografix.com/GPX/1/1"><trk><trkseg>
                <trkpt lat="52.5" lon="13.4"><ele>34.5</ele><time>2026-01-15T07:31:00Z</time></trkpt>
                </trkseg></trk></gpx>
                """),
        ],
        Refusals = [Refusal.BodyConflict],
        Answers =
        [
            new(200, "Stored. The receipt says what became of each item.",
                [Content.Json(IngestionsApi.Receipt, $$"""{ {{IngestionsApi.ReceiptExample}} }""")]),
            new(202,
                "Kept: the bytes are safe, and are processed across any crash. It is the answer when processing takes "
                + "longer than the server waits (20 s), for a push that failed, and if `Prefer` asks for it.",
                [Content.Json(IngestionsApi.Receipt, IngestionsApi.QueuedExample)],
                CommonHeaders.Location, CommonHeaders.PreferenceApplied),
        ],
    };

    public static readonly Feature Feature = new(
        "Ingest", "Pushing data. Sending the same again, at any time and in any granularity, is safe.",
        [s_hae, s_haeMetric, s_standard, s_push, s_item, .. s_items, s_workout, s_routePoint],
        [
            Push("/v1/ingest", "ingest",
                "Unknown query parameters are ignored. Retry after a broken connection, a 408, a 429 (when it says) or "
                + "any 5xx; not after another 4xx. A body that breaks off keeps nothing."),
            Push("/api/data", "ingestAsVendor",
                "The same as `POST /v1/ingest`, at the path of the app vendor's own server."),
        ]);

    static Component Item(string type, string about, params Field[] fields) => Component.Request(
        $"Standard{type}", about, [OneOf("type", "Always this.", [type]).Needed(), .. fields]);
}
