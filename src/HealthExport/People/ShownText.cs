using System.Buffers;
using System.Globalization;
using System.Text;
using HealthExport.Keys;

namespace HealthExport.People;

/// <summary>Texts that people choose and that listings show: names and e-mails.</summary>
public static class ShownText
{
    /// <summary>
    /// Whether a text reads as what it is wherever it is printed: no control characters, nothing unseen that turns the
    /// direction of writing or ends lines, no half of a surrogate pair (no store takes it). What joins letters and
    /// pictures may be there.
    /// </summary>
    public static bool IsPlain(ReadOnlySpan<char> text)
    {
        const int nonJoiner = 0x200c;
        const int joiner = 0x200d;
        while (!text.IsEmpty)
        {
            if (Rune.DecodeFromUtf16(text, out var rune, out var length) != OperationStatus.Done) return false;
            if (Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format
                    or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
                && rune.Value is not (nonJoiner or joiner)) return false;
            text = text[length..];
        }
        return true;
    }

    /// <summary>Whether somebody may have put a key where a name belongs: it would stand there in clear.</summary>
    public static bool MayHoldKey(string text) => ApiKey.IndexIn(text) >= 0 || ApiKey.TryParse(text.Trim(), out _);
}
