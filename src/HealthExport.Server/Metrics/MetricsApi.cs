using HealthExport.Server.Http;
using HealthExport.Server.OpenApi;
using static HealthExport.Server.OpenApi.Field;

namespace HealthExport.Server.Metrics;

/// <summary>What the API's description says of metrics.</summary>
static class MetricsApi
{
    static readonly string[] s_kinds = ["cumulative", "discrete"];
    static readonly string[] s_flags = ["true", "false"];

    static readonly Field s_unit = Text("unit", "The unit of the values, as a UCUM code; the metric's canonical one "
        + "unless another was asked for.").Like("/min");

    static readonly Component s_metric = Component.Answer(
        "Metric", "A metric that you have, or with `all=true` one that you could have.",
        Text("name", "Canonical: what paths and parameters take.").Like("heart_rate"),
        Text("display_name", "For people, in English.").Like("Heart Rate"),
        s_unit,
        OneOf("kind", "Whether its values are amounts that add up, or readings that are averaged.", s_kinds),
        Text("category", "What it belongs with.").Like("heart"),
        Text("loinc", "The LOINC code, where one is sure.").OrNull().Like("8867-4"),
        Whole("count", "How many rows there are."),
        Moment("first_at", "When the first row starts, in its own offset; null without rows.").OrNull(),
        Moment("last_at", "When the last row starts, in its own offset; null without rows.").OrNull(),
        OneOf("grains", "The grains of its rows.", GrainNames.All).AsList(),
        Text("sources", "Where its rows come from, as sent.").AsList());

    static readonly Component s_sample = Component.Answer(
        "Sample", "A row of a metric, as it is stored.",
        Moment("start_at", "When it starts, in its own offset. From grain `day` on: the start of a local date."),
        Moment("end_at", "When it ends; null for a moment, or where no end was sent.").OrNull(),
        Number("value", "In `unit`; null if only `min` and `max` were sent.").OrNull(),
        Number("min", "The least, in `unit`; null if not sent.").OrNull(),
        Number("max", "The greatest, in `unit`; null if not sent.").OrNull(),
        s_unit,
        OneOf("grain", "How much time the row stands for.", GrainNames.All),
        Text("source", "Who recorded it, as sent; several are separated by `|`.").OrNull().Like("Watch"),
        Text("sent_unit", "The unit it came in, if another than the canonical one.").OrNull().Like("mmol/L"),
        Any("extra", "Fields that came with it and have no place of their own, as sent; null without any."));

    static readonly Field[] s_pointFields =
    [
        Moment("start", "The start of the bucket, in the offset of its first sample or of `tz`."),
        Date("date", "The local date on which the bucket starts."),
        Number("value", "The figure that `agg` names, in the metric's unit.").OrNull(),
        Number("min", "The least value in the bucket, in the metric's unit.").OrNull(),
        Number("max", "The greatest value in the bucket, in the metric's unit.").OrNull(),
        Whole("count", "How many rows the figure is made of."),
        OneOf("grain", "The finest grain that the figure was made from.", GrainNames.All),
        Text("source", "Only with `by=source`: whose figure it is.").OrNull().Optional(),
    ];

    static readonly Component s_point = Component.Answer(
        "SeriesPoint", "The figures of one bucket.", s_pointFields);

    static readonly Component s_metricPoint = Component.Answer(
        "MetricSeriesPoint", "The figures of one bucket of one of several metrics.",
        [Text("metric", "The metric's canonical name.").Like("step_count"), s_unit, .. s_pointFields]);

    static readonly Component s_latest = Component.Answer(
        "LatestValue", "The newest value of a metric.",
        Text("name", "The metric's canonical name.").Like("heart_rate"),
        Text("display_name", "For people, in English.").Like("Heart Rate"),
        s_unit,
        Moment("start_at", "When the row that starts last does, in its own offset."),
        Number("value", "In `unit`; null if only `min` and `max` were sent.").OrNull());

