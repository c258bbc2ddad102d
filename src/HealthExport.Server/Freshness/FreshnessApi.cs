using HealthExport.Server.OpenApi;
using static HealthExport.Server.OpenApi.Field;

namespace HealthExport.Server.Freshness;

/// <summary>What the API's description says of freshness.</summary>
static class FreshnessApi
{
    static readonly Component s_gap = Component.Answer(
        "Gap", "Local days without data.",
        Date("from", "The first of them."),
        Date("to", "The day after the last."));

    static readonly Component s_sharedGap = Component.Answer(
        "SharedGap", "Local days to export again.",
        Date("from", "The first of them."),
        Date("to", "The day after the last."),
        Text("metrics", "Names of those that lack data on at least one of the days.").AsList());

    static readonly Field[] s_state =
    [
        Number("usual_interval_s", "The interval in the middle of all lately, in seconds; null for too little history.")
            .OrNull(),
        Number(
            "usual_silence_s",
            "How long it is silent now and then without anything being wrong, in seconds; null likewise.").OrNull(),
        Flag("stale", "Silent for more than twice that, and an hour at least; null for too little history.").OrNull(),
        Moment("stale_since", "When the next should have come at the latest; null unless it is stale.").OrNull(),
        OneOf("why", "Null where all is well.", ["too_little_history", "silent_for_longer_than_usual"]).OrNull(),
    ];

    static readonly Component s_metric = Component.Answer(
        "MetricFreshness", "What came last of a metric.",
        [
            Text("name", "The metric; `sleep_analysis` for nights.").Like("step_count"),
            Text("unit", "The unit its values are stored in.").Like("{steps}"),
            Moment("last_sample_at", "When the newest sample begins, in its own offset; of sleep, when the night ends."),
            Moment("last_push_at", "When the last push that brought something new of it came; null where not known.")
                .OrNull(),
            .. s_state,
            ListOf("gaps", "Of what usually comes daily: days of the last ninety without data.", s_gap),
        ]);

    static readonly Component s_automation = Component.Answer(
        "AutomationFreshness", "What came last from one of the app's automations.",
        [
            Text("id", "As the app sends it; null from one that sends its name alone.").OrNull(),
            Text("name", "As the app sent it last.").OrNull().Like("Every hour"),
            Moment("last_push_at", "When its newest push came."),
            Whole("pushes", "How many came in the last eight weeks."),
            .. s_state,
        ]);

    static readonly Component s_freshness = Component.Answer(
        "Freshness", "What came last, what is late, and which days lack data.",
        Moment("as_of", "The present, by the person's clock."),
        Flag("stale", "Whether an automation is."),
        Moment("last_push_at", "When the newest push came; null if none ever did.").OrNull(),
        Moment("last_sample_at", "When the newest sample begins; null without any.").OrNull(),
        ListOf("metrics", "By name; sleep last.", s_metric),
        ListOf("automations", "Those heard from in the last eight weeks, by name.", s_automation),
        ListOf("gaps", "The gaps of all metrics as spans to export again.", s_sharedGap));

    public static readonly Feature Feature = new(
        "Freshness", "Whether data still come.",
        [s_gap, s_sharedGap, s_metric, s_automation, s_freshness],
        [
            new("GET", "/v1/freshness", "getFreshness", "What came last",
                "Of each metric and each automation: what came last, how often it usually comes, whether it is late; and "
                + "the days that lack data. What is usual is learnt from the last weeks.")
            {
                Answers =
                [
                    new(200, "How things are.", [Content.Json(s_freshness, """
                        { "as_of": "2026-01-16T13:00:00+01:00", "stale": false,
                          "last_push_at": "2026-01-16T12:30:00+01:00", "last_sample_at": "2026-01-16T12:29:00+01:00",
                          "metrics": [ { "name": "step_count", "unit": "{steps}",
                            "last_sample_at": "2026-01-16T12:29:00+01:00",
                            "last_push_at": "2026-01-16T12:30:00+01:00", "usual_interval_s": 86400,
                            "usual_silence_s": 86400, "stale": false, "stale_since": null, "why": null,
                            "gaps": [ { "from": "2026-01-06", "to": "2026-01-07" } ] } ],
                          "automations": [ { "id": "9F0C477C-51B9-4F14-8FC6-109DBE455F7D", "name": "Every hour",
                            "last_push_at": "2026-01-16T12:30:00+01:00", "pushes": 900, "usual_interval_s": 3600,
                            "usual_silence_s": 28800, "stale": false, "stale_since": null, "why": null } ],
                          "gaps": [ { "from": "2026-01-06", "to": "2026-01-07", "metrics": ["step_count"] } ] }
                        """)]),
                ],
            },
        ]);
}
