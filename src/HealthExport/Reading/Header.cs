namespace HealthExport.Reading;

/// <summary>The app's own headers, whose spelling changed over time.</summary>
static class Header
{
    /// <summary>Lower case, letters and digits only; empty for null.</summary>
    public static string Fold(string? header) =>
        header is null ? "" : string.Concat(header.Where(char.IsAsciiLetterOrDigit)).ToLowerInvariant();
}
