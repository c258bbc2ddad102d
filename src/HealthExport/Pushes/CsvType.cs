using System.Net.Mime;

namespace HealthExport.Pushes;

/// <summary>The media types of the app's CSV: one file, or a form of several (RFC 7578).</summary>
public static class CsvType
{
    public const string File = "text/csv";
    public const string Form = "multipart/form-data";

    /// <param name="contentType">As sent, with its parameters.</param>
    public static bool Is(string? contentType) => TryParse(contentType) is { MediaType: var type }
        && (type.Equals(File, StringComparison.OrdinalIgnoreCase) || IsForm(type));

    /// <summary>What parts a form's files; null for no form, and empty for one that does not say.</summary>
    public static string? FindBoundary(string? contentType) =>
        TryParse(contentType) is { } type && IsForm(type.MediaType) ? type.Boundary ?? "" : null;

    static bool IsForm(string mediaType) => mediaType.Equals(Form, StringComparison.OrdinalIgnoreCase);

    static ContentType? TryParse(string? text)
    {
        try
        {
            return string.IsNullOrEmpty(text) ? null : new(text);
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