    static readonly Component s_reading = Component.Answer(
        "BloodPressureReading", "A reading of blood pressure.",
        Moment("at", "When it was taken, in its own offset."),
        Number("systolic", "The upper value, in mmHg; null if only the lower one was sent.").OrNull(),
        Number("diastolic", "The lower value, in mmHg; null if only the upper one was sent.").OrNull(),
        Text("source", "Who recorded it, as sent.").OrNull().Like("Cuff"));

    static readonly Component s_metrics = Component.PageOf(s_metric);
    static readonly Component s_samples = Component.PageOf(s_sample);
    static readonly Component s_points = Component.PageOf(s_point);
    static readonly Component s_metricPoints = Component.PageOf(s_metricPoint);
    static readonly Component s_latestPage = Component.PageOf(s_latest);
    static readonly Component s_readings = Component.PageOf(s_reading);

    static readonly Field s_sentUnit = Text(
        "sent_unit",
        "Asks for the rows that came in a unit which does not convert; they are stored apart and left out otherwise. "
        + "May be empty, for rows that came without a unit.").Like("furlong");

    static readonly Field s_inUnit =
        Text("unit", "Answers in another unit; any spelling that the metric takes.").Like("mmol/L");

    static readonly Field[] s_seriesParameters =
    [
        OneOf("bucket", "How long each bucket is; weeks start on Monday. Empty buckets are left out.",
            ["hour", "day", "week", "month", "year"]).Absent("day"),
        OneOf("agg", "Which figure `value` is; if absent the sum of a cumulative metric, the average of a discrete "
            + "one.", ["sum", "avg", "min", "max", "count", "latest"]),
        OneOf("by", "Gives each source its own points.", ["source"]),
        OneOf("merge", "`auto`: time that several sources cover counts once, for the one ranked first; `none`: simply "
            + "added up.", ["auto", "none"]).Absent("auto"),
        Whole("limit", "How many points a page has at most.", 1, QueryReader.MaxLimit).Absent(10_000),
    ];

    const string CsvAbout = "RFC 4180, with a heading; what is null is empty. The next page is in the `Link` header.";

    const string PointExample = """
        "start": "2026-01-15T00:00:00+01:00", "date": "2026-01-15", "value": 961.5, "min": 120.5, "max": 841,
        "count": 2, "grain": "sample"
        """;

