using static HealthExport.Server.OpenApi.Field;

namespace HealthExport.Server.OpenApi;

/// <summary>What the API's description says of all of it.</summary>
static class ApiText
{
    public const string Introduction = """
        Takes what the iOS app Health Auto Export pushes, keeps every point exactly once, and gives it back.

        - **200 means stored.** A push may be sent again at any time: what is there is unchanged, the newest value wins.
        - **Time.** `from` is in the span, `to` is not. A timestamp means that instant, a date each sample's own local
          day. Times come back in the offset they were sent with, to the microsecond.
        - **Numbers** are doubles that read back to the same bits. Units are those of the descriptions (UCUM codes where
          an answer has a `unit`). What is not known is `null`.
        - **Pages.** Lists are `{"items": [...], "next_cursor": ...}`; pass `next_cursor` as `cursor` until it is null.
        - **Errors** are `application/problem+json` (RFC 9457). Switch on `code`; `hint` says what to do.
        - **Limits** are per key and hour, in two classes: pushes and replays are `ingest`, all else is `read`
          (`x-limit-class`). The `X-RateLimit-...` headers tell how things are.
        - A GET refuses query parameters that it does not know. `HEAD` answers every path of a GET.
        """;

    public static readonly Component Problem = Component.Answer(
        "Problem", "An error (RFC 9457). What does not apply is left out.",
        Text("type", "A URN that names the kind; `code` is its last part.").Like("urn:health-export:problem:not_found"),
        Text("title", "The kind in words; the same for every occurrence.").Like("Not found"),
        Whole("status", "The HTTP status.", 400, 599).Like(404),
        Text("detail", "What was wrong this time.").Like("There is nothing here."),
        Text("instance", "The path asked for.").Optional().Like("/v1/metrics"),
        Text("code", "The kind, for programs to switch on.").Like("not_found"),
        Whole("retry_after", "Seconds after which the same request may succeed; also in `Retry-After`.").Optional()
            .Like(42),
        Of(
            "errors", "What is wrong, by field or parameter.",
            new()
            {
                ["type"] = "object",
                ["additionalProperties"] = Text("", "").AsList().Schema.DeepClone(),
            }).Optional(),
        Text("hint", "What to do about it.").Optional().Like("GET /v1/metrics lists yours."));
}
