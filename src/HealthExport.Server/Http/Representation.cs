using Microsoft.Net.Http.Headers;

namespace HealthExport.Server.Http;

/// <summary>Which form of a list the client would rather have.</summary>
static class Representation
{
    /// <summary>Whether CSV is asked for and preferred to JSON. A client that names neither gets JSON.</summary>
    public static bool PrefersCsv(this HttpRequest request)
    {
        request.HttpContext.Response.Headers.Append(HeaderNames.Vary, HeaderNames.Accept);
        double csv = 0, json = 0;
        foreach (var accepted in request.GetTypedHeaders().Accept)
        {
            var quality = accepted.Quality ?? 1;
            if (accepted.MediaType.Equals(CsvRows.MediaType, StringComparison.OrdinalIgnoreCase)) csv = quality;
            else if (accepted.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)) json = quality;
        }
        return csv > json;
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
