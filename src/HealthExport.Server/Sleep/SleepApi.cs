using HealthExport.Server.Http;
using HealthExport.Server.OpenApi;
using static HealthExport.Server.OpenApi.Field;

namespace HealthExport.Server.Sleep;

/// <summary>What the API's description says of sleep.</summary>
static class SleepApi
{
    static readonly Component s_stage = Component.Answer(
        "SleepStage", "A segment of a night.",
        Moment("start_at", "When it starts, in its own offset."),
        Moment("end_at", "When it ends."),
        Text("stage", "Its code: `in_bed`, `asleep`, `core`, `deep`, `rem`, `awake`; null for a text without one.")
            .OrNull().Like("deep"),
        Text("stage_as_sent", "The text as sent, where it is another than the code.").OrNull().Like("Tief"));

    static readonly Component s_night = Component.Answer(
        "Night", "A night, or a nap.",
        Date("date", "The local date of waking."),
        Moment("start", "Falling asleep; going to bed where nothing tells of sleep."),
        Moment("end", "Waking; getting up where nothing tells of sleep."),
        Number("in_bed", "Minutes in bed; null where nothing says them.").OrNull(),
        Number("asleep", "Minutes asleep, all stages together; null where nothing says them.").OrNull(),
        Number("core", "Minutes of core (light) sleep, a part of `asleep`.").OrNull(),
        Number("deep", "Minutes of deep sleep, a part of `asleep`.").OrNull(),
        Number("rem", "Minutes of REM sleep, a part of `asleep`.").OrNull(),
        Number("awake", "Minutes awake between `start` and `end`.").OrNull(),
        Number("efficiency", "`asleep` as a part of `in_bed`, or of `start` to `end` where that is not known: 0 to 1.")
            .OrNull().Within(0, 1),
        Text("source", "Who is believed, as sent.").OrNull().Like("Watch"),
        OneOf("basis", "What it was made of: segments, or a night that the phone had added up.",
            ["segments", "session"]),
        Flag("is_nap", "Not the longest sleep of its date; or alone, under three hours and over after noon."),
        ListOf("stages", "Only with `stages=true`: its segments, by start.", s_stage).Optional());

    static readonly Component s_nights = Component.PageOf(s_night);

    public static readonly Feature Feature = new(
        "Sleep", "Nights and naps, made of the segments of one main source each.",
        [s_stage, s_night, s_nights],
        [
            new("GET", "/v1/sleep", "listNights", "Nights and naps", "By the local date of waking, oldest first.")
            {
                Parameters =
                [
                    Text(
                        "from",
                        "The start of the span, inclusive: a date of waking, at the night's own offset, or an RFC 3339 "
                        + "timestamp, held against the waking itself.").Like("2026-01-15"),
                    OneOf("stages", "Adds the segments of each.", ["true", "false"]).Absent("false"),
                ],
                Answers =
                [
                    new(200, "The nights.",
                        [
                            Content.Json(s_nights, """
                                { "items": [ { "date": "2026-01-16", "start": "2026-01-15T23:00:00+01:00",
                                  "end": "2026-01-16T07:00:00+01:00", "in_bed": null, "asleep": 450, "core": 300,
                                  "deep": 60, "rem": 90, "awake": null, "efficiency": 0.9375, "source": null,
                                  "basis": "session", "is_nap": false } ], "next_cursor": null }
                                """),
                            Content.Text(
                                CsvRows.MediaType, "A heading and a line each, without stages; next page in `Link`.",
                                """
                                date,start,end,in_bed,asleep,core,deep,rem,awake,efficiency,source,basis,is_nap
                                2026-01-16,2026-01-15T23:00:00+01:00,2026-01-16T07:00:00+01:00,,450,300,60,90,,0.9375,,session,false
                                """),
                        ],
                        CommonHeaders.Link),
                ],
            },
        ]);
}
