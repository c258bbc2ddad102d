using HealthExport.Keys;
using HealthExport.Server.OpenApi;
using static HealthExport.Server.OpenApi.Field;

namespace HealthExport.Server.Auth;

/// <summary>What the API's description says of keys and their limits.</summary>
static class KeysApi
{
    static readonly string[] s_scopes = [.. KeyScopes.All.ToNames()];

    static readonly Field s_id = Text("id", "Public; names the key in paths, in the trail and in the key itself.")
        .Like("q3mzt0a9xw4k");

    static readonly Field s_name = Text("name", "What it is for.").Like("Dashboard");

    static readonly Field s_mayDo = OneOf("scopes", "What it may do; none includes another.", s_scopes).AsList();

    static readonly Field s_format = OneOf("format", "How it is written.", KeyFormats.Names);

    static readonly Field s_profile =
        OneOf("limit_profile", "The set of limits that it is under.", LimitProfiles.Names);

    static readonly Field s_createdAt = Moment("created_at", "When it was made, in UTC.").OrNull();
    static readonly Field s_expiresAt = Moment("expires_at", "When it stops working, in UTC; null for never.").OrNull();

    static readonly Component s_limits = Component.Answer(
        "KeyLimits", "Limits of a key's own, each over an hour; null where the profile's holds.",
        Whole("ingest_requests", "Requests of the class ingest.").OrNull(),
        Whole("ingest_bytes", "Bytes of the class ingest.").OrNull(),
        Whole("read_requests", "Requests of the class read.").OrNull(),
        Whole("read_bytes", "Bytes of the class read.").OrNull());

    static readonly Component s_key = Component.Answer(
        "Key", "A key, without its secret.",
        s_id, s_name, s_mayDo, s_format, s_profile,
        A("limits", "Where its limits differ from the profile's; null if nowhere.", s_limits).OrNull(),
        OneOf("state", "Whether it is in force.", ["good", "expired", "revoked"]),
        s_createdAt, s_expiresAt,
        Moment("revoked_at", "When it was ended, in UTC; null if it was not.").OrNull(),
        Moment("last_used_at", "When it was last used, in UTC, exact to a minute; null for never.").OrNull(),
        Text("replaced_by", "The key that a rotation put in its place.").OrNull());

    static readonly Component s_replaced = Component.Answer(
        "ReplacedKey", "The key in whose place a new one was put.",
        s_id, Moment("ends_at", "Until when it goes on working, in UTC.").OrNull());

    static readonly Component s_issued = Component.Answer(
        "IssuedKey", "A new key, with its secret: the only answer that ever has it.",
        s_id, Text("key", "What a client sends. Shown here and never again.").Like("hx_q3mzt0a9xw4k_..."), s_name,
        s_mayDo, s_format, s_profile, s_createdAt, s_expiresAt,
        A("replaces", "The key in whose place it was put; null if in nobody's.", s_replaced).OrNull());

    static readonly Component s_order = Component.Request(
        "KeyOrder", "A key to be made. Any other field is refused.",
        Text("name", "What it is for.").Long(1, KeyOrder.MaxNameLength).Needed().Like("Dashboard"),
        OneOf("scopes", "At least one; no more than the key that asks has itself.", s_scopes).AsList().Needed(),
        OneOf("format", "`hx` (`hx_ID_SECRET`) or a random UUID.", KeyFormats.Names).Absent("hx"),
        Moment("expires_at", "When it stops working, within a hundred years; never, if absent."),
        OneOf("limit_profile", "The set of limits that it is under.", LimitProfiles.Names).Absent("default"));

    static readonly Component s_rotation = Component.Request(
        "KeyRotation", "How to put a new key in the place of another.",
        Whole("overlap_seconds", "Seconds for which the old key goes on working; 0 ends it at once.", 0,
            (long)KeyIssuer.MaxOverlap.TotalSeconds).Absent((long)KeyIssuer.DefaultOverlap.TotalSeconds));

    static readonly Component s_named = Component.Request(
        "KeyId", "Which key is meant.", s_id.Needed());

    static readonly Component s_hourly = Component.Answer(
        "HourlyUsage", "What was used of an hour's allowance.",
        Whole("limit", "What fits in an hour."),
        Whole("used", "What was used in the present minute and the 59 before it."),
        Whole("remaining", "What is left."),
        Whole("reset", "Seconds until one more fits; 0 if one does."));

