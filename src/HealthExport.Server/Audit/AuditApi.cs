using HealthExport.Audit;
using HealthExport.Server.OpenApi;
using static HealthExport.Server.OpenApi.Field;

namespace HealthExport.Server.Audit;

/// <summary>What the API's description says of the audit trail.</summary>
static class AuditApi
{
    static readonly string[] s_actions = [.. AuditAction.All.Select(action => action.Name)];

    static readonly Component s_entry = Component.Answer(
        "AuditEntry", "What was done, when, and with which key. It holds no health values and no secrets.",
        Uuid("id", "The entry's."),
        Moment("created_at", "When; of folded entries when the first of them was. In UTC."),
        OneOf("action", "What was done.", s_actions),
        Text("key_id", "The key's public id; null if none was used.").OrNull().Like("k3v9x2m1q8az"),
        Text("resource", "What it was done to: the id of a key, an ingestion or a person, or a path of the API.")
            .OrNull().Like("/v1/metrics/{name}/samples"),
        Text("ip", "The address of the client.").OrNull().Like("127.0.0.1"),
        Text("user_agent", "As sent.").OrNull().Like("curl/7.88.1"),
        Text("request_id", "The `X-Request-Id` of the request.").OrNull().Like("019bc0c68e4b7cd2a1d5f6a7b8c9d0e1"),
        Any(
            "metadata",
            "By action. Of folded entries `count`, `last_at`, `rows` that went out, `subjects` (the first 20) and the "
            + "span `from`, `to` that was asked for; null if there is none."));

    static readonly Component s_entries = Component.PageOf(s_entry);

    public static readonly Feature Feature = new(
        "Audit", "Who did what with your data.",
        [s_entry, s_entries],
        [
            new("GET", "/v1/audit", "listAudit", "Your audit trail",
                "Newest first. What comes often is folded: one entry stands for all of a minute that share key, address "
                + "and path.")
            {
                Parameters =
                [
                    OneOf("action", "Only entries of this action.", s_actions),
                    Text(
                        "from",
                        "Recorded at this time or after: an RFC 3339 timestamp with offset, or a date, which starts at "
                        + "00:00 UTC.").Like("2026-01-15"),
                    Text("to", "Recorded before this time; in the forms of `from`.").Like("2026-01-16"),
                ],
                Answers =
                [
                    new(200, "The entries.", [Content.Json(s_entries, """
                        { "items": [ { "id": "019bc0c6-8e52-7a3c-b7b6-3a4d5cb4b9a1",
                          "created_at": "2026-01-16T18:00:00.123456+00:00", "action": "data.ingested",
                          "key_id": "k3v9x2m1q8az", "resource": "019bc0c6-8e4d-7f10-9c35-2f1a5d0c7e44",
                          "ip": "127.0.0.1", "user_agent": "curl/7.88.1",
                          "request_id": "019bc0c68e4b7cd2a1d5f6a7b8c9d0e1",
                          "metadata": { "size_bytes": 1286, "kept_as": "new" } } ], "next_cursor": null }
                        """)]),
                ],
            },
        ]);
}
