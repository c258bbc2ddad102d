using HealthExport.Pushes;
using HealthExport.Server.OpenApi;
using static HealthExport.Server.OpenApi.Field;

namespace HealthExport.Server.Ingest;

/// <summary>What the API's description says of ingestions and their receipts.</summary>
static class IngestionsApi
{
    static readonly Component s_truncation = Component.Answer(
        "Truncation", "Where a payload stopped being JSON. What was complete before is stored.",
        Whole("at_byte", "Offset in the decoded body, in bytes.").Like(1280));

    static readonly Component s_processed = Component.Answer(
        "ProcessedCounts", "Items received, less the rejected.",
        Whole("metrics", "Of every section but workouts."),
        Whole("workouts", "Of workouts."));

    static readonly Field[] s_countFields =
    [
        Whole("received", "Items that came: the sum of the other four."),
        Whole("inserted", "Items that made a new row."),
        Whole("updated", "Items that changed a row."),
        Whole("unchanged", "Items that were there already."),
        Whole("rejected", "Items that were not stored; kept with the reason."),
    ];

    static readonly Component s_counts = Component.Answer(
        "TotalCounts", "Items of the whole push.", s_countFields);

    static readonly Component s_typeCounts = Component.Answer(
        "TypeCounts", "Items of one metric or section.",
        [.. s_countFields, Whole("removed", "Rows (not items) that the push shows to have vanished upstream.")]);

    static readonly Component s_parts = Component.Answer(
        "PartCounts", "What came inside items; not counted as items.",
        Whole("workout_series_points", "Values recorded along workouts."),
        Whole("route_points", "Positions of routes."),
        Whole("ecg_voltages", "Voltages of ECGs."));

    static readonly Component s_details = Component.Answer(
        "ItemDetails", "Particulars of an error or a warning.",
        Text("field", "The field that it is about, as sent.").Optional().Like("Avg"),
        Number("allowed", "The least and the greatest that is possible, in the metric's canonical unit.").AsList()
            .Optional());

    static readonly Field[] s_place =
    [
        Text("item_type", "The metric's canonical name, or the section.").Like("heart_rate"),
        Whole("item_index", "From 0, within the item's own array; -1 speaks of the whole array.", min: -1).Like(17),
    ];

    static readonly Field s_particulars = A("details", "Particulars.", s_details);

    static readonly Field[] s_errorFields =
    [
        .. s_place,
        OneOf("code", "Why, for programs.", NamesOf(typeof(RejectCodes))),
        Text("error", "Why, in words; may name the value, in its canonical unit.")
            .Like("412 /min is outside 20 to 300"),
        Text("hint", "What to do about it.").OrNull(),
        s_particulars,
    ];

    static readonly Component s_error = Component.Answer("ItemError", "An item that was not stored.", s_errorFields);

    static readonly Component s_warning = Component.Answer(
        "ItemWarning", "What is remarkable of an item that was stored all the same.",
        [
            .. s_place,
            OneOf("code", "What, for programs.", NamesOf(typeof(WarningCodes))),
            Text("warning", "What, in words."),
            s_particulars,
        ]);

    static readonly Component s_reject = Component.Answer(
        "RejectedItem", "An item that was not stored, as it came.",
        [.. s_errorFields, Any("item", "As sent.")]);

    static readonly Field[] s_head =
    [
        Flag("success", "True for completed, partial and duplicate."),
        Uuid("ingestion_id", "Names the ingestion in paths."),
        OneOf("status", "`partial`: something was rejected or cut off; `failed`: it can be replayed.",
            IngestionNames.Statuses),
        OneOf("format", "What the body was found to be; null until settled.",
            Enum.GetValues<PayloadFormat>().Select(IngestionNames.Of)).OrNull(),
        Uuid("duplicate_of", "The ingestion of the same bytes, whose counts these are; nothing was done again.")
            .OrNull(),
        A("truncated", "Where the body stopped being JSON; null if it was read to its end.", s_truncation).OrNull(),
        A("processed", "Items received, less the rejected; null until settled.", s_processed).OrNull(),
        A("counts", "Items of the whole push; null until settled.", s_counts).OrNull(),
    ];

