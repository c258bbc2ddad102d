namespace HealthExport.Pushes;

/// <summary>The media type of GPX, the GPS Exchange Format.</summary>
public static class GpxType
{
    public const string Name = "application/gpx+xml";

    /// <param name="contentType">As sent, with its parameters.</param>
    public static bool Is(string? contentType) => HeaderValue.Is(contentType, Name);
}
