using Microsoft.Net.Http.Headers;

namespace HealthExport.Server.Http;

/// <summary>The forms that an endpoint answers in, if they are two.</summary>
/// <param name="Usual">For a client that names neither.</param>
sealed record AnswerForms(string Usual, string Other);

/// <summary>Which form of an answer the client would rather have.</summary>
static class Representation
{
    const string Json = "application/json";

    /// <summary>Says that the endpoint answers in a second form as well.</summary>
    /// <param name="usual">The form for a client that names neither.</param>
    public static T AnswersIn<T>(this T route, string mediaType, string usual = Json)
        where T : IEndpointConventionBuilder =>
        route.WithMetadata(new AnswerForms(usual, mediaType));

    /// <summary>Whether CSV is asked for and preferred to JSON. A client that names neither gets JSON.</summary>
    public static bool PrefersCsv(this HttpRequest request) => request.PrefersOther();

    /// <summary>Whether the second form is asked for and preferred to the usual one. A client that names neither gets
    /// the usual one.</summary>
    /// <exception cref="InvalidOperationException">The endpoint does not say that it has two.</exception>
    public static bool PrefersOther(this HttpRequest request)
    {
        var forms = request.HttpContext.GetEndpoint()?.Metadata.GetMetadata<AnswerForms>()
            // An answer cached as the other form would be the price.
            ?? throw new InvalidOperationException("An endpoint with two forms must declare them.");
        return request.FindForm() == forms.Other;
    }

    /// <summary>The media type that the client gets of the forms that the endpoint declares; empty for one that does
    /// not. The answer says that it depends on what was accepted.</summary>
    public static string FindForm(this HttpRequest request)
    {
        if (request.HttpContext.GetEndpoint()?.Metadata.GetMetadata<AnswerForms>() is not { } forms) return "";
        request.HttpContext.Response.VaryBy(HeaderNames.Accept);
        double usual = 0, other = 0;
        foreach (var accepted in request.GetTypedHeaders().Accept)
        {
            var quality = accepted.Quality ?? 1;
            if (accepted.MediaType.Equals(forms.Other, StringComparison.OrdinalIgnoreCase)) other = quality;
            else if (accepted.MediaType.Equals(forms.Usual, StringComparison.OrdinalIgnoreCase)) usual = quality;
        }
        return other > usual ? forms.Other : forms.Usual;
    }

    /// <summary>Says, once, that an answer depends on a header of the request.</summary>
    public static void VaryBy(this HttpResponse response, string header)
    {
        if (!response.Headers.Vary.Contains(header)) response.Headers.Append(HeaderNames.Vary, header);
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