    static readonly Field[] s_receiptFields =
    [
        .. s_head,
        MapOf("by_type", "Items by metric or section; null until settled.", s_typeCounts).OrNull(),
        A("parts", "What came inside items; null until settled.", s_parts).OrNull(),
        ListOf("errors", "The first 100; all are at `/rejects`. Null until settled.", s_error).OrNull(),
        ListOf("warnings", "The first 100. Null until settled.", s_warning).OrNull(),
        Flag("errors_truncated", "Whether there are more errors; null until settled.").OrNull(),
        Number("processing_time_ms", "Milliseconds from the start of the work to its commit; null until settled.")
            .OrNull(),
    ];

    static readonly Field[] s_timings =
    [
        Moment("queued_at", "When it was received, in UTC.").OrNull(),
        Moment("started_at", "When the work began, in UTC; null if it has not.").OrNull(),
        Moment("finished_at", "When it was settled, in UTC; null if it is not.").OrNull(),
        Whole("attempts", "How often it was tried."),
        Whole("size_bytes", "The decoded body, in bytes."),
    ];

    static readonly Field s_automation =
        TextsByName("automation", "The headers `automation-*` and `session-id` of the app, by lower-case name.");

    public static readonly Component Receipt = Component.Answer(
        "Receipt", "What became of a push. received = inserted + updated + unchanged + rejected, in total and by type.",
        s_receiptFields);

    static readonly Component s_ingestion = Component.Answer(
        "Ingestion", "A receipt, with what is known of the push itself.",
        [
            .. s_receiptFields, .. s_timings,
            Text("content_type", "As sent.").OrNull().Like("application/json"),
            Flag("has_payload", "Whether its bytes are still kept."),
            s_automation,
        ]);

    static readonly Component s_summary = Component.Answer(
        "IngestionSummary", "How a push went, without what it was about.",
        [
            .. s_head,
            Number("processing_time_ms", "Milliseconds from the start of the work to its commit; null until settled.")
                .OrNull(),
            .. s_timings, s_automation,
        ]);

    static readonly Component s_summaries = Component.PageOf(s_summary);
    static readonly Component s_rejects = Component.PageOf(s_reject);

    public const string ReceiptExample = """
        "success": true, "ingestion_id": "01a1f774-691f-7bce-a8b3-cfbe083ca37f", "status": "partial",
        "format": "hae_json", "duplicate_of": null, "truncated": null, "processed": { "metrics": 1, "workouts": 0 },
        "counts": { "received": 2, "inserted": 1, "updated": 0, "unchanged": 0, "rejected": 1 },
        "by_type": { "heart_rate":
          { "received": 2, "inserted": 1, "updated": 0, "unchanged": 0, "rejected": 1, "removed": 0 } },
        "parts": { "workout_series_points": 0, "route_points": 0, "ecg_voltages": 0 },
        "errors": [ { "item_type": "heart_rate", "item_index": 1, "code": "out_of_range",
          "error": "412 /min is outside 20 to 300", "hint": "If the value is right, check which unit it was sent in.",
          "details": { "field": "Avg", "allowed": [20, 300] } } ],
        "warnings": [], "errors_truncated": false, "processing_time_ms": 22.9
        """;

    public const string QueuedExample = """
        { "success": false, "ingestion_id": "01a1f774-691f-7bce-a8b3-cfbe083ca37f", "status": "queued", "format": null,
          "duplicate_of": null, "truncated": null, "processed": null, "counts": null, "by_type": null, "parts": null,
          "errors": null, "warnings": null, "errors_truncated": null, "processing_time_ms": null }
        """;

