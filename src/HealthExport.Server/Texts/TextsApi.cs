using HealthExport.Server.OpenApi;
using static HealthExport.Server.OpenApi.Field;

namespace HealthExport.Server.Texts;

/// <summary>What the API's description says of texts without a code.</summary>
static class TextsApi
{
    static readonly Component s_text = Component.Answer(
        "UnmappedText", "A text that is stored without a canonical code.",
        [
            Text(
                "kind",
                "Which vocabulary lacks it: `activity`, `cycle`, `cycle_value`, `ecg_classification`, "
                + "`heart_rate_notification`, `medication_status`, `severity`, `sleep_stage`, `symptom` or `valence`.")
                .Like("sleep_stage"),
            Text("text", "As sent; of a longer one the first 200 characters.").Like("Ύπνος REM"),
            Whole("count", "How many rows have it."),
            Moment("first_at", "When the first of them starts, in UTC; null if none has a start.").OrNull(),
            Moment("last_at", "When the last of them starts, in UTC; null if none has a start.").OrNull(),
        ]);

    static readonly Component s_texts = Component.PageOf(s_text);

    public static readonly Feature Feature = new(
        "Texts", "What phones wrote in their own language, and its canonical codes.",
        [s_text, s_texts],
        [
            new("GET", "/v1/unmapped", "listUnmapped", "Texts without a code",
                "What a phone called a workout, a sleep stage, a symptom or the like, and the table of texts does not "
                + "know. The rows are stored with the text as sent; they get their code when the table has one. By "
                + "kind, then by text.")
            {
                Answers =
                [
                    new(200, "The texts.", [Content.Json(s_texts, """
                        { "items": [ { "kind": "sleep_stage", "text": "Ύπνος REM", "count": 12,
                          "first_at": "2026-01-15T22:14:00+00:00", "last_at": "2026-01-16T04:02:00+00:00" } ],
                          "next_cursor": null }
                        """)]),
                ],
            },
        ]);
}
