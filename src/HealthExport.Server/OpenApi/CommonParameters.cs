using HealthExport.Server.Http;
using static HealthExport.Server.OpenApi.Field;

namespace HealthExport.Server.OpenApi;

/// <summary>Parameters that mean the same wherever they are.</summary>
static class CommonParameters
{
    static readonly Field[] s_all =
    [
        Text(
            "from",
            "The start of the span, inclusive: an RFC 3339 timestamp with offset, or a date. A timestamp means that "
            + "instant, a date each row's own local day.").Like("2026-01-15"),
        Text("to", "The end of the span, exclusive; in the forms of `from`, and not before it.").Like("2026-01-16"),
        Text(
            "cursor", "Goes on where a page ended: its `next_cursor`, with every other parameter unchanged. Opaque."),
        Whole("limit", "How many items a page has at most.", 1, QueryReader.MaxLimit).Absent(QueryReader.DefaultLimit),
        Text("tz", "An IANA time zone, for days and hours of that zone instead of each sample's own offset.")
            .Like("Europe/Berlin"),
        Uuid("id", "As the list has it.").Like("01a1f774-691f-7bce-a8b3-cfbe083ca37f"),
        Text("name", "The name of a metric, or any alias of it, in any spelling.").Like("heart_rate"),
    ];

    public static readonly Field RequestId =
        Text(CommonHeaders.RequestId, "Comes back in the answer, and stands in the server's log.")
            .Long(1, 64).Like("sync-2026-01-15");

    public static readonly Field IfNoneMatch =
        Text("If-None-Match", "The `ETag` of an earlier answer: while nothing has changed, it is 304 without a body.")
            .Like("\"5f1c\"");

    public static Field? Find(string name) => Array.Find(s_all, field => field.Name == name);
}

/// <summary>Headers of answers.</summary>
static class CommonHeaders
{
    public const string Location = "Location";
    public const string Link = "Link";
    public const string ETag = "ETag";
    public const string ContentDisposition = "Content-Disposition";
    public const string RetryAfter = "Retry-After";
    public const string RequestId = "X-Request-Id";
    public const string PreferenceApplied = "Preference-Applied";

    static readonly Field[] s_limits =
    [
        Whole("X-RateLimit-Limit", "Requests of this class that the key may make in an hour.").Like(6000),
        Whole("X-RateLimit-Remaining", "How many of them are left.").Like(5988),
        Whole("X-RateLimit-Reset", "Seconds until one request fits again; 0 if one does.").Like(0),
        Whole("X-RateLimit-Bytes-Limit", "Bytes of decoded bodies of this class that the key may send in an hour.")
            .Like(1073741824),
        Whole("X-RateLimit-Bytes-Remaining", "How many of them are left.").Like(1073741739),
    ];

    public static readonly IReadOnlyList<string> OfLimits = [.. s_limits.Select(field => field.Name)];

    public static readonly IReadOnlyList<Field> All =
    [
        Text(RequestId, "Yours, if you sent one of up to 64 letters, digits, `.`, `_`, `-`; else a new one.")
            .Like("019bc0c68e4b7cd2a1d5f6a7b8c9d0e1"),
        Text(Location, "Where what was made or will be is found.")
            .Like("/v1/ingestions/01a1f774-691f-7bce-a8b3-cfbe083ca37f"),
        Text(Link, "RFC 8288: where the next page is; absent on the last. Of CSV, which has no place for a cursor.")
            .Like("</v1/sleep?limit=100&cursor=Z9E>; rel=\"next\""),
        Text(
            ETag,
            "RFC 9110, strong: the same for the same data, settings, span and form. Sent back as `If-None-Match`, it "
            + "is answered 304 while nothing has changed.").Like("\"5f1c\""),
        Text(ContentDisposition, "RFC 6266: the name to save it under.")
            .Like("attachment; filename=\"01a1f774-691f-7bce-a8b3-cfbe083ca37f\""),
        Whole(RetryAfter, "Seconds after which the same request may succeed.").Like(42),
        Text(PreferenceApplied, "RFC 7240: `respond-async` if the answer did not wait because of `Prefer`.")
            .Like("respond-async"),
        .. s_limits,
    ];
}
