namespace HealthExport.Server.Http;

/// <summary>How many rows an answer has held so far; a feature of requests whose rows somebody counts.</summary>
sealed class SentRows
{
    public long Count { get; set; }

    public static void Add(HttpResponse response)
    {
        if (response.HttpContext.Features.Get<SentRows>() is { } sent) sent.Count++;
    }
}
