using HealthExport.Server.Http;

namespace HealthExport.Server.OpenApi;

/// <summary>A problem that an operation may answer.</summary>
/// <param name="Example">One as the server makes it.</param>
sealed record Refusal(string Name, string About, ProblemResult Example)
{
    public static readonly Refusal BadParameter = new(
        "BadParameter", "A query parameter that cannot be used, or that the path does not know.",
        Problems.InvalidParameter("limit", "must be a whole number from 1 to 10000."));

    public static readonly Refusal BadBody = new(
        "BadBody", "The body cannot be read; nothing is kept.",
        Problems.MalformedBody("The body is empty."));

    public static readonly Refusal Unauthenticated = new(
        "Unauthenticated", "No key, or one that is unknown, expired or revoked: one text for all.",
        Problems.Unauthenticated());

    public static readonly Refusal Forbidden = new(
        "Forbidden", "The key lacks the scope.", Problems.Forbidden("read"));

    public static readonly Refusal NotFound = new(
        "NotFound", "There is none of this name or id; also for what belongs to another user.", Problems.NotFound());

    public static readonly Refusal Timeout = new(
        "Timeout", "The body did not come to its end.", Problems.Of(408));

    public static readonly Refusal BodyConflict = new(
        "BodyConflict", "The `Idempotency-Key` was used for other bytes within 24 hours.", Problems.Conflict());

    public static readonly Refusal KeyConflict = new(
        "KeyConflict", "The key has ended, or was rotated before.",
        Problems.KeyConflict(
            "It was rotated before.", "Rotate the key that replaced it: replaced_by in the list of keys."));

    public static readonly Refusal TooLarge = new(
        "TooLarge",
        "The body is over the server's limit (200 MiB unless set otherwise), counted after decompression, or over all "
        + "that the key may send in an hour: no wait makes it fit.",
        Problems.BodyTooLarge(200 << 20));

    public static readonly Refusal UnknownForm = new(
        "UnknownForm", "A content type, a charset or a content coding that is not taken.",
        Problems.UnsupportedMediaType("The Content-Type is not one of a push."));

    public static readonly Refusal Unfit = new(
        "Unfit", "Understood and refused; `errors` says why, by field.",
        Problems.InvalidRequest("name", "is needed."));

    public static readonly Refusal RateLimited = new(
        "RateLimited",
        "The request does not fit the limits of the key; or too many keys that are not in force came from the address.",
        Problems.RateLimited("This key may make 100 requests of the class ingest in an hour.", 42));

    public static readonly Refusal Broken = new(
        "Broken", "A fault of the server; its operator finds the `X-Request-Id` in the log.", Problems.Internal());

    public static readonly Refusal Unavailable = new(
        "Unavailable", "The store is away, or its schema is another than the server's; nothing was changed.",
        Problems.Unavailable());

    /// <summary>What may be answered to any request, whatever its path: most of it before the path is looked at.
    /// </summary>
    public static readonly IReadOnlyList<Refusal> OfAnyPath =
    [
        new("BadRequest", "No proper HTTP.", Problems.MalformedRequest()),
        new("NoSuchPath", "There is no such path.", Problems.NotFound()),
        new("NoSuchMethod", "The path answers other methods; `Allow` names them.", Problems.MethodNotAllowed()),
        Timeout,
        new("UriTooLong", "The first line is longer than 8 KiB.", Problems.Of(414)),
        new("HeadersTooLarge", "More than 100 headers, or more than 32 KiB of them.", Problems.Of(431)),
        Broken,
        new("VersionUnknown", "A version of HTTP that is not spoken.", Problems.Of(505)),
    ];

    public int Status => Example.Problem.Status;

    public string Code => Example.Problem.Code;
}
