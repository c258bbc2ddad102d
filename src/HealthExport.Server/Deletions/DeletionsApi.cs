using HealthExport.Server.OpenApi;
using static HealthExport.Server.OpenApi.Field;

namespace HealthExport.Server.Deletions;

/// <summary>What the API's description says of deleting data.</summary>
static class DeletionsApi
{
    static readonly Component s_count =
        new("DeletedRows", Whole("count", "How many rows.").Like(4000).Schema);

    static readonly Component s_deletion = Component.Answer(
        "Deletion", "What was deleted, or would be.",
        OneOf(
            "status", "Done; still going on by itself; or, for a dry run, nothing was changed.",
            ["deleted", "deleting", "dry_run"]),
        Uuid("deletion_id", "Its own, which the audit trail names too; null for a dry run.").OrNull(),
        Whole("deleted", "Rows deleted so far; for a dry run, rows that would be.").Like(4012),
        MapOf(
            "by_type",
            "The same by what they are of: names of metrics, `sleep_analysis`, `workouts`, kinds of events.", s_count),
        Group(
            "payloads", "Kept bytes of pushes received before.",
            Whole("deleted", "Pushes whose bytes are gone, or, for a dry run, would be.").Like(0),
            Whole(
                "kept", "Pushes whose bytes stay and may hold some of it, by the types that their receipts count.")
                .Like(3)));

    public static readonly Feature Feature = new(
        "Deleting data", "By metric, source and time.", [s_count, s_deletion],
        [
            new("DELETE", "/v1/data", "deleteData", "Deletes data by metric, source and time",
                "Rows go that every parameter given covers; at least one of `metric`, `source`, `from` and `to` has to "
                + "be there. Where a row starts decides. Pushes received before bring nothing back that is covered, "
                + "however late they are applied or replayed; one received after is applied once the rows are gone.")
            {
                Parameters =
                [
                    Text(
                        "metric",
                        "A metric by its name or any alias; `blood_pressure`, `sleep`, `workouts`; a kind of event or "
                        + "the section that brings it; `*` for everything.").Like("heart_rate"),
                    Text("source", "Rows of exactly these devices, in the spelling of the list of metrics.")
                        .Like("Phone|Watch"),
                    OneOf(
                        "payloads", "`true`: the kept bytes of pushes that hold some of it go too.", ["true", "false"])
                        .Absent("false"),
                    OneOf("dry_run", "`true`: only counts.", ["true", "false"]).Absent("false"),
                ],
                Refusals = [Refusal.BadParameter, Refusal.NotFound],
                Answers =
                [
                    new(200, "All is gone; or, for a dry run, what would be.",
                    [
                        Content.Json(s_deletion, """
                            { "status": "deleted", "deletion_id": "01a1f774-691f-7bce-a8b3-cfbe083ca37f",
                              "deleted": 4012, "by_type": { "heart_rate": 4000, "sleep_analysis": 12 },
                              "payloads": { "deleted": 0, "kept": 3 } }
                            """),
                    ]),
                    new(202, "It goes on by itself, whatever happens to the server; the counts so far.",
                    [
                        Content.Json(s_deletion, """
                            { "status": "deleting", "deletion_id": "01a1f774-691f-7bce-a8b3-cfbe083ca37f",
                              "deleted": 350000, "by_type": { "heart_rate": 350000 },
                              "payloads": { "deleted": 0, "kept": 3 } }
                            """),
                    ]),
                ],
            },
        ]);
}
