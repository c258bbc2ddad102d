namespace HealthExport.Json;

/// <summary>JSON without white space between its tokens, so that it takes one line.</summary>
public static class CompactJson
{
    /// <param name="json">Well formed.</param>
    /// <returns>The bytes themselves where there is nothing to leave out.</returns>
    public static ReadOnlyMemory<byte> Of(ReadOnlyMemory<byte> json)
    {
        if (!json.Span.ContainsAny(" \t\r\n"u8)) return json;
        var compact = new byte[json.Length];
        return compact.AsMemory(0, Write(json.Span, compact));
    }

    /// <param name="compact">At least as long.</param>
    /// <returns>How many bytes were written.</returns>
    internal static int Write(ReadOnlySpan<byte> json, Span<byte> compact)
    {
        var length = 0;
        bool inString = false, escaped = false;
        foreach (var b in json)
        {
            if (!inString && b is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n') continue;
            compact[length++] = b;
            if (escaped) escaped = false;
            else if (b == '\\') escaped = true;
            else if (b == '"') inString = !inString;
        }
        return length;
    }
}
