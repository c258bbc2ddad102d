using Microsoft.Net.Http.Headers;

namespace HealthExport.Server.Http;

/// <summary>Which form of a list the client would rather have.</summary>
static class Representation
{
    /// <summary>Whether CSV is asked for and preferred to JSON. A client that names neither gets JSON.</summary>
    public static bool PrefersCsv(this HttpRequest request) => request.Prefers(CsvRows.MediaType, "application/json");

    /// <summary>Whether a form is asked for and preferred to another. A client that names neither gets the other.
    /// </summary>
    public static bool Prefers(this HttpRequest request, string mediaType, string toMediaType)
    {
        request.HttpContext.Response.Headers.Append(HeaderNames.Vary, HeaderNames.Accept);
        double one = 0, other = 0;
        foreach (var accepted in request.GetTypedHeaders().Accept)
        {
            var quality = accepted.Quality ?? 1;
            if (accepted.MediaType.Equals(mediaType, StringComparison.OrdinalIgnoreCase)) one = quality;
            else if (accepted.MediaType.Equals(toMediaType, StringComparison.OrdinalIgnoreCase)) other = quality;
        }
        return one > other;
    }

    /// <summary>Says where a list goes on, for forms that have no place for it (RFC 8288).</summary>
    public static void LinkNext(this HttpContext context, string? cursor)
    {
        if (cursor is null) return;
        var query = QueryString.Create(
            context.Request.Query
                .Where(parameter => parameter.Key != "cursor")
                .SelectMany(
                    parameter => parameter.Value, (parameter, value) => KeyValuePair.Create(parameter.Key, value))
                .Append(new("cursor", cursor)));
        var next = (context.Request.PathBase + context.Request.Path).ToUriComponent() + query.ToUriComponent();
        context.Response.Headers.Append(HeaderNames.Link, $"<{next}>; rel=\"next\"");
    }
}
