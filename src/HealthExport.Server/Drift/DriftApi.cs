using HealthExport.Server.OpenApi;
using static HealthExport.Server.OpenApi.Field;

namespace HealthExport.Server.Drift;

/// <summary>What the API's description says of the drift report.</summary>
static class DriftApi
{
    static readonly Component s_name = Component.Answer(
        "Drift", "A name that pushes held and the server did not know. Nothing of any value.",
        OneOf(
            "kind",
            "A part of a payload (`section`), a metric's name, a unit of a known metric or of a workout's quantity, or a "
            + "field of an item.", ListDrift.Kinds),
        Text(
            "item_type",
            "What bore it: a metric or section by the name that receipts use, `metrics` for a metric's name, "
            + "`workouts.` and a field for what lies in a workout; null for a section, and where `name` is.").OrNull()
            .Like("blood_glucose"),
        Text(
            "name",
            "As sent, 100 characters at most, digits, ids and addresses as `#`; null stands for the names of a kind "
            + "beyond 1,000 in all, or beyond 300 in one push.").OrNull().Like("mealContext"),
        Whole("items", "How many items bore it, of all pushes.", min: 1),
        Whole("pushes", "How many pushes held it, each once, however often it was replayed.", min: 1),
        Moment("first_seen_at", "When the first of them came, in UTC."),
        Moment("last_seen_at", "When the last of them came, in UTC."),
        Uuid("last_ingestion", "The last of them."));

    static readonly Component s_names = Component.PageOf(s_name);

    public static readonly Feature Feature = new(
        "Drift", "What pushes hold that this server does not know yet.",
        [s_name, s_names],
        [
            new("GET", "/v1/drift", "listDrift", "What was not known in your pushes",
                "Names and counts of what the app sent and the server did not know: those met in the newest push first. "
                + "The data are kept: a server that knows more reads them when the pushes are replayed.")
            {
                Parameters = [OneOf("kind", "Only names of this kind.", ListDrift.Kinds)],
                Answers =
                [
                    new(200, "The names.", [Content.Json(s_names, """
                        { "items": [ { "kind": "field", "item_type": "blood_glucose", "name": "mealContext",
                          "items": 12, "pushes": 3, "first_seen_at": "2026-01-14T18:00:00+00:00",
                          "last_seen_at": "2026-01-16T18:00:00+00:00",
                          "last_ingestion": "019bc0c6-8e4d-7f10-9c35-2f1a5d0c7e44" } ], "next_cursor": null }
                        """)]),
                ],
            },
        ]);
}
