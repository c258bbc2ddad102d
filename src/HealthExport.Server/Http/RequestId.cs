using System.Buffers;
using HealthExport.Keys;

namespace HealthExport.Server.Http;

/// <summary>Gives every request an id: the caller's if it is sane, else a new one. Every response bears it.</summary>
static class RequestId
{
    public const string Header = "X-Request-Id";
    const int MaxLength = 64;

    static readonly SearchValues<char> s_sane = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

    public static IApplicationBuilder UseRequestIds(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        var sent = context.Request.Headers[Header];
        var id = sent.Count == 1 && IsSane(sent[0]) ? sent[0]! : Make();
        context.TraceIdentifier = id;
        context.Response.Headers[Header] = id;
        return next(context);
    });

    /// <summary>A new one.</summary>
    public static string Make() => Guid.CreateVersion7().ToString("n");

    // What looks like a key is none of this header's: the id goes into logs.
    static bool IsSane(string? id) =>
        id is { Length: > 0 and <= MaxLength } && !id.AsSpan().ContainsAnyExcept(s_sane)
        && ApiKey.IndexIn(id) < 0;
}