    static readonly Component s_class = Component.Answer(
        "ClassUsage", "What was used of one class.",
        A("requests", "Requests.", s_hourly), A("bytes", "Bytes of bodies, decoded.", s_hourly));

    static readonly Component s_usage = Component.Answer(
        "RateLimit", "What a key has used of its limits.",
        OneOf("profile", "The set of limits that the key is under.", LimitProfiles.Names),
        A("ingest", "Pushes and replays.", s_class),
        A("read", "All else.", s_class));

    static readonly Component s_keys = Component.PageOf(s_key);

    const string Example = """
        "id": "q3mzt0a9xw4k", "name": "Dashboard", "scopes": ["read"], "format": "hx", "limit_profile": "default",
        "created_at": "2026-01-15T08:00:00+00:00", "expires_at": "2099-01-01T00:00:00+00:00"
        """;

    const string UsageExample = """
        "requests": { "limit": 100, "used": 3, "remaining": 97, "reset": 0 },
        "bytes": { "limit": 1073741824, "used": 2210, "remaining": 1073739614, "reset": 0 }
        """;

    public static readonly Feature Feature = new(
        "Keys", "Your API keys and their limits. A key sees and changes its owner's keys, and no others.",
        [
            s_key, s_keys, s_limits, s_issued, s_replaced, s_order, s_rotation, s_named, s_hourly, s_class, s_usage,
        ],
        [
            new("POST", "/v1/auth/keys", "createKey", "Makes a key and shows it, once", "Asked twice, it makes two.")
            {
                Body =
                [
                    Content.Json(s_order, """
                        { "name": "Dashboard", "scopes": ["read"], "expires_at": "2099-01-01T00:00:00Z" }
                        """),
                ],
                Answers =
                [
                    new(201, "The key, with its secret.", [Content.Json(s_issued, $$"""
                        { {{Example}}, "key": "hx_q3mzt0a9xw4k_...", "replaces": null }
                        """)], CommonHeaders.Location),
                ],
            },
            new("GET", "/v1/auth/keys", "listKeys", "Your keys, without their secrets",
                "By age; those that have ended included.")
            {
                Answers =
                [
                    new(200, "The keys.", [Content.Json(s_keys, $$"""
                        { "items": [ { {{Example}}, "limits": null, "state": "good", "revoked_at": null,
                          "last_used_at": "2026-01-16T08:00:00+00:00", "replaced_by": null } ], "next_cursor": null }
                        """)]),
                ],
            },
            new("DELETE", "/v1/auth/keys/{id}", "revokeKey", "Ends a key at once",
                "The server that answers refuses it from then on, every other one within a second. Again, it changes "
                + "nothing. A key may end itself, and the last one too.")
            {
                Parameters = [s_id],
                Answers = [new(204, "It has ended.", [])],
            },
            new("DELETE", "/v1/auth/keys", "revokeKeyNamedInBody", "Ends a key, with its id in the body",
                "The same as `DELETE /v1/auth/keys/{id}`.")
            {
                Body = [Content.Json(s_named, """{ "id": "q3mzt0a9xw4k" }""")],
                Refusals = [Refusal.NotFound],
                Answers = [new(204, "It has ended.", [])],
            },
            new("POST", "/v1/auth/keys/{id}/rotate", "rotateKey", "Puts a new key in the place of another",
                "Of the same name, scopes, format and limits. A key is rotated once; the answer that got lost costs "
                + "nothing: the old key still works, and rotates its successor.")
            {
                Parameters = [s_id],
                Body = [Content.Json(s_rotation, """{ "overlap_seconds": 3600 }""")],
                IsBodyNeeded = false,
                Refusals = [Refusal.KeyConflict],
                Answers =
                [
                    new(201, "The new key, with its secret.", [Content.Json(s_issued, $$"""
                        { {{Example}}, "key": "hx_q3mzt0a9xw4k_...",
                          "replaces": { "id": "a7mzt0a9xw4k", "ends_at": "2026-01-15T09:00:00+00:00" } }
                        """)], CommonHeaders.Location),
                ],
            },
            new("GET", "/v1/auth/rate-limit", "getRateLimit", "What your key has used of its limits",
                "Asking costs nothing, and is answered when everything else is refused.")
            {
                Answers =
                [
                    new(200, "The use of both classes.", [Content.Json(s_usage, $$"""
                        { "profile": "default", "ingest": { {{UsageExample}} }, "read": { {{UsageExample}} } }
                        """)]),
                ],
            },
        ]);
}
