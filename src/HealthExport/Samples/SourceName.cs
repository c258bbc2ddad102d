namespace HealthExport.Samples;

/// <summary>Brings the text that says which devices measured something into one form.</summary>
public static class SourceName
{
    /// <summary>
    /// Splits at '|', trims (no-break spaces too), drops empties and repeats, sorts ordinally and joins with '|': the
    /// phone sends the devices in no stable order. NUL, which no text column takes, becomes U+FFFD.
    /// </summary>
    /// <returns>Null when nothing is left.</returns>
    public static string? Normalise(string? text)
    {
        if (string.IsNullOrEmpty(text)) return null;
        text = text.Replace('\0', '\uFFFD');
        if (!text.Contains('|'))
        {
            var only = text.Trim();
            return only.Length == 0 ? null : only;
        }
        var parts = text.Split('|', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length == 0) return null;
        Array.Sort(parts, StringComparer.Ordinal);
        return string.Join('|', parts.Distinct(StringComparer.Ordinal));
    }
}