    const string TimingsExample = """
        "queued_at": "2026-01-15T06:30:00.5+00:00", "started_at": "2026-01-15T06:30:00.51+00:00",
        "finished_at": "2026-01-15T06:30:00.533+00:00", "attempts": 1, "size_bytes": 640
        """;

    const string AutomationExample = """
        "automation": { "automation-name": "Every hour", "automation-aggregation": "Minutes" }
        """;

    public static readonly Feature Feature = new(
        "Ingestions", "What became of pushes: receipts, rejected items, the bytes as they came.",
        [
            Receipt, s_truncation, s_processed, s_counts, s_typeCounts, s_parts, s_details, s_error, s_warning,
            s_ingestion, s_summary, s_summaries, s_reject, s_rejects,
        ],
        [
            new("GET", "/v1/ingestions", "listIngestions", "The ingestions",
                "Newest first. A key with scope `ingest` alone sees those of its own.")
            {
                Parameters =
                [
                    OneOf("status", "Only those with this status.", IngestionNames.Statuses),
                    Text(
                        "from",
                        "Received at this time or after: an RFC 3339 timestamp with offset, or a date, which starts at "
                        + "00:00 UTC.").Like("2026-01-15"),
                    Text("to", "Received before this time; in the forms of `from`.").Like("2026-01-16"),
                ],
                Answers =
                [
                    new(200, "The ingestions.", [Content.Json(s_summaries, $$"""
                        { "items": [ { "success": true, "ingestion_id": "01a1f774-691f-7bce-a8b3-cfbe083ca37f",
                          "status": "completed", "format": "hae_json", "duplicate_of": null, "truncated": null,
                          "processed": { "metrics": 2, "workouts": 0 },
                          "counts": { "received": 2, "inserted": 2, "updated": 0, "unchanged": 0, "rejected": 0 },
                          "processing_time_ms": 22.9, {{TimingsExample}}, {{AutomationExample}} } ],
                          "next_cursor": null }
                        """)]),
                ],
            },
            new("GET", "/v1/ingestions/{id}", "getIngestion", "One ingestion",
                "With its receipt. A key with scope `ingest` alone sees those of its own.")
            {
                Answers =
                [
                    new(200, "The ingestion.", [Content.Json(s_ingestion, $$"""
                        { {{ReceiptExample}}, {{TimingsExample}}, "content_type": "application/json",
                          "has_payload": true, {{AutomationExample}} }
                        """)]),
                ],
            },
            new("GET", "/v1/ingestions/{id}/rejects", "listRejects", "Its items that were not stored",
                "Every one, with its reason, in the order in which they came.")
            {
                Answers =
                [
                    new(200, "The rejected items.", [Content.Json(s_rejects, """
                        { "items": [ { "item_type": "heart_rate", "item_index": 1, "code": "out_of_range",
                          "error": "412 /min is outside 20 to 300",
                          "hint": "If the value is right, check which unit it was sent in.",
                          "details": { "field": "Avg", "allowed": [20, 300] },
                          "item": { "date": "2026-01-15 07:31:00 +0100", "Avg": 412 } } ], "next_cursor": null }
                        """)]),
                ],
            },
            new("GET", "/v1/ingestions/{id}/payload", "getPayload", "The exact bytes that came",
                "The body after transport decoding, with the content type that it was sent with.")
            {
                Answers =
                [
                    new(200, "The bytes.", [Content.Bytes("*/*", "The body of the push, byte for byte.")],
                        CommonHeaders.ContentDisposition),
                ],
            },
            new("POST", "/v1/ingestions/{id}/replay", "replayIngestion", "Processes it again",
                "Under its own number, so that it brings no old value back. One still in work is left as it is.")
            {
                Answers =
                [
                    new(202, "It will be processed again; `Location` has the receipt.",
                        [Content.Json(Receipt, QueuedExample)], CommonHeaders.Location),
                ],
            },
        ]);

    static IEnumerable<string> NamesOf(Type codes) =>
        codes.GetFields().Select(field => (string)field.GetRawConstantValue()!);
}