    public static readonly Feature Feature = new(
        "Metrics", "What was measured: which metrics there are, their rows, and figures made of them.",
        [
            s_metric, s_metrics, s_sample, s_samples, s_point, s_points, s_metricPoint, s_metricPoints, s_latest,
            s_latestPage, s_reading, s_readings,
        ],
        [
            new("GET", "/v1/metrics", "listMetrics", "Which metrics you have", "By name, with what there is of each.")
            {
                Parameters =
                    [OneOf("all", "Adds the catalogue's metrics that you have nothing of.", s_flags).Absent("false")],
                Answers =
                [
                    new(200, "The metrics.", [Content.Json(s_metrics, """
                        { "items": [ { "name": "blood_glucose", "display_name": "Blood Glucose", "unit": "mg/dL",
                          "kind": "discrete", "category": "other", "loinc": "41653-7", "count": 1,
                          "first_at": "2026-01-16T08:00:00+01:00", "last_at": "2026-01-16T08:00:00+01:00",
                          "grains": ["sample"], "sources": ["Meter"] } ], "next_cursor": null }
                        """)]),
                ],
            },
            new("GET", "/v1/metrics/{name}/samples", "listSamples", "The rows of a metric, as stored",
                "Every grain that was sent; the same day may be there in several. For totals that count nothing twice, "
                + "ask for a series.")
            {
                Parameters =
                [
                    OneOf("grain", "Only rows of this grain.", GrainNames.All),
                    Text("source", "Only rows of exactly this source, in the spelling of the list of metrics.")
                        .Like("Watch"),
                    OneOf("order", "By start.", ["asc", "desc"]).Absent("asc"),
                    s_inUnit,
                    s_sentUnit,
                ],
                Answers =
                [
                    new(200, "The rows.",
                        [
                            Content.Json(s_samples, """
                                { "items": [ { "start_at": "2026-01-16T08:00:00+01:00", "end_at": null,
                                  "value": 99.085734, "min": null, "max": null, "unit": "mg/dL", "grain": "sample",
                                  "source": "Meter", "sent_unit": "mmol/L", "extra": null } ], "next_cursor": null }
                                """),
                            Content.Text(CsvRows.MediaType, CsvAbout, """
                                start_at,end_at,value,min,max,unit,grain,source,sent_unit,extra
                                2026-01-16T08:00:00+01:00,,99.085734,,,mg/dL,sample,Meter,mmol/L,
                                """),
                        ],
                        CommonHeaders.Link),
                ],
            },
            new("GET", "/v1/metrics/{name}/series", "readSeries", "The figures of a metric, bucket by bucket",
                "By hour, day, week, month or year of the person's local time, by each sample's own offset. Nothing is "
                + "counted twice: not what phone and watch recorded together, and not the same time in two grains.")
            {
                Parameters = [.. s_seriesParameters, s_inUnit, s_sentUnit],
                Answers =
                [
                    new(200, "The points, by time.",
                        [
                            Content.Json(s_points, $$"""
                                { "items": [ { {{PointExample}} } ], "next_cursor": null }
                                """),
                            Content.Text(CsvRows.MediaType, CsvAbout, """
                                start,date,value,min,max,count,grain
                                2026-01-15T00:00:00+01:00,2026-01-15,961.5,120.5,841,2,sample
                                """),
                        ],
                        CommonHeaders.Link),
                ],
            },
            new("GET", "/v1/metrics/latest", "listLatest", "The newest value of each metric",
                "Of each of your metrics the row that starts last, by name.")
            {
                Answers =
                [
                    new(200, "The values.", [Content.Json(s_latestPage, """
                        { "items": [ { "name": "step_count", "display_name": "Step Count", "unit": "1",
                          "start_at": "2026-01-15T08:10:00+01:00", "value": 841 } ], "next_cursor": null }
                        """)]),
                ],
            },
            new("GET", "/v1/series", "readSeriesOfMany", "The figures of several metrics in one call",
                "Metric by metric, in the order asked for; one that you have no rows of is left out.")
            {
                Parameters =
                [
                    Text("metrics", "1 to 50 names, separated by commas.").Needed().Like("step_count,heart_rate"),
                    .. s_seriesParameters,
                ],
                Refusals = [Refusal.NotFound],
                Answers =
                [
                    new(200, "The points, by metric and time.",
                        [
                            Content.Json(s_metricPoints, $$"""
                                { "items": [ { "metric": "step_count", "unit": "1", {{PointExample}} } ],
                                  "next_cursor": null }
                                """),
                            Content.Text(CsvRows.MediaType, CsvAbout, """
                                metric,unit,start,date,value,min,max,count,grain
                                step_count,1,2026-01-15T00:00:00+01:00,2026-01-15,961.5,120.5,841,2,sample
                                """),
                        ],
                        CommonHeaders.Link),
                ],
            },
            new("GET", "/v1/blood-pressure", "listBloodPressure", "Readings of blood pressure",
                "Upper and lower value together, oldest first.")
            {
                Answers =
                [
                    new(200, "The readings.",
                        [
                            Content.Json(s_readings, """
                                { "items": [ { "at": "2026-01-16T08:00:00+01:00", "systolic": 120, "diastolic": 80,
                                  "source": "Cuff" } ], "next_cursor": null }
                                """),
                            Content.Text(CsvRows.MediaType, CsvAbout, """
                                at,systolic,diastolic,source
                                2026-01-16T08:00:00+01:00,120,80,Cuff
                                """),
                        ],
                        CommonHeaders.Link),
                ],
            },
        ]);
}
