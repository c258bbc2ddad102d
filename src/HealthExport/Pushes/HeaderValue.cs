using System.Text;

namespace HealthExport.Pushes;

/// <summary>
/// A header's value followed by parameters, as <c>text/csv; name="a.csv"</c> (RFC 9110, 5.6.6), read with patience: what
/// is malformed is passed over, and names may hold any letters.
/// </summary>
static class HeaderValue
{
    /// <summary>What stands before the parameters, trimmed; empty for none.</summary>
    public static ReadOnlySpan<char> Of(string? header)
    {
        var text = header.AsSpan();
        return (text.IndexOf(';') is >= 0 and var end ? text[..end] : text).Trim();
    }

    public static bool Is(string? header, string value) => Of(header).Equals(value, StringComparison.OrdinalIgnoreCase);

    /// <summary>The first parameter of a name, in whatever case; without its quotes and escapes.</summary>
    /// <returns>Null if there is none.</returns>
    public static string? FindParameter(string? header, string name)
    {
        var rest = header.AsSpan();
        while (rest.IndexOf(';') is >= 0 and var start)
        {
            rest = rest[(start + 1)..].TrimStart();
            var isIt = rest.StartsWith(name, StringComparison.OrdinalIgnoreCase) && rest[name.Length..] is ['=', ..];
            // Semicolons within quotes part nothing, so every value is read to its end.
            var equals = rest.IndexOfAny('=', ';');
            if (equals < 0) return null;
            if (rest[equals] == ';') continue;
            var value = ReadValue(rest[(equals + 1)..], out var length);
            if (isIt) return value;
            rest = rest[(equals + 1 + length)..];
        }
        return null;
    }

    static string ReadValue(ReadOnlySpan<char> text, out int length)
    {
        if (text is not ['"', ..])
        {
            length = text.IndexOf(';') is >= 0 and var end ? end : text.Length;
            return text[..length].Trim().ToString();
        }
        var value = new StringBuilder();
        for (length = 1; length < text.Length && text[length] != '"'; length++)
        {
            if (text[length] == '\\' && length + 1 < text.Length && text[length + 1] is '"' or '\\') length++;
            value.Append(text[length]);
        }
        return value.ToString();
    }
}
