using HealthExport.Server.OpenApi;
using static HealthExport.Server.OpenApi.Field;

namespace HealthExport.Server.Health;

/// <summary>What the API's description says of the server itself.</summary>
static class HealthApi
{
    static readonly Component s_health = Component.Answer(
        "Health", "Whether process and store are there.",
        OneOf("status", "Of both together.", ["healthy", "unhealthy"]),
        OneOf("database", "Of the store.", ["connected", "disconnected"]));

    static readonly Component s_ready = Component.Answer(
        "Readiness", "Whether pushes can be taken and processed.",
        OneOf("status", "Of all together.", ["ready", "not_ready"]),
        OneOf("database", "Of the store.", ["connected", "disconnected"]),
        OneOf("migrations", "Whether the store's schema is this server's.", ["applied", "pending", "newer", "unknown"]),
        OneOf("worker", "Of what processes pushes.", ["running", "stopped"]),
        OneOf("redis", "Of Redis, where one is configured; the server is ready without.", ["connected", "disconnected"])
            .Optional());

    static readonly Component s_document = new(
        "Document", new() { ["description"] = "An OpenAPI document.", ["type"] = "object" });

    public static readonly Feature Feature = new(
        "Server", "The server itself. None of this needs a key.",
        [s_health, s_ready, s_document],
        [
            new("GET", "/health", "getHealth", "Whether process and store are there", "For probes.")
            {
                Answers =
                [
                    new(200, "They are.",
                        [Content.Json(s_health, """{ "status": "healthy", "database": "connected" }""")]),
                    new(503, "The store is not.",
                        [Content.Json(s_health, """{ "status": "unhealthy", "database": "disconnected" }""")]),
                ],
            },
            new("GET", "/ready", "getReady", "Whether pushes can be taken and processed", "For load balancers.")
            {
                Answers =
                [
                    new(200, "They can.", [Content.Json(s_ready, """
                        { "status": "ready", "database": "connected", "migrations": "applied", "worker": "running" }
                        """)]),
                    new(503, "They cannot.", [Content.Json(s_ready, """
                        { "status": "not_ready", "database": "disconnected", "migrations": "unknown",
                          "worker": "running" }
                        """)]),
                ],
            },
            new("GET", "/openapi/v1.json", "getOpenApi", "This description", "OpenAPI 3.1; `/docs` shows it to people.")
            {
                Answers =
                [
                    new(200, "The description.",
                        [Content.Json(s_document, """{ "openapi": "3.1.1", "info": {}, "paths": {} }""")],
                        CommonHeaders.ETag),
                    new(304, "It is still the one that `If-None-Match` names.", [], CommonHeaders.ETag),
                ],
                Headers = [Text("If-None-Match", "The `ETag` of an earlier answer.").Like("\"5f1c\"")],
            },
        ]);
}
