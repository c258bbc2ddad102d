using HealthExport.Pushes;

namespace HealthExport.Storage;

/// <summary>What beside the bytes decides whether a push is the same: media type, aggregation, zone.</summary>
static class PushSameness
{
    public static string Of(ReceivedPush push)
    {
        var mediaType = push.ContentType?.Split(';', 2)[0].Trim().ToLowerInvariant();
        var aggregation = push.Headers.GetValueOrDefault("automation-aggregation")?
            .Replace(" ", "", StringComparison.Ordinal).ToLowerInvariant();
        return $"{mediaType}\n{aggregation}\n{push.TimeZone}";
    }
}
