namespace HealthExport.Pushes;

/// <summary>The media types of the app's CSV: one file, or a form of several (RFC 7578).</summary>
public static class CsvType
{
    public const string File = "text/csv";
    public const string Form = "multipart/form-data";

    /// <param name="contentType">As sent, with its parameters.</param>
    public static bool Is(string? contentType) => HeaderValue.Is(contentType, File) || HeaderValue.Is(contentType, Form);

    /// <summary>What parts a form's files; null for no form, and empty for one that does not say.</summary>
    public static string? FindBoundary(string? contentType) =>
        HeaderValue.Is(contentType, Form) ? HeaderValue.FindParameter(contentType, "boundary") ?? "" : null;
}
