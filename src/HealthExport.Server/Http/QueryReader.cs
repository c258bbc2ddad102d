using System.Globalization;
using HealthExport.Time;

namespace HealthExport.Server.Http;

/// <summary>
/// Reads a request's query parameters. The first that cannot be used becomes <see cref="Problem"/>; the others read as
/// absent from then on.
/// </summary>
sealed class QueryReader(IQueryCollection query)
{
    public const int DefaultLimit = 100;
    public const int MaxLimit = 10_000;

    /// <summary>Null as long as everything read was usable.</summary>
    public ProblemResult? Problem { get; private set; }

    /// <returns>Null if absent.</returns>
    public string? Text(string name)
    {
        if (Problem is not null || !query.TryGetValue(name, out var values)) return null;
        if (values.Count == 1 && values[0] is { Length: > 0 } value) return value;
        Refuse(name, "must be given once, with a value.");
        return null;
    }

    /// <summary>As <see cref="Text"/>, but empty where the parameter is given without a value.</summary>
    public string? TextOrEmpty(string name) =>
        query.TryGetValue(name, out var values) && values is [""] ? "" : Text(name);

    /// <summary>A whole number from <paramref name="min"/> to <paramref name="max"/>.</summary>
    public int Number(string name, int absent, int min, int max)
    {
        if (Text(name) is not { } text) return absent;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            && value >= min && value <= max) return value;
        Refuse(name, $"must be a whole number from {min} to {max}.");
        return absent;
    }

    public int Limit(int absent = DefaultLimit) => Number("limit", absent, 1, MaxLimit);

    /// <summary>An RFC 3339 timestamp with offset; a date stands for its start at offset zero.</summary>
    public Instant? Instant(string name)
    {
        if (Text(name) is not { } text) return null;
        if (FindInstant(text) is { } found) return found;
        Refuse(name, "must be a date (2026-01-31) or an RFC 3339 timestamp with offset (2026-01-31T08:00:00Z).");
        return null;
    }

    /// <summary>As <see cref="Instant"/> reads it; null if the text is neither.</summary>
    public static Instant? FindInstant(string text)
    {
        if (DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date))
            return Time.Instant.From(date);
        // A plus sign that nobody encoded arrives as a space.
        if (Rfc3339.Find(text.Replace(' ', '+')) is { } at) return at;
        return null;
    }

    /// <summary>
    /// <c>from</c> and <c>to</c>, each a timestamp, or a date that stays a local day. The end must not lie before the
    /// start.
    /// </summary>
    public TimeSpanBounds Span()
    {
        var (from, fromDate) = Bound("from");
        var (to, toDate) = Bound("to");
        if (to < from || toDate < fromDate) Refuse("to", "must not lie before from.");
        return new(from, fromDate, to, toDate);
    }

    (Instant?, DateOnly?) Bound(string name)
    {
        if (Instant(name) is not { } at) return default;
        return query[name][0]!.Length > "2026-01-31".Length ? (at, null) : (null, at.DateAt(0));
    }

    /// <summary>One of <paramref name="choices"/>, as written there.</summary>
    public string? Choice(string name, IReadOnlyCollection<string> choices)
    {
        if (Text(name) is not { } text) return null;
        if (choices.Contains(text)) return text;
        Refuse(name, $"must be one of {string.Join(", ", choices)}.");
        return null;
    }

    public void Refuse(string name, string problem) => Problem ??= Problems.InvalidParameter(name, problem);
}

/// <summary>The query parameters that an endpoint takes; a GET without this takes none.</summary>
/// <param name="IgnoresOthers">Whether others do no harm, because somebody else's contract has it so.</param>
sealed record KnownParameters(string[] Names, bool IgnoresOthers = false);

static class KnownParametersRouting
{
    /// <summary>Names the query parameters; any other is refused.</summary>
    public static T TakesQuery<T>(this T route, params string[] names) where T : IEndpointConventionBuilder =>
        route.WithMetadata(new KnownParameters(names));

    /// <summary>Names the query parameters; any other is passed over.</summary>
    public static T TakesAnyQuery<T>(this T route, params string[] names) where T : IEndpointConventionBuilder =>
        route.WithMetadata(new KnownParameters(names, IgnoresOthers: true));

    /// <summary>Refuses query parameters that the route does not name; one that names none at all is asked only by
    /// GET.</summary>
    public static IApplicationBuilder UseKnownParameters(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        if (context.GetEndpoint() is not RouteEndpoint endpoint || context.Request.Query.Count == 0)
            return next(context);
        var parameters = endpoint.Metadata.GetMetadata<KnownParameters>();
        if (parameters?.IgnoresOthers is true) return next(context);
        var named = parameters?.Names;
        if (named is null && !HttpMethods.IsGet(context.Request.Method)) return next(context);
        var known = named ?? [];
        foreach (var name in context.Request.Query.Keys)
        {
            if (known.Contains(name, StringComparer.Ordinal)) continue;
            return Problems.InvalidParameter(
                name, "is not a parameter of this path.",
                known.Length == 0 ? "This path takes none." : $"This path takes {string.Join(", ", known)}.")
                .ExecuteAsync(context);
        }
        return next(context);
    });
}
