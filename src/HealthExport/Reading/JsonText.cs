using System.Globalization;
using System.Text;
using HealthExport.Json;

namespace HealthExport.Reading;

/// <summary>Texts of a payload as the store can keep them.</summary>
static class JsonText
{
    /// <summary>
    /// A JSON string's content, unescaped. What no text column takes becomes U+FFFD: NUL, lone surrogates, bytes that
    /// are not UTF-8. (The tokeniser's own decoding throws on the last two.)
    /// </summary>
    /// <param name="raw">The bytes between the quotes, as sent.</param>
    public static string Decode(ReadOnlySpan<byte> raw)
    {
        if (!raw.Contains((byte)'\\'))
        {
            var plain = Encoding.UTF8.GetString(raw);
            return plain.Contains('\0') ? plain.Replace('\0', '\uFFFD') : plain;
        }

        var text = new StringBuilder(raw.Length);
        while (raw.IndexOf((byte)'\\') is >= 0 and var slash)
        {
            text.Append(Encoding.UTF8.GetString(raw[..slash]));
            if (slash + 1 >= raw.Length) return Clean(text);
            var escaped = raw[slash + 1];
            var taken = slash + 2;
            switch (escaped)
            {
                case (byte)'b': text.Append('\b'); break;
                case (byte)'f': text.Append('\f'); break;
                case (byte)'n': text.Append('\n'); break;
                case (byte)'r': text.Append('\r'); break;
                case (byte)'t': text.Append('\t'); break;
                case (byte)'u' when raw.Length >= slash + 6
                    && TryParseUnit(raw.Slice(slash + 2, 4), out var unit):
                    text.Append((char)unit);
                    taken = slash + 6;
                    break;
                default: text.Append((char)escaped); break;
            }
            raw = raw[taken..];
        }
        text.Append(Encoding.UTF8.GetString(raw));
        return Clean(text);
    }

    /// <summary>The JSON without the white space between its tokens.</summary>
    /// <param name="json">Well formed.</param>
    public static void AppendCompact(StringBuilder to, ReadOnlySpan<byte> json)
    {
        if (!json.ContainsAny(" \t\r\n"u8))
        {
            to.Append(Encoding.UTF8.GetString(json));
            return;
        }
        var compact = new byte[json.Length];
        to.Append(Encoding.UTF8.GetString(compact, 0, CompactJson.Write(json, compact)));
    }

    static bool TryParseUnit(ReadOnlySpan<byte> hex, out ushort unit) =>
        ushort.TryParse(hex, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out unit);

    static string Clean(StringBuilder text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (char.IsHighSurrogate(c) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1])) i++;
            else if (c == '\0' || char.IsSurrogate(c)) text[i] = '\uFFFD';
        }
        return text.ToString();
    }
}
