using System.Text.Json;
using System.Text.Json.Serialization;
using HealthExport.Keys;

namespace HealthExport.Server.Http;

/// <summary>An error as the world reads it (RFC 9457). What does not apply is left out.</summary>
/// <param name="Type">A URN that names the kind; <paramref name="Code"/> is its last part.</param>
/// <param name="Title">The kind in words; the same for every occurrence.</param>
/// <param name="Detail">What was wrong this time.</param>
/// <param name="Instance">The path asked for.</param>
/// <param name="RetryAfter">Seconds.</param>
/// <param name="Errors">Texts by field.</param>
/// <param name="Hint">What to do about it.</param>
sealed record Problem(
    string Type, string Title, int Status, string Detail,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Instance,
    string Code,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? RetryAfter = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    IReadOnlyDictionary<string, string[]>? Errors = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Hint = null)
{
    public const string ContentType = "application/problem+json";
}

/// <summary>Answers with a problem.</summary>
sealed class ProblemResult(Problem problem) : IResult
{
    public Problem Problem => problem;

    public Task ExecuteAsync(HttpContext context)
    {
        var response = context.Response;
        var body = JsonSerializer.SerializeToUtf8Bytes(
            problem with { Instance = Name(context.Request.Path) }, ServerJson.Default.Problem);
        response.StatusCode = problem.Status;
        response.ContentType = Problem.ContentType;
        response.ContentLength = body.Length;
        if (problem.RetryAfter is { } seconds) response.Headers.RetryAfter = seconds.ToString();
        response.Headers.CacheControl = "no-store";
        return response.Body.WriteAsync(body, context.RequestAborted).AsTask();
    }

    /// <summary>The path; without a key that somebody wrote into it, for answers are kept where keys are not.</summary>
    static string Name(PathString path)
    {
        var text = path.ToUriComponent();
        return ApiKey.IndexIn(text) is >= 0 and var at ? $"{text.AsSpan(0, at)}..." : text;
    }
}
