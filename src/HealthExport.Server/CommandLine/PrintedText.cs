using System.Globalization;
using System.Text;

namespace HealthExport.Server.CommandLine;

/// <summary>
/// Texts that others chose, made fit for a terminal and a line: nothing in them moves the cursor, turns the direction of
/// writing or fills the screen.
/// </summary>
static class PrintedText
{
    /// <summary>Longer names lose their middle: the end says what a file is.</summary>
    public const int LongestName = 200;

    /// <summary>A text as long as it is.</summary>
    public static string Of(string text)
    {
        var clean = new StringBuilder(text.Length);
        Append(clean, text);
        return clean.ToString();
    }

    /// <summary>A name of up to <see cref="LongestName"/> characters and one.</summary>
    public static string OfName(string name)
    {
        if (name.Length <= LongestName) return Of(name);
        var clean = new StringBuilder(LongestName + 1);
        Append(clean, name.AsSpan(0, LongestName / 2));
        clean.Append('…');
        Append(clean, name.AsSpan(name.Length - LongestName / 2));
        return clean.ToString();
    }

    static void Append(StringBuilder clean, ReadOnlySpan<char> text)
    {
        foreach (var rune in text.EnumerateRunes())
            clean.Append(IsPrintable(rune) ? rune.ToString() : "\uFFFD");
    }

    static bool IsPrintable(Rune rune) => Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
        or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
        or UnicodeCategory.OtherNotAssigned);
}
