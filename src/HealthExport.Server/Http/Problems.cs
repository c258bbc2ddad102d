using HealthExport.Server.Health;

namespace HealthExport.Server.Http;

/// <summary>Every problem that a client can meet. Codes are public: clients switch on them.</summary>
static class Problems
{
    const int RetrySeconds = 5;

    public static ProblemResult MalformedBody(string detail, string? hint = null) =>
        Make(400, "malformed_body", "The body cannot be read", detail, hint);

    /// <summary>What came is no HTTP, or a request's line or headers contradict themselves.</summary>
    public static ProblemResult MalformedRequest() =>
        Make(400, "malformed_request", "This is no proper HTTP request",
            "The request's line, its headers or the framing of its body are not as HTTP has them.",
            "Look at what stands between the client and this server, and whether one of them speaks TLS here.");

    public static ProblemResult InvalidParameter(string name, string problem, string? hint = null) =>
        Make(400, "invalid_parameter", "A parameter cannot be used", $"{name}: {problem}", hint,
            new Dictionary<string, string[]> { [name] = [problem] });

    /// <summary>One text for a missing, an unknown, an expired and a revoked key.</summary>
    public static ProblemResult Unauthenticated() =>
        Make(401, "unauthenticated", "A valid key is needed",
            "The request bears no key that is in force.",
            "Send the key as Authorization: Bearer KEY, X-API-Key: KEY or api-key: KEY.");

    public static ProblemResult Forbidden(string scopes) =>
        Make(403, "forbidden", "The key lacks the scope", $"This needs a key with scope {scopes}.",
            "Use another key, or have one made with that scope.");

    /// <param name="scopes">Of what was asked for, those that the key lacks.</param>
    public static ProblemResult ScopesBeyondOwn(string scopes) =>
        Make(403, "forbidden", "The key lacks the scope",
            $"A key hands out only scopes that it has itself; this one lacks {scopes}.",
            "Use a key with those scopes, or the command line.");

    public static ProblemResult NotFound(string detail = "There is nothing here.", string? hint = null) =>
        Make(404, "not_found", "Not found", detail, hint);

    public static ProblemResult MethodNotAllowed() =>
        Make(405, "method_not_allowed", "The method is not allowed here",
            "This path answers other methods; the Allow header names them.");

    public static ProblemResult Conflict() =>
        Make(409, "conflict", "The idempotency key was used for another body",
            "An earlier push with this Idempotency-Key had other bytes.", "Use a new key for a new body.");

    public static ProblemResult KeyConflict(string detail, string hint) =>
        Make(409, "conflict", "The key cannot be rotated", detail, hint);

    public static ProblemResult BodyTooLarge(
        long limitBytes, string hint = "Export a shorter period, or turn on Batch Requests in the app.") =>
        Make(413, "body_too_large", "The body is too large",
            $"The body is larger than {limitBytes} bytes, counted after decompression.", hint);

    /// <summary>No wait makes it fit.</summary>
    public static ProblemResult BodyOverAllowance(long limitBytes) =>
        Make(413, "body_too_large", "The body is too large",
            $"The body is larger than {limitBytes} bytes, counted after decompression: all that this key may send in an "
            + "hour.",
            "Export a shorter period, or have a key made with another limit profile.");

    public static ProblemResult UnsupportedMediaType(string detail, string? hint = null) =>
        Make(415, "unsupported_media_type", "The body has an unsupported form", detail, hint);

    public static ProblemResult InvalidRequest(string field, string problem, string? hint = null) =>
        Make(422, "invalid_request", "The request was understood and refused", $"{field}: {problem}", hint,
            new Dictionary<string, string[]> { [field] = [problem] });

    /// <summary>Says something of each field that cannot be used.</summary>
    public static ProblemResult InvalidRequest(IReadOnlyDictionary<string, string[]> errors) =>
        Make(422, "invalid_request", "The request was understood and refused",
            string.Join(" ", errors.SelectMany(field => field.Value.Select(problem => $"{field.Key}: {problem}"))),
            hint: null, errors);

    /// <param name="wait">Until the next try may succeed.</param>
    public static ProblemResult TooManyFailures(TimeSpan wait) =>
        Make(429, "rate_limited", "Too many requests",
            "Too many keys that are not in force have come from this address; this one was not looked at.",
            "Stop what sends an old or a wrong key. Keys in force are not held up by others.",
            retryAfter: (int)Math.Ceiling(wait.TotalSeconds));

    /// <param name="retryAfter">Seconds, to the one.</param>
    public static ProblemResult RateLimited(string detail, int retryAfter) =>
        Make(429, "rate_limited", "Too many requests", detail,
            "Send the same request again after retry_after seconds, or have a key made with another limit profile.",
            retryAfter: retryAfter);

    public static ProblemResult TooManyBodies() =>
        Make(429, "rate_limited", "Too many requests",
            "Too many large bodies are on their way in, from this key or from all; there was no room for this one.",
            "Send fewer at once; the same request again later.", retryAfter: RetrySeconds);

    public static ProblemResult TooManyExports() =>
        Make(429, "rate_limited", "Too many requests",
            "Too many exports are on their way out, yours or everybody's; there was no room for this one.",
            "Let one come to its end, or break it off; the same request again later.", retryAfter: RetrySeconds);

    public static ProblemResult Internal() =>
        Make(500, "internal_error", "The server failed", "Something went wrong here; it has been logged.",
            "Ask the operator to look for the X-Request-Id of this answer in the log.");

    public static ProblemResult Unavailable() =>
        Make(503, "unavailable", "The store is away", "The store does not answer now; nothing was changed.",
            "Send the same request again later.", retryAfter: RetrySeconds);

    public static ProblemResult SchemaUnfit(SchemaState state) =>
        Make(503, "unavailable", "The store is away",
            state == SchemaState.Newer
                ? "The store's schema is newer than this server knows; nothing was changed."
                : "The store's schema is older than this server needs; nothing was changed.",
            state == SchemaState.Newer
                ? "The operator has to run the newer server, or restore a backup. Then send the same request again."
                : "The operator has to run health-export migrate. Then send the same request again.",
            retryAfter: RetrySeconds);

    /// <summary>For a status that arose below the application.</summary>
    public static ProblemResult Of(int status) => status switch
    {
        401 => Unauthenticated(),
        404 => NotFound(),
        405 => MethodNotAllowed(),
        400 => MalformedRequest(),
        408 => Make(408, "request_timeout", "The request took too long", "The request did not come to its end."),
        414 => Make(414, "uri_too_long", "The URL is too long", "The request's first line is longer than 8 KiB."),
        415 => UnsupportedMediaType("The content type is not one of those that this path takes."),
        431 => Make(431, "headers_too_large", "The headers are too large",
            "The request has more than 100 headers, or more than 32 KiB of them."),
        505 => Make(505, "version_not_supported", "The HTTP version is not one of ours",
            "The request names a version of HTTP that is not spoken here.", "Use HTTP/1.1, or HTTP/2 over TLS."),
        >= 400 and < 500 => Make(status, "invalid_request", "The request cannot be used",
            "The request is not one that this path takes."),
        503 => Unavailable(),
        _ => Internal(),
    };

    static ProblemResult Make(
        int status, string code, string title, string detail, string? hint = null,
        IReadOnlyDictionary<string, string[]>? errors = null, int? retryAfter = null) =>
        new(new($"urn:health-export:problem:{code}", title, status, detail, null, code, retryAfter, errors, hint));
}
