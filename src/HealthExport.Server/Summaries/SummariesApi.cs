using HealthExport.Server.OpenApi;
using HealthExport.Summaries;
using static HealthExport.Server.OpenApi.Field;

namespace HealthExport.Server.Summaries;

/// <summary>What the API's description says of summaries.</summary>
static class SummariesApi
{
    static readonly Component s_figures = Component.Answer(
        "SummaryFigures", "A metric over a span. Amounts have totals, measurements have means.",
        Whole("days", "Local days with data."),
        Number("total", "Of an amount: of all days together, in the metric's unit.").Optional(),
        Number("daily_mean", "Of an amount: for each day with data, in the metric's unit.").Optional(),
        Number("daily_min", "Of an amount: of the day with least, in the metric's unit.").Optional(),
        Number("daily_max", "Of an amount: of the day with most, in the metric's unit.").Optional(),
        Number("mean", "Of a measurement: as its series has it, in the metric's unit.").OrNull().Optional(),
        Number("min", "Of a measurement: the least, in the metric's unit.").OrNull().Optional(),
        Number("max", "Of a measurement: the greatest, in the metric's unit.").OrNull().Optional(),
        Number("latest", "Of a measurement: the newest, in the metric's unit.").OrNull().Optional());

    static readonly Component s_change = Component.Answer(
        "SummaryChange", "By how much a figure is greater than in the span before.",
        Number("daily_mean", "Of an amount, in the metric's unit.").Optional(),
        Number("mean", "Of a measurement, in the metric's unit.").Optional(),
        Number("asleep", "Of sleep, in minutes.").Optional(),
        Number("duration_s", "Of workouts, in seconds.").Optional(),
        Number("percent", "The same as a part of before; not of temperatures and percentages. Null after zero.")
            .OrNull().Optional());

    static readonly Component s_metric = Component.Answer(
        "MetricSummary", "A metric in a span and in the one before.",
        Text("unit", "Of every figure: UCUM.").Like("{steps}"),
        A("current", "Of the span; null without data.", s_figures).OrNull(),
        A("previous", "Of the span before; null without data.", s_figures).OrNull(),
        A("change", "Null unless both have data.", s_change).OrNull());

    static readonly Component s_sleep = Component.Answer(
        "SleepFigures", "Nights over a span: means of those that say a figure.",
        Whole("nights", "How many."),
        Whole("naps", "How many; no part of the means."),
        Number("in_bed", "Minutes in bed.").OrNull(),
        Number("asleep", "Minutes asleep.").OrNull(),
        Number("core", "Minutes of core sleep.").OrNull(),
        Number("deep", "Minutes of deep sleep.").OrNull(),
        Number("rem", "Minutes of REM sleep.").OrNull(),
        Number("awake", "Minutes awake in between.").OrNull(),
        Number("efficiency", "Asleep as a part of in bed: 0 to 1.").OrNull());

    static readonly Field[] s_sums =
    [
        Whole("count", "How many."),
        Number("duration_s", "Seconds, as sent; from start to end where no duration was."),
        Number("active_energy_kcal", "Active energy, in kcal; null where none says any.").OrNull(),
        Number("distance_m", "Metres; null where none says any.").OrNull(),
    ];

    static readonly Component s_activity = Component.Answer(
        "ActivityFigures", "Workouts of one activity, added up.",
        [
            Text("activity", "Its code; null for a name that has none yet.").OrNull().Like("running"),
            Text("name", "As sent, where there is no code; else null.").OrNull().Like("Quidditch"),
            .. s_sums,
        ]);

    static readonly Component s_workouts = Component.Answer(
        "WorkoutFigures", "Workouts over a span, added up.",
        [.. s_sums, ListOf("by_activity", "The same by activity, the most frequent first.", s_activity)]);

    static readonly Component s_summary = Component.Answer(
        "Summary", "A span and the one before it, at a glance.",
        [
            Text("from", "The start of the span, inclusive: a date or a timestamp.").Like("2026-01-10"),
            Text("to", "Its end, exclusive.").Like("2026-01-17"),
            Text("previous_from", "The start of the span before, which is as long and ends at `from`.")
                .Like("2026-01-03"),
            .. SummaryMetrics.All.Select(heading => MapOf(
                heading.Heading,
                $"By name: {string.Join(", ", heading.Metrics.Select(metric => $"`{metric.Name}`"))}, as far as there "
                + "is something in either span.",
                s_metric)),
            Group(
                "sleep", "Nights and naps by the date of waking.",
                A("current", "Of the span; null without any.", s_sleep).OrNull(),
                A("previous", "Of the span before; null without any.", s_sleep).OrNull(),
                A("change", "Null unless both have any.", s_change).OrNull()),
            Group(
                "workouts", "Workouts by their start.",
                A("current", "Of the span; null without any.", s_workouts).OrNull(),
                A("previous", "Of the span before; null without any.", s_workouts).OrNull(),
                A("change", "Null unless both have any.", s_change).OrNull()),
        ]);

    public static readonly Feature Feature = new(
        "Summary", "The figures that people look at, of a span and of the one before it.",
        [s_figures, s_change, s_metric, s_sleep, s_activity, s_workouts, s_summary],
        [
            new("GET", "/v1/summary", "getSummary", "A span at a glance",
                "By category, and the same for the span before, which is as long. Numbers are those of the series by "
                + "local day; rows of a week or longer are left out.")
            {
                Parameters =
                [
                    Text("from", "The start of the span, inclusive; thirty local days before the end if absent.")
                        .Like("2026-01-10"),
                    Text("to", "The end of the span, exclusive; the end of the person's today if absent.")
                        .Like("2026-01-17"),
                ],
                Answers =
                [
                    new(200, "The summary.", [Content.Json(s_summary, """
                        { "from": "2026-01-10", "to": "2026-01-17", "previous_from": "2026-01-03",
                          "activity": { "step_count": { "unit": "{steps}",
                            "current": { "days": 2, "total": 12000, "daily_mean": 6000, "daily_min": 5000,
                              "daily_max": 7000 },
                            "previous": { "days": 1, "total": 4000, "daily_mean": 4000, "daily_min": 4000,
                              "daily_max": 4000 },
                            "change": { "daily_mean": 2000, "percent": 50 } } },
                          "heart": {}, "vitals": {}, "body": {}, "nutrition": {}, "mindfulness": {},
                          "sleep": { "current": null, "previous": null, "change": null },
                          "workouts": { "current": { "count": 1, "duration_s": 1800, "active_energy_kcal": null,
                            "distance_m": 5000, "by_activity": [ { "activity": "running", "name": null, "count": 1,
                              "duration_s": 1800, "active_energy_kcal": null, "distance_m": 5000 } ] },
                            "previous": null, "change": null } }
                        """)]),
                ],
            },
        ]);
}
